/* Pull requests of the built-in forge: proposals to take one branch into another. */
#include "forge/pull.h"
#include "formats/json.h"

#define TRIES_MAX 5

void pull_place_clear(PullPlace *place)
{
    g_clear_pointer(&place->git, git_repository_free);
    g_clear_pointer(&place->folder, g_free);
    g_clear_pointer(&place->repository, forge_repository_free);
}

gboolean pull_place_open(Forge *forge, const char *owner, const char *name, PullPlace *place,
                         GError **error)
{
    place->repository = forge_find(forge, owner, name, error);
    if (!place->repository)
        return FALSE;
    place->folder = forge_folder(forge, place->repository->owner, place->repository->name);
    place->git = forge_git_open(place->folder, error);
    return place->git != NULL;
}

const PullRow *pull_find(Forge *forge, Arena *arena, const PullPlace *place, int64_t number,
                         GError **error)
{
    GError *why = NULL;
    const PullRow *row =
        pull_store_find(db_reader(forge->db), arena, place->repository->id, number, &why);

    if (why)
        g_propagate_error(error, why);
    else if (!row)
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND,
                    "%s/%s has no pull request %" G_GINT64_FORMAT, place->repository->owner,
                    place->repository->name, number);
    return row;
}

/* ---- values ---- */

static Value *mergeable(Arena *arena, const PullRow *row, git_repository *git)
{
    g_auto(PullMerge) merge = {0};

    if (!git || !g_str_equal(row->state, "open") ||
        !pull_git_merge(git, row->base_commit, row->head_commit, &merge, NULL))
        return value_null_new(arena);
    return value_bool_new(arena, merge.conflicts->len == 0);
}

Value *pull_value(Forge *forge, Arena *arena, const ForgeRepository *repository,
                  const PullRow *row, git_repository *git)
{
    Value *value = value_object_new(arena);
    const Value *labels = json_parse(arena, row->labels, -1, NULL);
    gboolean merged = g_str_equal(row->state, "merged");

    value_set_int(arena, value, "number", row->number);
    value_set_string(arena, value, "title", row->title);
    value_set_string(arena, value, "body", row->body);
    value_set_string(arena, value, "state", row->state);
    value_set_string(arena, value, "author", row->author);
    value_set_string(arena, value, "head", row->head);
    value_set_string(arena, value, "base", row->base);
    value_set_string(arena, value, "headCommit", row->head_commit);
    value_set_string(arena, value, "baseCommit", row->base_commit);
    value_set(arena, value, "mergeable", mergeable(arena, row, git));
    value_set(arena, value, "createdAt", clock_value(arena, row->created_at));
    value_set(arena, value, "updatedAt", clock_value(arena, row->updated_at));
    value_set(arena, value, "closedAt", clock_value(arena, row->closed_at));
    value_set(arena, value, "mergedAt", clock_value(arena, merged ? row->closed_at : 0));
    value_set_nullable(arena, value, "mergedBy", row->merged_by);
    value_set_nullable(arena, value, "mergeCommit", merged ? row->merge_commit : NULL);
    value_set_string(arena, value, "url",
                     arena_printf(arena, "%s/repositories/%s/%s/pulls/%" G_GINT64_FORMAT,
                                  forge->base_url, repository->owner, repository->name,
                                  row->number));
    value_set(arena, value, "labels", labels ? labels : value_array_new(arena));
    return value;
}

Event pull_event(Forge *forge, Arena *arena, const ForgeRepository *repository, const PullRow *row,
                 const char *what, const char *actor, const char *cause)
{
    Value *payload = pull_value(forge, arena, repository, row, NULL);
    Event event = {.type = arena_printf(arena, "dev.pave.forge.pull_request.%s", what),
                   .source = "/pave/forge",
                   .subject = arena_printf(arena, "repository:%s/%s", repository->owner,
                                           repository->name),
                   .subject_uid = repository->id,
                   .actor = actor,
                   .cause = cause,
                   .payload = payload};

    value_set_string(arena, payload, "owner", repository->owner);
    value_set_string(arena, payload, "name", repository->name);
    value_set_string(arena, payload, "actor", actor);
    return event;
}

/* ---- opening ---- */

typedef struct {
    Forge *forge;
    Arena *arena;
    const ForgeRepository *repository;
    PullRow row;
    const char *actor, *cause;
    const char *from; /* the state it must be in */
    const char *what; /* of the event */
    gboolean words;   /* only title and body: a push may move the rest meanwhile */
} Writing;

static gboolean write_new(DbConn *tx, void *data, GError **error)
{
    Writing *writing = data;
    Event event;

    if (!pull_store_add(tx, &writing->row, error))
        return FALSE;
    event = pull_event(writing->forge, writing->arena, writing->repository, &writing->row,
                       "opened", writing->actor, writing->cause);
    events_append(tx, &event);
    return TRUE;
}

static gboolean check_texts(const char *title, const char *body, GError **error)
{
    if (title && *title && strlen(title) <= PULL_TITLE_MAX && !strpbrk(title, "\r\n") &&
        g_utf8_validate(title, -1, NULL) &&
        (!body || (strlen(body) <= PULL_BODY_MAX && g_utf8_validate(body, -1, NULL))))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "a pull request needs a title of one line and up to %d bytes, and a body of up to"
                " %d",
                PULL_TITLE_MAX, PULL_BODY_MAX);
    return FALSE;
}

static const char *tip_of(const PullPlace *place, Arena *arena, const char *branch, GError **error)
{
    const char *tip = branch ? pull_git_tip(place->git, arena, branch) : NULL;

    if (!tip)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s/%s has no branch %s",
                    place->repository->owner, place->repository->name, branch ? branch : "\"\"");
    return tip;
}

static gboolean fill_row(const PullPlace *place, Arena *arena, const ForgePull *pull, PullRow *row,
                         GError **error)
{
    row->repository_id = place->repository->id;
    row->title = pull->title;
    row->body = pull->body ? pull->body : "";
    row->state = "open";
    row->author = pull->actor ? pull->actor : "service:pave";
    row->head = pull->head;
    row->base = pull->base ? pull->base : place->repository->default_branch;
    row->labels = pull->labels ? json_to_arena(arena, pull->labels, JSON_COMPACT) : "[]";
    row->cause = pull->cause;
    row->created_at = row->updated_at = clock_now_ms();
    row->head_commit = tip_of(place, arena, row->head, error);
    row->base_commit = row->head_commit ? tip_of(place, arena, row->base, error) : NULL;
    return row->base_commit != NULL;
}

static const Value *open_builtin(Forge *forge, Arena *arena, const ForgePull *pull, GError **error)
{
    g_auto(PullPlace) place = {0};
    Writing writing = {.forge = forge, .arena = arena};
    GError *why = NULL;

    if (!check_texts(pull->title, pull->body, error) ||
        !pull_place_open(forge, pull->at->owner, pull->at->name, &place, error) ||
        !fill_row(&place, arena, pull, &writing.row, error))
        return NULL;
    if (pull_git_holds(place.git, writing.row.base_commit, writing.row.head_commit)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s has no commits that %s has not",
                    writing.row.head, writing.row.base);
        return NULL;
    }
    writing.repository = place.repository;
    writing.actor = writing.row.author;
    writing.cause = pull->cause;
    if (!db_write(forge->db, write_new, &writing, NULL, &why)) {
        if (g_error_matches(why, PAVE_ERROR, ERROR_CONFLICT)) {
            g_clear_error(&why);
            g_set_error(&why, PAVE_ERROR, ERROR_CONFLICT,
                        "a pull request of %s into %s is open already", writing.row.head,
                        writing.row.base);
        }
        g_propagate_error(error, why);
        return NULL;
    }
    if (!pull_git_keep(place.git, writing.row.number, writing.row.head_commit, error))
        return NULL;
    return pull_value(forge, arena, place.repository, &writing.row, place.git);
}

/* ---- merging, closing ---- */

static gboolean write_intent(DbConn *tx, void *data, GError **error)
{
    const Writing *writing = data;

    return pull_store_intend(tx, &writing->row, error);
}

static gboolean refuse_conflicts(const PullRow *row, const PullMerge *merge, GError **error)
{
    g_autoptr(GString) paths = g_string_new(NULL);

    if (merge->conflicts->len == 0)
        return TRUE;
    for (guint i = 0; i < MIN(merge->conflicts->len, 10u); i++)
        g_string_append_printf(paths, "%s%s", i ? ", " : "",
                               (const char *)merge->conflicts->pdata[i]);
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "%s and %s changed the same lines of %s: merge %s into %s and push it", row->head,
                row->base, paths->str, row->base, row->head);
    return FALSE;
}

static gboolean merge_once(Forge *forge, Arena *arena, PullPlace *place, const PullRow *row,
                           const char *method, const ForgeAuthor *author, GError **error)
{
    g_auto(PullMerge) merge = {0};
    Writing writing = {.row = *row};
    const char *base = tip_of(place, arena, row->base, error);
    const char *head = base ? tip_of(place, arena, row->head, error) : NULL;
    git_oid id;

    if (!head || !pull_git_merge(place->git, base, head, &merge, error) ||
        !refuse_conflicts(row, &merge, error) ||
        !pull_git_write(place->git, row, &merge, method, author->actor, &id, error))
        return FALSE;
    writing.row.merge_commit = arena_strdup(arena, git_oid_tostr_s(&id));
    return db_write(forge->db, write_intent, &writing, NULL, error) &&
           forge_git_move_branch(place->git, row->base, &merge.base, &id, author, error);
}

static gboolean refuse_state(const PullRow *row, const char *wanted, GError **error)
{
    if (g_str_equal(row->state, wanted))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT, "pull request %" G_GINT64_FORMAT " is %s",
                row->number, row->state);
    return FALSE;
}

const PullRow *pull_merge(Forge *forge, Arena *arena, PullPlace *place, const PullRow *row,
                          const char *method, const char *actor, const char *cause, GError **error)
{
    ForgeAuthor author = {.actor = actor, .cause = cause};

    if (!refuse_state(row, "open", error))
        return NULL;
    for (guint tries = 1;; tries++) {
        GError *why = NULL;

        if (merge_once(forge, arena, place, row, method, &author, &why))
            break;
        /* Only a base that moved meanwhile is worth another try, and that shows by its end. */
        if (tries == TRIES_MAX || !g_error_matches(why, PAVE_ERROR, ERROR_CONFLICT) ||
            !strstr(why->message, "moved meanwhile")) {
            g_propagate_error(error, why);
            return NULL;
        }
        g_error_free(why);
    }
    if (!forge_sync_folder(place->folder, error) ||
        !forge_compare_refs(forge, place->repository, actor, cause, error))
        return NULL;
    return pull_find(forge, arena, place, row->number, error);
}

static gboolean write_state(DbConn *tx, void *data, GError **error)
{
    Writing *writing = data;
    const PullRow *row;
    int64_t saved = writing->words
                        ? pull_store_word(tx, &writing->row, error)
                        : pull_store_save(tx, &writing->row, writing->from, error);
    Event event;

    if (saved < 0)
        return FALSE;
    if (saved == 0) {
        g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                    "pull request %" G_GINT64_FORMAT " is not %s any more", writing->row.number,
                    writing->from);
        return FALSE;
    }
    if (writing->words) {
        row = pull_store_find(tx, writing->arena, writing->row.repository_id, writing->row.number,
                              error);
        if (!row)
            return FALSE;
        writing->row = *row;
    }
    event = pull_event(writing->forge, writing->arena, writing->repository, &writing->row,
                       writing->what, writing->actor, writing->cause);
    events_append(tx, &event);
    return TRUE;
}

const PullRow *pull_set_open(Forge *forge, Arena *arena, const PullPlace *place,
                             const PullRow *row, gboolean open, const char *actor,
                             const char *cause, GError **error)
{
    Writing writing = {forge, arena, place->repository, *row, actor, cause, row->state, NULL,
                       FALSE};
    PullRow *changed = &writing.row;

    if (!refuse_state(row, open ? "closed" : "open", error))
        return NULL;
    changed->updated_at = clock_now_ms();
    changed->closed_at = open ? 0 : changed->updated_at;
    changed->state = open ? "open" : "closed";
    writing.what = open ? "opened" : "closed";
    if (open) {
        changed->head_commit = tip_of(place, arena, row->head, error);
        changed->base_commit =
            changed->head_commit ? tip_of(place, arena, row->base, error) : NULL;
        changed->merge_commit = NULL;
        if (!changed->base_commit)
            return NULL;
    }
    return db_write(forge->db, write_state, &writing, NULL, error)
               ? pull_find(forge, arena, place, row->number, error)
               : NULL;
}

/* ---- the verbs of other rooms, whatever the host ---- */

static gboolean is_github(Forge *forge, const ForgeLocation *at)
{
    return forge_kind_of_host(forge, at->host) == FORGE_GITHUB;
}

const Value *forge_pull_open(Forge *forge, Arena *arena, const ForgePull *pull, GError **error)
{
    return is_github(forge, pull->at) ? forge_github_pull_open(forge, arena, pull, error)
                                      : open_builtin(forge, arena, pull, error);
}

const Value *forge_pull_get(Forge *forge, Arena *arena, const ForgeLocation *at, int64_t number,
                            GError **error)
{
    g_auto(PullPlace) place = {0};
    const PullRow *row;

    if (is_github(forge, at))
        return forge_github_pull_get(forge, arena, at, number, error);
    if (!pull_place_open(forge, at->owner, at->name, &place, error))
        return NULL;
    row = pull_find(forge, arena, &place, number, error);
    return row ? pull_value(forge, arena, place.repository, row, place.git) : NULL;
}

const char *forge_pull_state(DbConn *conn, Arena *arena, const ForgeLocation *at, int64_t number,
                             GError **error)
{
    g_autoptr(ForgeRepository) repository = forge_store_find(conn, at->owner, at->name, error);
    const PullRow *row =
        repository ? pull_store_find(conn, arena, repository->id, number, error) : NULL;

    return row ? row->state : NULL;
}

const Value *forge_pull_find(Forge *forge, Arena *arena, const ForgeLocation *at, const char *head,
                             GError **error)
{
    g_auto(PullPlace) place = {0};
    const PullRow *row;

    if (is_github(forge, at))
        return forge_github_pull_find(forge, arena, at, head, error);
    if (!pull_place_open(forge, at->owner, at->name, &place, error))
        return NULL;
    row = pull_store_find_open(db_reader(forge->db), arena, place.repository->id, head, error);
    return row ? pull_value(forge, arena, place.repository, row, place.git) : NULL;
}

const Value *forge_pull_update(Forge *forge, Arena *arena, const ForgePull *pull, int64_t number,
                               GError **error)
{
    g_auto(PullPlace) place = {0};
    const PullRow *row;
    Writing writing = {.forge = forge, .arena = arena, .what = "updated", .words = TRUE,
                       .cause = pull->cause};

    if (is_github(forge, pull->at))
        return forge_github_pull_update(forge, arena, pull, number, error);
    if (!pull_place_open(forge, pull->at->owner, pull->at->name, &place, error))
        return NULL;
    row = pull_find(forge, arena, &place, number, error);
    if (!row)
        return NULL;
    writing.repository = place.repository;
    writing.row = *row;
    writing.actor = pull->actor ? pull->actor : "service:pave";
    writing.from = row->state;
    writing.row.title = pull->title ? pull->title : row->title;
    writing.row.body = pull->body ? pull->body : row->body;
    writing.row.updated_at = clock_now_ms();
    if (!check_texts(writing.row.title, writing.row.body, error) ||
        !db_write(forge->db, write_state, &writing, NULL, error))
        return NULL;
    return pull_value(forge, arena, place.repository, &writing.row, place.git);
}

const Value *forge_pull_close(Forge *forge, Arena *arena, const ForgeLocation *at, int64_t number,
                              const char *actor, const char *cause, GError **error)
{
    g_auto(PullPlace) place = {0};
    const PullRow *row;

    if (is_github(forge, at))
        return forge_github_pull_close(forge, arena, at, number, error);
    if (!pull_place_open(forge, at->owner, at->name, &place, error))
        return NULL;
    row = pull_find(forge, arena, &place, number, error);
    row = row ? pull_set_open(forge, arena, &place, row, FALSE, actor, cause, error) : NULL;
    return row ? pull_value(forge, arena, place.repository, row, NULL) : NULL;
}

typedef struct {
    const PullRow *row;
    const char *id, *author, *body;
    int64_t now;
} Comment;

static gboolean write_comment(DbConn *tx, void *data, GError **error)
{
    const Comment *comment = data;

    return pull_store_add_comment(tx, comment->id, comment->row, comment->author, comment->body,
                                  comment->now, error);
}

const Value *pull_add_comment(Forge *forge, Arena *arena, const PullRow *row, const char *body,
                              const char *author, GError **error)
{
    g_autofree char *id = clock_new_id();
    Comment comment = {row, id, author, body, clock_now_ms()};

    if (!*body || strlen(body) > PULL_BODY_MAX || !g_utf8_validate(body, -1, NULL)) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "a comment has 1 to %d bytes", PULL_BODY_MAX);
        return NULL;
    }
    return db_write(forge->db, write_comment, &comment, NULL, error)
               ? pull_comment_value(arena, id, author, body, comment.now)
               : NULL;
}

gboolean forge_pull_comment(Forge *forge, Arena *arena, const ForgeLocation *at, int64_t number,
                            const char *body, const char *actor, GError **error)
{
    g_auto(PullPlace) place = {0};
    const PullRow *row;

    if (is_github(forge, at))
        return forge_github_pull_comment(forge, arena, at, number, body, error);
    if (!pull_place_open(forge, at->owner, at->name, &place, error))
        return FALSE;
    row = pull_find(forge, arena, &place, number, error);
    return row && pull_add_comment(forge, arena, row, body, actor, error);
}
