/* The lines of a task as Backstage's events. An event's id is its line's number, from 1. */
#include "scaffolder/scaffolder_internal.h"

#include "spine/clock.h"

enum { EVENTS_AT_ONCE = 1000 };

static const char *status_of_line(const char *text)
{
    static const char *const statuses[][2] = {
        {"Beginning ", "processing"},
        {"Finished ", "completed"},
        {"Skipping ", "skipped"},
        {"Failed ", "failed"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (g_str_has_prefix(text, statuses[i][0]))
            return statuses[i][1];
    return NULL;
}

/* Actions speak with their level in colour in front, as Backstage's logger has it. */
static const char *message_of(Arena *arena, const char *level, const char *text)
{
    static const char *const prefixes[][2] = {
        {"info", "\033[32minfo\033[39m: "},
        {"warning", "\033[33mwarn\033[39m: "},
        {"error", "\033[31merror\033[39m: "},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_equal(prefixes[i][0], level))
            return arena_printf(arena, "%s%s", prefixes[i][1], text);
    return text;
}

const Value *task_event_body(Arena *arena, const Value *line)
{
    const char *level = value_path_string(line, "level", "");
    const char *text = value_path_string(line, "text", "");
    Value *body = value_object_new(arena);
    const char *step = value_path_string(line, "step", NULL);

    value_set_string(arena, body, "message", message_of(arena, level, text));
    if (step && *step)
        value_set_string(arena, body, "stepId", step);
    if (g_str_equal(level, LEVEL_STATUS) && step && *step)
        value_set_string(arena, body, "status", status_of_line(text));
    return body;
}

static Value *event(Arena *arena, const char *id, int64_t number, const char *type,
                    const Value *body, const char *created)
{
    Value *object = value_object_new(arena);

    value_set_int(arena, object, "id", number);
    value_set_bool(arena, object, "isTaskRecoverable", false);
    value_set_string(arena, object, "taskId", id);
    value_set(arena, object, "body", body);
    value_set_string(arena, object, "type", type);
    value_set_string(arena, object, "createdAt", created);
    return object;
}

static const Value *completion(Scaffolder *scaffolder, Arena *arena, const char *id, int64_t number,
                               GError **error)
{
    const Value *task = task_get(scaffolder, arena, id, error);
    Value *body = value_object_new(arena);
    const Value *failure = value_get(task, "error");

    if (!task)
        return NULL;
    value_set_string(arena, body, "message",
                     arena_printf(arena, "Run completed with status: %s",
                                  value_path_string(task, "status", "")));
    if (value_is(failure, VALUE_OBJECT))
        value_set(arena, body, "error", failure);
    if (value_is(value_get(task, "output"), VALUE_OBJECT))
        value_set(arena, body, "output", value_get(task, "output"));
    return event(arena, id, number, "completion", body,
                 value_path_string(task, "lastHeartbeatAt", ""));
}

const Value *task_events(Scaffolder *scaffolder, Arena *arena, const char *id, int64_t after,
                         int64_t *last, gboolean *ended, GError **error)
{
    Value *events = value_array_new(arena);
    int64_t next = 0;
    const Value *lines =
        jobs_output_read(scaffolder->jobs, arena, id, after, EVENTS_AT_ONCE, &next, ended, error);

    if (!lines)
        return NULL;
    *last = after;
    for (guint i = 0; i < value_count(lines); i++) {
        const Value *line = value_item(lines, i);
        g_autofree char *created = clock_format(value_int(value_get(line, "t"), 0));

        *last = value_int(value_get(line, "n"), 0) + 1;
        value_append(arena, events,
                     event(arena, id, *last, "log", task_event_body(arena, line), created));
    }
    if (!*ended)
        return events;
    const Value *end = completion(scaffolder, arena, id, MAX(next, *last) + 1, error);

    value_append(arena, events, end);
    return end ? events : NULL;
}
