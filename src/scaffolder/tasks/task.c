/* A task is a durable job: submitted with the instantiated template, run by the runner, shown in
 * Backstage's shape. */
#include "scaffolder/scaffolder_internal.h"

/* ---- submitting ---- */

typedef struct {
    Scaffolder *scaffolder;
    Arena *arena;
    JobSpec job;
    const char *id;
} Submission;

static gboolean write_submission(DbConn *tx, void *data, GError **error)
{
    Submission *submission = data;
    Arena *arena = submission->arena;
    Value *payload = value_object_new(arena);

    submission->id = jobs_submit(tx, submission->scaffolder->jobs, arena, &submission->job, error);
    if (!submission->id)
        return FALSE;
    value_set_string(arena, payload, "taskId", submission->id);
    value_set_string(arena, payload, "template", submission->job.subject);
    events_append(tx, &(Event){.type = "dev.pave.scaffolder.task.created",
                               .source = "/pave/scaffolder",
                               .subject = submission->job.subject,
                               .actor = submission->job.actor,
                               .cause = submission->id,
                               .payload = payload});
    return TRUE;
}

static GHashTable *secrets_table(const Value *secrets)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (guint i = 0; value_is(secrets, VALUE_OBJECT) && i < value_count(secrets); i++) {
        const char *text = value_string(value_value_at(secrets, i), NULL);

        if (text)
            g_hash_table_insert(table, g_strdup(value_key_at(secrets, i)), g_strdup(text));
    }
    return table;
}

const char *task_submit(Scaffolder *scaffolder, Arena *arena, const Value *entity,
                        const Value *parameters, const Value *secrets, const char *actor,
                        GError **error)
{
    const Value *spec = template_instantiate(scaffolder, arena, entity, parameters, actor, error);
    g_autoptr(GHashTable) table = secrets_table(secrets);
    Value *payload = value_object_new(arena);

    if (!spec)
        return NULL;
    value_set(arena, payload, "spec", spec);
    Submission submission = {.scaffolder = scaffolder, .arena = arena};
    const char *name = value_path_string(entity, "metadata.name", "");

    submission.job = (JobSpec){
        .kind = SCAFFOLDER_TASK,
        .subject = value_path_string(spec, "templateInfo.entityRef", ""),
        .title = value_path_string(entity, "metadata.title", name),
        .actor = actor,
        .payload = payload,
        .secrets = g_hash_table_size(table) > 0 ? table : NULL,
    };
    return db_write(scaffolder->db, write_submission, &submission, NULL, error) ? submission.id
                                                                                : NULL;
}

/* ---- running ---- */

/* *sealed gets what earlier steps put out. */
static const Value *secrets_of(Job *job, Masker *masker, Value *sealed)
{
    Arena *arena = job_arena(job);
    GHashTable *secrets = job_secrets(job);
    Value *object = value_object_new(arena);
    GHashTableIter iter;
    gpointer name, value;

    if (!secrets)
        return object;
    g_hash_table_iter_init(&iter, secrets);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        value_set_string(arena, g_str_has_prefix(name, SEALED_PREFIX) ? sealed : object, name,
                         value);
        job_mask(job, value);
        masker_add(masker, value);
    }
    return object;
}

void task_mask_environment(Scaffolder *scaffolder, Job *job, Masker *masker)
{
    const Value *secrets = config_get(scaffolder->config, "scaffolder.defaultEnvironment.secrets");

    for (guint i = 0; i < value_count(secrets); i++) {
        const char *text = value_string(value_value_at(secrets, i), "");

        if (job)
            job_mask(job, text);
        masker_add(masker, text);
    }
}

/* What earlier attempts finished; NULL in the first. */
static GHashTable *finished_steps(Job *job)
{
    const Value *shown = job_attempt(job) > 1
                             ? jobs_get(db_reader(job_db(job)), job_arena(job), job_id(job), NULL)
                             : NULL;
    const Value *steps = value_get(shown, "steps");
    GHashTable *finished = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < value_count(steps); i++) {
        const char *state = value_path_string(value_item(steps, i), "state", "");

        if (g_str_equal(state, "succeeded") || g_str_equal(state, "skipped"))
            g_hash_table_add(finished, (char *)value_path_string(value_item(steps, i), "id", ""));
    }
    return finished;
}

static gboolean run_spec(Runner *runner, const Value *spec, const Value **output, GError **error)
{
    if (g_mkdir_with_parents(runner->workspace, 0755) != 0) {
        g_set_error(error, PAVE_ERROR, ERROR_INTERNAL, "cannot make %s", runner->workspace);
        return FALSE;
    }
    return provenance_begin(runner, value_get(spec, "parameters"), error) &&
           runner_run(runner, spec, output, error);
}

gboolean task_run(Job *job, const Value **output, GError **error, void *data)
{
    Scaffolder *scaffolder = data;
    const Value *spec = value_get(job_payload(job), "spec");
    g_autoptr(Masker) masker = masker_new();
    g_autoptr(GHashTable) finished = finished_steps(job);
    Runner runner = {.scaffolder = scaffolder,
                     .job = job,
                     .arena = job_arena(job),
                     .task_id = job_id(job),
                     .actor = job_actor(job),
                     .template = value_get(spec, "templateInfo"),
                     .spec = spec,
                     .folder = job_folder(job),
                     .dirty = job_attempt(job) > 1,
                     .finished = finished,
                     .masker = masker};

    runner.workspace = arena_printf(runner.arena, "%s/workspace", runner.folder);
    runner.sealed = value_object_new(runner.arena);
    runner.secrets = secrets_of(job, masker, runner.sealed);
    task_mask_environment(scaffolder, job, masker);
    return run_spec(&runner, spec, output, error);
}

/* ---- showing ---- */

/* {a job's state, what Backstage calls it} */
static const char *const STATUSES[][2] = {
    {"queued", "open"},         {"running", "processing"}, {"waiting", "processing"},
    {"succeeded", "completed"}, {"failed", "failed"},      {"cancelled", "cancelled"},
};

static const char *status_of(const Value *job)
{
    const char *state = value_path_string(job, "state", "");

    for (gsize i = 0; i < G_N_ELEMENTS(STATUSES); i++)
        if (g_str_equal(STATUSES[i][0], state))
            return STATUSES[i][1];
    return state;
}

static const Value *show(Arena *arena, const Value *job)
{
    static const char *const beats[] = {"endedAt", "startedAt", "createdAt"};
    Value *task = value_object_new(arena);

    value_set(arena, task, "id", value_get(job, "id"));
    value_set(arena, task, "spec", value_path(job, "payload.spec"));
    value_set_string(arena, task, "status", status_of(job));
    value_set(arena, task, "createdAt", value_get(job, "createdAt"));
    for (gsize i = 0; i < G_N_ELEMENTS(beats) && !value_get(task, "lastHeartbeatAt"); i++)
        if (value_is(value_get(job, beats[i]), VALUE_STRING))
            value_set(arena, task, "lastHeartbeatAt", value_get(job, beats[i]));
    value_set(arena, task, "createdBy", value_get(job, "actor"));
    value_set(arena, task, "output", value_get(job, "output"));
    value_set(arena, task, "error", value_get(job, "error"));
    value_set(arena, task, "waitingFor", value_get(job, "waitingFor"));
    return task;
}

const Value *task_get(Scaffolder *scaffolder, Arena *arena, const char *id, GError **error)
{
    g_autoptr(GError) failure = NULL;
    const Value *job = jobs_get(db_reader(scaffolder->db), arena, id, &failure);

    if (job && g_str_equal(value_path_string(job, "kind", ""), SCAFFOLDER_TASK))
        return show(arena, job);
    if (failure && !g_error_matches(failure, PAVE_ERROR, ERROR_NOT_FOUND))
        g_propagate_error(error, g_steal_pointer(&failure));
    else
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "No task with id '%s' found", id);
    return NULL;
}

/* The states of jobs that Backstage calls by these names; a name nobody knows stands for itself. */
static const char *const *states_of(Arena *arena, const char *const *status)
{
    guint count = 0;
    const char **states =
        arena_new0(arena, const char *, (status ? g_strv_length((char **)status) : 0) * 2 + 1);

    for (; status && *status; status++) {
        guint before = count;

        for (gsize i = 0; i < G_N_ELEMENTS(STATUSES); i++)
            if (g_str_equal(STATUSES[i][1], *status) && count < before + 2)
                states[count++] = STATUSES[i][0];
        if (count == before)
            states[count++] = *status;
    }
    return states;
}

const Value *task_list(Scaffolder *scaffolder, Arena *arena, const JobQuery *filter, GError **error)
{
    JobQuery query = *filter;
    int64_t total;
    query.kind = SCAFFOLDER_TASK;
    query.states = states_of(arena, filter->states);
    g_autoptr(GPtrArray) ids = jobs_find(db_reader(scaffolder->db), &query, &total, error);
    Value *reply = value_object_new(arena), *tasks = value_array_new(arena);

    for (guint i = 0; ids && i < ids->len; i++) {
        const Value *task = task_get(scaffolder, arena, g_ptr_array_index(ids, i), error);

        if (!task)
            return NULL;
        value_append(arena, tasks, task);
    }
    value_set(arena, reply, "tasks", tasks);
    value_set_int(arena, reply, "totalTasks", total);
    return ids ? reply : NULL;
}
