#include "identity/identity_internal.h"
#include "spine/clock.h"
#include <sodium.h>
#include <string.h>

static void configured_user_free(void *data)
{
    ConfiguredUser *user = data;

    g_free(user->name);
    g_free(user->ref);
    g_free(user->display_name);
    g_free(user->email);
    g_free(user->password_hash);
    g_free(user->password);
    g_free(user);
}

static ConfiguredUser *read_user(const Value *value, GError **error)
{
    ConfiguredUser *user;
    const char *name = value_path_string(value, "name", NULL);
    const char *hash = value_path_string(value, "passwordHash", NULL);

    if (!name || !name[0]) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "auth.users: line %d: a user needs a name",
                    value_line(value));
        return NULL;
    }
    if (hash && !g_str_has_prefix(hash, "$argon2id$")) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "auth.users: the passwordHash of %s is not an argon2id hash", name);
        return NULL;
    }
    user = g_new0(ConfiguredUser, 1);
    user->name = g_strdup(name);
    user->ref = g_strdup(value_path_string(value, "userEntityRef", NULL));
    if (!user->ref)
        user->ref = g_strdup_printf("user:default/%s", name);
    user->display_name = g_strdup(value_path_string(value, "displayName", NULL));
    user->email = g_strdup(value_path_string(value, "email", NULL));
    user->password_hash = g_strdup(hash);
    user->password = g_strdup(value_path_string(value, "password", NULL));
    return user;
}

static gboolean read_users(Identity *identity, GError **error)
{
    const Value *users = config_get(identity->config, "auth.users");

    for (guint i = 0; i < value_count(users); i++) {
        ConfiguredUser *user = read_user(value_item(users, i), error);

        if (!user)
            return FALSE;
        g_ptr_array_add(identity->users, user);
    }
    return TRUE;
}

static void read_admins(Identity *identity)
{
    const Value *admins = config_get(identity->config, "auth.admins");

    identity->admins = g_new0(char *, value_count(admins) + 1);
    for (guint i = 0; i < value_count(admins); i++)
        identity->admins[i] = g_strdup(value_string(value_item(admins, i), ""));
}

static void free_tries(void *tries)
{
    g_free(tries);
}

Identity *identity_new(Db *db, Events *events, const Config *config, GError **error)
{
    Identity *identity = g_new0(Identity, 1);
    const char *base_url = config_string(config, "backend.baseUrl", "");

    g_assert(sodium_init() >= 0);
    identity->db = db;
    identity->events = events;
    identity->config = config;
    identity->users = g_ptr_array_new_with_free_func(configured_user_free);
    read_admins(identity);
    identity->guest_enabled = config_bool(config, "auth.providers.guest.enabled", FALSE);
    identity->guest_ref = g_strdup(
        config_string(config, "auth.providers.guest.userEntityRef", "user:development/guest"));
    identity->secure_cookie = g_str_has_prefix(base_url, "https://");
    identity->session_lifetime_ms = config_duration_ms(config, "auth.session.lifetime", 7 * DAY_MS);
    identity->token_lifetime_max_ms =
        config_duration_ms(config, "auth.tokens.maximumLifetime", 365 * DAY_MS);
    identity->verified = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, verified_free);
    identity->tries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_tries);
    pthread_mutex_init(&identity->lock, NULL);
    pthread_mutex_init(&identity->hashing, NULL);
    pthread_cond_init(&identity->changed, NULL);
    g_assert(pthread_create(&identity->keeper, NULL, identity_keep, identity) == 0);
    if (read_users(identity, error))
        return identity;
    identity_free(identity);
    return NULL;
}

void identity_free(Identity *identity)
{
    if (!identity)
        return;
    pthread_mutex_lock(&identity->lock);
    identity->stopping = TRUE;
    pthread_cond_signal(&identity->changed);
    pthread_mutex_unlock(&identity->lock);
    pthread_join(identity->keeper, NULL);
    g_ptr_array_unref(identity->users);
    g_strfreev(identity->admins);
    g_free(identity->guest_ref);
    g_free(identity->guest_token);
    g_hash_table_unref(identity->verified);
    g_hash_table_unref(identity->tries);
    pthread_mutex_destroy(&identity->lock);
    pthread_mutex_destroy(&identity->hashing);
    pthread_cond_destroy(&identity->changed);
    g_free(identity);
}

void identity_set_groups(Identity *identity, IdentityGroupsFn groups, void *data)
{
    identity->groups = groups;
    identity->groups_data = data;
}

void identity_set_jobs(Identity *identity, IdentityJobFn jobs, void *data)
{
    identity->jobs = jobs;
    identity->jobs_data = data;
}

void identity_event(DbConn *tx, const char *type, const char *subject, const char *actor)
{
    events_append(tx, &(Event){.type = type,
                               .source = "/pave/identity",
                               .subject = subject,
                               .actor = actor,
                               .payload = NULL});
}

/* ---- authentication of requests ---- */

static const char *bearer_of(Request *request, const char *header)
{
    g_autofree guchar *decoded = NULL;
    gsize length;
    const char *colon;

    if (g_ascii_strncasecmp(header, "Bearer ", 7) == 0)
        return header + 7 + strspn(header + 7, " ");
    if (g_ascii_strncasecmp(header, "token ", 6) == 0)
        return header + 6 + strspn(header + 6, " ");
    if (g_ascii_strncasecmp(header, "Basic ", 6) != 0)
        return NULL;
    decoded = g_base64_decode(header + 6, &length);
    colon = decoded ? memchr(decoded, ':', length) : NULL;
    if (!colon)
        return NULL;
    colon++;
    return arena_strndup(request_arena(request), colon,
                         length - (gsize)(colon - (const char *)decoded));
}

static gboolean writes(const Request *request)
{
    const char *method = request_method(request);

    return !g_str_equal(method, "GET") && !g_str_equal(method, "HEAD") &&
           !g_str_equal(method, "OPTIONS");
}

/* Cookies ignore ports and travel with every request a page of any origin makes; so a write by
 * cookie must come from our own pages. Services behind us share our site, hence "same-site" is not
 * good enough. */
gboolean identity_same_origin(const Request *request)
{
    const char *site = request_header(request, "Sec-Fetch-Site");
    const char *origin = request_header(request, "Origin");
    const char *host = request_header(request, "Host");
    const char *authority;

    if (site && !g_str_equal(site, "same-origin") && !g_str_equal(site, "none"))
        return FALSE;
    if (!origin)
        return TRUE;
    authority = strstr(origin, "://");
    return authority && host && g_ascii_strcasecmp(authority + 3, host) == 0;
}

static Principal *principal_of(Request *request, Identity *identity, GError **error)
{
    const char *header = request_header(request, "Authorization");
    const char *cookie;
    Principal *principal;
    TokenUse use;

    if (header) {
        const char *token = bearer_of(request, header);

        if (token)
            return identity_verify(identity, token, &use, error);
        g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "Illegal token");
        return NULL;
    }
    cookie = request_cookie(request, IDENTITY_COOKIE);
    if (!cookie) {
        g_set_error(error, PAVE_ERROR, ERROR_AUTHENTICATION, "Missing credentials");
        return NULL;
    }
    principal = identity_verify(identity, cookie, &use, error);
    if (principal && writes(request) && !identity_same_origin(request)) {
        principal_unref(principal);
        g_set_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED,
                    "This request comes from another site, so the session cookie does not count");
        return NULL;
    }
    return principal;
}

gboolean identity_authenticate(Request *request, const char *permission, void **principal,
                               void *data, GError **error)
{
    gboolean public = g_str_equal(permission, PERMISSION_PUBLIC);
    Principal *who = principal_of(request, data, public ? NULL : error);

    *principal = who;
    if (public)
        return TRUE;
    if (!who)
        return FALSE;
    return g_str_equal(permission, PERMISSION_SIGNED_IN) ||
           access_check(who, permission, NULL, error);
}
