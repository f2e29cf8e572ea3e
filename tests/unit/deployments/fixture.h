/* A whole deployments room over a fresh SQLite database, with real processes. */
#pragma once
#include "../test_folder.h"
#include "deployments/deployments_internal.h"
#include "spine/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { FIXTURE_LONG_MS = 60000 };

typedef struct {
    TestFolder *folder;
    Arena *arena;
    Db *db;
    Events *events;
    Secrets *secrets;
    Jobs *jobs;
    Blobs *blobs;
    Config *config;
    Deployments *deployments;
} Fixture;

static const char FIXTURE_CONFIG[] = "backend:\n"
                                     "  baseUrl: http://pave.localhost:7007\n"
                                     "deployments:\n"
                                     "  environments:\n"
                                     "    - name: staging\n"
                                     "      variables: {LEVEL: debug}\n"
                                     "    - name: production\n"
                                     "      production: true\n";

/* Answers /health as its file "health" says, and / with its version and environment. */
static const char FIXTURE_SERVER[] =
    "import http.server, os, sys, threading, time\n"
    "mode = open('mode').read().strip()\n"
    "print('mode', mode, 'token', os.environ.get('TOKEN'), flush=True)\n"
    "if mode == 'exit': sys.exit(3)\n"
    "if mode == 'slow': time.sleep(2)\n"
    "if mode == 'wants-token' and not os.environ.get('TOKEN'): sys.exit(4)\n"
    "class Handler(http.server.BaseHTTPRequestHandler):\n"
    "    def do_GET(self):\n"
    "        if self.path == '/crash': os._exit(9)\n"
    "        known = self.path in ('/', '/health')\n"
    "        sick = mode == 'sick' and self.path == '/health'\n"
    "        self.send_response(500 if sick else 200 if known else 404)\n"
    "        self.end_headers()\n"
    "        self.wfile.write((mode + ' ' + os.environ['ENVIRONMENT'] + ' ' +\n"
    "                          os.environ.get('LEVEL', '')).encode())\n"
    "    def log_message(self, *args): pass\n"
    "http.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), "
    "Handler).serve_forever()\n";

static inline void fixture_open(Fixture *fixture)
{
    g_autofree char *url = g_strdup_printf("sqlite:%s/pave.db", fixture->folder);
    g_autofree char *key = g_build_filename(fixture->folder, "key", NULL);
    g_autofree char *blobs = g_build_filename(fixture->folder, "blobs", NULL);
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    GError *error = NULL;

    fixture->arena = arena_new(ARENA_STEP_BYTES);
    fixture->db = db_open(url, &error);
    g_assert_no_error(error);
    fixture->events = events_new(fixture->db);
    fixture->secrets = secrets_open(fixture->db, key, TRUE, &error);
    g_assert_no_error(error);
    fixture->jobs = jobs_new(fixture->db, fixture->events, fixture->secrets, fixture->folder, "n1");
    fixture->blobs = blobs_open(blobs, &error);
    g_assert_no_error(error);
    fixture->config = config_parse(FIXTURE_CONFIG, fixture->folder, diagnostics);
    g_assert_nonnull(fixture->config);
    fixture->deployments =
        deployments_new(fixture->db, fixture->events, fixture->jobs, fixture->secrets,
                        fixture->blobs, fixture->config, fixture->folder, &error);
    g_assert_no_error(error);
    g_assert_true(deployments_start(fixture->deployments, &error));
    g_assert_no_error(error);
    jobs_start(fixture->jobs);
}

/* As a server that ends: the services go on. */
static inline void fixture_close(Fixture *fixture)
{
    jobs_stop(fixture->jobs);
    deployments_free(fixture->deployments);
    jobs_free(fixture->jobs);
    events_free(fixture->events);
    secrets_free(fixture->secrets);
    blobs_free(fixture->blobs);
    config_free(fixture->config);
    db_close(fixture->db);
    arena_free(fixture->arena);
}

static inline void fixture_set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = test_folder_new();
    fixture_open(fixture);
}

static inline void fixture_stop_live(Fixture *fixture)
{
    g_autoptr(GPtrArray) live =
        store_live(db_reader(fixture->db), fixture->arena, NULL, NULL, NULL);

    deployments_stop(fixture->deployments);
    for (guint i = 0; i < live->len; i++) {
        const Live *one = live->pdata[i];
        g_autoptr(Instance) instance = instance_new(fixture->deployments, &one->deployment, NULL);

        if (instance_attach(instance))
            instance_stop(instance);
    }
}

static inline void fixture_tear_down(Fixture *fixture, gconstpointer data)
{
    jobs_stop(fixture->jobs);
    fixture_stop_live(fixture);
    fixture_close(fixture);
    test_folder_free(fixture->folder);
}

/* ---- releases ---- */

static inline gssize fixture_read(void *buffer, gsize size, void *data, GError **error)
{
    return read(*(int *)data, buffer, size);
}

static inline void fixture_write(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static inline int fixture_tar(const char *folder, const char *file)
{
    const char *argv[] = {"tar", "-C", folder, "-cf", file, ".", NULL};
    int status;

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, &status, NULL));
    g_assert_true(g_spawn_check_wait_status(status, NULL));
    return open(file, O_RDONLY | O_CLOEXEC);
}

/* A release of the little server; mode is its version: "one", "two", "sick", "exit". */
static inline const char *fixture_release(Fixture *fixture, const char *mode, const char *commit)
{
    g_autofree char *app = g_build_filename(fixture->folder, mode, NULL);
    g_autofree char *file = g_strconcat(app, ".tar", NULL);
    ReleaseSpec spec = {.service = "orders",
                        .commit = commit,
                        .message = mode,
                        .tag = mode,
                        .committed_at = 1700000000000};
    g_autoptr(GError) error = NULL;
    const char *digest;
    int fd;

    g_mkdir_with_parents(app, 0755);
    fixture_write(app, "server.py", FIXTURE_SERVER);
    fixture_write(app, "mode", mode);
    fixture_write(app, "Procfile", "web: /usr/bin/python3 server.py\n");
    fd = fixture_tar(app, file);
    digest = release_create(fixture->deployments, fixture->arena, &spec, fixture_read, &fd, &error);
    close(fd);
    g_assert_no_error(error);
    return digest;
}

/* ---- deployments ---- */

static inline const Deployment *fixture_wait(Fixture *fixture, const char *id)
{
    g_autoptr(GError) error = NULL;
    const Deployment *deployment =
        store_deployment(db_reader(fixture->db), fixture->arena, id, &error);

    g_assert_no_error(error);
    jobs_wait(fixture->jobs, fixture->arena, deployment->job_id, NULL, FIXTURE_LONG_MS, &error);
    g_assert_no_error(error);
    return store_deployment(db_reader(fixture->db), fixture->arena, id, &error);
}

static inline const Deployment *fixture_deploy(Fixture *fixture, const char *release)
{
    DeployOrder order = {.service = "orders",
                         .environment = "staging",
                         .release = release,
                         .kind = "deploy",
                         .actor = "user:default/ada"};
    g_autoptr(GError) error = NULL;
    const char *id = deploy_submit(fixture->deployments, fixture->arena, &order, &error);

    g_assert_no_error(error);
    return fixture_wait(fixture, id);
}

static inline guint fixture_events(Fixture *fixture, const char *type)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    EventFilter filter = {.type_prefix = type, .limit = 100};

    g_assert_true(events_read(db_reader(fixture->db), fixture->arena, &filter, found, NULL));
    return found->len;
}
