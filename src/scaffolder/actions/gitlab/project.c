/* Projects of GitLab and their branches. */
#include "scaffolder/actions/gitlab/gitlab.h"

#include <sys/stat.h>

const char *gitlab_name(const Hosting *hosting)
{
    const RepoUrl *url = &hosting->url;

    return url->owner && url->repo ? arena_printf(hosting->arena, "%s/%s", url->owner, url->repo)
           : url->project          ? url->project
                                   : url->repo;
}

const char *gitlab_path(const Hosting *hosting, const char *rest)
{
    const RepoUrl *url = &hosting->url;
    const char *id = url->project ? url->project : gitlab_name(hosting);

    return arena_printf(hosting->arena, "/projects/%s%s", forge_escape(hosting->arena, id), rest);
}

const char *gitlab_id(Arena *arena, const Value *value)
{
    if (value_is(value, VALUE_STRING))
        return value_string(value, NULL);
    return value_is(value, VALUE_NUMBER)
               ? arena_printf(arena, "%" G_GINT64_FORMAT, value_int(value, 0))
               : NULL;
}

const char *gitlab_project_path(Hosting *hosting, const Value *input, const char *rest)
{
    const char *id = gitlab_id(hosting->arena, value_get(input, "projectId"));

    return id && *id ? arena_printf(hosting->arena, "/projects/%s%s",
                                    forge_escape(hosting->arena, id), rest)
                     : gitlab_path(hosting, rest);
}

gboolean gitlab_user(Hosting *hosting, const char *name, int64_t *id, GError **error)
{
    Arena *arena = hosting->arena;
    const char *login = hosting_name_of(arena, *name == '@' ? name + 1 : name);
    const Value *found = hosting_list(
        hosting, arena_printf(arena, "/users?username=%s", forge_escape(arena, login)), error);

    *id = value_int(value_get(value_item(found, 0), "id"), 0);
    if (found && *id == 0 && !hosting->run->dry)
        action_log(hosting->run, "warning", "%s has no user %s", hosting->url.host, login);
    return found != NULL;
}

const char *gitlab_default_branch(Hosting *hosting, GError **error)
{
    bool missing;
    const Value *project = hosting_get(hosting, gitlab_path(hosting, ""), &missing, error);

    if (project && missing && !hosting->run->dry) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no project %s at %s",
                    gitlab_name(hosting), hosting->url.host);
        return NULL;
    }
    return project ? value_path_string(project, "default_branch", "main") : NULL;
}

/* ---- branches ---- */

static const char *branch_path(Hosting *hosting, const char *branch)
{
    return gitlab_path(hosting, arena_printf(hosting->arena, "/repository/branches/%s",
                                             forge_escape(hosting->arena, branch)));
}

gboolean gitlab_branch_ensure(Hosting *hosting, const char *branch, const char *ref, bool *made,
                              GError **error)
{
    Arena *arena = hosting->arena;
    Value *body = hosting_body(arena, "branch", branch);
    bool missing;

    *made = false;
    if (!hosting_get(hosting, branch_path(hosting, branch), &missing, error))
        return FALSE;
    if (!missing)
        return TRUE;
    value_set_string(arena, body, "ref", ref);
    if (!hosting_send(hosting, "POST", gitlab_path(hosting, "/repository/branches"), body, error))
        return FALSE;
    *made = true;
    hosting_effect(
        hosting, &(HostingEffect){.operation = "create",
                                  .kind = "branch",
                                  .ref = arena_printf(arena, "%s:%s", gitlab_name(hosting), branch),
                                  .undo_method = "DELETE",
                                  .undo_path = branch_path(hosting, branch)});
    return TRUE;
}

const char *gitlab_commit_since(Hosting *hosting, const char *branch, const char *message,
                                GError **error)
{
    bool missing;
    const Value *found = hosting_get(hosting, branch_path(hosting, branch), &missing, error),
                *commit = value_get(found, "commit");
    g_autofree char *text = g_strchomp(g_strdup(value_path_string(commit, "message", "")));

    if (!found)
        return NULL;
    return !hosting->run->fresh && g_str_equal(text, message) &&
                   hosting_is_since(hosting->run, value_path_string(commit, "committed_date", NULL))
               ? value_path_string(commit, "id", "")
               : "";
}

/* ---- files ---- */

typedef struct {
    Hosting *hosting;
    const char *target; /* without slashes around it */
    const char *action;
    GHashTable *there; /* path → git's id of the content; NULL: not asked for */
    Value *actions;
} Files;

static gboolean read_tree(Files *files, const char *branch, GError **error)
{
    Arena *arena = files->hosting->arena;
    const Value *tree = hosting_list(
        files->hosting,
        gitlab_path(files->hosting,
                    arena_printf(arena, "/repository/tree?ref=%s&recursive=true&per_page=100",
                                 forge_escape(arena, branch))),
        error);

    for (guint i = 0; i < value_count(tree); i++) {
        const Value *entry = value_item(tree, i);

        g_hash_table_insert(files->there, (gpointer)value_path_string(entry, "path", ""),
                            (gpointer)value_path_string(entry, "id", ""));
    }
    return tree != NULL;
}

/* What is to be done with a file: NULL where it is as it should be. */
static const char *action_for(const Files *files, const char *path, const char *bytes, gsize length)
{
    const char *id = files->there ? g_hash_table_lookup(files->there, path) : NULL;
    g_autoptr(GChecksum) checksum = NULL;
    g_autofree char *header = NULL;

    if (!files->there)
        return files->action;
    if (!id)
        return "create";
    header = g_strdup_printf("blob %" G_GSIZE_FORMAT, length);
    checksum = g_checksum_new(G_CHECKSUM_SHA1);
    g_checksum_update(checksum, (const guchar *)header, (gssize)strlen(header) + 1);
    g_checksum_update(checksum, (const guchar *)bytes, (gssize)length);
    return g_str_equal(g_checksum_get_string(checksum), id) ? NULL : "update";
}

static gboolean add_file(Files *files, const char *folder, const WorkdirEntry *entry,
                         GError **error)
{
    Arena *arena = files->hosting->arena;
    g_autofree char *from = g_build_filename(folder, entry->path, NULL);
    g_autofree char *bytes = NULL;
    const char *path =
        *files->target ? arena_printf(arena, "%s/%s", files->target, entry->path) : entry->path;
    gsize length;

    if (!g_file_get_contents(from, &bytes, &length, error))
        return FALSE;
    const char *what = action_for(files, path, bytes, length);

    if (!what)
        return TRUE;
    Value *action = hosting_body(arena, "action", what);

    value_set_string(arena, action, "file_path", path);
    if (!g_str_equal(what, "delete")) {
        g_autofree char *encoded = g_base64_encode((const guchar *)bytes, length);

        value_set_string(arena, action, "encoding", "base64");
        value_set_string(arena, action, "content", encoded);
        if (entry->mode & S_IXUSR)
            value_set_bool(arena, action, "execute_filemode", true);
    }
    value_append(arena, files->actions, action);
    return TRUE;
}

static const char *trimmed(Arena *arena, const char *path)
{
    gsize length;

    while (g_str_has_prefix(path, "./"))
        path += 2;
    path += strspn(path, "/");
    length = strlen(path);
    while (length && path[length - 1] == '/')
        length--;
    return length == 1 && *path == '.' ? "" : arena_strndup(arena, path, length);
}

const Value *gitlab_file_actions(Hosting *hosting, const Value *input, const char *branch,
                                 const char *action, GError **error)
{
    g_autofree char *folder = hosting_folder(hosting->run, input, error);
    g_autoptr(GPtrArray) entries = folder ? workdir_list(folder, error) : NULL;
    g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);
    bool looks = g_str_equal(action, "auto");
    Files files = {.hosting = hosting,
                   .target = trimmed(hosting->arena, value_path_string(input, "targetPath", "")),
                   .action = action,
                   .there = looks ? there : NULL,
                   .actions = value_array_new(hosting->arena)};

    if (!entries || (looks && !read_tree(&files, branch, error)))
        return NULL;
    for (guint i = 0; i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);

        if (S_ISREG(entry->mode) && !add_file(&files, folder, entry, error))
            return NULL;
    }
    return files.actions;
}
