/* Steps that ask people, on both databases. */
#include "../spine/test_jobs.h"
#include "scaffolder/tasks/approvals.h"

static const char *const OWNERS[] = {"group:default/platform", NULL};

typedef struct {
    Approvals *approvals;
    int64_t timeout_ms;
    guint required;
} Asking;

static gboolean run_asking(Job *job, const Value **output, GError **error, void *data)
{
    const Asking *asking = data;
    g_autoptr(GError) refused = NULL;
    JobStep step;

    if (!job_step_open(job, "ask", "Ask", RECOVERY_REPEAT, &step, error))
        return FALSE;
    ApprovalAsk ask = {.step = "ask",
                       .intent_id = step.intent_id,
                       .fresh = step.state == STEP_FRESH,
                       .step_name = "Ask",
                       .title = "A thing",
                       .message = "may it be",
                       .owners = OWNERS,
                       .required = asking->required,
                       .timeout_ms = asking->timeout_ms};

    if (approval_ask(asking->approvals, job, &ask, output, &refused))
        return job_step_finish(job, "ask", *output, NULL, error);
    if (!g_error_matches(refused, PAVE_ERROR, ERROR_CANCELLED))
        g_assert_true(job_step_fail(job, "ask", refused, NULL));
    g_propagate_error(error, g_steal_pointer(&refused));
    return FALSE;
}

static gboolean ended(DbConn *tx, const char *job, const char *state, void *data, GError **error)
{
    return approvals_close(tx, job, error);
}

typedef struct {
    TestJobs *queue;
    Asking asking;
    Arena *arena;
    char *id; /* of the job */
} Case;

static void case_start(Case *c, TestDb *test, guint required, int64_t timeout_ms)
{
    c->queue = test_jobs_new(test);
    c->arena = arena_new(1 << 20);
    c->asking = (Asking){approvals_new(c->queue->db, c->queue->jobs), timeout_ms, required};
    jobs_register(
        c->queue->jobs,
        &(JobKind){.name = "asking", .run = run_asking, .ended = ended, .data = &c->asking});
    jobs_start(c->queue->jobs);
    c->id = test_jobs_submit(c->queue, &(JobSpec){.kind = "asking", .actor = "user:default/ada"});
}

static void case_end(Case *c)
{
    jobs_stop(c->queue->jobs);
    approvals_free(c->asking.approvals);
    test_jobs_free(c->queue);
    arena_free(c->arena);
    g_free(c->id);
}

static const Value *list(Case *c, const char *state, const Principal *principal, bool mine)
{
    const ApprovalFilter filter = {
        .state = state, .job = c->id, .principal = principal, .mine = mine, .limit = 10};
    g_autoptr(GError) error = NULL;
    const Value *reply = approvals_list(c->asking.approvals, c->arena, &filter, &error);

    g_assert_no_error(error);
    return value_get(reply, "items");
}

static const char *wait_until_asked(Case *c)
{
    for (int i = 0; i < 1000; i++) {
        const Value *items = list(c, "pending", NULL, false);

        if (value_count(items) > 0)
            return value_path_string(value_item(items, 0), "id", "");
        g_usleep(10000);
    }
    g_error("nobody was asked");
}

static Principal *person(const char *ref)
{
    return principal_new(PRINCIPAL_USER, ref, OWNERS, NULL, NULL);
}

static PaveErrorCode decide(Case *c, const char *id, const char *who, const char *decision)
{
    g_autoptr(Principal) principal = person(who);
    g_autoptr(GError) error = NULL;

    approval_decide(c->asking.approvals, c->arena, id, principal, decision, "since", &error);
    g_assert_true(!error || error->domain == PAVE_ERROR);
    return error ? (PaveErrorCode)error->code : 0;
}

static void who_is_asked_agrees_and_the_job_goes_on(TestDb *test)
{
    Case c;

    case_start(&c, test, 2, 0);
    const char *id = wait_until_asked(&c);
    g_autoptr(Principal) bob = person("user:default/bob");
    g_autoptr(Principal) stranger =
        principal_new(PRINCIPAL_USER, "user:default/eve", NULL, NULL, NULL);

    g_assert_cmpuint(value_count(list(&c, NULL, bob, true)), ==, 1);
    g_assert_cmpuint(value_count(list(&c, NULL, stranger, true)), ==, 0);
    g_assert_cmpint(decide(&c, id, "user:default/ada", "approve"), ==, ERROR_NOT_ALLOWED);
    g_assert_cmpint(decide(&c, id, "user:default/bob", "approve"), ==, 0);
    g_assert_cmpint(decide(&c, id, "user:default/bob", "approve"), ==, ERROR_CONFLICT);
    g_assert_cmpint(decide(&c, id, "user:default/cy", "approve"), ==, 0);
    test_jobs_assert_ends(c.queue, c.id, "succeeded");
    g_assert_cmpuint(value_count(list(&c, "decided", NULL, false)), ==, 1);
    case_end(&c);
}

static void no_service_approves(TestDb *test)
{
    Case c;
    g_autoptr(Principal) service = principal_new(PRINCIPAL_SERVICE, "service:ci", NULL, NULL, NULL);
    g_autoptr(GError) error = NULL;

    case_start(&c, test, 1, 0);
    const char *id = wait_until_asked(&c);

    g_assert_null(approval_decide(c.asking.approvals, c.arena, id, service, "approve", "", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_NOT_ALLOWED);
    g_assert_true(jobs_cancel(c.queue->jobs, c.id, "user:default/ada", NULL));
    test_jobs_assert_ends(c.queue, c.id, "cancelled");
    g_assert_cmpint(decide(&c, id, "user:default/bob", "approve"), ==, ERROR_CONFLICT);
    case_end(&c);
}

static void what_nobody_decides_expires(TestDb *test)
{
    Case c;

    case_start(&c, test, 1, 50);
    test_jobs_assert_ends(c.queue, c.id, "failed");
    const Value *item = value_item(list(&c, "decided", NULL, false), 0);

    g_assert_cmpstr(value_path_string(item, "state", ""), ==, "expired");
    case_end(&c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/scaffolder/approvals/who-is-asked-agrees-and-the-job-goes-on",
                who_is_asked_agrees_and_the_job_goes_on);
    test_db_add("/scaffolder/approvals/no-service-approves", no_service_approves);
    test_db_add("/scaffolder/approvals/what-nobody-decides-expires", what_nobody_decides_expires);
    return test_db_run();
}
