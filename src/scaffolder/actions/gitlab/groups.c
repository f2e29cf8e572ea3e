/* gitlab:group:ensureExists, gitlab:group:access and gitlab:user:info. */
#include "scaffolder/actions/gitlab/gitlab.h"

/* ---- gitlab:group:ensureExists ---- */

typedef struct {
    Hosting *hosting;
    const Value *input;
    int64_t id;       /* of the group that was reached */
    const char *path; /* its full path */
} Walk;

/* The next group below, made where it is not there. */
static gboolean step_into(Walk *walk, const Value *segment, bool last, GError **error)
{
    Hosting *hosting = walk->hosting;
    Arena *arena = hosting->arena;
    const char *text = value_string(segment, NULL);
    const char *name = text ? text : value_path_string(segment, "name", ""),
               *slug = text ? text : value_path_string(segment, "slug", "");
    const char *path = walk->path ? arena_printf(arena, "%s/%s", walk->path, slug) : slug;
    bool missing;
    const Value *group = hosting_get(
        hosting, arena_printf(arena, "/groups/%s", forge_escape(arena, path)), &missing, error);
    Value *body = hosting_body(arena, "name", name);

    if (group && missing) {
        value_set_string(arena, body, "path", slug);
        if (walk->id)
            value_set_int(arena, body, "parent_id", walk->id);
        if (last)
            value_set(arena, body, "description", value_get(walk->input, "description"));
        group = hosting_send(hosting, "POST", "/groups", body, error);
    }
    if (!group)
        return FALSE;
    walk->id = value_int(value_get(group, "id"), 0);
    walk->path = path;
    if (missing)
        hosting_effect(
            hosting, &(HostingEffect){
                         .operation = "create",
                         .kind = "group",
                         .ref = path,
                         .url = value_path_string(group, "web_url", NULL),
                         .undo_method = "DELETE",
                         .undo_path = arena_printf(arena, "/groups/%" G_GINT64_FORMAT, walk->id)});
    return TRUE;
}

static gboolean run_ensure(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    const Value *path = value_get(input, "path");
    guint count = value_count(path);
    Hosting hosting;
    Walk walk = {.hosting = &hosting, .input = input};
    Value *result = value_object_new(run->arena);

    if (!hosting_open_remote(&hosting, run, input, "gitlab", error))
        return FALSE;
    for (guint i = 0; i < count; i++)
        if (!step_into(&walk, value_item(path, i), i + 1 == count, error))
            return FALSE;
    value_set_int(run->arena, result, "groupId", walk.id);
    *output = result;
    return TRUE;
}

/* What an attempt that was interrupted made is simply there. */
const Action action_gitlab_group_ensure_exists = {
    .id = "gitlab:group:ensureExists",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_ensure,
    .undo = hosting_undo,
    .undo_check = hosting_undo_check,
    .undo_text = "Deletes the groups that were made",
};

/* ---- gitlab:group:access ---- */

static int64_t level_of(const Value *level)
{
    static const struct {
        const char *name;
        int64_t level;
    } levels[] = {{"no access", 0}, {"minimal", 5},    {"guest", 10},      {"planner", 15},
                  {"reporter", 20}, {"developer", 30}, {"maintainer", 40}, {"owner", 50}};
    const char *name = value_string(level, NULL);

    for (gsize i = 0; name && i < G_N_ELEMENTS(levels); i++)
        if (g_ascii_strcasecmp(levels[i].name, name) == 0)
            return levels[i].level;
    return name ? g_ascii_strtoll(name, NULL, 10) : value_int(level, 30);
}

static gboolean set_member(Hosting *hosting, const char *list, const char *member, int64_t id,
                           const char *key, int64_t level, bool remove, GError **error)
{
    Arena *arena = hosting->arena;
    const char *one = arena_printf(arena, "%s/%" G_GINT64_FORMAT, member, id);
    Value *body = value_object_new(arena);
    long status;

    if (!remove) {
        bool group = g_str_equal(key, "group_id");

        value_set_int(arena, body, key, id);
        value_set_int(arena, body, group ? "group_access" : "access_level", level);
        if (!hosting_ask(hosting, "POST", list, body, 409, &status, error))
            return FALSE;
        /* A member already: the level may be another. */
        value_set(arena, body, key, NULL);
        if (status == 409 && !group && !hosting_send(hosting, "PUT", one, body, error))
            return FALSE;
    } else if (!hosting_ask(hosting, "DELETE", one, NULL, 404, &status, error)) {
        return FALSE;
    }
    hosting_effect(hosting, &(HostingEffect){.operation = remove ? "delete" : "create",
                                             .kind = "access",
                                             .ref = one + strlen("/groups/"),
                                             .undo_method = remove ? NULL : "DELETE",
                                             .undo_path = one});
    return TRUE;
}

static gboolean run_access(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    Arena *arena = run->arena;
    const Value *users = value_get(input, "userIds"), *groups = value_get(input, "groupIds"),
                *path = value_get(input, "path");
    bool remove = g_str_equal(value_path_string(input, "action", "add"), "remove");
    int64_t level = level_of(value_get(input, "accessLevel"));
    const char *group =
        arena_printf(arena, "/groups/%s", forge_escape(arena, gitlab_id(arena, path)));
    const char *members = arena_printf(arena, "%s/members", group),
               *share = arena_printf(arena, "%s/share", group);
    Value *result = value_object_new(arena);
    Hosting hosting;

    if (!hosting_open_remote(&hosting, run, input, "gitlab", error))
        return FALSE;
    for (guint i = 0; i < value_count(users); i++)
        if (!set_member(&hosting, members, members, value_int(value_item(users, i), 0), "user_id",
                        level, remove, error))
            return FALSE;
    for (guint i = 0; i < value_count(groups); i++)
        if (!set_member(&hosting, share, share, value_int(value_item(groups, i), 0), "group_id",
                        level, remove, error))
            return FALSE;
    value_set(arena, result, "userIds", users);
    value_set(arena, result, "groupIds", groups);
    value_set(arena, result, "path", path);
    if (!remove)
        value_set_int(arena, result, "accessLevel", level);
    *output = result;
    return TRUE;
}

const Action action_gitlab_group_access = {
    .id = "gitlab:group:access",
    .recovery = RECOVERY_REPEAT,
    .dry_run = true,
    .run = run_access,
    .undo = hosting_undo,
    .undo_text = "Takes the access away that was given",
};

/* ---- gitlab:user:info ---- */

static gboolean run_user(ActionRun *run, const Value *input, const Value **output, GError **error)
{
    static const HostingMember members[] = {{"id", NULL},
                                            {"username", NULL},
                                            {"name", NULL},
                                            {"state", NULL},
                                            {"web_url", "webUrl"},
                                            {"email", NULL},
                                            {"created_at", "createdAt"},
                                            {"public_email", "publicEmail"}};
    const char *id = gitlab_id(run->arena, value_get(input, "userId"));
    Value *result = value_object_new(run->arena);
    Hosting hosting;
    bool missing;

    if (!hosting_open_remote(&hosting, run, input, "gitlab", error))
        return FALSE;
    const Value *user = hosting_get(
        &hosting, id ? arena_printf(run->arena, "/users/%s", id) : "/user", &missing, error);

    if (user && missing && !run->dry) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "%s has no user %s", hosting.url.host, id);
        return FALSE;
    }
    hosting_copy(run->arena, result, user, members, G_N_ELEMENTS(members));
    *output = result;
    return user != NULL;
}

const Action action_gitlab_user_info = {
    .id = "gitlab:user:info",
    .recovery = RECOVERY_REPEAT,
    .run = run_user,
};
