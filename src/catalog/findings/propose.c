/* What could be written instead of what is wrong. */
#include "base/nearest.h"
#include "catalog/findings/findings.h"
#include <string.h>

/* Beyond it only names that begin alike are compared. */
#define CANDIDATES_MAX 20000

struct Proposer {
    Catalog *catalog;
    Arena *arena;
    Snapshot *snapshot;
    GHashTable *guesses;    /* "host/owner/name@ref:folder" → OwnerGuess */
    GHashTable *candidates; /* kind → Candidates */
    int64_t deadline_ms;
};

/* The entities of a kind: their names, and their refs in the same order. */
typedef struct {
    const char **names, **refs; /* NULL-terminated */
} Candidates;

Proposer *proposer_new(Catalog *catalog, Arena *arena, int64_t budget_ms)
{
    Proposer *proposer = g_new0(Proposer, 1);

    proposer->catalog = catalog;
    proposer->arena = arena;
    proposer->snapshot = index_acquire(catalog->index);
    proposer->guesses = g_hash_table_new(g_str_hash, g_str_equal);
    proposer->candidates = g_hash_table_new(g_str_hash, g_str_equal);
    proposer->deadline_ms = clock_monotonic_ms() + budget_ms;
    return proposer;
}

void proposer_free(Proposer *proposer)
{
    if (!proposer)
        return;
    snapshot_release(proposer->snapshot);
    g_hash_table_unref(proposer->guesses);
    g_hash_table_unref(proposer->candidates);
    g_free(proposer);
}

static gboolean has_time(const Proposer *proposer)
{
    return clock_monotonic_ms() < proposer->deadline_ms;
}

/* ---- "did you mean" ---- */

static void add_prefixed(const Proposer *proposer, const char *prefix, const char *kind,
                         GPtrArray *refs)
{
    const Snapshot *snapshot = proposer->snapshot;

    for (guint i = 0; i < snapshot_segment_count(snapshot); i++) {
        const Segment *segment = snapshot_segment(snapshot, i);
        const SegmentField *field = segment_field(segment, "metadata.name");
        const roaring_bitmap_t *dead = snapshot_dead(snapshot, i);
        roaring_bitmap_t *docs = roaring_bitmap_create();
        roaring_uint32_iterator_t at;
        guint32 first, last;

        if (field && segment_find_prefix(field, prefix, &first, &last))
            segment_add_postings(field, first, last, docs);
        if (dead)
            roaring_bitmap_andnot_inplace(docs, dead);
        for (roaring_init_iterator(docs, &at); at.has_value && refs->len < CANDIDATES_MAX;
             roaring_advance_uint32_iterator(&at)) {
            const char *ref = segment_doc_ref(segment, at.current_value);

            if (g_str_has_prefix(ref, kind))
                g_ptr_array_add(refs, (gpointer)ref);
        }
        roaring_bitmap_free(docs);
    }
}

static const Candidates *candidates_new(Arena *arena, const GPtrArray *refs)
{
    Candidates *candidates = arena_new0(arena, Candidates, 1);

    candidates->names = arena_new0(arena, const char *, refs->len + 1);
    candidates->refs = arena_new0(arena, const char *, refs->len + 1);
    for (guint i = 0; i < refs->len; i++) {
        candidates->refs[i] = refs->pdata[i];
        candidates->names[i] = strchr(refs->pdata[i], '/') + 1;
    }
    return candidates;
}

/* The entities of a kind ("group:") that name could mean. */
static const Candidates *candidates_for(Proposer *proposer, const char *kind, const char *name)
{
    const char *folded = arena_strndup(proposer->arena, kind, strlen(kind) - 1);
    const Candidates *known = g_hash_table_lookup(proposer->candidates, folded);
    g_autoptr(GPtrArray) refs = g_ptr_array_new();
    g_autoptr(GArray) ids = NULL;

    if (known)
        return known;
    ids = snapshot_having(proposer->snapshot, "kind", folded);
    if (ids->len > CANDIDATES_MAX) {
        add_prefixed(proposer, arena_strndup(proposer->arena, name, 2), kind, refs);
        return candidates_new(proposer->arena, refs);
    }
    for (guint i = 0; i < ids->len; i++)
        g_ptr_array_add(
            refs, (gpointer)snapshot_ref(proposer->snapshot, g_array_index(ids, EntityId, i)));
    known = candidates_new(proposer->arena, refs);
    g_hash_table_insert(proposer->candidates, (gpointer)folded, (gpointer)known);
    return known;
}

static const char *nearest(Proposer *proposer, const char *kind, const char *name)
{
    const Candidates *candidates = candidates_for(proposer, kind, name);
    const char *found = nearest_name(name, candidates->names);

    for (guint i = 0; found && candidates->names[i]; i++)
        if (candidates->names[i] == found)
            return candidates->refs[i];
    return NULL;
}

/* The same name as another kind: what is named may have been taken for something else. */
static const char *other_kind(Proposer *proposer, const char *relation, const char *name)
{
    g_autoptr(GArray) ids = NULL;

    if (!g_str_has_prefix(relation, "depend"))
        return NULL;
    ids = snapshot_having(proposer->snapshot, "metadata.name", name);
    for (guint i = 0; i < ids->len; i++) {
        const char *ref = snapshot_ref(proposer->snapshot, g_array_index(ids, EntityId, i));

        if (g_str_has_prefix(ref, "component:") || g_str_has_prefix(ref, "resource:"))
            return ref;
    }
    return NULL;
}

static const char *did_you_mean(Proposer *proposer, const Finding *finding)
{
    const char *colon = strchr(finding->target, ':'), *slash = strchr(finding->target, '/');
    const char *kind, *found;

    if (!colon || !slash || slash < colon)
        return NULL;
    kind = arena_strndup(proposer->arena, finding->target, (gsize)(colon + 1 - finding->target));
    found = other_kind(proposer, finding->relation, slash + 1);
    return found ? found : nearest(proposer, kind, slash + 1);
}

/* ---- how it is written ---- */

/* ref as its author would have written it: beside text, in an entity of namespace. */
static const char *written_ref(Proposer *proposer, const char *ref, const char *text,
                               const char *default_kind, const char *namespace)
{
    Arena *arena = proposer->arena;
    const char *kind = arena_strndup(arena, ref, strcspn(ref, ":"));
    const char *rest = ref + strlen(kind) + 1;
    const char *own = arena_strndup(arena, rest, strcspn(rest, "/"));
    const char *name = NULL;
    const char *slash = text ? strchr(text, '/') : NULL, *colon = text ? strchr(text, ':') : NULL;
    EntityId id;

    if (snapshot_find(proposer->snapshot, ref, &id))
        name = snapshot_fact(proposer->snapshot, arena, id, "metadata.name");
    name = name ? name : strchr(rest, '/') + 1;
    if (slash || !g_str_equal(own, text_fold(arena, namespace)))
        name = arena_printf(arena, "%s/%s", own, name);
    if ((colon && (!slash || colon < slash)) || !g_str_equal(kind, default_kind))
        name = arena_printf(arena, "%s:%s", kind, name);
    return name;
}

static const char *text_of(Arena *arena, const CatalogRow *row, const Finding *finding)
{
    g_autoptr(GArray) relations = model_relations(arena, row->entity);

    for (guint i = 0; i < relations->len; i++) {
        const Relation *relation = &g_array_index(relations, Relation, i);

        if (relation->text && g_strcmp0(relation->type, finding->relation) == 0 &&
            g_strcmp0(relation->target, finding->target) == 0)
            return value_string(relation->text, NULL);
    }
    return NULL;
}

/* ---- proposals ---- */

/* The place of the row's file; FALSE where it lies in no repository. */
static gboolean place_of(const Proposer *proposer, const CatalogRow *row, EditPlace *place)
{
    Source source;

    return row->parent && source_parse(proposer->arena, row->source, &source, NULL) &&
           edit_place(proposer->catalog, proposer->arena, &source, place);
}

static OwnerGuess guess_at(Proposer *proposer, const EditPlace *place)
{
    Findings *findings = proposer->catalog->findings;
    const ForgeLocation *at = &place->at;
    const char *key = arena_printf(proposer->arena, "%s/%s/%s@%s:%s", at->host, at->owner, at->name,
                                   at->ref, at->path);
    gboolean near = edit_place_is_near(proposer->catalog, place);
    OwnerGuess *guess = g_hash_table_lookup(proposer->guesses, key), remembered;

    if (guess)
        return *guess;
    if (!near && findings_recall(findings, proposer->arena, key, &remembered))
        return remembered;
    if (!has_time(proposer))
        return (OwnerGuess){0};
    guess = arena_new0(proposer->arena, OwnerGuess, 1);
    *guess = owner_guess(proposer->catalog, proposer->arena, proposer->snapshot, place);
    g_hash_table_insert(proposer->guesses, (gpointer)key, guess);
    if (!near)
        findings_remember(findings, key, guess);
    return *guess;
}

static const Proposal *propose(Proposer *proposer, const Finding *finding, const CatalogRow *row,
                               const char *id, const char *reason, const char *ref)
{
    Arena *arena = proposer->arena;
    Proposal *proposal = arena_new0(arena, Proposal, 1);
    gboolean owner = finding->type != FINDING_REFERENCE_BROKEN;
    const char *before = finding->target ? text_of(arena, row, finding) : NULL;
    const char *kind =
        owner ? "group" : arena_strndup(arena, finding->target, strcspn(finding->target, ":"));
    EditPlace place;

    proposal->id = id;
    proposal->reason = reason;
    proposal->before = before;
    proposal->after = written_ref(proposer, ref, before, kind,
                                  value_path_string(row->entity, "metadata.namespace", "default"));
    proposal->title = owner ? arena_printf(arena, "Set the owner to %s", proposal->after)
                            : arena_printf(arena, "Name %s instead", proposal->after);
    proposal->editable =
        (before || finding->type == FINDING_OWNER_MISSING) && place_of(proposer, row, &place);
    return proposal;
}

static const Proposal *propose_nearest(Proposer *proposer, const Finding *finding,
                                       const CatalogRow *row)
{
    const char *ref =
        finding->target && has_time(proposer) ? did_you_mean(proposer, finding) : NULL;

    if (!ref || g_str_equal(ref, row->ref))
        return NULL;
    return propose(
        proposer, finding, row, "nearest",
        arena_printf(proposer->arena, "There is no %s; there is %s", finding->target, ref), ref);
}

/* CODEOWNERS says who is meant to own it; a name that is nearly right says who was meant; who
 * worked on it is what is left. */
static const Proposal *propose_owner(Proposer *proposer, const Finding *finding,
                                     const CatalogRow *row)
{
    EditPlace place;
    OwnerGuess guess = {0};
    const Proposal *proposal = NULL;

    if (place_of(proposer, row, &place))
        guess = guess_at(proposer, &place);
    if (!guess.owner || g_str_equal(guess.id, "git-history"))
        proposal = propose_nearest(proposer, finding, row);
    if (!proposal && guess.owner)
        proposal = propose(proposer, finding, row, guess.id, guess.reason, guess.owner);
    return proposal;
}

const Proposal *finding_propose(Proposer *proposer, const Finding *finding, const CatalogRow *row)
{
    if (!row || !row->entity)
        return NULL;
    switch (finding->type) {
    case FINDING_OWNER_MISSING:
    case FINDING_OWNER_UNKNOWN:
        return propose_owner(proposer, finding, row);
    case FINDING_REFERENCE_BROKEN:
        return propose_nearest(proposer, finding, row);
    default:
        return NULL;
    }
}
