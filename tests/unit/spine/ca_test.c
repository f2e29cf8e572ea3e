#include "spine/ca.h"
#include "net/http_client.h"
#include "../net/raw_http.h"
#include "../test_folder.h"
#include "test_db.h"

static const char *const NAMES[] = {"*.staging.internal", "localhost", NULL};
static const char *const MORE[] = {"*.staging.internal", "*.production.internal", "localhost",
                                   NULL};

typedef struct {
    TestFolder *folder;
    Secrets *secrets;
    char *ca_folder;
} House;

static void house_open(House *house, TestDb *test)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *key = NULL;

    house->folder = test_folder_new();
    key = g_build_filename(house->folder, "key", NULL);
    house->ca_folder = g_build_filename(house->folder, "ca", NULL);
    house->secrets = secrets_open(test->db, key, TRUE, &error);
    g_assert_no_error(error);
}

static void house_close(House *house)
{
    secrets_free(house->secrets);
    g_free(house->ca_folder);
    test_folder_free(house->folder);
}

static LocalCa *open_ca(House *house, const char *const *names)
{
    g_autoptr(GError) error = NULL;
    LocalCa *ca = local_ca_open(house->ca_folder, house->secrets, names, &error);

    g_assert_no_error(error);
    return ca;
}

static char *contents(const char *path)
{
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void test_kept(TestDb *test)
{
    House house;
    g_autoptr(LocalCa) first = NULL, second = NULL, renamed = NULL;
    g_autofree char *before = NULL, *after = NULL, *sealed_file = NULL, *sealed = NULL;

    house_open(&house, test);
    first = open_ca(&house, NAMES);
    before = contents(first->ca_file);
    second = open_ca(&house, NAMES);
    g_assert_cmpstr(first->certificate, ==, second->certificate);
    g_assert_cmpstr(first->key, ==, second->key);
    renamed = open_ca(&house, MORE);
    after = contents(renamed->ca_file);
    g_assert_cmpstr(first->certificate, !=, renamed->certificate);
    g_assert_cmpstr(before, ==, after); /* who trusts it need not trust another */
    sealed_file = g_build_filename(house.ca_folder, "server.key.sealed", NULL);
    sealed = contents(sealed_file);
    g_assert_null(strstr(sealed, "PRIVATE KEY"));
    house_close(&house);
}

static Response *hello(Request *request, void *room, GError **error)
{
    return response_text(200, "text/plain", request_is_tls(request) ? "over TLS" : "in clear");
}

static const Route routes[] = {{"GET", "/hello", hello, ROUTE_WORKER, PERMISSION_PUBLIC}, {NULL}};

static void test_tls(TestDb *test)
{
    House house;
    g_autoptr(LocalCa) ca = NULL;
    g_autoptr(HttpServer) server = http_server_new(NULL);
    g_autoptr(GError) error = NULL, untrusted = NULL;
    g_autoptr(HttpReply) reply = NULL;
    g_autofree char *url = NULL;
    guint16 port = 0;
    HttpListener listener = {.listen_fd = http_listen_tcp("127.0.0.1", &port, &error)};
    HttpRequest request = {.allow_private = TRUE};

    house_open(&house, test);
    ca = open_ca(&house, NAMES);
    listener.tls_certificate = ca->certificate;
    listener.tls_key = ca->key;
    http_mount(server, routes, NULL);
    g_assert_true(http_server_listen(server, &listener, &error));
    url = g_strdup_printf("https://localhost:%u/hello", port);
    request.url = url;
    g_assert_null(http_send(&request, &untrusted)); /* nobody knows this authority */
    g_assert_error(untrusted, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE);
    request.ca_file = ca->ca_file;
    reply = http_send(&request, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(reply->body, ==, "over TLS");
    http_server_stop(server, 1000);
    house_close(&house);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/ca/certificates-are-kept-and-keys-sealed", test_kept);
    test_db_add("/ca/server-answers-who-trusts-the-authority", test_tls);
    return test_db_run();
}
