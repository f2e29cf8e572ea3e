/* Runs with the real program. */
#include "../test_folder.h"
#include "spine/process.h"
#include "test_infra.h"
#include <signal.h>

/* Until the module's command, which says so, runs. */
static void wait_until_begun(TestInfra *room, const char *id)
{
    for (guint i = 0; i < 600; i++) {
        g_autofree char *output = test_infra_output(room, id);

        if (strstr(output, "(local-exec): begun"))
            return;
        g_usleep(50000);
    }
    g_error("the run did not begin");
}

static void test_an_apply_makes_what_the_module_says(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autoptr(GError) error = NULL;

    test_infra_open(&room, test, "");
    if (!test_infra_has_engine(&room))
        return;
    const char *id = test_infra_submit(
        &room, "apply", "{'service_name':'order-service','password':'s3cr3t-pass'}", &error);
    g_assert_no_error(error);
    test_infra_assert_ends(&room, id, "succeeded");

    const Value *workspace =
        infra_workspace(room.infra, room.arena, "order-service-staging", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(value_path_string(workspace, "outputs.name.value", ""), ==,
                    "order-service-staging-1");
    g_assert_cmpstr(value_path_string(workspace, "outputs.database_url.value", ""), ==, "***");
    g_assert_cmpstr(value_path_string(workspace, "state", ""), ==, "applied");
    g_assert_cmpuint(value_count(value_get(workspace, "resources")), ==, 3);
    g_assert_cmpstr(
        value_path_string(value_item(value_get(workspace, "resources"), 0), "address", ""), ==,
        "terraform_data.many[0]");
    g_assert_true(value_is(value_get(workspace, "lock"), VALUE_NULL));
    const Value *run = value_item(value_get(workspace, "runs"), 0);
    g_assert_cmpint(value_int(value_path(run, "plan.add"), 0), ==, 3);
    g_assert_cmpuint(value_count(value_path(run, "plan.changes")), ==, 3);
}

static void test_sensitive_outputs_become_secrets_and_are_never_printed(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autoptr(GError) error = NULL;

    test_infra_open(&room, test, "  environment:\n    PGPASSWORD: admin-pass\n");
    if (!test_infra_has_engine(&room))
        return;
    const char *id = test_infra_submit(&room, "apply",
                                       "{'service_name':'order-service','password':'s3cr3t-pass',"
                                       "'command':'echo $PGPASSWORD; echo order-service'}",
                                       &error);
    g_assert_no_error(error);
    test_infra_assert_ends(&room, id, "succeeded");
    g_autofree char *secret = secrets_get(room.queue->secrets, db_reader(test->db),
                                          "service:order-service/staging", "DATABASE_URL", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(secret, ==, "postgresql://x:s3cr3t-pass@h/db");

    g_autofree char *output = test_infra_output(&room, id);
    const Value *job = jobs_get(db_reader(test->db), room.arena, id, NULL);
    g_autofree char *text = json_to_string(job, JSON_COMPACT);
    g_assert_null(strstr(output, "s3cr3t-pass"));
    g_assert_null(strstr(output, "admin-pass"));
    g_assert_nonnull(strstr(output, "order-service"));
    g_assert_null(strstr(text, "s3cr3t-pass"));
    g_assert_null(strstr(text, "token-of-"));

    id = test_infra_submit(&room, "destroy", "{'service_name':'order-service'}", &error);
    g_assert_no_error(error);
    test_infra_assert_ends(&room, id, "succeeded");
    g_autofree char *gone = secrets_get(room.queue->secrets, db_reader(test->db),
                                        "service:order-service/staging", "DATABASE_URL", NULL);
    g_assert_null(gone);
    const Value *workspace =
        infra_workspace(room.infra, room.arena, "order-service-staging", &error);
    g_assert_cmpstr(value_path_string(workspace, "state", ""), ==, "destroyed");
    g_assert_cmpuint(value_count(value_get(workspace, "resources")), ==, 0);
}

static void test_a_second_apply_changes_nothing_and_says_so(TestDb *test)
{
    g_auto(TestInfra) room = {0};

    test_infra_open(&room, test, "");
    if (!test_infra_has_engine(&room))
        return;
    const char *first = test_infra_submit(&room, "apply", "{'service_name':'a'}", NULL);
    test_infra_assert_ends(&room, first, "succeeded");
    const char *second = test_infra_submit(&room, "apply", "{'service_name':'a'}", NULL);
    test_infra_assert_ends(&room, second, "succeeded");

    const Value *job = jobs_get(db_reader(test->db), room.arena, second, NULL);
    const Value *steps = value_get(job, "steps");
    g_assert_cmpuint(value_count(steps), ==, 4);
    g_assert_cmpstr(value_path_string(value_item(steps, 2), "state", ""), ==, "skipped");
    const Value *workspace = infra_workspace(room.infra, room.arena, "order-service-staging", NULL);
    g_assert_cmpuint(value_count(value_get(workspace, "outputs")), ==, 2);
}

static void test_a_failing_apply_keeps_its_reason_and_goes_on_when_retried(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autofree char *marker = g_build_filename(test->folder, "shared", NULL);
    g_autofree char *mounts =
        g_strdup_printf("  mounts:\n    - from: %s\n      to: /shared\n", marker);
    g_autoptr(GError) error = NULL;

    g_mkdir(marker, 0777);
    test_infra_open(&room, test, mounts);
    if (!test_infra_has_engine(&room))
        return;
    const char *id = test_infra_submit(
        &room, "apply", "{'service_name':'a','command':'test -f /shared/ready'}", &error);
    g_assert_no_error(error);
    test_infra_assert_ends(&room, id, "failed");
    const Value *job = jobs_get(db_reader(test->db), room.arena, id, NULL);
    g_assert_nonnull(strstr(value_path_string(job, "error.message", ""), "apply failed"));
    g_assert_nonnull(strstr(value_path_string(job, "error.message", ""), "test -f /shared/ready"));
    /* What was made before the failure is known. */
    const Value *workspace = infra_workspace(room.infra, room.arena, "order-service-staging", NULL);
    g_assert_cmpint(value_int(value_get(workspace, "serial"), 0), >, 0);
    g_assert_true(value_is(value_get(workspace, "lock"), VALUE_NULL));
    /* The plan holds the values of sensitive variables in clear. */
    g_autofree char *work = g_strdup_printf("%s/jobs/%s/files/work", test->folder, id);
    g_autofree char *jobs = g_path_get_dirname(work);
    g_assert_true(g_file_test(jobs, G_FILE_TEST_IS_DIR));
    g_assert_false(g_file_test(work, G_FILE_TEST_EXISTS));

    test_infra_write(test, "shared/ready", "");
    g_assert_true(jobs_retry(room.queue->jobs, id, "user:default/ada", NULL, &error));
    test_infra_assert_ends(&room, id, "succeeded");
}

static void test_a_cancelled_run_lets_terraform_end_and_leaves_no_lock(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autoptr(GError) error = NULL;
    InfraLock lock = {0};

    test_infra_open(&room, test, "");
    if (!test_infra_has_engine(&room))
        return;
    const char *id = test_infra_submit(
        &room, "apply", "{'service_name':'a','command':'echo begun; sleep 60'}", &error);
    g_assert_no_error(error);
    wait_until_begun(&room, id);
    g_assert_true(jobs_cancel(room.queue->jobs, id, "user:default/ada", &error));
    test_infra_assert_ends(&room, id, "cancelled");
    g_autoptr(InfraWorkspace) workspace =
        infra_store_workspace(db_reader(test->db), room.arena, "order-service-staging", &error);
    g_assert_false(infra_store_lock(db_reader(test->db), room.arena, workspace->id, &lock, &error));
    g_assert_no_error(error);
}

/* The server goes away while Terraform works, and comes back. */
static void test_a_restarted_server_goes_on_with_the_run_that_is_alive(TestDb *test)
{
    TestInfra room = {0};
    g_autofree char *shared = g_build_filename(test->folder, "shared", NULL);
    g_autofree char *mounts =
        g_strdup_printf("  mounts:\n    - from: %s\n      to: /shared\n", shared);
    g_autoptr(GError) error = NULL;
    g_autofree char *id = NULL;

    g_mkdir(shared, 0777);
    test_infra_open(&room, test, mounts);
    if (!test_infra_has_engine(&room)) {
        test_infra_close(&room);
        return;
    }
    id = g_strdup(test_infra_submit(&room, "apply",
                                    "{'service_name':'a','command':'echo begun; while ! test -f "
                                    "/shared/ready; do sleep 0.1; done'}",
                                    &error));
    g_assert_no_error(error);
    wait_until_begun(&room, id);
    test_infra_close(&room);
    test_infra_write(test, "shared/ready", "");
    test_infra_open(&room, test, mounts);
    test_infra_assert_ends(&room, id, "succeeded");

    g_autofree char *output = test_infra_output(&room, id);
    const char *begun = strstr(output, "(local-exec): begun");
    g_assert_nonnull(begun);
    g_assert_null(strstr(begun + 1, "(local-exec): begun")); /* it ran once, and is printed once */
    test_infra_close(&room);
}

/* kill -9 of everything while it applies: the state knows nothing of what was being made, and the
 * lock is still there. */
static void test_a_run_that_died_with_the_machine_is_planned_again(TestDb *test)
{
    TestInfra room = {0};
    g_autofree char *shared = g_build_filename(test->folder, "shared", NULL);
    g_autofree char *mounts =
        g_strdup_printf("  mounts:\n    - from: %s\n      to: /shared\n", shared);
    g_autoptr(GError) error = NULL;
    g_autofree char *id = NULL;
    g_autofree char *folder = NULL;

    g_mkdir(shared, 0777);
    test_infra_open(&room, test, mounts);
    if (!test_infra_has_engine(&room)) {
        test_infra_close(&room);
        return;
    }
    id = g_strdup(test_infra_submit(&room, "apply",
                                    "{'service_name':'a','command':'echo begun; while ! test -f "
                                    "/shared/ready; do sleep 0.1; done'}",
                                    &error));
    g_assert_no_error(error);
    wait_until_begun(&room, id);
    test_infra_close(&room);

    folder = g_strdup_printf("%s/jobs/%s/files/engine/apply-1/apply", test->folder, id);
    g_autoptr(Process) process = process_attach(folder, &error);
    g_assert_no_error(error);
    kill(process_pid(process), SIGKILL);
    process_wait(process, 10000, NULL, NULL);
    g_autofree char *ended = g_build_filename(folder, "exit", NULL);
    g_remove(ended); /* where the shim outlived its child, it is as if both had died */
    test_infra_write(test, "shared/ready", "");

    test_infra_open(&room, test, mounts);
    test_infra_assert_ends(&room, id, "succeeded");
    g_autofree char *output = test_infra_output(&room, id);
    g_assert_nonnull(strstr(output, "Planning again what is left to do"));
    const Value *workspace =
        infra_workspace(room.infra, room.arena, "order-service-staging", &error);
    g_assert_cmpuint(value_count(value_get(workspace, "resources")), ==, 3);
    g_assert_true(value_is(value_get(workspace, "lock"), VALUE_NULL));
    test_infra_close(&room);
}

/* Somebody takes the lock away while it applies: Terraform cannot write its state, leaves it in a
 * file, and nothing that was made is forgotten. */
static void test_state_that_could_not_be_written_is_kept_all_the_same(TestDb *test)
{
    g_auto(TestInfra) room = {0};
    g_autofree char *shared = g_build_filename(test->folder, "shared", NULL);
    g_autofree char *mounts =
        g_strdup_printf("  mounts:\n    - from: %s\n      to: /shared\n", shared);
    g_autoptr(GError) error = NULL;

    g_mkdir(shared, 0777);
    test_infra_open(&room, test, mounts);
    if (!test_infra_has_engine(&room))
        return;
    const char *id = test_infra_submit(
        &room, "apply",
        "{'service_name':'a','command':'echo begun; while ! test -f /shared/ready; do sleep 0.1; "
        "done'}",
        &error);
    g_assert_no_error(error);
    wait_until_begun(&room, id);
    test_jobs_run_sql(room.queue, "DELETE FROM infra_lock");
    test_infra_write(test, "shared/ready", "");
    test_infra_assert_ends(&room, id, "failed");
    g_autofree char *output = test_infra_output(&room, id);
    g_assert_nonnull(strstr(output, "Keeping the state that could not be written before"));
    const Value *workspace =
        infra_workspace(room.infra, room.arena, "order-service-staging", &error);
    g_assert_cmpint(value_int(value_get(workspace, "serial"), 0), >, 0);
    g_assert_true(value_is(value_get(workspace, "lock"), VALUE_NULL));

    const char *again = test_infra_submit(&room, "apply", "{'service_name':'a'}", &error);
    test_infra_assert_ends(&room, again, "succeeded");
    const Value *job = jobs_get(db_reader(test->db), room.arena, again, NULL);
    g_assert_cmpstr(value_path_string(value_item(value_get(job, "steps"), 2), "state", ""), ==,
                    "skipped");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_find_program(argv[0]);
    test_db_add("/infra/run/an-apply-makes-what-the-module-says",
                test_an_apply_makes_what_the_module_says);
    test_db_add("/infra/run/sensitive-outputs-become-secrets-and-are-never-printed",
                test_sensitive_outputs_become_secrets_and_are_never_printed);
    test_db_add("/infra/run/a-second-apply-changes-nothing-and-says-so",
                test_a_second_apply_changes_nothing_and_says_so);
    test_db_add("/infra/run/a-failing-apply-keeps-its-reason-and-goes-on-when-retried",
                test_a_failing_apply_keeps_its_reason_and_goes_on_when_retried);
    test_db_add("/infra/run/a-cancelled-run-lets-terraform-end-and-leaves-no-lock",
                test_a_cancelled_run_lets_terraform_end_and_leaves_no_lock);
    test_db_add("/infra/run/a-restarted-server-goes-on-with-the-run-that-is-alive",
                test_a_restarted_server_goes_on_with_the_run_that_is_alive);
    test_db_add("/infra/run/one-that-died-with-the-machine-is-planned-again",
                test_a_run_that_died_with_the_machine_is_planned_again);
    test_db_add("/infra/run/state-that-could-not-be-written-is-kept-all-the-same",
                test_state_that_could_not_be_written_is_kept_all_the_same);
    return test_db_run();
}
