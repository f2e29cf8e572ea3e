/* A forge on a fresh database with a data folder of its own, for the tests of the room. */
#pragma once
#include "../spine/test_db.h"
#include "forge/forge.h"
#include "formats/json.h"
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    TestDb *test;
    Arena *arena;
    Config *config;
    Events *events;
    Forge *forge;
    char *data;
} TestForge;

static inline void test_forge_open(TestForge *room, TestDb *test, const char *more_configuration)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *yaml = g_strconcat("backend:\n  baseUrl: http://pave.localhost:7007\n"
                                        "forge:\n  hosts:\n    github.com: builtin\n",
                                        more_configuration, NULL);

    room->test = test;
    room->arena = arena_new(ARENA_STEP_BYTES);
    room->data = g_build_filename(test->folder, "data", NULL);
    room->config = config_parse(yaml, test->folder, diagnostics);
    diagnostics_to_error(diagnostics, &error);
    g_assert_no_error(error);
    room->events = events_new(test->db);
    room->forge = forge_new(test->db, room->events, NULL, room->config, room->data, &error);
    g_assert_no_error(error);
}

static inline void test_forge_close(TestForge *room)
{
    forge_free(room->forge);
    events_free(room->events);
    config_free(room->config);
    arena_free(room->arena);
    g_free(room->data);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TestForge, test_forge_close)

/* A path under the test's folder, owned by the arena. */
static inline const char *test_path(TestForge *room, const char *path)
{
    return arena_printf(room->arena, "%s/%s", room->test->folder, path);
}

static inline void test_write(TestForge *room, const char *path, const char *text)
{
    const char *file = test_path(room, path);
    g_autofree char *folder = g_path_get_dirname(file);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

/* What the git program prints; the test fails where it fails. */
static inline char *test_git(TestForge *room, const char *folder, const char *const *arguments,
                             int *status)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *path = g_strconcat("PATH=", g_getenv("PATH"), NULL);
    const char *env[] = {path,
                         "HOME=/nonexistent",
                         "GIT_CONFIG_NOSYSTEM=1",
                         "GIT_CONFIG_GLOBAL=/dev/null",
                         "GIT_AUTHOR_NAME=Ada",
                         "GIT_AUTHOR_EMAIL=ada@acme.test",
                         "GIT_COMMITTER_NAME=Ada",
                         "GIT_COMMITTER_EMAIL=ada@acme.test",
                         "GIT_TERMINAL_PROMPT=0",
                         "GIT_CONFIG_COUNT=1",
                         "GIT_CONFIG_KEY_0=safe.directory",
                         "GIT_CONFIG_VALUE_0=*",
                         NULL};
    char *out = NULL;
    g_autofree char *err = NULL;
    int ended = 0;

    g_ptr_array_add(argv, (char *)"git");
    for (guint i = 0; arguments[i]; i++)
        g_ptr_array_add(argv, (char *)arguments[i]);
    g_ptr_array_add(argv, NULL);
    g_assert_true(g_spawn_sync(folder, (char **)argv->pdata, (char **)env, G_SPAWN_SEARCH_PATH,
                               NULL, NULL, &out, &err, &ended, NULL));
    if (status) {
        *status = ended;
        char *both = g_strconcat(out, err, NULL);
        g_free(out);
        return both;
    }
    if (ended != 0)
        g_error("git %s: %s", arguments[0], err);
    return g_strchomp(out);
}

#define GIT(room, folder, ...)                                                                     \
    test_git((room), (folder), (const char *const[]){__VA_ARGS__, NULL}, NULL)

/* The events of a type so far. */
static inline GPtrArray *test_events(TestForge *room, const char *type)
{
    EventFilter filter = {.type_prefix = type, .limit = 1000};
    GPtrArray *found = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    events_read(db_reader(room->test->db), room->arena, &filter, found, &error);
    g_assert_no_error(error);
    return found;
}

/* acme-corp/<name> with a README, made by ada. */
static inline const Value *test_publish(TestForge *room, const char *name, const char *intent,
                                        GError **error)
{
    const char *folder = arena_printf(room->arena, "files-%s", name);
    ForgePublish publish = {.host = "github.com",
                            .owner = "acme-corp",
                            .name = name,
                            .description = "Orders",
                            .default_branch = "main",
                            .protect_default_branch = TRUE,
                            .folder = test_path(room, folder),
                            .message = "initial commit",
                            .author_name = "Ada",
                            .author_email = "ada@acme.test",
                            .actor = "user:default/ada",
                            .cause = "job-1",
                            .intent_id = intent};
    g_autofree char *readme = g_strconcat(folder, "/README.md", NULL);
    g_autofree char *script = g_strconcat(folder, "/bin/run", NULL);

    test_write(room, readme, "# Orders\n");
    test_write(room, script, "#!/bin/sh\n");
    g_assert_cmpint(g_chmod(test_path(room, script), 0755), ==, 0);
    return forge_publish(room->forge, room->arena, &publish, error);
}
