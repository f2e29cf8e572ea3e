/* The output of jobs: lines, masking, the index and its recovery. */
#include "formats/json.h"
#include "test_jobs.h"
#include <glib/gstdio.h>
#include <string.h>

#define SECRET "correct-horse-battery-staple"

typedef struct {
    void (*print)(Job *job);
    gboolean fail;
} Printer;

static gboolean print(Job *job, const Value **output, GError **error, void *data)
{
    Printer *printer = data;

    printer->print(job);
    if (printer->fail)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "failed");
    return !printer->fail;
}

static char *run(TestJobs *queue, Printer *printer)
{
    test_jobs_kind(queue, "print", print, printer, 0);
    jobs_start(queue->jobs);
    char *id = test_jobs_submit(queue, &(JobSpec){.kind = "print"});
    test_jobs_assert_ends(queue, id, printer->fail ? "failed" : "succeeded");
    return id;
}

static void assert_prints(void (*function)(Job *), const char *wanted)
{
    TestDb *test = test_db_open(FALSE);
    TestJobs *queue = test_jobs_new(test);
    Printer printer = {function, FALSE};
    g_autofree char *id = run(queue, &printer);

    test_jobs_assert_output(queue, id, wanted);
    test_jobs_free(queue);
    test_db_close(test);
}

static void out(Job *job, const char *step, const char *text)
{
    job_output(job, step, text, strlen(text));
}

static void print_pieces(Job *job)
{
    out(job, "a", "one\ntw");
    out(job, "b", "other\r\n");
    out(job, "a", "o\n\nthree");
    job_output_flush(job, "a");
    job_output_flush(job, "a");
    out(job, "a", "four");
}

static void bytes_are_cut_into_lines_for_each_step(void)
{
    assert_prints(print_pieces, "one\nother\ntwo\n\nthree\nfour\n");
}

static void print_secret_in_pieces(Job *job)
{
    job_mask(job, SECRET);
    for (const char *c = "a " SECRET " b\n"; *c; c++)
        job_output(job, NULL, c, 1);
    job_print(job, NULL, "info", "%s", SECRET);
}

static void a_secret_is_masked_across_chunks(void)
{
    assert_prints(print_secret_in_pieces, "a *** b\n***\n");
}

static void print_secret_at(Job *job, gsize position)
{
    g_autoptr(GString) line = g_string_new(NULL);

    while (line->len < position)
        g_string_append_c(line, 'x');
    g_string_append(line, SECRET);
    while (line->len < 200000)
        g_string_append_c(line, 'y');
    g_string_append_c(line, '\n');
    for (gsize at = 0; at < line->len; at += 1000)
        job_output(job, NULL, line->str + at, MIN(1000, line->len - at));
}

static void print_secrets_near_the_cut(Job *job)
{
    job_mask(job, SECRET);
    for (gsize position = 65536 - 30; position < 65536 + 4; position++)
        print_secret_at(job, position);
}

static void a_long_line_is_never_cut_inside_a_secret(void)
{
    TestDb *test = test_db_open(FALSE);
    TestJobs *queue = test_jobs_new(test);
    Printer printer = {print_secrets_near_the_cut, FALSE};
    g_autoptr(Arena) arena = arena_new(256 << 20);
    g_autofree char *id = run(queue, &printer);
    g_autoptr(GString) all = g_string_new(NULL);
    int64_t next;
    gboolean ended;
    guint masked = 0;

    const Value *lines = jobs_output_read(queue->jobs, arena, id, 0, 10000, &next, &ended, NULL);
    for (guint i = 0; i < value_count(lines); i++)
        g_string_append(all, value_string(value_get(value_item(lines, i), "text"), ""));
    for (const char *c = all->str; (c = strstr(c, "***")); c += 3)
        masked++;
    g_assert_cmpuint(masked, ==, 34);
    g_assert_null(strstr(all->str, "horse"));
    g_assert_null(strstr(all->str, "correct"));
    g_assert_null(strstr(all->str, "staple"));
    test_jobs_free(queue);
    test_db_close(test);
}

static void print_bad_bytes(Job *job)
{
    job_output(job, NULL,
               "a\xff"
               "b\0c\x1b[1m\n",
               10);
    job_print(job, NULL, "info", "two\nlines\n");
}

static void bytes_that_are_no_text_stay_readable(void)
{
    TestDb *test = test_db_open(FALSE);
    TestJobs *queue = test_jobs_new(test);
    Printer printer = {print_bad_bytes, FALSE};
    g_autoptr(Arena) arena = arena_new(1 << 20);
    g_autofree char *id = run(queue, &printer);
    int64_t next;
    gboolean ended;

    const Value *lines = jobs_output_read(queue->jobs, arena, id, 0, 10, &next, &ended, NULL);
    g_assert_cmpuint(value_count(lines), ==, 3);
    g_assert_cmpstr(value_string(value_get(value_item(lines, 0), "text"), NULL), ==,
                    "a\xef\xbf\xbd"
                    "b\xef\xbf\xbd"
                    "c\x1b[1m");
    g_assert_cmpstr(value_string(value_get(value_item(lines, 2), "text"), ""), ==, "lines");
    g_assert_cmpint(value_int(value_get(value_item(lines, 2), "n"), -1), ==, 2);
    test_jobs_free(queue);
    test_db_close(test);
}

static void print_two(Job *job)
{
    job_print(job, "a", "info", "first");
    job_print(job, "a", "info", "second");
}

/* What a dead server left, then a retry on the same files. */
static void assert_recovers(void (*damage)(const char *lines, const char *index),
                            const char *wanted)
{
    TestDb *test = test_db_open(FALSE);
    TestJobs *queue = test_jobs_new(test);
    Printer printer = {print_two, TRUE};
    g_autofree char *id = run(queue, &printer);
    g_autofree char *lines = g_build_filename(test->folder, "jobs", id, "output.jsonl", NULL);
    g_autofree char *index = g_build_filename(test->folder, "jobs", id, "output.index", NULL);

    damage(lines, index);
    printer.fail = FALSE;
    g_assert_true(jobs_retry(queue->jobs, id, NULL, NULL, NULL));
    test_jobs_assert_ends(queue, id, "succeeded");
    test_jobs_assert_output(queue, id, wanted);
    test_jobs_free(queue);
    test_db_close(test);
}

static void append_to(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");

    fputs(text, file);
    fclose(file);
}

static void half_a_line(const char *lines, const char *index)
{
    append_to(lines, "{\"n\":3,\"t\":1,\"text\":\"ha");
}

static void half_a_line_is_dropped(void)
{
    assert_recovers(half_a_line, "first\nsecond\nfailed\nfirst\nsecond\n");
}

static void line_without_index(const char *lines, const char *index)
{
    append_to(lines, "{\"n\":3,\"t\":1,\"level\":\"out\",\"text\":\"more\"}\n");
    append_to(index, "abc");
}

static void a_line_without_index_is_found(void)
{
    assert_recovers(line_without_index, "first\nsecond\nfailed\nmore\nfirst\nsecond\n");
}

static void no_index(const char *lines, const char *index)
{
    g_remove(index);
}

static void a_lost_index_is_made_again(void)
{
    assert_recovers(no_index, "first\nsecond\nfailed\nfirst\nsecond\n");
}

static void index_beyond_the_lines(const char *lines, const char *index)
{
    g_assert_cmpint(truncate(lines, 0), ==, 0);
}

static void lost_lines_lose_nothing_else(void)
{
    assert_recovers(index_beyond_the_lines, "first\nsecond\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/job-output/bytes-are-cut-into-lines-for-each-step",
                    bytes_are_cut_into_lines_for_each_step);
    g_test_add_func("/job-output/a-secret-is-masked-across-chunks",
                    a_secret_is_masked_across_chunks);
    g_test_add_func("/job-output/a-long-line-is-never-cut-inside-a-secret",
                    a_long_line_is_never_cut_inside_a_secret);
    g_test_add_func("/job-output/bytes-that-are-no-text-stay-readable",
                    bytes_that_are_no_text_stay_readable);
    g_test_add_func("/job-output/recovery/half-a-line-is-dropped", half_a_line_is_dropped);
    g_test_add_func("/job-output/recovery/a-line-without-index-is-found",
                    a_line_without_index_is_found);
    g_test_add_func("/job-output/recovery/a-lost-index-is-made-again", a_lost_index_is_made_again);
    g_test_add_func("/job-output/recovery/lost-lines-lose-nothing-else",
                    lost_lines_lose_nothing_else);
    return test_db_run();
}
