#include "identity/identity_internal.h"
#include "formats/json.h"
#include "spine/clock.h"
#include <string.h>

/* ---- values ---- */

static Value *strings(Arena *arena, const char *const *texts)
{
    Value *list = value_array_new(arena);

    for (guint i = 0; texts && texts[i]; i++)
        value_append(arena, list, value_string_new(arena, texts[i]));
    return list;
}

static Value *user_value(Identity *identity, Arena *arena, const char *ref)
{
    const ConfiguredUser *configured = identity_configured_user(identity, NULL, ref);
    g_autoptr(UserRow) row = store_find_user_by_ref(db_reader(identity->db), ref, NULL);
    const char *slash = strrchr(ref, '/');
    const char *name = slash ? slash + 1 : ref;
    const char *display = configured ? configured->display_name : row ? row->display_name : NULL;
    Value *user = value_object_new(arena);

    value_set_string(arena, user, "ref", ref);
    value_set_string(arena, user, "name", name);
    value_set_nullable(arena, user, "displayName", display ? display : name);
    value_set_nullable(arena, user, "email",
                       configured ? configured->email
                       : row      ? row->email
                                  : NULL);
    return user;
}

static Value *session_value(Identity *identity, Arena *arena, const char *ref,
                            const char *const *groups)
{
    Value *session = value_object_new(arena), *providers = value_array_new(arena);

    value_set(arena, session, "user",
              ref ? user_value(identity, arena, ref) : value_null_new(arena));
    value_set(arena, session, "groups", strings(arena, groups));
    value_set(arena, session, "roles",
              strings(arena, ref ? identity_roles(identity, ref, groups) : NULL));
    if (identity->guest_enabled)
        value_append(arena, providers, value_string_new(arena, "guest"));
    if (identity->users->len > 0 || store_has_users(db_reader(identity->db)))
        value_append(arena, providers, value_string_new(arena, "password"));
    value_set(arena, session, "providers", providers);
    return session;
}

/* ---- sessions ---- */

static Response *get_session(Request *request, void *room, GError **error)
{
    const Principal *principal = access_principal(request);

    return response_json(request, 200,
                         session_value(room, request_arena(request),
                                       principal ? principal_name(principal) : NULL,
                                       principal ? principal_groups(principal) : NULL));
}

static Response *too_many_tries(Request *request, int wait_seconds, const GError *why)
{
    Arena *arena = request_arena(request);
    Value *body = value_object_new(arena), *error = value_object_new(arena);
    g_autofree char *seconds = g_strdup_printf("%d", wait_seconds);

    value_set_string(arena, error, "name", "TooManyRequestsError");
    value_set_string(arena, error, "message", why->message);
    value_set(arena, body, "error", error);
    return response_header(response_json(request, 429, body), "Retry-After", seconds);
}

static Response *with_cookie(Identity *identity, Request *request, Response *response,
                             const char *token, int64_t lifetime_ms)
{
    g_autofree char *cookie = g_strdup_printf(
        IDENTITY_COOKIE "=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%" G_GINT64_FORMAT "%s",
        token, (gint64)(lifetime_ms / 1000),
        identity->secure_cookie || request_is_tls(request) ? "; Secure" : "");

    response_header(response, "Cache-Control", "no-store");
    return response_header(response, "Set-Cookie", cookie);
}

static Response *sign_in(Identity *identity, Request *request, const char *ref,
                         const char *provider, GError **error)
{
    g_autoptr(TokenRow) row = NULL;
    g_autofree char *token = token_make(USE_SESSION, PRINCIPAL_USER, ref, provider, NULL,
                                        identity->session_lifetime_ms, &row);
    g_auto(GStrv) groups = NULL;
    Response *response;

    if (!identity_write_token(identity, row, ref, "dev.pave.identity.session.created", error))
        return NULL;
    groups = identity_groups_of(identity, ref);
    response = response_json(
        request, 200,
        session_value(identity, request_arena(request), ref, (const char *const *)groups));
    return with_cookie(identity, request, response, token, identity->session_lifetime_ms);
}

static Response *sign_in_with_password(Identity *identity, Request *request, const Value *body,
                                       GError **error)
{
    const char *name = value_path_string(body, "username", "");
    const char *password = value_path_string(body, "password", "");
    g_autoptr(GError) why = NULL;
    int wait_seconds = 0;
    g_autofree char *ref = identity_check_password(
        identity, name, password, request_client_address(request), &wait_seconds, &why);

    if (ref)
        return sign_in(identity, request, ref, "password", error);
    if (wait_seconds > 0)
        return too_many_tries(request, wait_seconds, why);
    g_propagate_error(error, g_steal_pointer(&why));
    return NULL;
}

/* Guests are people at the portal. A job asks through a socket of its own and has a token that says
 * what it may; as a guest it would be somebody. */
static gboolean lets_guests_in(const Identity *identity, const Request *request)
{
    return identity->guest_enabled && !g_str_equal(request_client_address(request), "unix");
}

static Response *post_login(Request *request, void *room, GError **error)
{
    Identity *identity = room;
    const Value *body = request_body_json(request, error);
    const char *provider = value_path_string(body, "provider", "password");

    if (!body)
        return NULL;
    if (!identity_same_origin(request)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED, "Sign in from Pave's own page");
        return NULL;
    }
    if (g_str_equal(provider, "password"))
        return sign_in_with_password(identity, request, body, error);
    if (g_str_equal(provider, "guest") && lets_guests_in(identity, request))
        return sign_in(identity, request, identity->guest_ref, "guest", error);
    if (g_str_equal(provider, "guest"))
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "Guests are not let in; auth.providers.guest.enabled would");
    else
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "There is no sign-in provider '%.50s'",
                    provider);
    return NULL;
}

static gboolean delete_session(DbConn *tx, void *hash, GError **error)
{
    return store_delete_by_hash(tx, hash, error);
}

static Response *post_logout(Request *request, void *room, GError **error)
{
    Identity *identity = room;
    const char *cookie = request_cookie(request, IDENTITY_COOKIE);
    g_autofree char *hash = cookie ? token_hash(cookie) : NULL;

    if (hash && !identity_same_origin(request)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED, "Sign out from Pave's own page");
        return NULL;
    }
    if (hash && !db_write(identity->db, delete_session, hash, NULL, error))
        return NULL;
    if (hash)
        identity_forget(identity, hash);
    return with_cookie(identity, request, response_empty(204), "", 0);
}

/* ---- tokens ---- */

static Value *token_value(Arena *arena, const TokenRow *row)
{
    Value *token = value_object_new(arena);
    const Value *scopes = row->scopes ? json_parse(arena, row->scopes, -1, NULL) : NULL;

    value_set_string(arena, token, "id", row->id);
    value_set_nullable(arena, token, "name", row->name);
    value_set(arena, token, "scopes", scopes ? scopes : value_null_new(arena));
    value_set(arena, token, "createdAt", clock_value(arena, row->created_at));
    value_set(arena, token, "expiresAt", clock_value(arena, row->expires_at));
    value_set(arena, token, "lastUsedAt", clock_value(arena, row->last_used_at));
    return token;
}

static Response *get_tokens(Request *request, void *room, GError **error)
{
    Identity *identity = room;
    Arena *arena = request_arena(request);
    const Principal *principal = access_principal(request);
    g_autoptr(GPtrArray) rows =
        store_tokens_of(db_reader(identity->db), principal_name(principal), clock_now_ms(), error);
    Value *items = value_array_new(arena);

    if (!rows)
        return NULL;
    for (guint i = 0; i < rows->len; i++)
        value_append(arena, items, token_value(arena, rows->pdata[i]));
    return response_items(request, items);
}

/* Scopes of a new token, NULL for all; FALSE with ERROR_INPUT. */
static gboolean read_scopes(const Value *body, char ***scopes, GError **error)
{
    const Value *list = value_get(body, "scopes");

    *scopes = NULL;
    if (!list || value_is(list, VALUE_NULL))
        return TRUE;
    if (!value_is(list, VALUE_ARRAY) || value_count(list) > 100) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "scopes must be a list of permissions");
        return FALSE;
    }
    *scopes = g_new0(char *, value_count(list) + 1);
    for (guint i = 0; i < value_count(list); i++) {
        const char *scope = value_string(value_item(list, i), "");

        (*scopes)[i] = g_strdup(scope);
        if (scope[0] && strlen(scope) <= 200)
            continue;
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "scopes[%u] must be a permission, such as 'catalog.entity.read' or 'catalog.*'",
                    i);
        g_clear_pointer(scopes, g_strfreev);
        return FALSE;
    }
    return TRUE;
}

static Response *post_token(Request *request, void *room, GError **error)
{
    Identity *identity = room;
    Arena *arena = request_arena(request);
    const Principal *principal = access_principal(request);
    const Value *body = request_body_json(request, error);
    const char *name = value_path_string(body, "name", NULL);
    int64_t lifetime = value_int(value_get(body, "expiresInSeconds"), 90 * DAY_MS / 1000) * 1000;
    g_auto(GStrv) scopes = NULL;
    g_autoptr(TokenRow) row = NULL;
    g_autofree char *token = NULL;
    Value *reply;

    if (!body || !read_scopes(body, &scopes, error))
        return NULL;
    if (!name || !name[0] || strlen(name) > 200) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "name must say what the token is for");
        return NULL;
    }
    if (lifetime <= 0 || lifetime > identity->token_lifetime_max_ms) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "expiresInSeconds must be from 1 to %" G_GINT64_FORMAT,
                    (gint64)(identity->token_lifetime_max_ms / 1000));
        return NULL;
    }
    if (principal_kind(principal) != PRINCIPAL_USER || principal_scopes(principal)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "A token that was cut down to scopes cannot make another token");
        return NULL;
    }
    token = token_make(USE_TOKEN, PRINCIPAL_USER, principal_name(principal), name,
                       (const char *const *)scopes, lifetime, &row);
    if (!identity_write_token(identity, row, principal_name(principal),
                              "dev.pave.identity.token.created", error))
        return NULL;
    reply = token_value(arena, row);
    value_set_string(arena, reply, "token", token);
    return response_header(response_json(request, 201, reply), "Cache-Control", "no-store");
}

typedef struct {
    const char *id, *ref;
    char *hash;
} Deletion;

static gboolean delete_token(DbConn *tx, void *data, GError **error)
{
    Deletion *deletion = data;
    g_autoptr(GError) failure = NULL;

    if (store_delete_token(tx, deletion->id, deletion->ref, &deletion->hash, &failure)) {
        identity_event(tx, "dev.pave.identity.token.revoked", deletion->ref, deletion->ref);
        return TRUE;
    }
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    else
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "You have no token with the id %s",
                    deletion->id);
    return FALSE;
}

static Response *delete_one_token(Request *request, void *room, GError **error)
{
    Identity *identity = room;
    Deletion deletion = {request_param(request, "id"), principal_name(access_principal(request)),
                         NULL};

    if (principal_scopes(access_principal(request))) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "A token that was cut down to scopes cannot revoke tokens");
        return NULL;
    }
    if (!db_write(identity->db, delete_token, &deletion, NULL, error))
        return NULL;
    identity_forget(identity, deletion.hash);
    g_free(deletion.hash);
    return response_empty(204);
}

/* ---- Backstage's ---- */

#define GUEST_TOKEN_MS (60 * MINUTE_MS)

/* The token every guest of this hour gets, so that reloading pages does not fill the table. */
static char *guest_token(Identity *identity, int64_t *expires_at, GError **error)
{
    int64_t now = clock_now_ms();
    char *token = NULL;

    pthread_mutex_lock(&identity->lock);
    if (identity->guest_token && identity->guest_token_expires_at - now > 10 * MINUTE_MS) {
        token = g_strdup(identity->guest_token);
        *expires_at = identity->guest_token_expires_at;
    }
    pthread_mutex_unlock(&identity->lock);
    if (token)
        return token;
    *expires_at = now + GUEST_TOKEN_MS;
    token = identity_issue_token(identity, PRINCIPAL_USER, identity->guest_ref, "backstage", NULL,
                                 GUEST_TOKEN_MS, error);
    if (!token)
        return NULL;
    pthread_mutex_lock(&identity->lock);
    g_free(identity->guest_token);
    identity->guest_token = g_strdup(token);
    identity->guest_token_expires_at = *expires_at;
    pthread_mutex_unlock(&identity->lock);
    return token;
}

static Value *ownership_refs(Identity *identity, Arena *arena, const char *ref)
{
    g_auto(GStrv) groups = identity_groups_of(identity, ref);
    Value *refs = value_array_new(arena);

    value_append(arena, refs, value_string_new(arena, ref));
    for (guint i = 0; groups[i]; i++)
        value_append(arena, refs, value_string_new(arena, groups[i]));
    return refs;
}

static Response *guest_refresh(Request *request, void *room, GError **error)
{
    Identity *identity = room;
    Arena *arena = request_arena(request);
    Value *reply = value_object_new(arena), *backstage = value_object_new(arena);
    Value *who = value_object_new(arena);
    g_autofree char *token = NULL;
    int64_t expires_at = 0;

    if (!lets_guests_in(identity, request)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Unknown auth provider 'guest'");
        return NULL;
    }
    if (!identity_same_origin(request)) {
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED, "Sign in from Pave's own page");
        return NULL;
    }
    token = guest_token(identity, &expires_at, error);
    if (!token)
        return NULL;
    value_set_string(arena, who, "type", "user");
    value_set_string(arena, who, "userEntityRef", identity->guest_ref);
    value_set(arena, who, "ownershipEntityRefs",
              ownership_refs(identity, arena, identity->guest_ref));
    value_set_string(arena, backstage, "token", token);
    value_set(arena, backstage, "identity", who);
    value_set_int(arena, backstage, "expiresInSeconds", (expires_at - clock_now_ms()) / 1000);
    value_set(arena, reply, "profile", value_object_new(arena));
    value_set(arena, reply, "backstageIdentity", backstage);
    return response_header(response_json(request, 200, reply), "Cache-Control", "no-store");
}

static Response *user_info(Request *request, void *room, GError **error)
{
    Arena *arena = request_arena(request);
    const char *ref = principal_name(access_principal(request));
    Value *reply = value_object_new(arena), *claims = value_object_new(arena);

    value_set_string(arena, claims, "sub", ref);
    value_set(arena, claims, "ent", ownership_refs(room, arena, ref));
    value_set(arena, reply, "claims", claims);
    return response_json(request, 200, reply);
}

/* Where the portal asks for a way to sign in that is not configured. */
static Response *unknown_provider(Request *request, void *room, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "Unknown auth provider '%s'",
                request_param(request, "provider"));
    return NULL;
}

const Route identity_routes[] = {
    {"GET", "/api/identity/v1/session", get_session, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/api/identity/v1/login", post_login, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/api/identity/v1/logout", post_logout, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/identity/v1/tokens", get_tokens, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"POST", "/api/identity/v1/tokens", post_token, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {"DELETE", "/api/identity/v1/tokens/{id}", delete_one_token, ROUTE_WORKER,
     PERMISSION_SIGNED_IN},
    {"GET", "/api/auth/guest/refresh", guest_refresh, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/api/auth/guest/refresh", guest_refresh, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"GET", "/api/auth/{provider}/refresh", unknown_provider, ROUTE_INLINE, PERMISSION_PUBLIC},
    {"GET", "/api/auth/{provider}/start", unknown_provider, ROUTE_INLINE, PERMISSION_PUBLIC},
    {"GET", "/api/auth/v1/userinfo", user_info, ROUTE_WORKER, PERMISSION_SIGNED_IN},
    {NULL},
};
