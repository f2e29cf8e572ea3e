/* A job's output: <data>/jobs/<id>/output.jsonl, one JSON object a line, and output.index with the
 * 8-byte offset of each line. Not in the log and not flushed to the disk: what a crash of the
 * machine loses is a few lines. */
#include "formats/json.h"
#include "spine/clock.h"
#include "spine/jobs_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES ((gsize)64 << 10)
#define OUTPUT_MAX_BYTES ((int64_t)256 << 20)

struct JobOutput {
    pthread_mutex_t lock;
    int lines_fd, index_fd;
    int64_t size, count;
    gboolean full;
    Masker *masker;
    GHashTable *open; /* step → GString: a child's line that has not ended yet */
    GString *pending; /* written together */
    GArray *offsets;
};

/* ---- opening ---- */

static gboolean fail(const char *path, GError **error)
{
    g_set_error(error, PAVE_ERROR, ERROR_SERVICE_UNAVAILABLE, "%s: %s", path, g_strerror(errno));
    return FALSE;
}

/* The offset of the line after the indexed ones; the index may end in half an entry. */
static int64_t end_of_indexed(JobOutput *output, int64_t size)
{
    struct stat status;
    int64_t offset = 0;

    if (fstat(output->index_fd, &status) != 0)
        return 0;
    output->count = status.st_size / 8;
    if (output->count > 0 && pread(output->index_fd, &offset, 8, (output->count - 1) * 8) == 8 &&
        offset < size) {
        output->count--; /* the last indexed line may be half written: look at it again */
        return offset;
    }
    output->count = 0;
    return 0;
}

/* Indexes what a dead server wrote and did not index, and cuts off half a line. */
static gboolean recover(JobOutput *output)
{
    struct stat status;
    char buffer[65536];
    ssize_t got;

    if (fstat(output->lines_fd, &status) != 0)
        return FALSE;
    int64_t start = end_of_indexed(output, status.st_size), position = start;
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, 8);
    while ((got = pread(output->lines_fd, buffer, sizeof buffer, position)) > 0) {
        for (ssize_t i = 0; i < got; i++)
            if (buffer[i] == '\n') {
                g_array_append_val(found, start);
                start = position + i + 1;
            }
        position += got;
    }
    gssize bytes = (gssize)found->len * 8;
    output->size = start;
    if (ftruncate(output->lines_fd, start) != 0 ||
        ftruncate(output->index_fd, output->count * 8) != 0 ||
        pwrite(output->index_fd, found->data, (gsize)bytes, output->count * 8) != bytes)
        return FALSE;
    output->count += found->len;
    return TRUE;
}

static void free_string(void *data)
{
    g_string_free(data, TRUE);
}

JobOutput *job_output_open(const char *folder, GError **error)
{
    g_autofree char *lines = g_build_filename(folder, "output.jsonl", NULL);
    g_autofree char *index = g_build_filename(folder, "output.index", NULL);
    JobOutput *output = g_new0(JobOutput, 1);

    pthread_mutex_init(&output->lock, NULL);
    output->masker = masker_new();
    output->open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_string);
    output->pending = g_string_new(NULL);
    output->offsets = g_array_new(FALSE, FALSE, 8);
    output->index_fd = -1;
    output->lines_fd = -1;
    if (g_mkdir_with_parents(folder, 0700) == 0) {
        output->lines_fd = open(lines, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        output->index_fd = open(index, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    if (output->lines_fd >= 0 && output->index_fd >= 0 && recover(output))
        return output;
    fail(lines, error);
    job_output_close(output);
    return NULL;
}

/* ---- writing ---- (all with the lock held) */

static void write_pending(JobOutput *output)
{
    gsize bytes = output->offsets->len * 8;

    if (!output->offsets->len)
        return;
    if (pwrite(output->lines_fd, output->pending->str, output->pending->len, output->size) ==
            (ssize_t)output->pending->len &&
        pwrite(output->index_fd, output->offsets->data, bytes, output->count * 8) ==
            (ssize_t)bytes) {
        output->size += (int64_t)output->pending->len;
        output->count += output->offsets->len;
    } else {
        g_warning("job output: %s", g_strerror(errno));
    }
    g_string_truncate(output->pending, 0);
    g_array_set_size(output->offsets, 0);
}

static void append_line(JobOutput *output, const char *step, const char *level, const char *text,
                        gsize length)
{
    g_autofree char *clean = g_malloc0(length + 1);
    memcpy(clean, text, length);
    for (gsize i = 0; i < length; i++)
        if (!clean[i])
            clean[i] = '\xff'; /* no character, as a NUL is none here */
    g_autofree char *masked = masker_mask(output->masker, clean, length);
    g_autofree char *valid = g_utf8_make_valid(masked, -1);
    int64_t offset = output->size + (int64_t)output->pending->len;

    if (output->full)
        return;
    if (offset > OUTPUT_MAX_BYTES) {
        output->full = TRUE;
        g_free(valid);
        valid = g_strdup("The output is cut here: it is larger than 256 MiB");
        level = "warning";
    }
    g_array_append_val(output->offsets, offset);
    g_string_append_printf(output->pending, "{\"n\":%" G_GINT64_FORMAT ",\"t\":%" G_GINT64_FORMAT,
                           output->count + output->offsets->len - 1, clock_now_ms());
    if (step) {
        g_string_append(output->pending, ",\"step\":");
        json_write_string(output->pending, step, strlen(step));
    }
    g_string_append_printf(output->pending, ",\"level\":\"%s\",\"text\":", level);
    json_write_string(output->pending, valid, strlen(valid));
    g_string_append(output->pending, "}\n");
}

/* Whether a secret spans position at of line. */
static gboolean secret_spans(JobOutput *output, const GString *line, gsize at, gsize longest)
{
    gsize from = at > longest ? at - longest : 0;
    gsize to = MIN(at + longest, line->len);
    g_autofree char *left = masker_mask(output->masker, line->str + from, at - from);
    g_autofree char *right = masker_mask(output->masker, line->str + at, to - at);
    g_autofree char *whole = masker_mask(output->masker, line->str + from, to - from);
    g_autofree char *joined = g_strconcat(left, right, NULL);

    return !g_str_equal(joined, whole);
}

/* Cuts a line that is too long, but never inside a secret or a character. */
static void cut_long_line(JobOutput *output, const char *step, GString *line)
{
    gsize longest = masker_longest(output->masker);

    while (line->len > LINE_MAX_BYTES + longest) {
        gsize at = LINE_MAX_BYTES;
        while (at > LINE_MAX_BYTES / 2 &&
               (((guchar)line->str[at] & 0xc0) == 0x80 || secret_spans(output, line, at, longest)))
            at--;
        append_line(output, step, "out", line->str, at);
        g_string_erase(line, 0, (gssize)at);
    }
}

static void end_line(JobOutput *output, const char *step, GString *line)
{
    gsize length = line->len && line->str[line->len - 1] == '\r' ? line->len - 1 : line->len;

    append_line(output, step, "out", line->str, length);
    g_string_truncate(line, 0);
}

static GString *open_line(JobOutput *output, const char *step)
{
    GString *line = g_hash_table_lookup(output->open, step ? step : "");

    if (!line) {
        line = g_string_new(NULL);
        g_hash_table_insert(output->open, g_strdup(step ? step : ""), line);
    }
    return line;
}

void job_output_close(JobOutput *output)
{
    GHashTableIter iter;
    gpointer step, line;

    if (!output)
        return;
    g_hash_table_iter_init(&iter, output->open);
    while (g_hash_table_iter_next(&iter, &step, &line))
        if (((GString *)line)->len)
            end_line(output, *(char *)step ? step : NULL, line);
    write_pending(output);
    if (output->lines_fd >= 0)
        close(output->lines_fd);
    if (output->index_fd >= 0)
        close(output->index_fd);
    masker_free(output->masker);
    g_hash_table_unref(output->open);
    g_string_free(output->pending, TRUE);
    g_array_unref(output->offsets);
    pthread_mutex_destroy(&output->lock);
    g_free(output);
}

char *job_output_mask(JobOutput *output, const char *text)
{
    pthread_mutex_lock(&output->lock);
    char *masked = masker_mask(output->masker, text, strlen(text));
    pthread_mutex_unlock(&output->lock);
    return masked;
}

/* ---- in a job's function ---- */

void job_mask(Job *job, const char *secret)
{
    pthread_mutex_lock(&job->output->lock);
    masker_add(job->output->masker, secret);
    pthread_mutex_unlock(&job->output->lock);
}

void job_print(Job *job, const char *step, const char *level, const char *format, ...)
{
    JobOutput *output = job->output;
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&output->lock);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (line[1] || **line || line == lines)
            append_line(output, step, level, *line, MIN(strlen(*line), 4 * LINE_MAX_BYTES));
    write_pending(output);
    pthread_mutex_unlock(&output->lock);
    jobs_changed(job->jobs, job->id);
}

void job_output(Job *job, const char *step, const char *bytes, gsize length)
{
    JobOutput *output = job->output;
    const char *end = bytes + length;

    pthread_mutex_lock(&output->lock);
    GString *line = open_line(output, step);
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (gsize)(end - bytes));
        const char *stop = newline ? newline : end;

        g_string_append_len(line, bytes, stop - bytes);
        cut_long_line(output, step, line);
        if (newline)
            end_line(output, step, line);
        bytes = newline ? newline + 1 : end;
    }
    gboolean wrote = output->offsets->len > 0;
    write_pending(output);
    pthread_mutex_unlock(&output->lock);
    if (wrote)
        jobs_changed(job->jobs, job->id);
}

void job_output_flush(Job *job, const char *step)
{
    JobOutput *output = job->output;

    pthread_mutex_lock(&output->lock);
    GString *line = open_line(output, step);
    gboolean wrote = line->len > 0;
    if (wrote)
        end_line(output, step, line);
    write_pending(output);
    pthread_mutex_unlock(&output->lock);
    if (wrote)
        jobs_changed(job->jobs, job->id);
}

/* ---- reading ---- */

typedef struct {
    int lines_fd, index_fd;
    int64_t count;
} Reader;

static void reader_close(Reader *reader)
{
    if (reader->lines_fd >= 0)
        close(reader->lines_fd);
    if (reader->index_fd >= 0)
        close(reader->index_fd);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_close)

/* No file yet reads as no lines. */
static void reader_open(Reader *reader, const char *folder)
{
    g_autofree char *lines = g_build_filename(folder, "output.jsonl", NULL);
    g_autofree char *index = g_build_filename(folder, "output.index", NULL);
    struct stat status;

    reader->lines_fd = open(lines, O_RDONLY | O_CLOEXEC);
    reader->index_fd = open(index, O_RDONLY | O_CLOEXEC);
    reader->count =
        reader->lines_fd >= 0 && reader->index_fd >= 0 && fstat(reader->index_fd, &status) == 0
            ? status.st_size / 8
            : 0;
}

static gboolean read_line(const Reader *reader, Arena *arena, int64_t n, int64_t end, Value *list,
                          GError **error)
{
    int64_t offset;
    Value *line = NULL;

    if (pread(reader->index_fd, &offset, 8, n * 8) != 8)
        return fail("output.index", error);
    g_autofree char *text = NULL;
    gsize length = (gsize)CLAMP(end - offset, 0, (int64_t)LINE_MAX_BYTES * 32);
    text = g_malloc(length + 1);
    ssize_t got = pread(reader->lines_fd, text, length, offset);
    char *newline = got > 0 ? memchr(text, '\n', (gsize)got) : NULL;
    if (newline)
        line = json_parse(arena, text, newline - text, NULL);
    if (line)
        value_append(arena, list, line);
    return TRUE;
}

static int64_t end_of_line(const Reader *reader, int64_t n)
{
    struct stat status;
    int64_t next;

    if (n + 1 < reader->count && pread(reader->index_fd, &next, 8, (n + 1) * 8) == 8)
        return next;
    return fstat(reader->lines_fd, &status) == 0 ? status.st_size : 0;
}

const Value *jobs_output_read(Jobs *jobs, Arena *arena, const char *job_id_, int64_t first,
                              guint limit, int64_t *next, gboolean *ended, GError **error)
{
    Value *list = value_array_new(arena);
    JobRow row; /* read before the file: what was written before the end is seen */

    if (!job_load(db_reader(jobs->db), arena, job_id_, &row, error))
        return NULL;
    g_autofree char *folder = g_build_filename(jobs->folder, row.id, NULL);
    g_auto(Reader) reader = {-1, -1, 0};
    reader_open(&reader, folder);
    int64_t n = MAX(first, 0);
    for (guint i = 0; i < limit && n < reader.count && !arena_exhausted(arena); i++, n++)
        if (!read_line(&reader, arena, n, end_of_line(&reader, n), list, error))
            return NULL;
    *next = n;
    *ended = job_state_is_terminal(row.state) && n >= reader.count;
    return list;
}
