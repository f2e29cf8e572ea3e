#include "test_runs.h"

static void reusable_workflows_get_inputs_and_inherited_secrets(TestDb *test)
{
    static const char called[] =
        "on:\n  workflow_call:\n    inputs:\n      service: {type: string, required: true}\n"
        "    outputs:\n      digest: {value: '${{ jobs.build.outputs.digest }}'}\n"
        "env: {WHERE: called}\n"
        "jobs:\n  build:\n    runs-on: x\n    environment: staging\n"
        "    outputs: {digest: '${{ steps.d.outputs.d }}'}\n    steps:\n"
        "      - id: d\n        run: |\n"
        "          echo \"${{ inputs.service }} $WHERE $CALLER ${{ vars.LEVEL }} ${{ "
        "secrets.PASSWORD != '' }}\"\n"
        "          echo d=sha256:${{ inputs.service }} >> $GITHUB_OUTPUT\n";
    static const char caller[] =
        "on: push\nenv: {CALLER: no}\njobs:\n"
        "  one:\n    uses: acme-corp/flows/.github/workflows/called.yml@main\n"
        "    with: {service: orders}\n    secrets: inherit\n"
        "  two:\n    needs: one\n    uses: acme-corp/flows/.github/workflows/called.yml@main\n"
        "    with: {service: '${{ needs.one.outputs.digest }}'}\n";
    g_auto(TestRuns) room = {0};
    if (!can_sandbox())
        return;
    test_runs_open(&room, test);
    test_runs_publish(&room, "flows", NULL,
                      (const char *const[]){".github/workflows/called.yml", called, NULL});
    test_runs_publish(&room, "app", NULL, (const char *const[]){WORKFLOW, caller, NULL});
    const Run *run = test_runs_wait(&room);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_SUCCESS);
    test_runs_assert_line(test_runs_output(&room, run, "one / build"),
                          "2|out|orders called  debug true");
    test_runs_assert_line(test_runs_output(&room, run, "two / build"),
                          "2|out|sha256:orders called  debug false");
    g_assert_cmpstr(test_runs_node(run, "one / build")->environment, ==, "staging");
}

static void path_filters_look_at_what_a_push_changed(TestDb *test)
{
    static const char workflow[] = "on: {push: {paths: ['docs/**']}}\n"
                                   "jobs: {a: {runs-on: x, steps: [uses: no/where@v1]}}\n";
    static const char *const changes[] = {"src/a.c", "docs/a.md"};
    g_auto(TestRuns) room = {0};
    g_autoptr(GError) error = NULL;
    test_runs_open(&room, test);
    test_runs_publish(&room, "app", NULL, (const char *const[]){WORKFLOW, workflow, NULL});
    g_assert_cmpint(test_runs_wait(&room)->number, ==,
                    1); /* what a new branch changed is unknown */
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        Value *files = value_array_new(room.arena), *file = value_object_new(room.arena);
        value_set_string(room.arena, file, "path", changes[i]);
        value_set_string(room.arena, file, "content", "text");
        value_append(room.arena, files, file);
        g_autofree char *commit = forge_commit_files(room.forge, "acme-corp", "app", "main", files,
                                                     changes[i], "user:default/ada", NULL, &error);
        g_assert_no_error(error);
    }
    const Run *run = test_runs_wait(&room);
    g_assert_cmpint(run->number, ==, 2);
    g_assert_cmpstr(run->title, ==, "docs/a.md");
}

static void a_broken_workflow_is_a_run_that_says_where(TestDb *test)
{
    g_auto(TestRuns) room = {0};
    test_runs_open(&room, test);
    test_runs_publish(&room, "app", NULL,
                      (const char *const[]){
                          WORKFLOW, "on: push\njobs:\n  a:\n    run-on: x\n    steps: [run: x]\n",
                          ".github/workflows/call.yml",
                          "on: push\njobs:\n  a: {uses: acme-corp/none/.github/workflows/"
                          "x.yml@v1}\n",
                          NULL});
    const Run *first = test_runs_wait(&room), *second = test_runs_wait(&room);
    const Run *broken = g_str_equal(first->workflow_path, WORKFLOW) ? first : second;
    const Run *missing = broken == first ? second : first;
    const Value *error = value_item(broken->errors, 0);
    g_assert_cmpint(broken->conclusion, ==, CONCLUSION_FAILURE);
    g_assert_cmpint(broken->state, ==, NODE_COMPLETED);
    g_assert_cmpstr(value_string(value_get(error, "file"), ""), ==, WORKFLOW);
    g_assert_cmpint(value_int(value_get(error, "line"), 0), ==, 4);
    g_assert_cmpstr(value_string(value_get(error, "hint"), ""), ==, "did you mean 'runs-on'?");
    const char *why = value_string(value_get(value_item(missing->errors, 0), "message"), "");
    g_assert_nonnull(strstr(why, "acme-corp/none"));
}

static void an_action_that_is_nowhere_fails_the_job_with_advice(TestDb *test)
{
    g_auto(TestRuns) room = {0};
    test_runs_open(&room, test);
    test_runs_publish(&room, "app", NULL,
                      (const char *const[]){WORKFLOW,
                                            "on: push\njobs:\n  a:\n    runs-on: x\n    steps: "
                                            "[uses: some/thing@v1]\n",
                                            NULL});
    const Run *run = test_runs_wait(&room);
    const char *report = test_runs_node(run, "a")->report;
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_FAILURE);
    g_assert_nonnull(strstr(report, "some/thing@v1"));
    g_assert_nonnull(strstr(report, "pipelines.actions"));
}

static void a_run_is_dispatched_with_inputs_and_run_again(TestDb *test)
{
    static const char workflow[] =
        "on:\n  workflow_dispatch:\n    inputs:\n      level: {type: choice, options: [a, b]}\n"
        "jobs:\n  a:\n    runs-on: x\n    steps:\n"
        "      - run: test \"${{ inputs.level }}\" = b -a ${{ github.run_attempt }} -gt 1\n";
    g_auto(TestRuns) room = {0};
    g_autoptr(GError) error = NULL;
    if (!can_sandbox())
        return;
    test_runs_open(&room, test);
    test_runs_publish(&room, "app", NULL, (const char *const[]){WORKFLOW, workflow, NULL});
    const Value *wrong = json_parse(room.arena, "{\"level\":\"c\"}", -1, NULL);
    const Value *right = json_parse(room.arena, "{\"level\":\"b\"}", -1, NULL);
    g_assert_null(pipelines_dispatch(room.pipelines, room.arena, "acme-corp", "app", "ci.yml", NULL,
                                     wrong, "user:default/ada", &error));
    g_assert_error(error, PAVE_ERROR, ERROR_INPUT);
    g_clear_error(&error);
    const char *id = pipelines_dispatch(room.pipelines, room.arena, "acme-corp", "app", "ci.yml",
                                        "main", right, "user:default/ada", &error);
    g_assert_no_error(error);
    const Run *run = test_runs_wait(&room);
    g_assert_cmpstr(run->id, ==, id);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_FAILURE);
    g_assert_true(pipelines_rerun(room.pipelines, id, TRUE, "user:default/ada", &error));
    run = test_runs_wait(&room);
    g_assert_cmpint(run->attempt, ==, 2);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_SUCCESS);
}

static const Run *dispatch(TestRuns *room)
{
    g_autoptr(GError) error = NULL;
    const char *id = pipelines_dispatch(room->pipelines, room->arena, "acme-corp", "app", "ci.yml",
                                        "main", NULL, "user:default/ada", &error);
    g_assert_no_error(error);
    return store_load_run(db_reader(room->test->db), room->arena, id, NULL);
}

static void of_a_concurrency_group_one_runs_and_the_newest_waits(TestDb *test)
{
    static const char workflow[] =
        "on: workflow_dispatch\nconcurrency: deploy-${{ github.ref_name }}\n"
        "jobs:\n  a:\n    runs-on: x\n    steps:\n"
        "      - run: if [ ${{ github.run_number }} = 1 ]; then touch here; while [ ! -e go ]; do "
        "sleep 0.05; done; fi\n";
    g_auto(TestRuns) room = {0};
    if (!can_sandbox())
        return;
    test_runs_open(&room, test);
    test_runs_publish(&room, "app", NULL, (const char *const[]){WORKFLOW, workflow, NULL});
    const Run *first = dispatch(&room);
    wait_for_file(&room, "here");
    const Run *second = dispatch(&room), *third = dispatch(&room);
    g_assert_cmpstr(second->concurrency, ==, "deploy-main");
    g_assert_cmpint(third->nodes[0]->state, ==, NODE_PENDING);
    const Run *run = test_runs_wait(&room);
    g_assert_cmpstr(run->id, ==, second->id);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_CANCELLED);
    let_go(&room);
    run = test_runs_wait(&room);
    g_assert_cmpstr(run->id, ==, first->id);
    run = test_runs_wait(&room);
    g_assert_cmpstr(run->id, ==, third->id);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_SUCCESS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/runs/reusable-workflows-get-inputs-and-inherited-secrets",
                reusable_workflows_get_inputs_and_inherited_secrets);
    test_db_add("/runs/path-filters-look-at-what-a-push-changed",
                path_filters_look_at_what_a_push_changed);
    test_db_add("/runs/a-broken-workflow-is-a-run-that-says-where",
                a_broken_workflow_is_a_run_that_says_where);
    test_db_add("/runs/an-action-that-is-nowhere-fails-the-job-with-advice",
                an_action_that_is_nowhere_fails_the_job_with_advice);
    test_db_add("/runs/a-run-is-dispatched-with-inputs-and-run-again",
                a_run_is_dispatched_with_inputs_and_run_again);
    test_db_add("/runs/of-a-concurrency-group-one-runs-and-the-newest-waits",
                of_a_concurrency_group_one_runs_and_the_newest_waits);
    return test_db_run();
}
