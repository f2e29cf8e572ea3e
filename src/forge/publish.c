/* Making a repository from a folder.
 *
 * The name is claimed by a row, the repository built aside and renamed into place, the row made
 * ready together with the events. Each step finds out by itself whether it was done before, so an
 * interrupted publication goes on, and a name that exists is refused by the first step. */
#include "forge/forge_internal.h"
#include "spine/failpoint.h"
#include "spine/folder.h"
#include <errno.h>
#include <glib/gstdio.h>

static const Value *publish_value(Forge *forge, Arena *arena, const ForgeRepository *repository,
                                  GError **error)
{
    Value *value = value_object_new(arena);
    g_autofree char *clone = forge_clone_url(forge, repository->owner, repository->name);
    g_autofree char *html = forge_html_url(forge, repository->owner, repository->name);
    g_autofree char *head = forge_resolve(forge, repository->owner, repository->name, NULL, NULL);

    value_set_string(arena, value, "remoteUrl", clone);
    value_set_string(arena, value, "repoContentsUrl",
                     arena_printf(arena, "%s/blob/%s", html, repository->default_branch));
    value_set_string(arena, value, "commitHash", head);
    return value;
}

static ForgeRepository *repository_of(const ForgePublish *publish)
{
    ForgeRepository *repository = g_new0(ForgeRepository, 1);

    repository->id = clock_new_id();
    repository->owner = g_strdup(publish->owner);
    repository->name = g_strdup(publish->name);
    repository->description = g_strdup(publish->description ? publish->description : "");
    repository->visibility = g_strdup(publish->visibility ? publish->visibility : "private");
    repository->default_branch =
        g_strdup(publish->default_branch ? publish->default_branch : "main");
    repository->protected_branches =
        g_strdup(publish->protect_default_branch ? repository->default_branch : "");
    repository->state = g_strdup("creating");
    repository->intent_id = g_strdup(publish->intent_id ? publish->intent_id : repository->id);
    repository->created_by = g_strdup(publish->actor ? publish->actor : "service:pave");
    repository->cause = g_strdup(publish->cause);
    repository->created_at = clock_now_ms();
    return repository;
}

static gboolean is_taken(Forge *forge, const ForgePublish *publish, GError **error);

/* What would be answered; the commit is known only once it is made. */
static const Value *foresee(Forge *forge, Arena *arena, const ForgePublish *publish, GError **error)
{
    g_autoptr(ForgeRepository) repository = NULL;
    Value *value;

    if (is_taken(forge, publish, error))
        return NULL;
    repository = repository_of(publish);
    value = (Value *)publish_value(forge, arena, repository, error);
    value_set_string(arena, value, "commitHash", "0000000000000000000000000000000000000000");
    return value;
}

static gboolean write_claim(DbConn *tx, void *data, GError **error)
{
    return forge_store_claim(tx, data, error);
}

static gboolean write_release(DbConn *tx, void *data, GError **error)
{
    return forge_store_release(tx, data, error);
}

static void say_taken(const char *owner, const char *name, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_CONFLICT,
                "the repository %s/%s exists already; choose another name", owner, name);
}

/* TRUE with error where the name is somebody else's, or it cannot be told. */
static gboolean is_taken(Forge *forge, const ForgePublish *publish, GError **error)
{
    g_autofree char *folder = forge_folder(forge, publish->owner, publish->name);
    GError *why = NULL;
    g_autoptr(ForgeRepository) repository =
        forge_store_find(db_reader(forge->db), publish->owner, publish->name, &why);

    if (why)
        g_propagate_error(error, why);
    else if (repository || g_file_test(folder, G_FILE_TEST_EXISTS))
        say_taken(publish->owner, publish->name, error);
    else
        return FALSE;
    return TRUE;
}

/* The row of this publication: the one an earlier attempt made, or a new claim. */
static ForgeRepository *claim(Forge *forge, const ForgePublish *publish, GError **error)
{
    g_autofree char *folder = forge_folder(forge, publish->owner, publish->name);
    GError *why = NULL;
    g_autoptr(ForgeRepository) repository =
        forge_store_find(db_reader(forge->db), publish->owner, publish->name, &why);

    if (why) {
        g_propagate_error(error, why);
        return NULL;
    }
    if (repository) {
        if (publish->intent_id && g_str_equal(repository->intent_id, publish->intent_id))
            return g_steal_pointer(&repository);
        say_taken(publish->owner, publish->name, error);
        return NULL;
    }
    if (g_file_test(folder, G_FILE_TEST_EXISTS)) {
        say_taken(publish->owner, publish->name, error);
        return NULL;
    }
    repository = repository_of(publish);
    if (!db_write(forge->db, write_claim, repository, NULL, &why)) {
        if (g_error_matches(why, PAVE_ERROR, ERROR_CONFLICT)) {
            g_clear_error(&why);
            say_taken(publish->owner, publish->name, &why);
        }
        g_propagate_error(error, why);
        return NULL;
    }
    return g_steal_pointer(&repository);
}

static gboolean holds_intent(const char *folder, const char *intent_id)
{
    g_autoptr(git_repository) git = forge_git_open(folder, NULL);
    g_autoptr(git_config) config = NULL;
    git_buf found = GIT_BUF_INIT;
    gboolean same;

    if (!git || git_repository_config_snapshot(&config, git) < 0 ||
        git_config_get_string_buf(&found, config, "pave.intent") < 0)
        return FALSE;
    same = g_strcmp0(found.ptr, intent_id) == 0;
    git_buf_dispose(&found);
    return same;
}

static gboolean move_into_place(const char *built, const char *folder, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(folder);

    if (g_mkdir_with_parents(parent, 0750) < 0 || g_rename(built, folder) < 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot put the repository into place: %s",
                    g_strerror(errno));
        return FALSE;
    }
    return forge_sync_folder(parent, error);
}

static gboolean build(Forge *forge, const ForgeRepository *repository, const ForgePublish *publish,
                      const char *folder, GError **error)
{
    g_autofree char *aside = g_build_filename(forge->repositories, ".new", repository->id, NULL);
    ForgeAuthor author = {.message = publish->message ? publish->message : "initial commit",
                          .author_name = publish->author_name ? publish->author_name : "Pave",
                          .author_email =
                              publish->author_email ? publish->author_email : "pave@localhost",
                          .actor = repository->created_by,
                          .cause = repository->cause};

    return folder_remove(aside, error) &&
           forge_git_build(aside, publish->folder, repository->default_branch,
                           repository->intent_id, &author, error) &&
           forge_sync_folder(aside, error) && move_into_place(aside, folder, error);
}

const Value *forge_publish(Forge *forge, Arena *arena, const ForgePublish *publish, GError **error)
{
    g_autoptr(ForgeRepository) repository = NULL;
    g_autofree char *folder = NULL;

    if (forge_kind_of_host(forge, publish->host) != FORGE_BUILTIN) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "the host %s is not configured: add it to forge.hosts (built-in), or a token "
                    "for it to integrations.github",
                    publish->host);
        return NULL;
    }
    if (!forge_check_name(publish->owner, publish->name, error))
        return NULL;
    if (publish->default_branch && !forge_check_branch(publish->default_branch, error))
        return NULL;
    if (publish->dry)
        return foresee(forge, arena, publish, error);
    repository = claim(forge, publish, error);
    if (!repository)
        return NULL;
    if (g_str_equal(repository->state, "ready"))
        return publish_value(forge, arena, repository, error);
    folder = forge_folder(forge, repository->owner, repository->name);
    if (!holds_intent(folder, repository->intent_id) &&
        !build(forge, repository, publish, folder, error)) {
        /* Nothing was made: the name is free again. */
        g_autofree char *aside =
            g_build_filename(forge->repositories, ".new", repository->id, NULL);

        folder_remove(aside, NULL);
        db_write(forge->db, write_release, repository->id, NULL, NULL);
        return NULL;
    }
    failpoint("repository", "in-place");
    if (!forge_finish_publish(forge, repository, error))
        return NULL;
    return publish_value(forge, arena, repository, error);
}

const Value *forge_probe(Forge *forge, Arena *arena, const char *host, const char *owner,
                         const char *name, const char *intent_id, GError **error)
{
    g_autoptr(ForgeRepository) repository = NULL;
    g_autofree char *folder = NULL;
    GError *why = NULL;

    if (!forge_check_name(owner, name, error))
        return NULL;
    repository = forge_store_find(db_reader(forge->db), owner, name, &why);
    if (why)
        g_propagate_error(error, why);
    if (!repository || !g_str_equal(repository->intent_id, intent_id))
        return NULL;
    folder = forge_folder(forge, repository->owner, repository->name);
    if (!g_str_equal(repository->state, "ready") &&
        (!holds_intent(folder, intent_id) || !forge_finish_publish(forge, repository, error)))
        return NULL;
    return publish_value(forge, arena, repository, error);
}
