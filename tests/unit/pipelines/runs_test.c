#include "test_runs.h"

#include "spine/process.h"
#include "spine/sandbox.h"

#define WORKFLOW ".github/workflows/ci.yml"

static gboolean can_sandbox(void)
{
    static const Sandbox plain = {.network = SANDBOX_NETWORK_NONE};
    static const char *const argv[] = {"true", NULL};
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) command = sandbox_command(&plain, argv, "/", &error);
    if (!command)
        g_test_skip(error->message);
    return command != NULL;
}

static void what_a_step_says_reaches_the_next(TestDb *test)
{
    static const char workflow[] =
        "on: push\nenv: {GREETING: hello}\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
        "    env: {NAME: '${{ github.job }}-job'}\n"
        "    outputs: {answer: '${{ steps.first.outputs.answer }}', secret: '${{ "
        "steps.first.outputs.secret }}'}\n"
        "    steps:\n"
        "      - id: first\n        name: First\n        run: |\n"
        "          echo \"answer=42\" >> \"$GITHUB_OUTPUT\"\n"
        "          echo \"secret=$PASSWORD\" >> \"$GITHUB_OUTPUT\"\n"
        "          printf 'LONG<<END\\none\\ntwo\\nEND\\n' >> \"$GITHUB_ENV\"\n"
        "          mkdir -p bin; printf '#!/bin/sh\\necho tool\\n' > bin/tool; chmod +x bin/tool\n"
        "          echo \"$PWD/bin\" >> \"$GITHUB_PATH\"\n"
        "          echo '# Summary' >> \"$GITHUB_STEP_SUMMARY\"\n"
        "          echo \"password is $PASSWORD and $(printf %s \"$PASSWORD\" | base64)\"\n"
        "          echo '::warning file=a.js,line=3::Look here'\n"
        "          echo '::add-mask::visible-no-more'\n"
        "          echo visible-no-more\n"
        "        env: {PASSWORD: '${{ secrets.PASSWORD }}'}\n"
        "      - run: |\n"
        "          echo \"$GREETING $NAME $LONG ${{ steps.first.outputs.answer }} ${{ vars.REGION "
        "}} "
        "$ACME\"\n"
        "          tool; echo visible-no-more\n"
        "          echo \"$GITHUB_REPOSITORY $GITHUB_REF_NAME $GITHUB_WORKSPACE $CI\"\n"
        "          id -u; cat /etc/passwd >/dev/null; ls / | tr '\\n' ' '\n"
        "      - run: import os; print('python', os.environ['GITHUB_JOB'])\n        shell: python\n"
        "      - if: steps.first.outputs.answer == 41\n        run: echo never\n";
    g_auto(TestRuns) room = {0};
    if (!can_sandbox())
        return;
    test_runs_open(&room, test);
    test_runs_publish(&room, "app", NULL, (const char *const[]){WORKFLOW, workflow, NULL});
    const Run *run = test_runs_wait(&room);
    const char *output = test_runs_output(&room, run, "a");
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_SUCCESS);
    g_assert_cmpstr(test_runs_steps(&room, run, "a"), ==,
                    "1:success 2:success 3:success 4:success 5:skipped");
    test_runs_assert_line(output, "2|out|password is *** and ***");
    test_runs_assert_line(output, "2|out|***");
    test_runs_assert_line(output, "2|warning|a.js:3: Look here");
    test_runs_assert_line(output, "3|out|hello a-job one");
    test_runs_assert_line(output, "3|out|two 42 eu yes-acme");
    test_runs_assert_line(output, "3|out|tool");
    test_runs_assert_line(output, "3|out|acme-corp/app main /workspace true");
    test_runs_assert_line(output, "4|out|python a");
    g_assert_null(strstr(output, "hunter2"));
    const RunNode *node = test_runs_node(run, "a");
    g_autofree char *outputs = json_to_string(node->outputs, JSON_COMPACT);
    g_assert_cmpstr(outputs, ==, "{\"answer\":\"42\"}");
    g_assert_nonnull(strstr(node->report, "# Summary"));
    g_assert_nonnull(strstr(node->report, "Look here"));
    g_assert_nonnull(strstr(node->report, "may hold a secret"));
}

static void a_failure_ends_the_job_but_for_what_asks(TestDb *test)
{
    static const char workflow[] = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
                                   "      - run: exit 3\n        continue-on-error: true\n"
                                   "      - run: echo goes on\n"
                                   "      - run: 'false; echo not reached'\n"
                                   "      - run: echo skipped\n"
                                   "      - run: echo cleanup\n        if: always()\n"
                                   "      - run: echo failed\n        if: failure()\n"
                                   "  b: {needs: a, runs-on: x, steps: [run: 'true']}\n";
    g_auto(TestRuns) room = {0};
    if (!can_sandbox())
        return;
    test_runs_open(&room, test);
    test_runs_publish(&room, "app", NULL, (const char *const[]){WORKFLOW, workflow, NULL});
    const Run *run = test_runs_wait(&room);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_FAILURE);
    g_assert_cmpstr(test_runs_steps(&room, run, "a"), ==,
                    "1:success 2:failure 3:success 4:failure 5:skipped 6:success 7:success");
    g_assert_cmpint(test_runs_node(run, "b")->conclusion, ==, CONCLUSION_SKIPPED);
    test_runs_assert_line(test_runs_output(&room, run, "a"),
                          "4|error|Process completed with exit code 1.");
}

static const char ACTION[] =
    "name: Greet\ninputs:\n  who: {default: 'nobody ${{ github.ref_name }}'}\n  loud: {}\n"
    "outputs:\n  text: {value: '${{ steps.say.outputs.text }}'}\n"
    "runs:\n  using: composite\n  steps:\n"
    "    - id: say\n      shell: bash\n      env: {WHO: '${{ inputs.who }}'}\n"
    "      run: |\n        echo \"text=hi $WHO\" >> \"$GITHUB_OUTPUT\"\n"
    "        cat \"$GITHUB_ACTION_PATH/note.txt\"; echo \"FROM=action\" >> \"$GITHUB_ENV\"\n"
    "    - uses: ./local\n";

static void actions_come_from_the_forge_and_the_workspace(TestDb *test)
{
    static const char workflow[] =
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
        "      - uses: actions/checkout@v4\n"
        "      - run: git log --format=%s; git status --short --branch; cat README.md\n"
        "      - uses: vendor/greet@v9\n        id: greet\n        with: {who: ada}\n"
        "      - run: echo \"${{ steps.greet.outputs.text }} $FROM\"\n"
        "      - uses: acme-corp/actions/greet@main\n        id: again\n"
        "      - run: echo \"${{ steps.again.outputs.text }}\"\n";
    static const char local[] = "runs:\n  using: composite\n  steps:\n"
                                "    - {run: 'echo local ${{ github.action_path }}', shell: sh}\n";
    g_auto(TestRuns) room = {0};
    if (!can_sandbox())
        return;
    test_runs_open(&room, test);
    test_runs_publish(
        &room, "actions", NULL,
        (const char *const[]){"greet/action.yml", ACTION, "greet/note.txt", "a note\n", NULL});
    test_runs_publish(&room, "app", NULL,
                      (const char *const[]){WORKFLOW, workflow, "README.md", "read me\n",
                                            "local/action.yml", local, NULL});
    const Run *run = test_runs_wait(&room);
    const char *output = test_runs_output(&room, run, "a");
    g_test_message("%s", output);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_SUCCESS);
    test_runs_assert_line(output, "3|out|initial commit");
    test_runs_assert_line(output, "3|out|## main");
    test_runs_assert_line(output, "3|out|read me");
    test_runs_assert_line(output, "4|out|a note");
    test_runs_assert_line(output, "4|out|local /workspace/local");
    test_runs_assert_line(output, "5|out|hi ada action");
    test_runs_assert_line(output, "7|out|hi nobody main");
    g_assert_nonnull(strstr(test_runs_steps(&room, run, "a"),
                            "4:success 4.1:success 4.2:success 4.2.1:success"));
}

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

/* Blocks until the file is there: a step has come so far. */
static void wait_for_file(TestRuns *room, const char *name)
{
    g_autofree char *pattern = g_strdup_printf("%s/jobs", room->data);
    for (int i = 0; i < 3000; i++) {
        g_autoptr(GDir) dir = g_dir_open(pattern, 0, NULL);
        const char *job;
        while (dir && (job = g_dir_read_name(dir))) {
            g_autofree char *path =
                g_build_filename(pattern, job, "files", "workspace", name, NULL);
            if (g_file_test(path, G_FILE_TEST_EXISTS))
                return;
        }
        g_usleep(10000);
    }
    g_error("%s never came", name);
}

static const char INTERRUPTED[] =
    "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
    "      - run: echo once >> once; echo 'A=kept' >> $GITHUB_ENV\n"
    "      - run: |\n          echo begun; echo begun >> begun; touch here\n"
    "          while [ ! -e go ]; do sleep 0.05; done; echo ended\n"
    "      - run: echo \"$A $(wc -l < once) $(wc -l < begun)\"\n";

/* The files of the only job that has a workspace. */
static char *job_files(TestRuns *room)
{
    g_autofree char *jobs = g_build_filename(room->data, "jobs", NULL);
    g_autoptr(GDir) dir = g_dir_open(jobs, 0, NULL);
    const char *job;
    while ((job = g_dir_read_name(dir))) {
        g_autofree char *files = g_build_filename(jobs, job, "files", NULL);
        g_autofree char *workspace = g_build_filename(files, "workspace", NULL);
        if (g_file_test(workspace, G_FILE_TEST_IS_DIR))
            return g_steal_pointer(&files);
    }
    g_error("no job has a workspace");
}

static void let_go(TestRuns *room)
{
    g_autofree char *files = job_files(room);
    g_autofree char *go = g_build_filename(files, "workspace", "go", NULL);
    g_assert_true(g_file_set_contents(go, "", 0, NULL));
}

static void a_restarted_server_goes_on_where_it_was(TestDb *test)
{
    g_auto(TestRuns) room = {0};
    if (!can_sandbox())
        return;
    test_runs_open(&room, test);
    test_runs_publish(&room, "app", NULL, (const char *const[]){WORKFLOW, INTERRUPTED, NULL});
    wait_for_file(&room, "here");
    test_runs_restart(&room);
    let_go(&room);
    const Run *run = test_runs_wait(&room);
    const char *output = test_runs_output(&room, run, "a");
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_SUCCESS);
    test_runs_assert_line(output, "4|out|kept 1 1");
    const char *first = strstr(output, "3|out|begun\n");
    g_assert_nonnull(first);
    g_assert_null(strstr(first + 1, "3|out|begun\n"));
}

static void a_step_whose_process_died_with_the_server_is_repeated(TestDb *test)
{
    g_auto(TestRuns) room = {0};
    g_autoptr(GError) error = NULL;
    if (!can_sandbox())
        return;
    test_runs_open(&room, test);
    test_runs_publish(&room, "app", NULL, (const char *const[]){WORKFLOW, INTERRUPTED, NULL});
    wait_for_file(&room, "here");
    g_autofree char *files = job_files(&room);
    g_autofree char *folder = g_build_filename(files, "process", "3", NULL);
    test_runs_close(&room);
    g_autoptr(Process) process = process_attach(folder, &error);
    g_assert_no_error(error);
    kill(process_pid(process), SIGKILL);
    test_runs_open(&room, test);
    let_go(&room);
    const Run *run = test_runs_wait(&room);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_SUCCESS);
    test_runs_assert_line(test_runs_output(&room, run, "a"), "4|out|kept 1 2");
}

static void a_cancelled_run_stops_its_step_and_cleans_up(TestDb *test)
{
    static const char workflow[] = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
                                   "      - run: touch here; sleep 600\n"
                                   "      - run: echo not\n"
                                   "      - run: echo cleaned\n        if: always()\n"
                                   "  b: {needs: a, runs-on: x, steps: [run: 'true']}\n";
    g_auto(TestRuns) room = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    if (!can_sandbox())
        return;
    test_runs_open(&room, test);
    test_runs_publish(&room, "app", NULL, (const char *const[]){WORKFLOW, workflow, NULL});
    wait_for_file(&room, "here");
    g_assert_true(
        store_list_runs(db_reader(test->db), room.arena, "acme-corp/app", 10, found, NULL));
    g_assert_cmpuint(found->len, ==, 1);
    pipelines_cancel(room.pipelines, ((Run *)found->pdata[0])->id, "user:default/ada", &error);
    g_assert_no_error(error);
    const Run *run = test_runs_wait(&room);
    g_assert_cmpint(run->conclusion, ==, CONCLUSION_CANCELLED);
    g_assert_cmpstr(test_runs_steps(&room, run, "a"), ==,
                    "1:success 2:cancelled 3:skipped 4:success");
    g_assert_cmpint(test_runs_node(run, "b")->conclusion, ==, CONCLUSION_CANCELLED);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/runs/what-a-step-says-reaches-the-next", what_a_step_says_reaches_the_next);
    test_db_add("/runs/a-failure-ends-the-job-but-for-what-asks",
                a_failure_ends_the_job_but_for_what_asks);
    test_db_add("/runs/actions-come-from-the-forge-and-the-workspace",
                actions_come_from_the_forge_and_the_workspace);
    test_db_add("/runs/reusable-workflows-get-inputs-and-inherited-secrets",
                reusable_workflows_get_inputs_and_inherited_secrets);
    test_db_add("/runs/path-filters-look-at-what-a-push-changed",
                path_filters_look_at_what_a_push_changed);
    test_db_add("/runs/a-broken-workflow-is-a-run-that-says-where",
                a_broken_workflow_is_a_run_that_says_where);
    test_db_add("/runs/an-action-that-is-nowhere-fails-the-job-with-advice",
                an_action_that_is_nowhere_fails_the_job_with_advice);
    test_db_add("/runs/a-restarted-server-goes-on-where-it-was",
                a_restarted_server_goes_on_where_it_was);
    test_db_add("/runs/a-step-whose-process-died-with-the-server-is-repeated",
                a_step_whose_process_died_with_the_server_is_repeated);
    test_db_add("/runs/a-cancelled-run-stops-its-step-and-cleans-up",
                a_cancelled_run_stops_its_step_and_cleans_up);
    test_db_add("/runs/a-run-is-dispatched-with-inputs-and-run-again",
                a_run_is_dispatched_with_inputs_and_run_again);
    return test_db_run();
}
