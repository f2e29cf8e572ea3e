#include "pipelines/plan.h"

#include "formats/json.h"
#include "pipelines/workflow.h"

#include <string.h>

/* A run of a workflow in which `uses: o/r/.github/workflows/called.yml@v1` is the second text. */
static Run *run_of(Arena *arena, const char *text, const char *called)
{
    g_autoptr(Diagnostics) diagnostics = diagnostics_new();
    g_autoptr(GError) error = NULL;
    const char *texts[] = {text, called}, *keys[] = {"", "called"};
    Value *plan = value_object_new(arena), *workflows = value_object_new(arena);
    for (guint i = 0; i < 2 && texts[i]; i++) {
        Value *entry = value_object_new(arena), *calls = value_object_new(arena);
        Value *workflow = workflow_parse(arena, texts[i], -1, "x.yml", diagnostics);
        const Value *jobs = value_get(workflow, "jobs");
        for (guint j = 0; j < value_count(jobs); j++)
            if (value_get(value_value_at(jobs, j), "uses"))
                value_set_string(arena, calls, value_key_at(jobs, j), "called");
        value_set(arena, entry, "workflow", workflow);
        value_set(arena, entry, "calls", calls);
        value_set(arena, workflows, keys[i], entry);
    }
    diagnostics_to_error(diagnostics, &error);
    g_assert_no_error(error);
    value_set(arena, plan, "workflows", workflows);
    Run *run = arena_new0(arena, Run, 1);
    run->arena = arena;
    run->plan = plan;
    run->workflow_path = "x.yml";
    g_assert_true(run_expand(run, &error));
    g_assert_no_error(error);
    run_advance(run, 1000);
    return run;
}

static RunNode *node_of(const Run *run, const char *key)
{
    for (guint i = 0; i < run->node_count; i++)
        if (g_str_equal(run->nodes[i]->key, key))
            return run->nodes[i];
    g_error("no node %s", key);
}

static void end(Run *run, const char *key, Conclusion conclusion, const char *outputs)
{
    RunNode *node = node_of(run, key);
    g_assert_cmpint(node->state, ==, NODE_QUEUED);
    if (outputs)
        node->outputs = json_parse(run->arena, outputs, -1, NULL);
    run_job_ended(run, node, conclusion, 2000);
    run_advance(run, 2000);
}

/* "a:queued b:skipped": each job's conclusion, or its state. */
static const char *picture(const Run *run)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < run->node_count; i++) {
        const RunNode *node = run->nodes[i];
        if (node->kind == NODE_IS_JOB)
            g_string_append_printf(text, "%s%s:%s", text->len ? " " : "", node->key,
                                   node->conclusion ? conclusion_name(node->conclusion)
                                                    : node_state_name(node->state));
    }
    const char *copy = arena_strdup(run->arena, text->str);
    g_string_free(text, TRUE);
    return copy;
}

#define STEPS "runs-on: x, steps: [run: x]"

static void jobs_begin_when_their_needs_are_over(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Run *run = run_of(arena,
                      "on: push\njobs:\n  a: {" STEPS "}\n  b: {needs: a, " STEPS "}\n"
                      "  c: {needs: [a, b], " STEPS "}\n  d: {" STEPS "}\n",
                      NULL);
    g_assert_cmpstr(picture(run), ==, "a:queued b:pending c:pending d:queued");
    g_assert_true(node_of(run, "a")->begins);
    end(run, "a", CONCLUSION_SUCCESS, NULL);
    g_assert_cmpstr(picture(run), ==, "a:success b:queued c:pending d:queued");
    end(run, "d", CONCLUSION_SUCCESS, NULL);
    end(run, "b", CONCLUSION_SUCCESS, NULL);
    g_assert_cmpint(run->state, !=, NODE_COMPLETED);
    end(run, "c", CONCLUSION_SUCCESS, NULL);
    g_assert_cmpint(run->state, ==, NODE_COMPLETED);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_SUCCESS);
}

static void a_failure_skips_what_follows_unless_it_asks(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Run *run = run_of(arena,
                      "on: push\njobs:\n  a: {" STEPS "}\n  b: {needs: a, " STEPS "}\n"
                      "  c: {needs: b, " STEPS "}\n  cleanup: {needs: [b, c], if: always(), " STEPS
                      "}\n  alarm: {needs: b, if: failure(), " STEPS "}\n"
                      "  never: {needs: b, if: \"needs.b.result == 'skipped'\", " STEPS "}\n",
                      NULL);
    end(run, "a", CONCLUSION_FAILURE, NULL);
    g_assert_cmpstr(picture(run), ==,
                    "a:failure b:skipped c:skipped cleanup:queued alarm:queued never:skipped");
    end(run, "cleanup", CONCLUSION_SUCCESS, NULL);
    end(run, "alarm", CONCLUSION_SUCCESS, NULL);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_FAILURE);
}

static void a_tolerated_failure_counts_as_success(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Run *run = run_of(arena,
                      "on: push\njobs:\n  a: {continue-on-error: true, " STEPS
                      "}\n  b: {needs: a, " STEPS "}\n",
                      NULL);
    end(run, "a", CONCLUSION_FAILURE, NULL);
    end(run, "b", CONCLUSION_SUCCESS, NULL);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_SUCCESS);
}

static const char CALLER[] =
    "on: push\njobs:\n"
    "  deploy-staging:\n    uses: o/r/.github/workflows/called.yml@v1\n"
    "    with: {environment: staging}\n"
    "  deploy-production:\n    needs: deploy-staging\n"
    "    uses: o/r/.github/workflows/called.yml@v1\n"
    "    with: {environment: production, from: '${{ needs.deploy-staging.outputs.digest }}'}\n";
static const char CALLED[] =
    "on:\n  workflow_call:\n    inputs:\n      environment: {type: string, required: true}\n"
    "      from: {type: string}\n"
    "    outputs:\n      digest: {value: '${{ jobs.deploy.outputs.digest }}'}\n"
    "jobs:\n  build: {" STEPS "}\n"
    "  deploy: {needs: build, environment: '${{ inputs.environment }}', " STEPS "}\n";

static void reusable_workflows_stand_beneath_their_caller(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Run *run = run_of(arena, CALLER, CALLED);
    g_assert_cmpstr(picture(run), ==,
                    "deploy-staging / build:queued deploy-staging / deploy:pending "
                    "deploy-production / build:pending deploy-production / deploy:pending");
    end(run, "deploy-staging / build", CONCLUSION_SUCCESS, NULL);
    g_assert_cmpstr(node_of(run, "deploy-staging / deploy")->environment, ==, "staging");
    end(run, "deploy-staging / deploy", CONCLUSION_SUCCESS, "{\"digest\":\"sha256:1\"}");
    const RunNode *production = node_of(run, "deploy-production");
    g_assert_cmpstr(value_string(value_get(production->inputs, "from"), NULL), ==, "sha256:1");
    g_assert_cmpint(node_of(run, "deploy-production / build")->state, ==, NODE_QUEUED);
    g_autofree char *needs =
        json_to_string(run_needs_keys(run, node_of(run, "deploy-production / build")), 0);
    g_assert_cmpstr(needs, ==, "[\"deploy-staging / deploy\"]");
    end(run, "deploy-production / build", CONCLUSION_FAILURE, NULL);
    g_assert_cmpint(node_of(run, "deploy-production / deploy")->conclusion, ==, CONCLUSION_SKIPPED);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_FAILURE);
}

static void a_caller_that_is_skipped_skips_its_jobs(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Run *run = run_of(arena, CALLER, CALLED);
    end(run, "deploy-staging / build", CONCLUSION_FAILURE, NULL);
    g_assert_cmpstr(picture(run), ==,
                    "deploy-staging / build:failure deploy-staging / deploy:skipped "
                    "deploy-production / build:skipped deploy-production / deploy:skipped");
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_FAILURE);
}

static void wrong_inputs_fail_the_caller_and_say_why(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Run *run = run_of(arena,
                      "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/called.yml@v1\n"
                      "    with: {from: x}\n",
                      CALLED);
    g_assert_cmpint(node_of(run, "a")->conclusion, ==, CONCLUSION_FAILURE);
    g_assert_cmpstr(node_of(run, "a")->error, ==, "the input 'environment' is required");
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_FAILURE);
}

static void a_matrix_makes_a_job_for_each_combination(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Run *run = run_of(arena,
                      "on: push\njobs:\n  t:\n    strategy: {matrix: {os: [a, b], v: [1, 2]}}\n"
                      "    "
                      "runs-on: x\n    steps: [run: x]\n  after: {needs: t, " STEPS "}\n",
                      NULL);
    g_assert_cmpstr(picture(run), ==,
                    "t (a, 1):queued t (a, 2):queued t (b, 1):queued t (b, 2):queued "
                    "after:pending");
    end(run, "t (a, 1)", CONCLUSION_SUCCESS, NULL);
    end(run, "t (a, 2)", CONCLUSION_FAILURE, NULL);
    g_assert_true(node_of(run, "t (b, 1)")->stops);
    g_assert_false(node_of(run, "t (a, 1)")->stops);
    end(run, "t (b, 1)", CONCLUSION_CANCELLED, NULL);
    end(run, "t (b, 2)", CONCLUSION_CANCELLED, NULL);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_FAILURE);
    g_assert_cmpint(node_of(run, "after")->conclusion, ==, CONCLUSION_SKIPPED);
}

static void a_matrix_may_come_from_an_earlier_job(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Run *run = run_of(arena,
                      "on: push\njobs:\n  find: {" STEPS "}\n  t:\n    needs: find\n"
                      "    name: Test ${{ matrix.v }}\n"
                      "    strategy: {max-parallel: 1, matrix: {v: '${{ "
                      "fromJSON(needs.find.outputs.list) }}'}}\n"
                      "    runs-on: x\n    steps: [run: x]\n",
                      NULL);
    g_assert_cmpstr(picture(run), ==, "find:queued");
    end(run, "find", CONCLUSION_SUCCESS, "{\"list\":\"[7,8]\"}");
    g_assert_cmpstr(picture(run), ==, "find:success t (7):queued t (8):pending");
    g_assert_cmpstr(node_of(run, "t (7)")->name, ==, "Test 7");
    end(run, "t (7)", CONCLUSION_SUCCESS, NULL);
    end(run, "t (8)", CONCLUSION_SUCCESS, NULL);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_SUCCESS);
}

static void cancelling_leaves_only_what_must_clean_up(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Run *run = run_of(arena,
                      "on: push\njobs:\n  a: {" STEPS "}\n  b: {needs: a, " STEPS "}\n"
                      "  c: {needs: a, if: always(), " STEPS "}\n",
                      NULL);
    run->is_cancelled = TRUE;
    end(run, "a", CONCLUSION_CANCELLED, NULL);
    g_assert_cmpstr(picture(run), ==, "a:cancelled b:cancelled c:queued");
    end(run, "c", CONCLUSION_SUCCESS, NULL);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_CANCELLED);
}

static void running_again_keeps_what_succeeded(void)
{
    g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
    Run *run = run_of(arena, CALLER, CALLED);
    end(run, "deploy-staging / build", CONCLUSION_SUCCESS, NULL);
    end(run, "deploy-staging / deploy", CONCLUSION_FAILURE, NULL);
    g_assert_cmpint(run->state, ==, NODE_COMPLETED);
    run_reset(run, TRUE);
    run_advance(run, 3000);
    g_assert_cmpstr(picture(run), ==,
                    "deploy-staging / build:success deploy-staging / deploy:queued "
                    "deploy-production / build:pending deploy-production / deploy:pending");
    end(run, "deploy-staging / deploy", CONCLUSION_SUCCESS, NULL);
    end(run, "deploy-production / build", CONCLUSION_SUCCESS, NULL);
    end(run, "deploy-production / deploy", CONCLUSION_SUCCESS, NULL);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_SUCCESS);
    run_reset(run, FALSE);
    run_advance(run, 4000);
    g_assert_cmpstr(picture(run), ==,
                    "deploy-staging / build:queued deploy-staging / deploy:pending "
                    "deploy-production / build:pending deploy-production / deploy:pending");
    g_assert_cmpint(run->attempt, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/jobs-begin-when-their-needs-are-over",
                    jobs_begin_when_their_needs_are_over);
    g_test_add_func("/plan/a-failure-skips-what-follows-unless-it-asks",
                    a_failure_skips_what_follows_unless_it_asks);
    g_test_add_func("/plan/a-tolerated-failure-counts-as-success",
                    a_tolerated_failure_counts_as_success);
    g_test_add_func("/plan/reusable-workflows-stand-beneath-their-caller",
                    reusable_workflows_stand_beneath_their_caller);
    g_test_add_func("/plan/a-caller-that-is-skipped-skips-its-jobs",
                    a_caller_that_is_skipped_skips_its_jobs);
    g_test_add_func("/plan/wrong-inputs-fail-the-caller-and-say-why",
                    wrong_inputs_fail_the_caller_and_say_why);
    g_test_add_func("/plan/a-matrix-makes-a-job-for-each-combination",
                    a_matrix_makes_a_job_for_each_combination);
    g_test_add_func("/plan/a-matrix-may-come-from-an-earlier-job",
                    a_matrix_may_come_from_an_earlier_job);
    g_test_add_func("/plan/cancelling-leaves-only-what-must-clean-up",
                    cancelling_leaves_only_what_must_clean_up);
    g_test_add_func("/plan/running-again-keeps-what-succeeded", running_again_keeps_what_succeeded);
    return g_test_run();
}
