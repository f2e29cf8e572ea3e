#include "scaffolder/actions/hosting.h"
#include "spine/clock.h"

#include <string.h>
#include <sys/stat.h>

enum { PAGES_MAX = 20 };

/* ---- whom ---- */

void hosting_mask(ActionRun *run, const char *text)
{
    if (!text || !*text)
        return;
    if (run->job)
        job_mask(run->job, text);
    if (run->runner && run->runner->masker)
        masker_add(run->runner->masker, text);
}

static gboolean is_stopped(void *data)
{
    return action_cancelled(data);
}

static gboolean set_credentials(Hosting *hosting, const Value *input, GError **error)
{
    ActionRun *run = hosting->run;
    const RepoUrl *url = &hosting->url;
    const char *token = value_path_string(input, "token", NULL);
    const char *users =
        run->runner ? value_path_string(run->runner->secrets, "USER_OAUTH_TOKEN", NULL) : NULL;

    if (token && !*token)
        token = NULL;
    hosting_mask(run, token);
    if (!forge_host_open(run->scaffolder->forge, run->arena, url->kind, url->host, token,
                         &hosting->at, error))
        return FALSE;
    if (!hosting->at.authorization && users && *users &&
        !forge_host_open(run->scaffolder->forge, run->arena, url->kind, url->host, users,
                         &hosting->at, error))
        return FALSE;
    hosting->at.stopped = is_stopped;
    hosting->at.data = run;
    if (hosting->at.authorization)
        return TRUE;
    const char *words = arena_printf(
        run->arena,
        "No token available for host: %s, with owner %s, and repo %s. Give integrations.%s a "
        "token for it, or the action one as its input",
        url->host, url->owner ? url->owner : "", url->repo ? url->repo : "", url->kind);

    if (run->dry)
        return action_log(run, "warning", "%s", words), TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT, "%s", words);
    return FALSE;
}

gboolean hosting_open(Hosting *hosting, ActionRun *run, const Value *input, const char *kind,
                      GError **error)
{
    Scaffolder *scaffolder = run->scaffolder;

    *hosting = (Hosting){.run = run, .arena = run->arena};
    if (!repo_url_parse(run->arena, value_path_string(input, "repoUrl", ""),
                        scaffolder->integrations, &hosting->url, error))
        return FALSE;
    hosting->builtin = forge_kind_of_host(scaffolder->forge, hosting->url.host) == FORGE_BUILTIN;
    if (!hosting->builtin && g_str_equal(hosting->url.kind, kind))
        return set_credentials(hosting, input, error);
    if (hosting->builtin && g_str_equal(kind, "github"))
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "%s cannot be used with the host %s, which is %s: it is for hosts below "
                "integrations.%s",
                run->action->id, hosting->url.host,
                hosting->builtin ? "the built-in forge" : hosting->url.kind, kind);
    return FALSE;
}

gboolean hosting_open_remote(Hosting *hosting, ActionRun *run, const Value *input, const char *kind,
                             GError **error)
{
    if (!hosting_open(hosting, run, input, kind, error))
        return FALSE;
    if (!hosting->builtin)
        return TRUE;
    g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                "%s has no meaning on the built-in forge, to which the host %s is mapped by "
                "forge.hosts",
                run->action->id, hosting->url.host);
    return FALSE;
}

/* ---- asking and sending ---- */

const Value *hosting_get(Hosting *hosting, const char *path, bool *missing, GError **error)
{
    ForgeReply reply;

    *missing = true;
    if (hosting->run->dry)
        return value_null_new(hosting->arena);
    if (!forge_host_call(&hosting->at,
                         &(ForgeCall){.method = "GET", .path = path, .allowed = {404}}, &reply,
                         error))
        return NULL;
    *missing = reply.status == 404;
    return *missing ? value_null_new(hosting->arena) : reply.body;
}

const Value *hosting_list(Hosting *hosting, const char *path, GError **error)
{
    Value *all = value_array_new(hosting->arena);

    for (guint page = 0; path && page < PAGES_MAX && !hosting->run->dry; page++) {
        ForgeReply reply;

        if (!forge_host_call(&hosting->at, &(ForgeCall){.method = "GET", .path = path}, &reply,
                             error))
            return NULL;
        for (guint i = 0; i < value_count(reply.body); i++)
            value_append(hosting->arena, all, value_item(reply.body, i));
        path = reply.next;
    }
    return all;
}

const Value *hosting_ask(Hosting *hosting, const char *method, const char *path, const Value *body,
                         long allowed, long *status, GError **error)
{
    ForgeReply reply;

    *status = 200;
    if (hosting->run->dry)
        return value_object_new(hosting->arena);
    if (!forge_host_call(
            &hosting->at,
            &(ForgeCall){.method = method, .path = path, .body = body, .allowed = {allowed}},
            &reply, error))
        return NULL;
    *status = reply.status;
    return reply.body;
}

const Value *hosting_send(Hosting *hosting, const char *method, const char *path, const Value *body,
                          GError **error)
{
    long status;

    return hosting_ask(hosting, method, path, body, 0, &status, error);
}

gboolean hosting_try(Hosting *hosting, const char *method, const char *path, const Value *body,
                     const char *what, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (hosting_send(hosting, method, path, body, &reason))
        return TRUE;
    if (g_error_matches(reason, PAVE_ERROR, ERROR_CANCELLED) ||
        g_error_matches(reason, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    action_log(hosting->run, "warning", "Skipping %s, %s", what, reason->message);
    return TRUE;
}

/* ---- files ---- */

char *hosting_folder(ActionRun *run, const Value *input, GError **error)
{
    return workdir_path(run->workspace, value_path_string(input, "sourcePath", ""), error);
}

/* What the author left at the schema's default is the organisation's to say. */
static const char *configured(const ActionRun *run, const Value *input, const char *member,
                              const char *standard, const char *key)
{
    const char *given = value_path_string(input, member, standard);

    return g_str_equal(given, standard) ? config_string(run->scaffolder->config, key, standard)
                                        : given;
}

const char *hosting_push(Hosting *hosting, const Value *input, const char *url, const char *branch,
                         GError **error)
{
    ActionRun *run = hosting->run;
    g_autofree char *folder = hosting_folder(run, input, error);
    const ForgePush push = {
        .host = &hosting->at,
        .url = url,
        .branch = branch,
        .folder = folder,
        .message = configured(run, input, "gitCommitMessage", "initial commit",
                              "scaffolder.defaultCommitMessage"),
        .author_name =
            configured(run, input, "gitAuthorName", "Scaffolder", "scaffolder.defaultAuthor.name"),
        .author_email = configured(run, input, "gitAuthorEmail", "scaffolder@pave.localhost",
                                   "scaffolder.defaultAuthor.email")};

    if (!folder)
        return NULL;
    if (run->dry)
        return "0000000000000000000000000000000000000000";
    return forge_push(run->scaffolder->forge, run->arena, &push, error);
}

static gboolean remember_file(Hosting *hosting, const char *repository, const char *folder,
                              const char *relative, GError **error)
{
    Arena *arena = hosting->arena;
    g_autofree char *path = g_build_filename(folder, relative, NULL);
    g_autofree char *bytes = NULL;
    Value *detail = value_object_new(arena);
    gsize length;

    if (!g_file_get_contents(path, &bytes, &length, error))
        return FALSE;
    g_autofree char *digest =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, length);

    value_set_string(arena, detail, "path", relative);
    value_set_string(arena, detail, "digest", arena_printf(arena, "sha256:%s", digest));
    action_effect(hosting->run, &(Effect){.operation = "create",
                                          .kind = "file",
                                          .ref = arena_printf(arena, "%s/%s", repository, relative),
                                          .detail = detail});
    return TRUE;
}

gboolean hosting_remember_files(Hosting *hosting, const char *repository, const char *folder,
                                GError **error)
{
    g_autoptr(GPtrArray) entries = workdir_list(folder, error);

    for (guint i = 0; entries && i < entries->len; i++) {
        const WorkdirEntry *entry = g_ptr_array_index(entries, i);

        if (S_ISREG(entry->mode) && !remember_file(hosting, repository, folder, entry->path, error))
            return FALSE;
    }
    return entries != NULL;
}

/* ---- effects ---- */

void hosting_effect(Hosting *hosting, const HostingEffect *effect)
{
    Arena *arena = hosting->arena;
    Value *detail = effect->detail ? effect->detail : value_object_new(arena);

    value_set_string(arena, detail, "host", hosting->url.host);
    if (effect->undo_method) {
        Value *undo = value_object_new(arena);

        value_set_string(arena, undo, "kind", hosting->url.kind);
        value_set_string(arena, undo, "method", effect->undo_method);
        value_set_string(arena, undo, "path", effect->undo_path);
        value_set(arena, undo, "body", effect->undo_body);
        value_set(arena, detail, "undo", undo);
    }
    action_effect(hosting->run, &(Effect){.operation = effect->operation,
                                          .kind = effect->kind,
                                          .ref = effect->ref,
                                          .url = effect->url,
                                          .detail = detail});
    /* What is kept is a copy. */
    if (hosting->made == detail) {
        GPtrArray *effects = hosting->run->effects;

        hosting->made = (Value *)((const Effect *)effects->pdata[effects->len - 1])->detail;
    }
}

/* A repository of the same name that somebody made since is left alone. */
static gboolean is_ours(const ForgeHost *host, const Effect *effect, const char *path, bool *ours,
                        GError **error)
{
    const Value *id = value_get(effect->detail, "id");
    ForgeReply reply;

    *ours = true;
    if (!id)
        return TRUE;
    if (!forge_host_call(host, &(ForgeCall){.method = "GET", .path = path, .allowed = {404, 410}},
                         &reply, error))
        return FALSE;
    *ours = reply.status == 200 && value_equal(value_get(reply.body, "id"), id);
    return TRUE;
}

gboolean hosting_undo(ActionRun *run, const Effect *effect, GError **error)
{
    const Value *undo = value_get(effect->detail, "undo");
    const char *method = value_path_string(undo, "method", NULL),
               *path = value_path_string(undo, "path", "");
    Arena *arena = run->arena;
    ForgeHost host;
    ForgeReply reply;
    bool ours;

    if (!method)
        return TRUE;
    if (!forge_host_open(run->scaffolder->forge, arena, value_path_string(undo, "kind", "github"),
                         value_path_string(effect->detail, "host", ""), NULL, &host, error) ||
        !is_ours(&host, effect, path, &ours, error))
        return FALSE;
    return !ours || forge_host_call(&host,
                                    &(ForgeCall){.method = method,
                                                 .path = path,
                                                 .body = value_get(undo, "body"),
                                                 .allowed = {404, 410}},
                                    &reply, error);
}

/* ---- small things ---- */

const char *hosting_name_of(Arena *arena, const char *ref)
{
    const char *colon = strchr(ref, ':');
    const char *name = colon ? colon + 1 : ref;
    const char *slash = strrchr(name, '/');

    return arena_strdup(arena, slash ? slash + 1 : name);
}

int64_t hosting_intent_ms(const ActionRun *run)
{
    g_autofree char *digits = g_strndup(run->intent_id ? run->intent_id : "", 13);

    /* The first 48 bits of a UUIDv7 are its time. */
    if (strlen(digits) != 13 || digits[8] != '-')
        return 0;
    memmove(digits + 8, digits + 9, 5);
    return (int64_t)g_ascii_strtoull(digits, NULL, 16);
}

bool hosting_is_since(const ActionRun *run, const char *time)
{
    int64_t at, intent = hosting_intent_ms(run);

    /* Hosts tell whole seconds. */
    return intent && time && clock_parse(time, &at) && at >= intent - 1000;
}

void hosting_copy(Arena *arena, Value *body, const Value *input, const HostingMember *members,
                  gsize count)
{
    for (gsize i = 0; i < count; i++)
        value_set(arena, body, members[i].key ? members[i].key : members[i].input,
                  value_get(input, members[i].input));
}

Value *hosting_body(Arena *arena, const char *key, const char *text)
{
    Value *body = value_object_new(arena);

    value_set_string(arena, body, key, text);
    return body;
}
