#include "identity/identity.h"
#include "spine/clock.h"
#include "../net/raw_http.h"
#include "../spine/test_db.h"
#include <sys/un.h>

typedef struct {
    Config *config;
    Events *events;
    Identity *identity;
    HttpServer *server;
    guint16 port;
} House;

static const char CONFIG[] =
    "backend: {baseUrl: 'http://localhost'}\n"
    "auth:\n"
    "  providers: {guest: {enabled: true, userEntityRef: 'user:default/guest'}}\n"
    "  admins: ['group:default/team-platform']\n"
    "  users:\n"
    "    - {name: ada, password: 'correct horse', displayName: Ada}\n"
    "    - {name: bob, password: 'battery staple'}\n";

static Response *whoami(Request *request, void *room, GError **error)
{
    return response_text(200, "text/plain", access_actor(request));
}

static Response *who_is_about(Request *request, void *room, GError **error)
{
    const char *const owners[] = {"repository:acme/shop", NULL};
    const char *const others[] = {"repository:acme/other", "group:default/x", NULL};
    const Principal *principal = access_principal(request);

    g_assert_true(access_check(principal, "forge.repository.push", owners, NULL));
    g_assert_false(access_check(principal, "forge.repository.push", others, NULL));
    return response_empty(204);
}

static const Route routes[] = {
    {"GET", "/api/test/v1/read", whoami, ROUTE_INLINE, "catalog.entity.read"},
    {"POST", "/api/test/v1/write", whoami, ROUTE_WORKER, "catalog.entity.create"},
    {"GET", "/api/test/v1/administer", whoami, ROUTE_WORKER, "identity.user.administer"},
    {"GET", "/api/test/v1/public", whoami, ROUTE_WORKER, PERMISSION_PUBLIC},
    {"POST", "/api/test/v1/push", who_is_about, ROUTE_WORKER, "forge.repository.push"},
    {NULL}};

static char **groups_of(const char *ref, void *data)
{
    static const char *const platform[] = {"group:default/team-platform", NULL};

    return g_str_equal(ref, "user:default/ada") ? g_strdupv((char **)platform) : NULL;
}

static void house_open(House *house, Db *db, const char *yaml)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GError) error = NULL;

    house->config = config_parse(yaml, "/", diagnostics);
    g_assert_nonnull(house->config);
    house->events = events_new(db);
    house->identity = identity_new(db, house->events, house->config, &error);
    g_assert_no_error(error);
    identity_set_groups(house->identity, groups_of, NULL);
    house->server = http_server_new(NULL);
    http_mount(house->server, identity_routes, house->identity);
    http_mount(house->server, routes, NULL);
    http_server_set_authenticator(house->server, identity_authenticate, house->identity,
                                  (GDestroyNotify)principal_unref);
    house->port = raw_listen(house->server);
}

static void house_close(House *house)
{
    http_server_free(house->server);
    identity_free(house->identity);
    events_free(house->events);
    config_free(house->config);
}

static char *ask(House *house, const char *method, const char *path, const char *headers,
                 const char *body)
{
    g_autofree char *request = g_strdup_printf(
        "%s %s HTTP/1.1\r\nHost: localhost:7007\r\nConnection: close\r\n%s%s"
        "Content-Length: %zu\r\n\r\n%s",
        method, path, headers ? headers : "", body ? "Content-Type: application/json\r\n" : "",
        body ? strlen(body) : 0, body ? body : "");

    return raw_exchange(house->port, request);
}

/* "Cookie: …\r\n" of what a login set. */
static char *cookie_of(const char *reply)
{
    const char *at = strstr(reply, "Set-Cookie: ");

    if (!at)
        g_error("no cookie in:\n%s", reply);
    at += strlen("Set-Cookie: ");
    return g_strdup_printf("Cookie: other=1; %.*s\r\n", (int)strcspn(at, ";"), at);
}

static char *log_in(House *house, const char *body)
{
    g_autofree char *reply = ask(house, "POST", "/api/identity/v1/login", NULL, body);

    return cookie_of(reply);
}

static char *member(const char *reply, const char *name)
{
    g_autofree char *key = g_strdup_printf("\"%s\":\"", name);
    const char *at = strstr(reply, key);

    if (!at)
        g_error("no %s in:\n%s", name, reply);
    at += strlen(key);
    return g_strndup(at, strcspn(at, "\""));
}

#define PASSWORD_ADA                                                                               \
    "{\"provider\":\"password\",\"username\":\"ada\",\"password\":\"correct horse\"}"
#define PASSWORD_BOB                                                                               \
    "{\"provider\":\"password\",\"username\":\"bob\",\"password\":\"battery staple\"}"

static void test_session(TestDb *test)
{
    House house;
    g_autofree char *before = NULL, *login = NULL, *cookie = NULL, *after = NULL, *read = NULL;
    g_autofree char *logout = NULL, *gone = NULL;

    house_open(&house, test->db, CONFIG);
    before = ask(&house, "GET", "/api/identity/v1/session", NULL, NULL);
    assert_contains(
        before,
        "{\"user\":null,\"groups\":[],\"roles\":[],\"providers\":[\"guest\",\"password\"]}");
    login = ask(&house, "POST", "/api/identity/v1/login", NULL, PASSWORD_ADA);
    assert_contains(login, "HttpOnly; SameSite=Lax");
    assert_contains(login, "\"roles\":[\"admin\"]");
    cookie = cookie_of(login);
    after = ask(&house, "GET", "/api/identity/v1/session", cookie, NULL);
    assert_contains(after, "\"ref\":\"user:default/ada\",\"name\":\"ada\",\"displayName\":\"Ada\"");
    assert_contains(after, "group:default/team-platform");
    read = ask(&house, "GET", "/api/test/v1/read", cookie, NULL);
    assert_contains(read, "\r\n\r\nuser:default/ada");
    logout = ask(&house, "POST", "/api/identity/v1/logout", cookie, NULL);
    assert_contains(logout, "HTTP/1.1 204");
    gone = ask(&house, "GET", "/api/test/v1/read", cookie, NULL);
    assert_contains(gone, "HTTP/1.1 401");
    house_close(&house);
}

static void test_survives_restart(TestDb *test)
{
    House house;
    g_autofree char *cookie = NULL, *read = NULL;

    house_open(&house, test->db, CONFIG);
    cookie = log_in(&house, "{\"provider\":\"guest\"}");
    house_close(&house);
    house_open(&house, test->db, CONFIG);
    read = ask(&house, "GET", "/api/test/v1/read", cookie, NULL);
    assert_contains(read, "\r\n\r\nuser:default/guest");
    house_close(&house);
}

static void test_permissions(TestDb *test)
{
    House house;
    g_autofree char *ada = NULL, *bob = NULL, *yes = NULL, *no = NULL, *nobody = NULL;
    g_autofree char *public = NULL;

    house_open(&house, test->db, CONFIG);
    ada = log_in(&house, PASSWORD_ADA);
    bob = log_in(&house, PASSWORD_BOB);
    yes = ask(&house, "GET", "/api/test/v1/administer", ada, NULL);
    no = ask(&house, "GET", "/api/test/v1/administer", bob, NULL);
    nobody = ask(&house, "GET", "/api/test/v1/administer", NULL, NULL);
    public = ask(&house, "GET", "/api/test/v1/public", "Authorization: Bearer nonsense\r\n", NULL);
    assert_contains(yes, "HTTP/1.1 200");
    assert_contains(no, "HTTP/1.1 403");
    assert_contains(nobody, "HTTP/1.1 401");
    assert_contains(nobody, "Missing credentials");
    assert_contains(public, "\r\n\r\nanonymous");
    house_close(&house);
}

static void test_cross_site(TestDb *test)
{
    static const struct {
        const char *headers;
        int wanted;
    } cases[] = {
        {"", 200},
        {"Origin: http://localhost:7007\r\nSec-Fetch-Site: same-origin\r\n", 200},
        {"Sec-Fetch-Site: none\r\n", 200},
        {"Origin: http://evil.example\r\n", 403},
        {"Origin: null\r\n", 403},
        {"Origin: http://order.staging.localhost:7007\r\nSec-Fetch-Site: same-site\r\n", 403},
        {"Sec-Fetch-Site: cross-site\r\n", 403},
        {"Sec-Fetch-Site: same-site\r\n", 403},
        {"Origin: http://localhost:7007.evil.example\r\n", 403},
    };
    House house;
    g_autofree char *cookie = NULL, *forged = NULL;

    house_open(&house, test->db, CONFIG);
    cookie = log_in(&house, "{\"provider\":\"guest\"}");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *headers = g_strconcat(cookie, cases[i].headers, NULL);
        g_autofree char *write = ask(&house, "POST", "/api/test/v1/write", headers, "{}");
        g_autofree char *read = ask(&house, "GET", "/api/test/v1/read", headers, NULL);

        if (raw_status(write) != cases[i].wanted)
            g_error("%sgot:\n%s", cases[i].headers, write);
        g_assert_cmpint(raw_status(read), ==, 200);
    }
    forged = ask(&house, "POST", "/api/identity/v1/login", "Sec-Fetch-Site: cross-site\r\n",
                 "{\"provider\":\"guest\"}");
    assert_contains(forged, "HTTP/1.1 403");
    house_close(&house);
}

static void test_tokens(TestDb *test)
{
    House house;
    g_autofree char *cookie = NULL, *made = NULL, *token = NULL, *id = NULL, *bearer = NULL;
    g_autofree char *basic = NULL, *pair = NULL, *list = NULL, *read = NULL, *write = NULL;
    g_autofree char *by_basic = NULL, *again = NULL, *path = NULL, *gone = NULL, *revoked = NULL;

    house_open(&house, test->db, CONFIG);
    cookie = log_in(&house, PASSWORD_ADA);
    made = ask(&house, "POST", "/api/identity/v1/tokens", cookie,
               "{\"name\":\"ci\",\"scopes\":[\"catalog.entity.read\"],\"expiresInSeconds\":60}");
    assert_contains(made, "HTTP/1.1 201");
    token = member(made, "token");
    id = member(made, "id");
    g_assert_true(g_str_has_prefix(token, "pave_"));
    g_assert_cmpuint(strlen(token), ==, 48);
    bearer = g_strdup_printf("Authorization: Bearer %s\r\n", token);
    pair = g_strdup_printf("git:%s", token);
    basic = g_base64_encode((guchar *)pair, strlen(pair));
    g_free(pair);
    pair = g_strdup_printf("Authorization: Basic %s\r\n", basic);
    read = ask(&house, "GET", "/api/test/v1/read", bearer, NULL);
    by_basic = ask(&house, "GET", "/api/test/v1/read", pair, NULL);
    write = ask(&house, "POST", "/api/test/v1/write", bearer, "{}");
    again = ask(&house, "POST", "/api/identity/v1/tokens", bearer, "{\"name\":\"more\"}");
    list = ask(&house, "GET", "/api/identity/v1/tokens", cookie, NULL);
    assert_contains(read, "\r\n\r\nuser:default/ada");
    assert_contains(by_basic, "\r\n\r\nuser:default/ada");
    assert_contains(write, "HTTP/1.1 403");
    assert_contains(write, "scopes");
    assert_contains(again, "HTTP/1.1 403");
    assert_contains(list, "\"name\":\"ci\",\"scopes\":[\"catalog.entity.read\"]");
    assert_lacks(list, token);
    path = g_strdup_printf("/api/identity/v1/tokens/%s", id);
    revoked = ask(&house, "DELETE", path, cookie, NULL);
    gone = ask(&house, "GET", "/api/test/v1/read", bearer, NULL);
    assert_contains(revoked, "HTTP/1.1 204");
    assert_contains(gone, "HTTP/1.1 401");
    house_close(&house);
}

static void test_token_expires(TestDb *test)
{
    static const char *const scopes[] = {"catalog.*", NULL};
    House house;
    g_autofree char *token = NULL, *bearer = NULL, *read = NULL, *late = NULL;
    int64_t now = clock_now_ms();

    house_open(&house, test->db, CONFIG);
    token =
        identity_issue_token(house.identity, PRINCIPAL_JOB, "job:1", "run", scopes, 60000, NULL);
    bearer = g_strdup_printf("Authorization: Bearer %s\r\n", token);
    read = ask(&house, "GET", "/api/test/v1/read", bearer, NULL);
    clock_set_for_tests(now + 61000);
    late = ask(&house, "GET", "/api/test/v1/read", bearer, NULL);
    clock_set_for_tests(0);
    assert_contains(read, "\r\n\r\njob:1");
    assert_contains(late, "HTTP/1.1 401");
    house_close(&house);
}

static void test_tokens_of_a_job_are_revoked(TestDb *test)
{
    House house;
    g_autofree char *token = NULL, *bearer = NULL, *before = NULL, *after = NULL;

    house_open(&house, test->db, CONFIG);
    token = identity_issue_token(house.identity, PRINCIPAL_JOB, "job:1", "run", NULL, 60000, NULL);
    bearer = g_strdup_printf("Authorization: Bearer %s\r\n", token);
    before = ask(&house, "GET", "/api/test/v1/read", bearer, NULL);
    g_assert_true(identity_revoke_tokens(house.identity, "job:1", "run", NULL));
    after = ask(&house, "GET", "/api/test/v1/read", bearer, NULL);
    assert_contains(before, "HTTP/1.1 200");
    assert_contains(after, "HTTP/1.1 401");
    house_close(&house);
}

/* "job:1" runs for a repository, everything else has ended. */
static char **things_of_job(const char *id, void *running)
{
    static const char *const things[] = {"repository:acme/shop", NULL};

    return *(gboolean *)running && g_str_equal(id, "1") ? g_strdupv((char **)things) : NULL;
}

static void test_token_of_a_job(TestDb *test)
{
    House house;
    gboolean running = TRUE;
    g_autofree char *token = NULL, *bearer = NULL, *during = NULL, *after = NULL;
    g_autofree char *late = NULL, *late_bearer = NULL, *never = NULL;
    int64_t now = clock_now_ms();

    house_open(&house, test->db, CONFIG);
    identity_set_jobs(house.identity, things_of_job, &running);
    token = identity_issue_token(house.identity, PRINCIPAL_JOB, "job:1", "run", NULL, 60000, NULL);
    late = identity_issue_token(house.identity, PRINCIPAL_JOB, "job:2", "run", NULL, 60000, NULL);
    bearer = g_strdup_printf("Authorization: Bearer %s\r\n", token);
    late_bearer = g_strdup_printf("Authorization: Bearer %s\r\n", late);
    during = ask(&house, "POST", "/api/test/v1/push", bearer, NULL);
    never = ask(&house, "GET", "/api/test/v1/read", late_bearer, NULL);
    running = FALSE;
    clock_set_for_tests(now + 6000);
    after = ask(&house, "GET", "/api/test/v1/read", bearer, NULL);
    clock_set_for_tests(0);
    assert_contains(during, "HTTP/1.1 204");
    assert_contains(never, "HTTP/1.1 401");
    assert_contains(after, "HTTP/1.1 401");
    house_close(&house);
}

static void test_passwords(TestDb *test)
{
    House house;
    g_autofree char *old = NULL, *wrong = NULL, *nobody = NULL, *cookie = NULL, *fresh = NULL;
    g_autofree char *signed_out = NULL;
    g_autoptr(GError) error = NULL;

    house_open(&house, test->db, CONFIG);
    wrong = ask(&house, "POST", "/api/identity/v1/login", NULL,
                "{\"username\":\"ada\",\"password\":\"wrong\"}");
    nobody = ask(&house, "POST", "/api/identity/v1/login", NULL,
                 "{\"username\":\"nobody\",\"password\":\"wrong\"}");
    assert_contains(wrong, "The name or the password is wrong");
    assert_contains(nobody, "The name or the password is wrong");
    cookie = log_in(&house, PASSWORD_ADA);
    g_assert_false(identity_set_password(house.identity, "user:default/ada", "short", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_clear_error(&error);
    g_assert_true(
        identity_set_password(house.identity, "user:default/ada", "a new password", &error));
    g_assert_no_error(error);
    signed_out = ask(&house, "GET", "/api/test/v1/read", cookie, NULL);
    old = ask(&house, "POST", "/api/identity/v1/login", NULL, PASSWORD_ADA);
    fresh = ask(&house, "POST", "/api/identity/v1/login", NULL,
                "{\"username\":\"ada\",\"password\":\"a new password\"}");
    assert_contains(signed_out, "HTTP/1.1 401");
    assert_contains(old, "HTTP/1.1 401");
    assert_contains(fresh, "HTTP/1.1 200");
    house_close(&house);
}

static void test_too_many_tries(TestDb *test)
{
    House house;
    g_autofree char *last = NULL, *other = NULL;

    house_open(&house, test->db, CONFIG);
    for (int i = 0; i < 5; i++) {
        g_autofree char *wrong = ask(&house, "POST", "/api/identity/v1/login", NULL,
                                     "{\"username\":\"ada\",\"password\":\"wrong\"}");

        assert_contains(wrong, "HTTP/1.1 401");
    }
    last = ask(&house, "POST", "/api/identity/v1/login", NULL, PASSWORD_ADA);
    other = ask(&house, "POST", "/api/identity/v1/login", NULL, PASSWORD_BOB);
    assert_contains(last, "HTTP/1.1 429");
    assert_contains(last, "Retry-After: ");
    assert_contains(other, "HTTP/1.1 200");
    house_close(&house);
}

static char *ask_socket(const char *path, const char *request)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    GString *got = g_string_new(NULL);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    raw_send(fd, request, -1);
    raw_read_until(fd, got, NULL);
    close(fd);
    return g_string_free(got, FALSE);
}

/* The socket is the one pipeline jobs see. */
static void test_a_job_is_no_guest(TestDb *test)
{
    House house;
    g_autofree char *path = g_build_filename(test->folder, "s", NULL);
    g_autofree char *login = NULL, *refresh = NULL;
    g_autoptr(GError) error = NULL;

    house_open(&house, test->db, CONFIG);
    g_assert_true(http_server_listen(
        house.server, &(HttpListener){.listen_fd = http_listen_unix(path, &error)}, &error));
    g_assert_no_error(error);
    login = ask_socket(path, "POST /api/identity/v1/login HTTP/1.1\r\nHost: localhost\r\n"
                             "Connection: close\r\nContent-Type: application/json\r\n"
                             "Content-Length: 20\r\n\r\n{\"provider\":\"guest\"}");
    refresh = ask_socket(path, "GET /api/auth/guest/refresh HTTP/1.1\r\nHost: localhost\r\n"
                               "Connection: close\r\n\r\n");
    assert_contains(login, "HTTP/1.1 403");
    assert_contains(refresh, "HTTP/1.1 404");
    house_close(&house);
}

static void test_guest_is_off_by_default(TestDb *test)
{
    House house;
    g_autofree char *login = NULL, *refresh = NULL, *session = NULL;

    house_open(&house, test->db, "app: {title: Acme}\n");
    login = ask(&house, "POST", "/api/identity/v1/login", NULL, "{\"provider\":\"guest\"}");
    refresh = ask(&house, "GET", "/api/auth/guest/refresh", NULL, NULL);
    session = ask(&house, "GET", "/api/identity/v1/session", NULL, NULL);
    assert_contains(login, "HTTP/1.1 403");
    assert_contains(refresh, "HTTP/1.1 404");
    assert_contains(session, "\"providers\":[]");
    house_close(&house);
}

static void test_backstage(TestDb *test)
{
    House house;
    g_autofree char *refresh = NULL, *token = NULL, *bearer = NULL, *info = NULL;

    house_open(&house, test->db, CONFIG);
    refresh =
        ask(&house, "GET", "/api/auth/guest/refresh", "X-Requested-With: XMLHttpRequest\r\n", NULL);
    assert_contains(refresh, "{\"profile\":{},\"backstageIdentity\":{\"token\":\"");
    assert_contains(refresh, "\"identity\":{\"type\":\"user\",\"userEntityRef\":\"user:default/"
                             "guest\",\"ownershipEntityRefs\":[\"user:default/guest\"]},"
                             "\"expiresInSeconds\":3");
    token = member(refresh, "token");
    bearer = g_strdup_printf("Authorization: Bearer %s\r\n", token);
    info = ask(&house, "GET", "/api/auth/v1/userinfo", bearer, NULL);
    assert_contains(
        info, "{\"claims\":{\"sub\":\"user:default/guest\",\"ent\":[\"user:default/guest\"]}}");
    house_close(&house);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/identity/session-from-login-to-logout", test_session);
    test_db_add("/identity/session-survives-a-restart", test_survives_restart);
    test_db_add("/identity/routes-need-their-permission", test_permissions);
    test_db_add("/identity/cookie-writes-from-other-sites-are-refused", test_cross_site);
    test_db_add("/identity/tokens-are-scoped-listed-and-revoked", test_tokens);
    test_db_add("/identity/tokens-expire", test_token_expires);
    test_db_add("/identity/a-job-is-about-its-repository-and-its-token-ends-with-it",
                test_token_of_a_job);
    test_db_add("/identity/a-job-is-no-guest", test_a_job_is_no_guest);
    test_db_add("/identity/tokens-of-a-job-are-revoked", test_tokens_of_a_job_are_revoked);
    test_db_add("/identity/new-password-signs-out-who-knew-the-old", test_passwords);
    test_db_add("/identity/too-many-tries-must-wait", test_too_many_tries);
    test_db_add("/identity/guest-is-off-by-default", test_guest_is_off_by_default);
    test_db_add("/identity/backstages-guest-and-userinfo", test_backstage);
    return test_db_run();
}
