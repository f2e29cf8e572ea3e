/* GitHub's REST API, for what the forge itself does there. */
#include "forge/forge_internal.h"

void forge_github_open(ForgeGitHub *github, Forge *forge, Arena *arena, const char *host)
{
    gboolean known = forge_host_open(forge, arena, "github", host, NULL, &github->host, NULL);

    g_assert(known); /* forge_kind_of_host() said so */
    github->arena = arena;
}

const Value *forge_github_call(const ForgeGitHub *github, const char *method, const char *path,
                               const Value *body, long allowed, long *status, GError **error)
{
    ForgeReply reply = {0};
    gboolean done = forge_host_call(
        &github->host,
        &(ForgeCall){.method = method, .path = path, .body = body, .allowed = {allowed}}, &reply,
        error);

    *status = reply.status;
    return done ? reply.body : NULL;
}
