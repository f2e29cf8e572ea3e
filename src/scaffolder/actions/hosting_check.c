/* Whether what a step made on GitLab or Gitea can be deleted without a loss: what people did in it
 * since goes with it. */
#include "scaffolder/actions/hosting.h"

enum { PAGES_MAX = 20 };

typedef struct {
    ActionRun *run;
    const Effect *effect;
    ForgeHost host;
    const char *path;
} Check;

static const Value *list(Check *check, const char *rest, GError **error)
{
    Arena *arena = check->run->arena;
    const char *path = arena_printf(arena, "%s%s", check->path, rest);
    Value *all = value_array_new(arena);

    for (guint page = 0; path && page < PAGES_MAX; page++) {
        ForgeReply reply;

        if (!forge_host_call(&check->host, &(ForgeCall){.method = "GET", .path = path}, &reply,
                             error))
            return NULL;
        for (guint i = 0; i < value_count(reply.body); i++)
            value_append(arena, all, value_item(reply.body, i));
        path = reply.next;
    }
    return all;
}

/* Gone where nothing of that name is there, or another by now. */
static gboolean look(Check *check, bool *gone, GError **error)
{
    const Value *id = value_get(check->effect->detail, "id");
    ForgeReply reply;

    if (!forge_host_call(&check->host,
                         &(ForgeCall){.method = "GET", .path = check->path, .allowed = {404, 410}},
                         &reply, error))
        return FALSE;
    *gone = reply.status != 200 || (id && !value_equal(value_get(reply.body, "id"), id));
    return TRUE;
}

/* ---- a repository ---- */

static gboolean check_branches(Check *check, const char **warning, GError **error)
{
    const char *commit = value_path_string(check->effect->detail, "commit", "");
    bool gitlab = g_str_has_prefix(check->path, "/projects/");
    const Value *branches =
        list(check, gitlab ? "/repository/branches?per_page=100" : "/branches?limit=50", error);
    guint moved = 0;

    for (guint i = 0; i < value_count(branches); i++)
        if (!g_str_equal(value_path_string(value_item(branches, i), "commit.id", ""), commit))
            moved++;
    if (moved > 0)
        *warning = arena_printf(check->run->arena,
                                "%u %s commits that were pushed since, and would be lost", moved,
                                moved == 1 ? "branch has" : "branches have");
    return branches != NULL;
}

/* ---- a group ---- */

/* What the same task made is taken back by its own effect, which comes first. */
static bool goes_by_itself(const Check *check, const char *kind, const char *ref)
{
    ProvenancePair pair = {.kind = "group",
                           .ref = check->effect->ref,
                           .host = value_path_string(check->effect->detail, "host", NULL),
                           .other_kind = kind,
                           .other_ref = ref};

    if (check->run->dry && provenance_made_both(check->run->scaffolder, &pair))
        return true;
    pair.undone = true;
    return provenance_made_both(check->run->scaffolder, &pair);
}

static guint count_of_others(const Check *check, const char *kind, const char *key,
                             const Value *items)
{
    guint others = 0;

    for (guint i = 0; i < value_count(items); i++)
        if (!goes_by_itself(check, kind, value_path_string(value_item(items, i), key, "")))
            others++;
    return others;
}

static gboolean check_group(Check *check, const char **warning, GError **error)
{
    const Value *projects = list(check, "/projects?include_subgroups=true&per_page=100", error);
    const Value *groups = projects ? list(check, "/descendant_groups?per_page=100", error) : NULL;

    if (!groups)
        return FALSE;
    guint others = count_of_others(check, "repository", "path_with_namespace", projects) +
                   count_of_others(check, "group", "full_path", groups);

    if (others > 0)
        *warning = arena_printf(
            check->run->arena, "%u %s in it that this task did not make, and would be lost", others,
            others == 1 ? "project or group is" : "projects or groups are");
    return TRUE;
}

gboolean hosting_undo_check(ActionRun *run, const Effect *effect, const char **warning, bool *gone,
                            GError **error)
{
    const Value *undo = value_get(effect->detail, "undo");
    Check check = {.run = run, .effect = effect, .path = value_path_string(undo, "path", "")};
    bool group = g_str_equal(effect->kind, "group");

    if (!value_path_string(undo, "method", NULL) ||
        (!group && !g_str_equal(effect->kind, "repository")))
        return TRUE;
    if (!forge_host_open(run->scaffolder->forge, run->arena,
                         value_path_string(undo, "kind", "gitlab"),
                         value_path_string(effect->detail, "host", ""), NULL, &check.host, error) ||
        !look(&check, gone, error))
        return FALSE;
    return *gone ||
           (group ? check_group(&check, warning, error) : check_branches(&check, warning, error));
}
