/* A folder's files as the first commit of a repository at a source host, by git itself. */
#include "forge/forge_internal.h"
#include "spine/folder.h"

/* git learns the credentials from its environment: they are in no command line and in no URL it
 * prints. It follows no redirect, which might lead them to another host. */
const char *const *forge_host_git_environment(const ForgeHost *host)
{
    Arena *arena = host->arena;
    const char **env = arena_new0(arena, const char *, 9);
    g_autofree char *pair = g_strconcat(host->user ? host->user : "", ":", host->password, NULL);
    g_autofree char *encoded = g_base64_encode((const guchar *)pair, strlen(pair));

    env[0] = "GIT_CONFIG_COUNT=3";
    env[1] = "GIT_CONFIG_KEY_0=http.extraHeader";
    env[2] = host->password
                 ? arena_printf(arena, "GIT_CONFIG_VALUE_0=Authorization: Basic %s", encoded)
                 : "GIT_CONFIG_VALUE_0=";
    env[3] = "GIT_CONFIG_KEY_1=safe.directory";
    env[4] = "GIT_CONFIG_VALUE_1=*";
    env[5] = "GIT_CONFIG_KEY_2=http.followRedirects";
    env[6] = "GIT_CONFIG_VALUE_2=false";
    env[7] = "GIT_ALLOW_PROTOCOL=http:https";
    return env;
}

static gboolean push_branch(const ForgePush *push, const char *folder, GError **error)
{
    g_autofree char *refspec =
        g_strdup_printf("refs/heads/%s:refs/heads/%s", push->branch, push->branch);
    const char *const arguments[] = {"push", "--quiet", "--", push->url, refspec, NULL};

    return forge_git_run(arguments, forge_host_git_environment(push->host), folder, NULL, error);
}

static const char *head_of(Arena *arena, const char *folder, const char *branch, GError **error)
{
    g_autoptr(git_repository) git = forge_git_open(folder, error);
    g_autoptr(git_commit) commit = git ? forge_git_commit(git, branch, branch, error) : NULL;

    return commit ? arena_strdup(arena, git_oid_tostr_s(git_commit_id(commit))) : NULL;
}

const char *forge_push(Forge *forge, Arena *arena, const ForgePush *push, GError **error)
{
    g_autofree char *id = clock_new_id();
    g_autofree char *aside = g_build_filename(forge->repositories, ".new", id, NULL);
    const ForgeAuthor author = {.message = push->message,
                                .author_name = push->author_name,
                                .author_email = push->author_email};
    const char *commit = NULL;

    if (forge_check_branch(push->branch, error) &&
        forge_git_build(aside, push->folder, push->branch, NULL, &author, error) &&
        push_branch(push, aside, error))
        commit = head_of(arena, aside, push->branch, error);
    folder_remove(aside, NULL);
    return commit;
}
