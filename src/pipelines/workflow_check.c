/* `jobs` and their steps, and the whole file. */
#include "pipelines/workflow_check.h"

#include "base/nearest.h"
#include "pipelines/workflow_rules.h"

static void check_id(Checker *checker, const Value *value, const char *name)
{
    if (!check_is_id(value_string(value, "")))
        check_wrong(checker, value,
                    "an id holds letters, digits, '-' and '_' and begins with a letter or '_'");
}

static void check_step(Checker *checker, const Value *step)
{
    static const Rule rules[] = {{"id", IS_TEXT, NULL, check_id, FALSE},
                                 {"name", IS_SCALAR, IN_STEP, NULL, FALSE},
                                 {"if", IS_SCALAR, IN_STEP_IF, NULL, TRUE},
                                 {"uses", IS_TEXT, NULL, NULL, FALSE},
                                 {"run", IS_SCALAR, IN_STEP, NULL, FALSE},
                                 {"with", IS_MAP | IS_EMPTY, IN_STEP, check_scalars, FALSE},
                                 {"env", IS_MAP | IS_EMPTY, IN_STEP, check_scalars, FALSE},
                                 {"shell", IS_TEXT, IN_STEP, NULL, FALSE},
                                 {"working-directory", IS_TEXT, IN_STEP, NULL, FALSE},
                                 {"continue-on-error", IS_BOOL, IN_STEP, NULL, FALSE},
                                 {"timeout-minutes", IS_NUMBER, IN_STEP, NULL, FALSE},
                                 {0}};
    if (!value_is(step, VALUE_OBJECT)) {
        check_wrong(checker, step, "a step is a mapping with 'run' or 'uses'");
        return;
    }
    check_mapping(checker, step, rules, "a step");
    gboolean runs = value_get(step, "run") != NULL, uses = value_get(step, "uses") != NULL;
    if (runs == uses)
        check_wrong(checker, step,
                    runs ? "a step has either 'run' or 'uses', not both"
                         : "a step needs 'run' or 'uses'");
    if (runs && value_get(step, "with"))
        check_wrong(checker, value_get(step, "with"), "'with' belongs to 'uses', not to 'run'");
    for (guint i = 0; !runs && i < 2; i++) {
        const char *key = i ? "working-directory" : "shell";
        if (value_get(step, key))
            check_wrong(checker, value_get(step, key), "'%s' belongs to 'run', not to 'uses'", key);
    }
}

static void check_steps(Checker *checker, const Value *steps, const char *name)
{
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    if (value_count(steps) > 1000)
        check_wrong(checker, steps, "a job has at most 1000 steps");
    for (guint i = 0; i < value_count(steps) && i < 1000; i++) {
        const Value *step = value_item(steps, i);
        const Value *id = value_get(step, "id");
        check_step(checker, step);
        if (value_is(id, VALUE_STRING) && !g_hash_table_add(ids, (gpointer)value_string(id, "")))
            check_wrong(checker, id, "the id '%s' belongs to an earlier step",
                        value_string(id, ""));
    }
}

static void check_environment(Checker *checker, const Value *value, const char *name)
{
    static const Rule rules[] = {{"name", IS_SCALAR, IN_JOB, NULL, FALSE},
                                 {"url", IS_TEXT, IN_STEP, NULL, FALSE},
                                 {"deployment", IS_BOOL, IN_JOB, NULL, FALSE},
                                 {0}};
    static const Rule plain = {"environment", IS_SCALAR, IN_JOB, NULL, FALSE};
    if (!value_is(value, VALUE_OBJECT)) {
        check_texts(checker, value, &plain);
        return;
    }
    check_mapping(checker, value, rules, "'environment'");
    check_required(checker, value, "name", "'environment'");
}

static void check_strategy(Checker *checker, const Value *map, const char *name)
{
    static const Rule rules[] = {{"matrix", IS_MAP, IN_JOB_IF, NULL, FALSE},
                                 {"fail-fast", IS_BOOL, IN_JOB_IF, NULL, FALSE},
                                 {"max-parallel", IS_NUMBER, IN_JOB_IF, NULL, FALSE},
                                 {0}};
    check_mapping(checker, map, rules, "'strategy'");
}

static void check_container(Checker *checker, const Value *value, const char *name)
{
    check_wrong(checker, value, "'%s' is not offered: jobs run in a sandbox on Pave's own machine",
                name);
}

static void check_secrets(Checker *checker, const Value *value, const char *name)
{
    if (value_is(value, VALUE_STRING) && !g_str_equal(value_string(value, ""), "inherit"))
        check_wrong(checker, value, "'secrets' is 'inherit' or a mapping");
    check_scalars(checker, value, name);
}

static const Rule CALL_RULES[] = {
    {"name", IS_SCALAR, IN_JOB, NULL, FALSE},
    {"uses", IS_TEXT, NULL, NULL, FALSE},
    {"with", IS_MAP | IS_EMPTY, IN_JOB, check_scalars, FALSE},
    {"secrets", IS_MAP | IS_TEXT | IS_EMPTY, IN_JOB_ENV, check_secrets, FALSE},
    {"strategy", IS_MAP, NULL, check_strategy, FALSE},
    {"needs", IS_TEXT | IS_LIST, NULL, check_text_list, FALSE},
    {"if", IS_SCALAR | IS_EMPTY, IN_JOB_IF, NULL, TRUE},
    {"concurrency", IS_SCALAR | IS_MAP, IN_JOB, check_concurrency, FALSE},
    {"permissions", IS_MAP | IS_TEXT | IS_EMPTY, NULL, check_permissions, FALSE},
    {0}};

static const Rule JOB_RULES[] = {
    {"name", IS_SCALAR, IN_JOB, NULL, FALSE},
    {"needs", IS_TEXT | IS_LIST, NULL, check_text_list, FALSE},
    {"if", IS_SCALAR | IS_EMPTY, IN_JOB_IF, NULL, TRUE},
    {"runs-on", IS_TEXT | IS_LIST | IS_MAP, IN_JOB, NULL, FALSE},
    {"permissions", IS_MAP | IS_TEXT | IS_EMPTY, NULL, check_permissions, FALSE},
    {"environment", IS_SCALAR | IS_MAP, NULL, check_environment, FALSE},
    {"concurrency", IS_SCALAR | IS_MAP, IN_JOB, check_concurrency, FALSE},
    {"outputs", IS_MAP | IS_EMPTY, IN_STEP, check_scalars, FALSE},
    {"env", IS_MAP | IS_EMPTY, IN_JOB_ENV, check_scalars, FALSE},
    {"defaults", IS_MAP, IN_JOB, check_defaults, FALSE},
    {"steps", IS_LIST, NULL, check_steps, FALSE},
    {"timeout-minutes", IS_NUMBER, IN_JOB, NULL, FALSE},
    {"strategy", IS_MAP, NULL, check_strategy, FALSE},
    {"continue-on-error", IS_BOOL, IN_JOB, NULL, FALSE},
    {"container", IS_ANY, NULL, check_container, FALSE},
    {"services", IS_ANY, NULL, check_container, FALSE},
    {0}};

static void check_job(Checker *checker, const Value *jobs, const char *id)
{
    const Value *job = value_get(jobs, id);
    g_autofree char *what = g_strdup_printf("the job '%s'", id);
    if (!check_is_id(id))
        check_report(
            checker, "workflow-value", value_key_line(jobs, id), value_key_column(jobs, id), NULL,
            "a job's id holds letters, digits, '-' and '_' and begins with a letter or '_'");
    if (!value_is(job, VALUE_OBJECT)) {
        check_wrong(checker, job, "%s must be a mapping", what);
        return;
    }
    if (value_get(job, "uses")) {
        check_mapping(checker, job, CALL_RULES, what);
        return;
    }
    check_mapping(checker, job, JOB_RULES, what);
    if (!value_get(job, "runs-on") || !value_get(job, "steps"))
        check_report(
            checker, "workflow-value", value_key_line(jobs, id), value_key_column(jobs, id),
            value_get(job, "steps") ? "write 'runs-on: ubuntu-latest'" : NULL,
            value_get(job, "steps") ? "the job needs 'runs-on'"
                                    : "the job needs 'steps', or 'uses' of another workflow");
}

static gboolean needs_name(const Value *needs, const char *id)
{
    if (value_is(needs, VALUE_STRING))
        return g_str_equal(value_string(needs, ""), id);
    for (guint i = 0; i < value_count(needs); i++)
        if (g_strcmp0(value_string(value_item(needs, i), NULL), id) == 0)
            return TRUE;
    return FALSE;
}

static void check_need(Checker *checker, const Value *jobs, const char *id, const Value *need)
{
    const char *name = value_string(need, NULL);
    if (!name || value_get(jobs, name))
        return;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < value_count(jobs); i++)
        g_ptr_array_add(names, (gpointer)value_key_at(jobs, i));
    g_ptr_array_add(names, NULL);
    const char *nearest = nearest_name(name, (const char *const *)names->pdata);
    g_autofree char *hint = nearest ? g_strdup_printf("did you mean '%s'?", nearest) : NULL;
    g_autofree char *message =
        g_strdup_printf("the job '%s' needs '%s', which does not exist", id, name);
    check_report(checker, "workflow-needs", value_line(need), value_column(need), hint, message);
}

/* Jobs whose needs are all taken away are taken away in turn; what is left stands in a circle. */
static void check_circles(Checker *checker, const Value *jobs)
{
    g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);
    for (gboolean moved = TRUE; moved;) {
        moved = FALSE;
        for (guint i = 0; i < value_count(jobs); i++) {
            const char *id = value_key_at(jobs, i);
            const Value *needs = value_get(value_value_at(jobs, i), "needs");
            gboolean blocked = FALSE;
            for (guint j = 0; j < value_count(jobs) && !blocked; j++)
                blocked = !g_hash_table_contains(done, value_key_at(jobs, j)) &&
                          needs_name(needs, value_key_at(jobs, j));
            if (!blocked && g_hash_table_add(done, (gpointer)id))
                moved = TRUE;
        }
    }
    for (guint i = 0; i < value_count(jobs); i++)
        if (!g_hash_table_contains(done, value_key_at(jobs, i))) {
            check_wrong(checker, value_get(value_value_at(jobs, i), "needs"),
                        "the job '%s' waits for itself: its needs form a circle",
                        value_key_at(jobs, i));
            return;
        }
}

void check_jobs(Checker *checker, const Value *jobs, const char *name)
{
    if (!value_count(jobs))
        check_wrong(checker, jobs, "'jobs' is empty");
    if (value_count(jobs) > 200) {
        check_wrong(checker, jobs, "a workflow has at most 200 jobs");
        return;
    }
    for (guint i = 0; i < value_count(jobs); i++) {
        const char *id = value_key_at(jobs, i);
        const Value *needs = value_get(value_value_at(jobs, i), "needs");
        check_job(checker, jobs, id);
        if (value_is(needs, VALUE_STRING))
            check_need(checker, jobs, id, needs);
        for (guint j = 0; value_is(needs, VALUE_ARRAY) && j < value_count(needs); j++)
            check_need(checker, jobs, id, value_item(needs, j));
    }
    check_circles(checker, jobs);
}

void workflow_check(Arena *arena, const Value *document, const char *source, const char *file,
                    Diagnostics *diagnostics)
{
    static const Rule rules[] = {
        {"name", IS_SCALAR, NULL, NULL, FALSE},
        {"run-name", IS_SCALAR, IN_GLOBAL, NULL, FALSE},
        {"on", IS_TEXT | IS_LIST | IS_MAP, NULL, check_on, FALSE},
        {"env", IS_MAP | IS_EMPTY, IN_GLOBAL_ENV, check_scalars, FALSE},
        {"defaults", IS_MAP, IN_GLOBAL, check_defaults, FALSE},
        {"concurrency", IS_SCALAR | IS_MAP, IN_GLOBAL, check_concurrency, FALSE},
        {"permissions", IS_MAP | IS_TEXT | IS_EMPTY, NULL, check_permissions, FALSE},
        {"jobs", IS_MAP, NULL, check_jobs, FALSE},
        {0}};
    Checker checker = {arena, file, source, diagnostics};
    check_mapping(&checker, document, rules, "a workflow");
    check_required(&checker, document, "on", "a workflow");
    check_required(&checker, document, "jobs", "a workflow");
}
