/* Terraform's HTTP backend protocol, and what is refused before a run begins. */
#include "net/http_client.h"
#include "test_infra.h"

/* ---- the protocol ---- */

static HttpReply *send_state(TestInfra *room, const char *who, const char *method,
                             const char *query, const char *body, const char *md5)
{
    g_autofree char *url = g_strdup_printf(
        "http://127.0.0.1:%u/api/infra/v1/state/order-service-staging%s", room->port, query);
    g_autofree char *encoded = g_base64_encode((const guchar *)who, strlen(who));
    g_autofree char *credentials = g_strconcat("Authorization: Basic ", encoded, NULL);
    g_autofree char *digest = md5 ? g_strconcat("Content-MD5: ", md5, NULL) : NULL;
    const char *const headers[] = {credentials, "Content-Type: application/json", digest, NULL};
    g_autoptr(GError) error = NULL;
    HttpReply *reply = http_send(&(HttpRequest){.method = method,
                                                .url = url,
                                                .headers = headers,
                                                .body = body,
                                                .body_length = body ? strlen(body) : 0,
                                                .allow_private = TRUE},
                                 &error);

    g_assert_no_error(error);
    return reply;
}

static void expect(TestInfra *room, const char *who, const char *method, const char *query,
                   const char *body, long status, const char *wanted)
{
    g_autoptr(HttpReply) reply = send_state(room, who, method, query, body, NULL);

    if (reply->status != status || (wanted && !strstr(reply->body, wanted)))
        g_error("%s %s: got %ld %s, wanted %ld %s", method, query, reply->status, reply->body,
                status, wanted ? wanted : "");
}

#define LOCK(id) "{\"ID\":\"" id "\",\"Operation\":\"OperationTypeApply\",\"Who\":\"root@vm\"}"
#define STATE(serial) "{\"version\":4,\"serial\":" serial ",\"lineage\":\"l1\",\"outputs\":{}}"

/* A workspace whose run has ended without Terraform: the engine is named wrongly. */
static void open_with_workspace(TestInfra *room, TestDb *test, char **run_token)
{
    g_autoptr(GError) error = NULL;
    const char *id;

    test_infra_open(room, test, "  program: /nonexistent/terraform\n");
    id = test_infra_submit(room, "apply", "{'service_name':'a'}", &error);
    g_assert_no_error(error);
    *run_token = g_strconcat("pave:token-of-", id, NULL);
}

static void test_state_is_locked_written_and_read(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autofree char *run = NULL;

    open_with_workspace(&room, test, &run);
    expect(&room, run, "GET", "", NULL, 204, NULL);
    expect(&room, run, "LOCK", "", LOCK("one"), 200, NULL);
    expect(&room, run, "LOCK", "", LOCK("one"), 200, NULL); /* the answer was lost: once more */
    expect(&room, run, "LOCK", "", LOCK("two"), 423, "\"ID\":\"one\"");
    expect(&room, run, "POST", "?ID=one", STATE("1"), 200, NULL);
    expect(&room, run, "POST", "?ID=one", STATE("1"), 200, NULL);
    expect(&room, run, "POST", "?ID=two", STATE("2"), 423, "\"Who\":\"root@vm\"");
    expect(&room, run, "POST", "", STATE("2"), 423, "\"ID\":\"one\"");
    expect(&room, run, "GET", "", NULL, 200, STATE("1"));
    expect(&room, run, "UNLOCK", "", LOCK("two"), 423, "\"ID\":\"one\"");
    expect(&room, run, "UNLOCK", "", LOCK("one"), 200, NULL);
    expect(&room, run, "UNLOCK", "", LOCK("one"), 200, NULL);
    expect(&room, run, "POST", "?ID=one", STATE("2"), 409, NULL);
    expect(&room, run, "LOCK", "", LOCK("three"), 200, NULL);
    expect(&room, run, "UNLOCK", "", NULL, 200, NULL); /* force-unlock */
    expect(&room, run, "POST", "", "no json", 400, NULL);
    expect(&room, run, "POST", "", "{}", 400, "no Terraform state");
    g_autoptr(HttpReply) damaged =
        send_state(&room, run, "POST", "", STATE("3"), "AAAAAAAAAAAAAAAAAAAAAA==");
    g_assert_cmpint(damaged->status, ==, 400);
    expect(&room, run, "DELETE", "", NULL, 200, NULL);
    expect(&room, run, "GET", "", NULL, 204, NULL);
}

static void test_every_version_is_kept_and_sealed(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autofree char *run = NULL;
    g_autoptr(GError) error = NULL;
    guint count = 0;

    open_with_workspace(&room, test, &run);
    expect(&room, run, "POST", "", STATE("1"), 200, NULL);
    expect(&room, run, "POST", "", STATE("2"), 200, NULL);
    expect(&room, run, "POST", "", STATE("2"), 200, NULL);
    g_autoptr(DbRows) rows =
        db_query(db_reader(test->db), &error,
                 "SELECT serial, lineage, body FROM infra_state ORDER BY version", "");
    while (db_rows_next(rows)) {
        g_autoptr(GBytes) body = db_rows_blob(rows, 2);

        g_assert_cmpint(db_rows_int(rows, 0), ==, ++count);
        g_assert_cmpstr(db_rows_text(rows, 1), ==, "l1");
        g_assert_null(memmem(g_bytes_get_data(body, NULL), g_bytes_get_size(body), "lineage", 7));
    }
    g_assert_cmpuint(count, ==, 2);
}

static void test_state_is_for_its_own_run_and_its_owner_only(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autofree char *run = NULL;

    open_with_workspace(&room, test, &run);
    expect(&room, "ada:", "GET", "", NULL, 204, NULL);
    expect(&room, "eve:", "GET", "", NULL, 403, NULL);
    expect(&room, "eve:", "LOCK", "", LOCK("x"), 403, NULL);
    expect(&room, "pave:token-of-another-job", "GET", "", NULL, 403, "nothing to do with");
    expect(&room, "nobody:", "GET", "", NULL, 401, NULL);
}

/* ---- asking for a run ---- */

static void test_variables_that_do_not_fit_are_refused_by_name(TestDb *test)
{
    static const struct {
        const char *variables, *wanted;
    } cases[] = {
        {"{}", "\"service_name\" is required"},
        {"{'service_name':'a','siez':2}", "there is no variable \"siez\" (did you mean \"size\"?)"},
        {"{'service_name':'a','size':'big'}", "\"size\" must be a number"},
        {"{'service_name':true}", "\"service_name\" must be text"},
    };
    g_auto(TestInfra) room = {0};

    test_infra_open(&room, test, "");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(test_infra_submit(&room, "apply", cases[i].variables, &error));
        g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
        if (!strstr(error->message, cases[i].wanted))
            g_error("got: %s\nwanted: %s", error->message, cases[i].wanted);
    }
    g_assert_null(infra_workspace(room.infra, room.arena, "order-service-staging", NULL));
    g_assert_cmpuint(
        value_count(jobs_list(db_reader(test->db), room.arena, NULL, NULL, NULL, 10, 0, NULL)), ==,
        0);
}

static void test_modules_are_listed_with_their_schema(TestDb *test)
{
    g_auto(TestInfra) room = {0};

    test_infra_write(test, "modules/broken/main.tf", "variable \"x\" {\n");
    test_infra_open(&room, test, "");
    const Value *modules = infra_module_list(room.infra, room.arena);

    g_assert_cmpuint(value_count(modules), ==, 2);
    g_assert_nonnull(strstr(value_path_string(value_item(modules, 0), "error", ""),
                            "main.tf:2:1: a block is not closed"));
    g_assert_cmpstr(value_path_string(value_item(modules, 1), "description", ""), ==,
                    "A thing, for the tests.");
    g_assert_cmpstr(value_path_string(value_item(modules, 1), "schema.properties.size.type", ""),
                    ==, "number");
}

static void test_a_module_that_is_not_there_is_named(TestDb *test)
{
    static const char *const names[] = {"other", "../modules/thing", "..", "a/b/c", "x/y//z@main"};
    g_auto(TestInfra) room = {0};

    test_infra_open(&room, test, "");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        InfraModule module = {0};

        g_assert_false(infra_module_read(room.infra, room.arena, names[i], &module, &error));
        g_assert_nonnull(error);
        g_assert_true(error->code == ERROR_NOT_FOUND || error->code == ERROR_INPUT);
    }
}

static void test_a_module_may_live_in_a_repository(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autoptr(GError) error = NULL;
    InfraModule module = {0};
    g_autofree char *files = g_build_filename(test->folder, "repository", NULL);
    g_autofree char *copy = g_build_filename(test->folder, "copy", NULL);

    test_infra_write(test, "repository/modules/thing/main.tf", TEST_MODULE);
    test_infra_open(&room, test, "");
    forge_publish(room.forge, room.arena,
                  &(ForgePublish){.host = "pave.localhost:7007",
                                  .owner = "acme-corp",
                                  .name = "modules",
                                  .folder = files},
                  &error);
    g_assert_no_error(error);
    g_assert_true(infra_module_read(room.infra, room.arena, "acme-corp/modules//modules/thing@main",
                                    &module, &error));
    g_assert_no_error(error);
    g_assert_nonnull(value_path(module.schema, "properties.service_name"));
    g_autofree char *path =
        infra_module_copy(room.infra, "acme-corp/modules//modules/thing@main", copy, &error);
    g_assert_cmpstr(path, ==, "modules/thing");
}

static void test_a_workspace_keeps_its_module_and_service(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autofree char *run = NULL;
    g_autoptr(GError) error = NULL;

    open_with_workspace(&room, test, &run);
    const Value *variables = json_parse(room.arena, "{\"service_name\":\"a\"}", -1, NULL);
    InfraRequest request = {.module = "thing",
                            .service = "component:other/order-service",
                            .environment = "staging",
                            .variables = variables,
                            .operation = "apply"};

    g_assert_null(infra_submit(room.infra, room.arena, &request, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    g_clear_error(&error);
    request.service = "component:default/order-service";
    request.operation = "explode";
    g_assert_null(infra_submit(room.infra, room.arena, &request, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
}

static void test_the_same_run_is_not_submitted_twice(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autoptr(GError) error = NULL;
    const Value *variables;
    InfraRequest request = {.module = "thing",
                            .service = "component:default/a",
                            .environment = "staging",
                            .operation = "apply",
                            .run_id = "run-1"};

    test_infra_open(&room, test, "  program: /nonexistent/terraform\n");
    variables = json_parse(room.arena, "{\"service_name\":\"a\"}", -1, NULL);
    request.variables = variables;
    g_assert_cmpstr(infra_submit(room.infra, room.arena, &request, &error), ==, "run-1");
    g_assert_cmpstr(infra_submit(room.infra, room.arena, &request, &error), ==, "run-1");
    g_assert_no_error(error);
    const Value *workspace = infra_workspace(room.infra, room.arena, "a-staging", &error);
    g_assert_cmpuint(value_count(value_get(workspace, "runs")), ==, 1);
    test_infra_assert_ends(&room, "run-1", "failed");
    const Value *job = jobs_get(db_reader(test->db), room.arena, "run-1", NULL);
    g_assert_nonnull(strstr(value_path_string(job, "error.message", ""), "infra.program"));
}

/* A template's form takes any service's name. */
static void test_a_task_of_somebody_else_leaves_a_workspace_alone(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autoptr(GError) error = NULL;
    InfraRequest request = {.module = "thing",
                            .service = "component:default/shop",
                            .environment = "staging",
                            .operation = "plan",
                            .actor = "user:default/ada",
                            .cause = "task-1"};

    test_infra_open(&room, test, "");
    request.variables = json_parse(room.arena, "{\"service_name\":\"shop\"}", -1, NULL);
    infra_submit(room.infra, room.arena, &request, &error);
    g_assert_no_error(error);
    infra_submit(room.infra, room.arena, &request, &error);
    g_assert_no_error(error);
    request.actor = "user:default/eve";
    request.operation = "destroy";
    g_assert_null(infra_submit(room.infra, room.arena, &request, &error));
    g_assert_error(error, PAVE_ERROR, ERROR_CONFLICT);
    g_clear_error(&error);
    /* what the workspace's page asked was checked there */
    request.cause = NULL;
    infra_submit(room.infra, room.arena, &request, &error);
    g_assert_no_error(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/infra/state/a-task-of-somebody-else-leaves-a-workspace-alone",
                test_a_task_of_somebody_else_leaves_a_workspace_alone);
    test_db_add("/infra/state/it-is-locked-written-and-read",
                test_state_is_locked_written_and_read);
    test_db_add("/infra/state/every-version-is-kept-and-sealed",
                test_every_version_is_kept_and_sealed);
    test_db_add("/infra/state/it-is-for-its-own-run-and-its-owner-only",
                test_state_is_for_its_own_run_and_its_owner_only);
    test_db_add("/infra/submit/variables-that-do-not-fit-are-refused-by-name",
                test_variables_that_do_not_fit_are_refused_by_name);
    test_db_add("/infra/submit/a-workspace-keeps-its-module-and-service",
                test_a_workspace_keeps_its_module_and_service);
    test_db_add("/infra/submit/the-same-run-is-not-submitted-twice",
                test_the_same_run_is_not_submitted_twice);
    test_db_add("/infra/modules/they-are-listed-with-their-schema",
                test_modules_are_listed_with_their_schema);
    test_db_add("/infra/modules/one-that-is-not-there-is-named",
                test_a_module_that_is_not_there_is_named);
    test_db_add("/infra/modules/one-may-live-in-a-repository",
                test_a_module_may_live_in_a_repository);
    return test_db_run();
}
