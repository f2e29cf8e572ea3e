/* Who could own something: whom CODEOWNERS names, else who worked on it. */
#include "catalog/findings/codeowners.h"
#include "catalog/findings/findings.h"
#include <string.h>

#define YEAR_MS ((int64_t)365 * 24 * 3600 * 1000)
#define TEAM_FIELD "metadata.annotations.github.com/team-slug"
#define LOGIN_FIELD "metadata.annotations.github.com/user-login"

typedef struct {
    Catalog *catalog;
    Arena *arena;
    const Snapshot *snapshot;
    const EditPlace *place;
    const ForgeLocation *at; /* of place */
} Search;

/* ---- names of other systems ---- */

/* The ref of the first entity of a kind ("group:") that has value in field; NULL. */
static const char *find_by(const Search *search, const char *kind, const char *field,
                           const char *value)
{
    g_autoptr(GArray) ids =
        snapshot_having(search->snapshot, field, text_fold(search->arena, value));

    for (guint i = 0; i < ids->len; i++) {
        const char *ref = snapshot_ref(search->snapshot, g_array_index(ids, EntityId, i));

        if (g_str_has_prefix(ref, kind))
            return arena_strdup(search->arena, ref);
    }
    return NULL;
}

static const char *find_named(const Search *search, const char *kind, const char *name)
{
    const char *ref =
        text_fold(search->arena, arena_printf(search->arena, "%sdefault/%s", kind, name));
    EntityId id;

    return snapshot_find(search->snapshot, ref, &id) ? ref
                                                     : find_by(search, kind, "metadata.name", name);
}

static const char *find_team(const Search *search, const char *team)
{
    const char *ref = find_by(search, "group:", TEAM_FIELD, team);

    return ref ? ref : find_named(search, "group:", strchr(team, '/') + 1);
}

static const char *find_login(const Search *search, const char *login)
{
    const char *ref = find_by(search, "user:", LOGIN_FIELD, login);

    ref = ref ? ref : find_named(search, "user:", login);
    return ref ? ref : find_named(search, "group:", login);
}

/* "@org/team", "@login" or an address. */
static const char *find_codeowner(const Search *search, const char *owner)
{
    if (*owner == '@')
        return strchr(owner, '/') ? find_team(search, owner + 1) : find_login(search, owner + 1);
    return find_by(search, "user:", "spec.profile.email", owner);
}

/* ---- CODEOWNERS ---- */

static gboolean read_beside(const Search *search, const char *path, SourceReply *reply)
{
    const ForgeLocation *at = search->at;
    Host *host = search->place->host;
    Place file = search->place->place;
    const Source source = {"url", arena_printf(search->arena, "https://%s/%s/%s/blob/%s/%s",
                                               at->host, at->owner, at->name, at->ref, path)};

    file.path = path;
    return host ? host->kind->read(host, search->arena, &file, NULL, reply, NULL)
                : source_read(search->catalog, search->arena, &source, NULL, reply, NULL);
}

static const char *read_codeowners(const Search *search, const char *path)
{
    g_auto(SourceReply) reply = {0};
    gsize length;
    const char *bytes;

    if (!read_beside(search, path, &reply) || !reply.bytes)
        return NULL;
    bytes = g_bytes_get_data(reply.bytes, &length);
    return bytes && g_utf8_validate(bytes, (gssize)length, NULL)
               ? arena_strndup(search->arena, bytes, length)
               : "";
}

/* The host takes the first of these that is there. */
static gboolean guess_by_codeowners(const Search *search, OwnerGuess *guess)
{
    static const char *const github[] = {".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"};
    static const char *const gitlab[] = {"CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"};
    static const char *const gitea[] = {"CODEOWNERS", "docs/CODEOWNERS", ".gitea/CODEOWNERS"};
    const Host *host = search->place->host;
    const char *const *files = !host ? github : host->kind == &host_gitlab ? gitlab : gitea;
    const char *text = NULL;
    const char *const *owners;
    int line = 0;
    gsize file = 0;

    for (; file < 3 && !text; file++)
        text = read_codeowners(search, files[file]);
    owners =
        text ? codeowners_of(codeowners_parse(search->arena, text), search->at->path, &line) : NULL;
    for (; owners && *owners; owners++) {
        guess->owner = find_codeowner(search, *owners);
        if (!guess->owner)
            continue;
        guess->id = "codeowners";
        guess->reason = arena_printf(search->arena, "%s gives %s to %s in line %d", files[file - 1],
                                     search->at->path, *owners, line);
        return TRUE;
    }
    return FALSE;
}

/* ---- git's history ---- */

static const char *find_contributor(const Search *search, const Value *contributor)
{
    const char *email = value_path_string(contributor, "email", "");
    const char *ref = find_by(search, "user:", "spec.profile.email", email);

    if (!ref)
        ref = find_by(search, "user:", "spec.profile.displayname",
                      value_path_string(contributor, "name", ""));
    return ref ? ref
               : find_named(search,
                            "user:", arena_strndup(search->arena, email, strcspn(email, "@")));
}

static void tally(GHashTable *commits, const char *ref, int64_t count)
{
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(commits, ref));

    g_hash_table_insert(commits, (gpointer)ref, GUINT_TO_POINTER(before + (guint)count));
}

static const char *most(GHashTable *commits, guint *count)
{
    const char *best = NULL;
    GHashTableIter iterator;
    gpointer ref, number;

    *count = 0;
    g_hash_table_iter_init(&iterator, commits);
    while (g_hash_table_iter_next(&iterator, &ref, &number))
        if (!best || GPOINTER_TO_UINT(number) > *count ||
            (GPOINTER_TO_UINT(number) == *count && strcmp(ref, best) < 0)) {
            best = ref;
            *count = GPOINTER_TO_UINT(number);
        }
    return best;
}

/* Commits by group, and by person where somebody is in none. */
static int64_t count_commits(const Search *search, const Value *contributors, GHashTable *groups,
                             GHashTable *users)
{
    int64_t total = 0;

    for (guint i = 0; i < value_count(contributors); i++) {
        const Value *contributor = value_item(contributors, i);
        int64_t count = value_int(value_get(contributor, "commits"), 0);
        const char *user = find_contributor(search, contributor);
        g_autoptr(GPtrArray) teams = g_ptr_array_new();
        EntityId id;

        total += count;
        if (!user || !snapshot_find(search->snapshot, user, &id))
            continue;
        tally(users, user, count);
        snapshot_add_values(search->snapshot, search->arena, id, "relations.memberof", teams);
        for (guint j = 0; j < teams->len; j++)
            if (snapshot_find(search->snapshot, teams->pdata[j], &id))
                tally(groups, teams->pdata[j], count);
    }
    return total;
}

static void guess_by_history(const Search *search, OwnerGuess *guess)
{
    const ForgeLocation *at = search->at;
    g_autofree char *folder = g_path_get_dirname(at->path);
    g_autoptr(GHashTable) groups = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) users = g_hash_table_new(g_str_hash, g_str_equal);
    const Value *contributors =
        forge_contributors(search->catalog->forge, search->arena, at->owner, at->name, at->ref,
                           g_str_equal(folder, ".") ? "" : folder, clock_now_ms() - YEAR_MS, NULL);
    int64_t total = count_commits(search, contributors, groups, users);
    gboolean team = g_hash_table_size(groups) > 0;
    guint count;

    guess->owner = most(team ? groups : users, &count);
    guess->id = "git-history";
    guess->reason =
        guess->owner
            ? arena_printf(search->arena,
                           "%u of the %" G_GINT64_FORMAT " commits of the last year are by %s%s",
                           count, total, team ? "people of " : "", guess->owner)
            : NULL;
}

OwnerGuess owner_guess(Catalog *catalog, Arena *arena, const Snapshot *snapshot,
                       const EditPlace *place)
{
    const Search search = {catalog, arena, snapshot, place, &place->at};
    OwnerGuess guess = {0};

    if (!guess_by_codeowners(&search, &guess) && edit_place_is_near(catalog, place))
        guess_by_history(&search, &guess);
    return guess;
}
