#include "catalog/editing/edit.h"
#include "catalog/editing/edit_host.h"
#include "catalog/source/internal.h"
#include "formats/yaml.h"
#include <string.h>

/* Where proposals of those who may not push are kept together. */
#define PROPOSALS "pave/"
#define MESSAGE_BYTES_MAX 4000
#define ACTOR "Pave-Actor"

void edit_file_clear(EditFile *file)
{
    forge_file_clear(&file->head);
}

/* ---- finding the file ---- */

gboolean edit_place(Catalog *catalog, Arena *arena, const Source *source, EditPlace *place)
{
    const Place *there = &place->place;

    *place = (EditPlace){0};
    if (!g_str_equal(source->type, "url"))
        return FALSE;
    if (catalog->forge && forge_parse_url(catalog->forge, arena, source->target, &place->at, NULL))
        return TRUE;
    place->host = hosts_parse(catalog->sources->hosts, arena, source->target, &place->place);
    if (!edit_host_can(place->host))
        return FALSE;
    place->at = (ForgeLocation){place->host->host, there->owner, there->name,
                                there->ref ? there->ref : "HEAD", there->path};
    return TRUE;
}

gboolean edit_place_is_near(const Catalog *catalog, const EditPlace *place)
{
    return !place->host && forge_kind_of_host(catalog->forge, place->at.host) == FORGE_BUILTIN;
}

static const char *refuse_local(Arena *arena, const EditFile *file)
{
    return arena_printf(arena,
                        "%s is a file of the server, which its configuration names; change it "
                        "where it is kept",
                        file->source.target);
}

static gboolean open_in_repository(Catalog *catalog, Arena *arena, EditFile *file, GError **error)
{
    if (file->place.host
            ? !edit_host_read(file->place.host, arena, &file->place.place, &file->head,
                              &file->commit, error)
            : !forge_read_head(catalog->forge, arena, &file->place.at, &file->head, error))
        return FALSE;
    file->in_repository = TRUE;
    if (!file->head.branch)
        file->reason = arena_printf(arena, "%s is no branch, so that nothing is committed to it",
                                    file->place.at.ref);
    return TRUE;
}

static gboolean open_elsewhere(Catalog *catalog, Arena *arena, EditFile *file, GError **error)
{
    g_auto(SourceReply) reply = {0};

    if (!source_read(catalog, arena, &file->source, NULL, &reply, error))
        return FALSE;
    file->head.bytes = g_steal_pointer(&reply.bytes);
    file->reason = g_str_equal(file->source.type, "file")
                       ? refuse_local(arena, file)
                       : arena_printf(arena, "%s lies in no repository that Pave can write to",
                                      file->source.target);
    return TRUE;
}

gboolean edit_open(Catalog *catalog, Arena *arena, const char *ref, EditFile *file, GError **error)
{
    GError *why = NULL;

    file->row = store_row(db_reader(catalog->db), arena, ref, &why);
    if (why) {
        g_propagate_error(error, why);
        return FALSE;
    }
    if (!file->row || !file->row->entity) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "No such entity %s", ref);
        return FALSE;
    }
    if (!source_parse(arena, file->row->source, &file->source, error))
        return FALSE;
    if (!file->row->parent) {
        file->reason = "no file defines it: it stands for a location that was registered";
        return TRUE;
    }
    if (edit_place(catalog, arena, &file->source, &file->place))
        return open_in_repository(catalog, arena, file, error);
    return open_elsewhere(catalog, arena, file, error);
}

const char *edit_text(Arena *arena, const EditFile *file)
{
    gsize length = 0;
    const char *bytes = file->head.bytes ? g_bytes_get_data(file->head.bytes, &length) : NULL;
    g_autofree char *text = bytes ? g_utf8_make_valid(bytes, (gssize)length) : NULL;

    return text ? arena_strdup(arena, text) : "";
}

/* ---- who may ---- */

static const char *const nobody[] = {"nobody", NULL};

static gboolean may_change(Catalog *catalog, Arena *arena, const EditFile *file, const char *ref,
                           const Principal *principal, GError **error)
{
    const char *const *owners = catalog_owners(catalog, arena, ref);

    if (access_check(principal, "catalog.entity.update", *owners ? owners : nobody, error))
        return TRUE;
    if (!g_str_equal(ref, file->row->ref))
        g_prefix_error(error, "%s stands in the same file: ", ref);
    return FALSE;
}

/* A commit replaces the whole file: what the catalog read from it, and what it names by now. */
static gboolean may_change_all(Catalog *catalog, Arena *arena, const EditFile *file,
                               const Principal *principal, GError **error)
{
    g_autoptr(Snapshot) snapshot = index_acquire(catalog->index);
    g_autoptr(Diagnostics) ignored = diagnostics_new();
    g_autoptr(GArray) found =
        snapshot_having(snapshot, FIELD_SOURCE, text_fold(arena, file->row->source));
    const Value *documents = yaml_parse_stream(arena, edit_text(arena, file), -1,
                                               file->source.target, YAML_PLAIN, ignored);
    EntityId id;

    if (!may_change(catalog, arena, file, file->row->ref, principal, error))
        return FALSE;
    for (guint i = 0; i < found->len; i++) {
        id = g_array_index(found, EntityId, i);
        /* What stands for a registered location no file defines. */
        if (snapshot_fact(snapshot, arena, id, FIELD_PARENT) &&
            !may_change(catalog, arena, file, snapshot_ref(snapshot, id), principal, error))
            return FALSE;
    }
    for (guint i = 0; i < value_count(documents); i++) {
        const char *ref = entity_ref_of(arena, value_item(documents, i));

        if (ref && snapshot_find(snapshot, ref, &id) &&
            !may_change(catalog, arena, file, ref, principal, error))
            return FALSE;
    }
    return TRUE;
}

gboolean edit_may_commit(Catalog *catalog, Arena *arena, const EditFile *file,
                         const Principal *principal, GError **error)
{
    const char *const *owners;

    /* Who may push to another host is its to say, and Pave's token may more than the person. */
    if (!edit_place_is_near(catalog, &file->place))
        return may_change_all(catalog, arena, file, principal, error);
    owners =
        forge_owners_of(catalog->forge, arena, file->place.at.owner, file->place.at.name, error);
    return owners &&
           access_check(principal, "catalog.entity.update", *owners ? owners : nobody, error);
}

/* ---- committing ---- */

/* Name and address of a person as the catalog knows them: to be shown, since whoever may change the
 * user's entity chooses them. Who it was says the trailer. */
static void identify(Catalog *catalog, Arena *arena, const char *actor, const char **name,
                     const char **email)
{
    const Value *user = catalog_get(catalog, arena, actor, NULL);
    const char *slash = strrchr(actor, '/');
    const char *login = slash ? slash + 1 : actor;

    *name = value_path_string(user, "spec.profile.displayName", "");
    *email = value_path_string(user, "spec.profile.email", "");
    if (!**name)
        *name = login;
    if (!**email)
        *email = arena_printf(arena, "%s@localhost", login);
}

static const char *branch_for(Arena *arena, const EditFile *file)
{
    g_autofree char *id = clock_new_id();

    return arena_printf(arena, PROPOSALS "%s-%s",
                        value_path_string(file->row->entity, "metadata.name", "catalog"),
                        id + strlen(id) - 8);
}

/* The branch of a proposal: anybody may make one below "pave/", and where they may push, any. */
static gboolean choose_branch(Catalog *catalog, Arena *arena, const EditFile *file,
                              const EditChange *change, const char **branch, GError **error)
{
    *branch = NULL;
    if (!change->proposal)
        return edit_may_commit(catalog, arena, file, change->principal, error);
    *branch = change->branch && *change->branch ? change->branch : branch_for(arena, file);
    return g_str_has_prefix(*branch, PROPOSALS) ||
           edit_may_commit(catalog, arena, file, change->principal, error);
}

/* Adds the lines of message but those that claim to be the trailer. */
static void add_lines(GString *text, const char *message)
{
    for (const char *line = message; *line;) {
        gsize length = strcspn(line, "\r\n");
        gboolean ends = line[length] != '\0';

        if (g_ascii_strncasecmp(line + strspn(line, " \t"), ACTOR, strlen(ACTOR)) != 0)
            g_string_append_len(text, line, (gssize)(length + (ends ? 1 : 0)));
        line += length + (ends ? 1 : 0);
    }
    g_strchomp(text->str);
    text->len = strlen(text->str);
}

/* What was asked for, with a trailer that names the actor. */
static const char *message_of(Arena *arena, const EditFile *file, const EditChange *change)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *wanted = change->message ? change->message : "";
    g_autofree char *kept = g_strndup(wanted, MIN(strlen(wanted), MESSAGE_BYTES_MAX));
    g_autofree char *valid = g_utf8_make_valid(kept, -1);

    add_lines(text, valid);
    if (text->len == 0)
        g_string_append_printf(text, "Change %s", file->row->ref);
    g_string_append_printf(text, "\n\n" ACTOR ": %s\n", change->actor);
    return arena_strdup(arena, text->str);
}

/* A push to the built-in forge is followed anyway; of other hosts Pave learns by asking. */
static void refresh_after(Catalog *catalog, const EditFile *file, const EditChange *change)
{
    g_autoptr(GError) error = NULL;
    const char *const ids[] = {file->row->location_id, NULL};

    if (change->proposal || !catalog->jobs || edit_place_is_near(catalog, &file->place))
        return;
    if (!refresh_submit(catalog, ids, NULL, change->actor, &error))
        g_warning("catalog: %s is not read again at once: %s", file->row->source, error->message);
}

const Value *edit_commit(Catalog *catalog, Arena *arena, const EditFile *file,
                         const EditChange *change, GError **error)
{
    ForgeChange commit = {.at = &file->place.at,
                          .content = change->content,
                          .blob = file->head.blob,
                          .message = message_of(arena, file, change),
                          .actor = change->actor};
    const Value *result;

    if (file->reason) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED, "%s cannot be changed here: %s",
                    file->row->ref, file->reason);
        return NULL;
    }
    if (!choose_branch(catalog, arena, file, change, &commit.new_branch, error))
        return NULL;
    identify(catalog, arena, change->actor, &commit.author_name, &commit.author_email);
    result = file->place.host ? edit_host_change(file->place.host, arena, &file->place.place,
                                                 file->commit, &commit, error)
                              : forge_change_file(catalog->forge, arena, &commit, error);
    if (result)
        refresh_after(catalog, file, change);
    return result;
}
