/* What a step prints, line by line: commands are obeyed, the rest is printed. And the files it
 * leaves. */
#include "pipelines/commands.h"
#include "pipelines/execute_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 65536
#define ANNOTATIONS_MAX 50
#define FILE_MAX_BYTES (1 << 20)
#define SCRATCH_BYTES (1 << 20)
#define MASKS_MAX 1000

struct StepOutput {
    Runner *runner;
    Step *step;
    GString *line;
    Arena *scratch; /* of the commands: a step that says a million leaves nothing behind */
    gsize output_bytes;
    char *stopped_by; /* stop-commands: the token that starts them again */
    int64_t seen, already;
};

StepOutput *step_output_new(Runner *runner, Step *step, int64_t already)
{
    StepOutput *output = g_new0(StepOutput, 1);
    output->runner = runner;
    output->step = step;
    output->line = g_string_new(NULL);
    output->scratch = arena_new(SCRATCH_BYTES);
    output->already = already;
    return output;
}

void step_output_free(StepOutput *output)
{
    if (!output)
        return;
    g_string_free(output->line, TRUE);
    arena_free(output->scratch);
    g_free(output->stopped_by);
    g_free(output);
}

static void print(StepOutput *output, const char *level, const char *text)
{
    if (output->seen <= output->already)
        return; /* an earlier attempt has printed it */
    job_print(output->runner->job, output->step->display, level, "%s", text);
}

/* ---- commands ---- */

static void annotate(StepOutput *output, const Command *command)
{
    const char *file = value_string(value_get(command->properties, "file"), NULL);
    const char *line = value_string(value_get(command->properties, "line"), NULL);
    const char *level = g_str_equal(command->name, "error")     ? "error"
                        : g_str_equal(command->name, "warning") ? "warning"
                                                                : "info";
    execute_annotate(output->runner, output->step, command->name, command->data,
                     command->properties);
    g_autofree char *text =
        file ? g_strdup_printf("%s%s%s: %s", file, line ? ":" : "", line ? line : "", command->data)
             : g_strdup(command->data);
    print(output, level, text);
}

static void add_mask(StepOutput *output, const Command *command)
{
    if (!*command->data)
        return;
    if (output->step->masks->len >= MASKS_MAX) {
        execute_annotate(output->runner, output->step, "error",
                         "A step hides at most 1000 values; those after them are shown", NULL);
        return;
    }
    g_ptr_array_add(output->step->masks, arena_strdup(output->runner->arena, command->data));
    execute_mask(output->runner, command->data);
}

static void set_output(StepOutput *output, const Command *command)
{
    const char *name = value_string(value_get(command->properties, "name"), NULL);
    output->output_bytes += name ? strlen(name) + strlen(command->data) : 0;
    if (name && output->output_bytes <= FILE_MAX_BYTES)
        value_set_string(output->runner->arena, output->step->outputs, name, command->data);
}

static void refuse(StepOutput *output, const Command *command)
{
    g_autofree char *text =
        g_strdup_printf("The command '%s' is not obeyed any more: write to $GITHUB_%s instead",
                        command->name, g_str_equal(command->name, "add-path") ? "PATH" : "ENV");
    execute_annotate(output->runner, output->step, "error", text, NULL);
    print(output, "error", text);
}

static void begin_group(StepOutput *output, const Command *command)
{
    print(output, "info", command->data);
}

static void debug(StepOutput *output, const Command *command)
{
    print(output, "debug", command->data);
}

static void stop(StepOutput *output, const Command *command)
{
    if (!*command->data || g_str_equal(command->data, "pause-logging"))
        return;
    g_free(output->stopped_by);
    output->stopped_by = g_strdup(command->data);
}

static void ignore(StepOutput *output, const Command *command)
{
}

static const struct {
    const char *name;
    void (*obey)(StepOutput *output, const Command *command);
} COMMANDS[] = {
    {"error", annotate},    {"warning", annotate},      {"notice", annotate},
    {"add-mask", add_mask}, {"set-output", set_output}, {"set-env", refuse},
    {"add-path", refuse},   {"group", begin_group},     {"endgroup", ignore},
    {"debug", debug},       {"stop-commands", stop},    {"echo", ignore},
    {"save-state", ignore}, {"add-matcher", ignore},    {"remove-matcher", ignore},
};

static gboolean obeyed(StepOutput *output, const char *line)
{
    Command command;
    const char *start = line + strspn(line, " \t");
    if (!g_str_has_prefix(start, "::") && !g_str_has_prefix(start, "##["))
        return FALSE;
    if (arena_exhausted(output->scratch)) {
        arena_free(output->scratch);
        output->scratch = arena_new(SCRATCH_BYTES);
    }
    if (!command_parse(output->scratch, line, &command))
        return FALSE;
    if (output->stopped_by) {
        if (!g_str_equal(command.name, output->stopped_by))
            return FALSE;
        g_clear_pointer(&output->stopped_by, g_free);
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(COMMANDS); i++)
        if (g_ascii_strcasecmp(COMMANDS[i].name, command.name) == 0) {
            COMMANDS[i].obey(output, &command);
            return TRUE;
        }
    return FALSE;
}

/* ---- lines ---- */

static void finish_line(StepOutput *output)
{
    GString *line = output->line;
    if (line->len && line->str[line->len - 1] == '\r')
        g_string_truncate(line, line->len - 1);
    g_autofree char *text = g_utf8_make_valid(line->str, (gssize)line->len);
    if (!obeyed(output, text))
        print(output, "out", text);
    g_string_truncate(line, 0);
}

void step_output_add(StepOutput *output, const char *bytes, gsize length)
{
    while (length) {
        const char *newline = memchr(bytes, '\n', length);
        gsize room = LINE_MAX_BYTES - output->line->len;
        gsize part = MIN(newline ? (gsize)(newline - bytes) : length, room);
        g_string_append_len(output->line, bytes, (gssize)part);
        bytes += part;
        length -= part;
        output->seen += (int64_t)part;
        if (length && *bytes == '\n') {
            bytes++;
            length--;
            output->seen++;
            finish_line(output);
        } else if (output->line->len >= LINE_MAX_BYTES) {
            finish_line(output);
        }
    }
}

void step_output_end(StepOutput *output)
{
    if (output->line->len) {
        output->already = MIN(output->already, output->seen - 1);
        finish_line(output);
    }
}

/* ---- annotations ---- */

static void set_masked(Runner *runner, Value *annotation, const char *key, const Value *properties)
{
    const char *text = value_string(value_get(properties, key), NULL);
    if (text)
        value_set_string(runner->arena, annotation, key, execute_masked(runner, text));
}

void execute_annotate(Runner *runner, Step *step, const char *level, const char *message,
                      const Value *properties)
{
    Arena *arena = runner->arena;
    Value *list = step ? step->annotations : runner->annotations;
    Value *annotation = value_object_new(arena);
    const char *line = value_string(value_get(properties, "line"), NULL);
    if (value_count(list) >= ANNOTATIONS_MAX)
        return;
    value_set_string(arena, annotation, "level", level);
    value_set_string(arena, annotation, "message", execute_masked(runner, message));
    set_masked(runner, annotation, "title", properties);
    set_masked(runner, annotation, "file", properties);
    if (line)
        value_set_int(arena, annotation, "line", g_ascii_strtoll(line, NULL, 10));
    if (step)
        value_set_string(arena, annotation, "step", step->display);
    value_append(arena, list, annotation);
}

/* ---- files ---- */

char *execute_read_beneath(const char *folder, const char *path, gsize size_max, gsize *length,
                           GError **error)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (char **part = parts; fd >= 0 && *part; part++) {
        gboolean last = !part[1];
        int flags = last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY;
        int next = **part && !g_str_equal(*part, "..")
                       ? openat(fd, *part, flags | O_NOFOLLOW | O_CLOEXEC)
                       : -1;
        close(fd);
        fd = next;
    }
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        if (fd >= 0)
            close(fd);
        g_set_error(error, PAVE_ERROR, ERROR_NOT_FOUND, "there is no file '%s'", path);
        return NULL;
    }
    gsize used = 0, room = MIN((gsize)info.st_size, size_max) + 2;
    char *text = g_malloc(room);
    gssize got;
    while (used < room - 1 && (got = read(fd, text + used, room - 1 - used)) > 0)
        used += (gsize)got;
    close(fd);
    if (used > size_max) {
        g_free(text);
        g_set_error(error, PAVE_ERROR, ERROR_TOO_LARGE,
                    "the file '%s' is larger than %" G_GSIZE_FORMAT " bytes", path, size_max);
        return NULL;
    }
    text[used] = '\0';
    *length = used;
    return text;
}

static gboolean read_values(Runner *runner, const char *folder, const char *file,
                            const char *variable, const Value **values, GError **error)
{
    gsize length = 0;
    g_autoptr(GError) why = NULL;
    g_autofree char *text = execute_read_beneath(folder, file, FILE_MAX_BYTES, &length, &why);
    *values = NULL;
    if (!text) {
        if (g_error_matches(why, PAVE_ERROR, ERROR_NOT_FOUND))
            return TRUE;
        g_propagate_prefixed_error(error, g_steal_pointer(&why), "%s: ", variable);
        return FALSE;
    }
    *values = command_file_parse(runner->arena, text, length, error);
    if (!*values)
        g_prefix_error(error, "%s: ", variable);
    return *values != NULL;
}

static void add_environment(Runner *runner, Step *step, const Value *values)
{
    for (guint i = 0; i < value_count(values); i++) {
        const char *name = value_key_at(values, i);
        if (g_str_has_prefix(name, "GITHUB_") || g_str_has_prefix(name, "RUNNER_") ||
            g_str_equal(name, "NODE_OPTIONS")) {
            g_autofree char *text =
                g_strdup_printf("%s cannot be set through GITHUB_ENV; it is left as it was", name);
            execute_annotate(runner, step, "warning", text, NULL);
            job_print(runner->job, step->display, "warning", "%s", text);
            continue;
        }
        value_set(runner->arena, step->added_env, name, value_value_at(values, i));
    }
}

static void add_paths(Runner *runner, Step *step, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 1000);
    for (char **line = lines; *line; line++)
        if (*g_strchomp(*line))
            g_ptr_array_add(step->added_path, arena_strdup(runner->arena, *line));
}

gboolean step_files_read(Runner *runner, Step *step, const char *folder, GError **error)
{
    const Value *outputs, *environment;
    gsize length = 0;
    if (!read_values(runner, folder, "output", "GITHUB_OUTPUT", &outputs, error) ||
        !read_values(runner, folder, "env", "GITHUB_ENV", &environment, error))
        return FALSE;
    execute_add(runner->arena, step->outputs, outputs);
    add_environment(runner, step, environment);
    g_autofree char *path = execute_read_beneath(folder, "path", FILE_MAX_BYTES, &length, NULL);
    if (path)
        add_paths(runner, step, path);
    g_autofree char *summary =
        execute_read_beneath(folder, "summary", FILE_MAX_BYTES, &length, NULL);
    if (summary && length) {
        g_autofree char *valid = g_utf8_make_valid(summary, (gssize)length);
        g_string_append(step->summary, execute_masked(runner, valid));
    }
    return TRUE;
}
