/* What expressions of a run may see: `github`, `vars`, and the event as GitHub would tell it. */
#include "formats/ghexpr.h"
#include "pipelines/pipelines_internal.h"

#include <string.h>

const char *pipelines_ref_name(const char *ref)
{
    if (g_str_has_prefix(ref, "refs/heads/"))
        return ref + strlen("refs/heads/");
    if (g_str_has_prefix(ref, "refs/tags/"))
        return ref + strlen("refs/tags/");
    return ref;
}

/* "ada" of "user:default/ada". */
static const char *login_of(const char *actor)
{
    const char *slash = actor ? strrchr(actor, '/') : NULL;
    return slash ? slash + 1 : actor ? actor : "pave";
}

Value *pipelines_github(Pipelines *pipelines, Arena *arena, const Run *run)
{
    Value *github = value_object_new(arena);
    const char *repository = arena_printf(arena, "%s/%s", run->owner, run->name);
    const char *number = arena_printf(arena, "%" G_GINT64_FORMAT, run->number);
    const char *attempt = arena_printf(arena, "%" G_GINT64_FORMAT, run->attempt);
    const struct {
        const char *key, *text;
    } texts[] = {
        {"actor", login_of(run->actor)},
        {"triggering_actor", login_of(run->actor)},
        {"actor_id", run->actor},
        {"api_url", arena_printf(arena, "%s/api", pipelines->api_url)},
        {"graphql_url", arena_printf(arena, "%s/api/graphql", pipelines->api_url)},
        {"server_url", pipelines->api_url},
        {"base_ref", ""},
        {"head_ref", ""},
        {"event_name", run->event},
        {"ref", run->ref},
        {"ref_name", pipelines_ref_name(run->ref)},
        {"ref_type", g_str_has_prefix(run->ref, "refs/tags/") ? "tag" : "branch"},
        {"repository", repository},
        {"repository_id", repository},
        {"repository_owner", run->owner},
        {"repository_owner_id", run->owner},
        {"repositoryUrl", arena_printf(arena, "%s/%s.git", pipelines->api_url, repository)},
        {"retention_days", "90"},
        {"run_id", run->id},
        {"run_number", number},
        {"run_attempt", attempt},
        {"secret_source", "Actions"},
        {"sha", run->sha},
        {"workflow", run->workflow_name},
        {"workflow_ref", arena_printf(arena, "%s/%s@%s", repository, run->workflow_path, run->ref)},
        {"workflow_sha", run->sha},
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        value_set_string(arena, github, texts[i].key, texts[i].text ? texts[i].text : "");
    value_set_bool(arena, github, "ref_protected", false);
    value_set(arena, github, "event", run->payload ? run->payload : value_object_new(arena));
    return github;
}

static void add_all(Arena *arena, Value *to, const Value *from)
{
    for (guint i = 0; i < value_count(from); i++)
        value_set(arena, to, value_key_at(from, i), value_value_at(from, i));
}

const Value *pipelines_vars(Pipelines *pipelines, Arena *arena, const char *environment)
{
    Value *vars = value_object_new(arena);
    const Value *environments = config_get(pipelines->config, "deployments.environments");
    add_all(arena, vars, config_get(pipelines->config, "pipelines.variables"));
    for (guint i = 0; environment && i < value_count(environments); i++) {
        const Value *one = value_item(environments, i);
        if (g_strcmp0(value_string(value_get(one, "name"), NULL), environment) == 0)
            add_all(arena, vars, value_get(one, "variables"));
    }
    return vars;
}

/* ---- the push event ---- */

static const Value *person(Arena *arena, const Value *author)
{
    Value *shown = value_object_new(arena);
    value_set(arena, shown, "name", value_get(author, "name"));
    value_set(arena, shown, "email", value_get(author, "email"));
    value_set(arena, shown, "username", value_get(author, "name"));
    return shown;
}

static const Value *commit_of(Pipelines *pipelines, Arena *arena, const char *repository,
                              const Value *commit)
{
    Value *shown = value_clone_shallow(arena, commit);
    value_set(arena, shown, "author", person(arena, value_get(commit, "author")));
    value_set(arena, shown, "committer", person(arena, value_get(commit, "author")));
    value_set_string(arena, shown, "url",
                     arena_printf(arena, "%s/%s/commit/%s", pipelines->api_url, repository,
                                  value_string(value_get(commit, "id"), "")));
    return shown;
}

static const Value *repository_of(Pipelines *pipelines, Arena *arena, const char *owner,
                                  const char *name)
{
    Value *shown = value_object_new(arena), *login = value_object_new(arena);
    const Value *repository = forge_get(pipelines->forge, arena, owner, name, NULL);
    const char *full = arena_printf(arena, "%s/%s", owner, name);
    value_set_string(arena, login, "login", owner);
    value_set_string(arena, login, "name", owner);
    value_set_string(arena, shown, "name", name);
    value_set_string(arena, shown, "full_name", full);
    value_set(arena, shown, "owner", login);
    value_set_string(arena, shown, "html_url",
                     arena_printf(arena, "%s/%s", pipelines->api_url, full));
    value_set_string(arena, shown, "clone_url",
                     arena_printf(arena, "%s/%s.git", pipelines->api_url, full));
    value_set(arena, shown, "description", value_get(repository, "description"));
    value_set(arena, shown, "default_branch", value_get(repository, "defaultBranch"));
    return shown;
}

const Value *pipelines_push_payload(Pipelines *pipelines, Arena *arena, const Value *push)
{
    Value *event = value_object_new(arena), *pusher = value_object_new(arena);
    Value *sender = value_object_new(arena), *commits = value_array_new(arena);
    const char *owner = value_string(value_get(push, "owner"), "");
    const char *name = value_string(value_get(push, "name"), "");
    const char *before = value_string(value_get(push, "before"), "");
    const char *login = login_of(value_string(value_get(push, "actor"), NULL));
    const char *full = arena_printf(arena, "%s/%s", owner, name);
    const Value *given = value_get(push, "commits");
    const Value *head = NULL;
    for (guint i = 0; i < value_count(given); i++) {
        const Value *commit = commit_of(pipelines, arena, full, value_item(given, i));
        value_append(arena, commits, commit);
        if (g_strcmp0(value_string(value_get(commit, "id"), NULL),
                      value_string(value_get(push, "after"), "")) == 0)
            head = commit;
    }
    value_set(arena, event, "ref", value_get(push, "ref"));
    value_set(arena, event, "before", value_get(push, "before"));
    value_set(arena, event, "after", value_get(push, "after"));
    value_set_bool(arena, event, "created", strspn(before, "0") == strlen(before));
    value_set_bool(arena, event, "deleted", false);
    value_set_bool(arena, event, "forced", false);
    value_set(arena, event, "repository", repository_of(pipelines, arena, owner, name));
    value_set_string(arena, pusher, "name", login);
    value_set(arena, event, "pusher", pusher);
    value_set_string(arena, sender, "login", login);
    value_set(arena, event, "sender", sender);
    value_set(arena, event, "commits", commits);
    value_set(arena, event, "head_commit", head ? head : value_null_new(arena));
    return event;
}
