/* The page of findings, and its one click. */
#include "catalog/editing/edit.h"
#include "formats/diagnostics_format.h"
#include "catalog/findings/findings.h"
#include "formats/yaml_edit.h"
#include <string.h>

#define PROPOSE_MS 1500
#define APPLY_MS 20000

/* ---- the list ---- */

typedef struct {
    const char *ref, *owner; /* NULL: any */
    gboolean of_type;
    FindingType type;
} Wanted;

static gboolean wanted_of(Request *request, Wanted *wanted, GError **error)
{
    static const char *const names[] = {"type", "ref", "owner", "limit", "offset", NULL};
    Arena *arena = request_arena(request);
    const char *type = request_query(request, "type"), *ref = request_query(request, "ref");
    const char *owner = request_query(request, "owner");

    if (!catalog_check_parameters(request, names, error))
        return FALSE;
    wanted->of_type = type && *type;
    if (wanted->of_type && !finding_type_parse(type, &wanted->type)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "There are no findings of the type \"%s\"",
                    type);
        return FALSE;
    }
    if (ref && *ref)
        wanted->ref = catalog_ref(arena, ref, NULL, "default", error);
    if (owner && *owner)
        wanted->owner = catalog_ref(arena, owner, "group", "default", error);
    return (!ref || !*ref || wanted->ref) && (!owner || !*owner || wanted->owner);
}

/* The refs of what owner owns; NULL: everything is wanted. */
static GHashTable *owned_refs(const Snapshot *snapshot, const char *owner)
{
    g_autoptr(GArray) ids = owner ? snapshot_having(snapshot, "relations.ownedby", owner) : NULL;
    GHashTable *refs = owner ? g_hash_table_new(g_str_hash, g_str_equal) : NULL;

    for (guint i = 0; owner && i < ids->len; i++)
        g_hash_table_add(refs, (gpointer)snapshot_ref(snapshot, g_array_index(ids, EntityId, i)));
    return refs;
}

static const Value *counts_value(Arena *arena, const guint64 counts[FINDING_TYPES])
{
    Value *value = value_object_new(arena);

    for (guint i = 0; i < FINDING_TYPES; i++)
        value_set_int(arena, value, finding_type_name((FindingType)i), (int64_t)counts[i]);
    return value;
}

/* What is wanted of list, and how many there are of each type before the type is asked for. */
static GPtrArray *select_findings(const FindingList *list, const Wanted *wanted,
                                  const GHashTable *owned, guint64 counts[FINDING_TYPES])
{
    GPtrArray *selected = g_ptr_array_new();

    for (guint i = 0; i < finding_list_count(list); i++) {
        const Finding *finding = finding_list_at(list, i);

        if (owned && !g_hash_table_contains((GHashTable *)owned, finding->ref))
            continue;
        counts[finding->type]++;
        if (!wanted->of_type || wanted->type == finding->type)
            g_ptr_array_add(selected, (gpointer)finding);
    }
    /* Of more than are kept the number is known. */
    for (guint i = 0; !owned && i < FINDING_TYPES; i++)
        counts[i] = finding_list_total(list, (FindingType)i);
    return selected;
}

static const Value *page_value(Catalog *catalog, Arena *arena, const GPtrArray *selected,
                               guint64 offset, guint64 limit)
{
    g_autoptr(Proposer) proposer = proposer_new(catalog, arena, PROPOSE_MS);
    g_autoptr(GHashTable) texts = g_hash_table_new(g_str_hash, g_str_equal);
    Value *items = value_array_new(arena);

    for (guint64 i = offset; i < selected->len && i - offset < limit; i++)
        value_append(arena, items,
                     finding_describe(catalog, arena, proposer, selected->pdata[i], texts));
    return items;
}

static int64_t total_of(const Wanted *wanted, const guint64 counts[FINDING_TYPES])
{
    guint64 total = 0;

    for (guint i = 0; i < FINDING_TYPES; i++)
        if (!wanted->of_type || wanted->type == (FindingType)i)
            total += counts[i];
    return (int64_t)total;
}

Response *catalog_api_findings(Request *request, void *room, GError **error)
{
    Catalog *catalog = room;
    Arena *arena = request_arena(request);
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(FindingList) list = NULL;
    g_autoptr(GPtrArray) selected = NULL;
    g_autoptr(GHashTable) owned = NULL;
    guint64 counts[FINDING_TYPES] = {0};
    Wanted wanted = {0};
    int64_t limit, offset;
    Value *reply;

    if (!wanted_of(request, &wanted, error) ||
        !request_query_int(request, "limit", 0, 200, 50, &limit, error) ||
        !request_query_int(request, "offset", 0, G_MAXINT32, 0, &offset, error))
        return NULL;
    list =
        wanted.ref ? findings_of_entity(catalog, wanted.ref, error) : findings_get(catalog, error);
    if (!list)
        return NULL;
    owned = owned_refs(snapshot, wanted.owner);
    selected = select_findings(list, &wanted, owned, counts);
    reply = value_object_new(arena);
    value_set(arena, reply, "items",
              page_value(catalog, arena, selected, (guint64)offset, (guint64)limit));
    value_set_int(arena, reply, "totalItems", total_of(&wanted, counts));
    value_set(arena, reply, "counts", counts_value(arena, counts));
    return response_json(request, 200, reply);
}

/* ---- applying ---- */

typedef struct {
    Catalog *catalog;
    Request *request;
    const Finding *finding;
    EditFile file;
    const Proposal *proposal;
} Application;

static void application_clear(Application *application)
{
    edit_file_clear(&application->file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Application, application_clear)

static gboolean open_application(Application *application, GError **error)
{
    Catalog *catalog = application->catalog;
    Arena *arena = request_arena(application->request);
    g_autoptr(Proposer) proposer = proposer_new(catalog, arena, APPLY_MS);

    if (!edit_open(catalog, arena, application->finding->ref, &application->file, error))
        return FALSE;
    application->proposal = finding_propose(proposer, application->finding, application->file.row);
    if (application->proposal)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "Nothing is proposed for this");
    return FALSE;
}

/* The file with the one text changed; NULL. */
static char *changed_text(const Application *application, const char *text, GError **error)
{
    Arena *arena = request_arena(application->request);
    FindingPlace place = {0};

    if (finding_place(arena, application->finding, text, &place) && place.pointer)
        return yaml_set_string(text, place.document, place.pointer, application->proposal->after,
                               error);
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "%s does not say this any more; wait until it was read again",
                application->file.source.target);
    return NULL;
}

static const char *message_of(const Application *application)
{
    const Finding *finding = application->finding;
    const Proposal *proposal = application->proposal;
    Arena *arena = request_arena(application->request);

    if (finding->type == FINDING_REFERENCE_BROKEN)
        return arena_printf(arena, "Name %s instead of %s in %s\n\n%s.\n", proposal->after,
                            proposal->before, finding->ref, proposal->reason);
    return arena_printf(arena, "Set the owner of %s to %s\n\n%s.\n", finding->ref, proposal->after,
                        proposal->reason);
}

static Response *apply(Application *application, gboolean proposal, GError **error)
{
    Arena *arena = request_arena(application->request);
    Catalog *catalog = application->catalog;
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    EditChange change = {.proposal = proposal,
                         .principal = access_principal(application->request),
                         .actor = access_actor(application->request)};
    g_autofree char *text = NULL;
    const Value *result;
    Value *reply;

    if (!open_application(application, error))
        return NULL;
    if (!application->file.reason) {
        text = changed_text(application, edit_text(arena, &application->file), error);
        if (!text)
            return NULL;
        change.content = text;
        edit_check(catalog, arena, &application->file, &change, diagnostics);
        if (!diagnostics_to_error(diagnostics, error))
            return NULL;
    }
    change.message = message_of(application);
    result = edit_commit(catalog, arena, &application->file, &change, error);
    if (!result)
        return NULL;
    reply = value_clone_shallow(arena, result);
    value_set(arena, reply, "diagnostics", diagnostics_to_value(arena, diagnostics));
    return response_json(application->request, 201, reply);
}

static gboolean mode_of(const Value *body, gboolean *proposal, GError **error)
{
    const char *mode = value_path_string(body, "mode", "commit");

    *proposal = g_str_equal(mode, "pull-request");
    if (*proposal || g_str_equal(mode, "commit"))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "request/body/mode must be \"commit\" or \"pull-request\"");
    return FALSE;
}

/* The findings among which the id is; the entity's own where the body says which that is. */
static FindingList *list_of(Catalog *catalog, Arena *arena, const Value *body, GError **error)
{
    const char *ref = value_path_string(body, "ref", NULL);

    if (!ref)
        return findings_get(catalog, error);
    ref = catalog_ref(arena, ref, NULL, "default", error);
    return ref ? findings_of_entity(catalog, ref, error) : NULL;
}

Response *catalog_api_finding_apply(Request *request, void *room, GError **error)
{
    g_auto(Application) application = {.catalog = room, .request = request};
    const Value *body = request_body_json(request, error);
    g_autoptr(FindingList) list = NULL;
    gboolean proposal;

    if (!body || !mode_of(body, &proposal, error))
        return NULL;
    list = list_of(room, request_arena(request), body, error);
    if (!list)
        return NULL;
    application.finding = finding_list_find(list, request_param(request, "id"));
    if (application.finding)
        return apply(&application, proposal, error);
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "There is no such finding, or not any more");
    return NULL;
}
