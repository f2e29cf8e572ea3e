/* Git's smart HTTP protocol: `git upload-pack` and `git receive-pack` as children, their input and
 * output by pipes.
 *
 * The reply of an HTTP request can begin only when its body was read, so what a child prints before
 * that is kept, up to a bound that no honest exchange comes near. */
#include "forge/forge_internal.h"
#include "spine/access.h"
#include "spine/failpoint.h"
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EARLY_OUTPUT_MAX ((gsize)8 << 20)
#define STALL_MS (10 * 60 * 1000)
#define PUSH_BYTES_MAX "2147483648"

/* Runs for each ref of a push, with what git knows of the pushed objects. */
static const char UPDATE_HOOK[] =
    "#!/bin/sh\n"
    "case $1 in refs/pull/*)\n"
    "  echo \"$1 is kept by Pave: push to the branch of the pull request.\" >&2; exit 1 ;;\n"
    "esac\n"
    "branch=${1#refs/heads/}\n"
    "case $3 in *[!0]*) ;; *)\n"
    "  if [ \"$1\" = \"$PAVE_DEFAULT\" ]; then\n"
    "    echo \"The branch $branch is the default one: it cannot be deleted.\" >&2; exit 1\n"
    "  fi ;;\n"
    "esac\n"
    "case \" $PAVE_PROTECTED \" in *\" $1 \"*) ;; *) exit 0 ;; esac\n"
    "case $3 in *[!0]*) ;; *)\n"
    "  echo \"The branch $branch is protected: it cannot be deleted.\" >&2; exit 1 ;;\n"
    "esac\n"
    "case $2 in *[!0]*) ;; *) exit 0 ;; esac\n"
    "git merge-base --is-ancestor \"$2\" \"$3\" && exit 0\n"
    "echo \"The branch $branch is protected: its history cannot be rewritten (no force push).\" "
    ">&2\n"
    "echo \"Fetch it, put your commits on top of it (git pull --rebase), and push again.\" >&2\n"
    "exit 1\n";

gboolean forge_write_hooks(Forge *forge, GError **error)
{
    g_autofree char *file = g_build_filename(forge->hooks, "update", NULL);

    if (g_mkdir_with_parents(forge->hooks, 0750) < 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s", forge->hooks);
        return FALSE;
    }
    return g_file_set_contents_full(file, UPDATE_HOOK, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0755,
                                    error);
}

/* ---- the child ---- */

typedef struct {
    GPid pid;
    int in, out, err; /* -1 when closed */
    GByteArray *early;
} Child;

static void child_clear(Child *child)
{
    if (child->in >= 0)
        close(child->in);
    if (child->out >= 0)
        close(child->out);
    if (child->err >= 0)
        close(child->err);
    if (child->pid > 0) {
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
    }
    if (child->early)
        g_byte_array_unref(child->early);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Child, child_clear)

static gboolean child_start(Child *child, const char *const *argv, const char *const *env,
                            GError **error)
{
    g_auto(GStrv) environment = forge_git_environment(env);

    int input[2];
    gboolean started;

    child->early = g_byte_array_new();
    child->err = memfd_create("git", MFD_CLOEXEC);
    /* A socket rather than a pipe: writing to one whose reader is gone raises no signal. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) < 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "git: %s", g_strerror(errno));
        return FALSE;
    }
    child->in = input[0];
    started = g_spawn_async_with_pipes_and_fds(
        NULL, argv, (const char *const *)environment,
        G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, NULL, NULL,
        input[1], -1, child->err, NULL, NULL, 0, &child->pid, NULL, &child->out, NULL, error);
    close(input[1]);
    if (!started)
        return FALSE;
    g_unix_set_fd_nonblocking(child->in, TRUE, NULL);
    g_unix_set_fd_nonblocking(child->out, TRUE, NULL);
    return TRUE;
}

static gboolean child_stalled(GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "git does not answer");
    return FALSE;
}

/* What the child printed so far, kept; FALSE only where it is too much. */
static gboolean keep_early(Child *child, GError **error)
{
    guint8 buffer[16384];
    gssize got;

    while ((got = read(child->out, buffer, sizeof(buffer))) > 0) {
        if (child->early->len + (gsize)got > EARLY_OUTPUT_MAX) {
            g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                        "git answered before the request ended");
            return FALSE;
        }
        g_byte_array_append(child->early, buffer, (guint)got);
    }
    return TRUE;
}

static gboolean child_feed(Child *child, const char *bytes, gsize length, GError **error)
{
    while (length > 0 && child->in >= 0) {
        struct pollfd fds[] = {{.fd = child->in, .events = POLLOUT},
                               {.fd = child->out, .events = POLLIN}};
        int ready = poll(fds, 2, STALL_MS);
        gssize written;

        if (ready == 0)
            return child_stalled(error);
        if ((fds[1].revents & POLLIN) && !keep_early(child, error))
            return FALSE;
        if (!fds[0].revents)
            continue;
        written = send(child->in, bytes, length, MSG_NOSIGNAL);
        if (written > 0) {
            bytes += written;
            length -= (gsize)written;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            /* It has read enough (a refused push): the rest of the body is for nobody. */
            close(child->in);
            child->in = -1;
        }
    }
    return TRUE;
}

static gboolean feed_body(Child *child, Request *request, GError **error)
{
    g_autofree char *buffer = g_malloc(65536);
    gssize got;

    while ((got = request_body_read(request, buffer, 65536, error)) > 0) {
        if (!child_feed(child, buffer, (gsize)got, error))
            return FALSE;
    }
    if (child->in >= 0)
        close(child->in);
    child->in = -1;
    return got == 0;
}

static gboolean pump_output(Child *child, Response *response, GError **error)
{
    g_autofree char *buffer = g_malloc(65536);

    if (child->early->len > 0 &&
        !response_stream_write(response, child->early->data, child->early->len, error))
        return FALSE;
    for (;;) {
        struct pollfd fd = {.fd = child->out, .events = POLLIN};
        gssize got;

        if (poll(&fd, 1, STALL_MS) == 0)
            return child_stalled(error);
        got = read(child->out, buffer, 65536);
        if (got == 0)
            return TRUE;
        if (got < 0 && errno != EAGAIN && errno != EINTR) {
            g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "git: %s", g_strerror(errno));
            return FALSE;
        }
        if (got > 0 && !response_stream_write(response, buffer, (gsize)got, error))
            return FALSE;
    }
}

static void child_finish(Child *child, const char *what)
{
    int status = 0;
    char text[1024];
    gssize length;

    waitpid(child->pid, &status, 0);
    child->pid = 0;
    if (status == 0)
        return;
    length = pread(child->err, text, sizeof(text) - 1, 0);
    text[MAX(length, 0)] = '\0';
    g_message("forge: git %s ended with %d: %s", what, status, g_strstrip(text));
}

/* ---- who may ---- */

static Response *refuse(unsigned status, const char *text)
{
    return response_text(status, "text/plain; charset=utf-8", text);
}

static Response *ask_to_sign_in(void)
{
    return response_header(
        refuse(401, "Sign in with your name and, as the password, an API token of yours.\n"),
        "WWW-Authenticate", "Basic realm=\"Pave\"");
}

typedef struct {
    ForgeRepository *repository;
    char *folder;
    gboolean push;
    const char *service; /* "upload-pack" */
} Exchange;

static void exchange_clear(Exchange *exchange)
{
    forge_repository_free(exchange->repository);
    g_free(exchange->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Exchange, exchange_clear)

/* A job's token names the repository it may push to: access does not know whose job it is. */
static gboolean job_may_push(const Principal *principal, const ForgeRepository *repository,
                             GError **error)
{
    const char *const *scopes = principal_scopes(principal);
    g_autofree char *scope =
        g_strdup_printf("forge.repository.push:%s/%s", repository->owner, repository->name);

    if (scopes && g_strv_contains(scopes, scope))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED, "This job may not push to %s/%s",
                repository->owner, repository->name);
    return FALSE;
}

gboolean forge_may_write(Forge *forge, Request *request, const ForgeRepository *repository,
                         GError **error)
{
    const Principal *principal = access_principal(request);

    if (!forge_check_writable(repository, error))
        return FALSE;
    if (principal_kind(principal) == PRINCIPAL_JOB)
        return job_may_push(principal, repository, error);
    return access_check(principal, "forge.repository.push",
                        forge_owners(forge, request_arena(request), repository), error);
}

static gboolean may(Forge *forge, Request *request, const Exchange *exchange, GError **error)
{
    if (!exchange->push)
        return access_check(access_principal(request), "forge.repository.read", NULL, error);
    return forge_may_write(forge, request, exchange->repository, error);
}

/* NULL: go on; otherwise the refusal, which git prints as it is. */
static Response *check(Forge *forge, Request *request, Exchange *exchange)
{
    const Principal *principal = access_principal(request);
    const char *owner = request_param(request, "owner");
    g_autofree char *name = g_strdup(request_param(request, "repository"));
    g_autoptr(GError) why = NULL;

    if (!g_str_has_suffix(name, ".git"))
        return refuse(404, "A repository's address ends in .git.\n");
    name[strlen(name) - 4] = '\0';
    exchange->repository =
        forge_check_name(owner, name, NULL) ? forge_find(forge, owner, name, &why) : NULL;
    if (!principal && (!exchange->repository || exchange->push ||
                       !g_str_equal(exchange->repository->visibility, "public")))
        return ask_to_sign_in();
    if (!exchange->repository)
        return refuse(404, why ? why->message : "There is no such repository.\n");
    exchange->folder = forge_folder(forge, exchange->repository->owner, exchange->repository->name);
    if (principal && !may(forge, request, exchange, &why)) {
        g_autofree char *text = g_strconcat(why->message, "\n", NULL);

        return refuse(403, text);
    }
    return NULL;
}

/* ---- the exchange ---- */

static const char *cause_of(Request *request)
{
    const Principal *principal = access_principal(request);
    const char *name = principal ? principal_name(principal) : "";

    return g_str_has_prefix(name, "job:") ? name + strlen("job:") : NULL;
}

static char **environment_of(Request *request, const Exchange *exchange)
{
    GPtrArray *env = g_ptr_array_new();
    const char *protocol = request_header(request, "Git-Protocol");
    const char *cause = cause_of(request);
    g_auto(GStrv) branches = g_strsplit(exchange->repository->protected_branches, " ", -1);
    GString *protect = g_string_new("PAVE_PROTECTED=");

    for (guint i = 0; branches[i]; i++) {
        if (*branches[i])
            g_string_append_printf(protect, "%srefs/heads/%s", i ? " " : "", branches[i]);
    }
    g_ptr_array_add(env, g_string_free(protect, FALSE));
    g_ptr_array_add(
        env, g_strconcat("PAVE_DEFAULT=refs/heads/", exchange->repository->default_branch, NULL));
    if (protocol && strlen(protocol) < 256)
        g_ptr_array_add(env, g_strconcat("GIT_PROTOCOL=", protocol, NULL));
    g_ptr_array_add(env, g_strconcat("GIT_COMMITTER_NAME=", access_actor(request), NULL));
    g_ptr_array_add(env, g_strconcat("GIT_COMMITTER_EMAIL=", cause ? cause : "none", NULL));
    g_ptr_array_add(env, NULL);
    return (char **)g_ptr_array_free(env, FALSE);
}

static gboolean start_git(Forge *forge, Request *request, const Exchange *exchange,
                          gboolean advertise, Child *child, GError **error)
{
    g_auto(GStrv) env = environment_of(request, exchange);
    g_autofree char *hooks = g_strconcat("core.hooksPath=", forge->hooks, NULL);
    const char *const argv[] = {"git",
                                "-c",
                                "safe.directory=*",
                                "-c",
                                hooks,
                                "-c",
                                "core.logAllRefUpdates=always",
                                "-c",
                                "uploadpack.allowFilter=true",
                                "-c",
                                "uploadpack.allowReachableSHA1InWant=true",
                                "-c",
                                "receive.fsckObjects=true",
                                "-c",
                                "receive.denyDeleteCurrent=ignore", /* the hook says it better */
                                "-c",
                                "receive.maxInputSize=" PUSH_BYTES_MAX,
                                "-c",
                                "receive.autogc=false",
                                exchange->service,
                                "--stateless-rpc",
                                advertise ? "--http-backend-info-refs" : exchange->folder,
                                advertise ? exchange->folder : NULL,
                                NULL};

    return child_start(child, argv, (const char *const *)env, error);
}

static Response *begin_reply(Request *request, const Exchange *exchange, const char *suffix)
{
    g_autofree char *type = g_strdup_printf("application/x-git-%s-%s", exchange->service, suffix);
    Response *response = response_stream_begin(request, 200, type);

    return response_header(response, "Cache-Control", "no-cache, max-age=0, must-revalidate");
}

static gboolean wants_version_2(Request *request)
{
    const char *protocol = request_header(request, "Git-Protocol");
    g_auto(GStrv) parts = g_strsplit(protocol ? protocol : "", ":", -1);

    return g_strv_contains((const char *const *)parts, "version=2");
}

Response *forge_get_info_refs(Request *request, void *room, GError **error)
{
    const char *service = request_query(request, "service");
    g_auto(Exchange) exchange = {0};
    g_auto(Child) child = {.in = -1, .out = -1, .err = -1};
    Response *response;

    if (g_strcmp0(service, "git-upload-pack") != 0 && g_strcmp0(service, "git-receive-pack") != 0)
        return refuse(403, "Only git's smart protocol is spoken here; please upgrade git.\n");
    exchange.service = service + strlen("git-");
    exchange.push = g_str_equal(exchange.service, "receive-pack");
    response = check(room, request, &exchange);
    if (response)
        return response;
    if (!start_git(room, request, &exchange, TRUE, &child, error))
        return NULL;
    close(child.in);
    child.in = -1;
    response = begin_reply(request, &exchange, "advertisement");
    if (!wants_version_2(request)) {
        g_autofree char *line = g_strdup_printf("# service=%s\n", service);
        g_autofree char *packet = g_strdup_printf("%04zx%s0000", strlen(line) + 4, line);

        response_stream_write(response, packet, strlen(packet), NULL);
    }
    if (pump_output(&child, response, NULL))
        child_finish(&child, exchange.service);
    return response_stream_end(response);
}

static Response *exchange_packs(Request *request, Forge *forge, Exchange *exchange, GError **error)
{
    g_auto(Child) child = {.in = -1, .out = -1, .err = -1};
    g_autoptr(GError) why = NULL;
    Response *response = check(forge, request, exchange);

    if (response)
        return response;
    if (!start_git(forge, request, exchange, FALSE, &child, error) ||
        !feed_body(&child, request, error))
        return NULL;
    response = begin_reply(request, exchange, "result");
    if (!pump_output(&child, response, &why)) {
        g_message("forge: git %s: %s", exchange->service, why->message);
        g_clear_error(&why);
        close(child.out);
        child.out = -1;
    }
    /* Where the client went away git finishes or dies of the closed pipe; both leave refs whole. */
    child_finish(&child, exchange->service);
    if (exchange->push)
        failpoint("push", "received");
    /* Before the reply ends, so that whoever waited for `git push` finds its event in the log. */
    if (exchange->push && !forge_compare_refs(forge, exchange->repository, access_actor(request),
                                              cause_of(request), &why))
        g_warning("forge: %s/%s: %s", exchange->repository->owner, exchange->repository->name,
                  why ? why->message : "");
    return response_stream_end(response);
}

Response *forge_post_upload_pack(Request *request, void *room, GError **error)
{
    g_auto(Exchange) exchange = {.service = "upload-pack"};

    return exchange_packs(request, room, &exchange, error);
}

Response *forge_post_receive_pack(Request *request, void *room, GError **error)
{
    g_auto(Exchange) exchange = {.service = "receive-pack", .push = TRUE};

    return exchange_packs(request, room, &exchange, error);
}
