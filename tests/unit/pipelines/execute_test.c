#include "test_runs.h"

#include "spine/process.h"

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
        "          echo \"::notice title=by $PASSWORD,file=$PASSWORD::It was $PASSWORD\"\n"
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
    g_assert_nonnull(strstr(node->report, "by ***"));
    g_assert_null(strstr(node->report, "hunter2"));
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

static const char INTERRUPTED[] =
    "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
    "      - run: echo once >> once; echo 'A=kept' >> $GITHUB_ENV\n"
    "      - run: |\n          echo begun; echo begun >> begun; touch here\n"
    "          while [ ! -e go ]; do sleep 0.05; done; echo ended\n"
    "      - run: echo \"$A $(wc -l < once) $(wc -l < begun)\"\n";

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_db_add("/execute/what-a-step-says-reaches-the-next", what_a_step_says_reaches_the_next);
    test_db_add("/execute/a-failure-ends-the-job-but-for-what-asks",
                a_failure_ends_the_job_but_for_what_asks);
    test_db_add("/execute/actions-come-from-the-forge-and-the-workspace",
                actions_come_from_the_forge_and_the_workspace);
    test_db_add("/execute/a-restarted-server-goes-on-where-it-was",
                a_restarted_server_goes_on_where_it_was);
    test_db_add("/execute/a-step-whose-process-died-with-the-server-is-repeated",
                a_step_whose_process_died_with_the_server_is_repeated);
    test_db_add("/execute/a-cancelled-run-stops-its-step-and-cleans-up",
                a_cancelled_run_stops_its_step_and_cleans_up);
    return test_db_run();
}
