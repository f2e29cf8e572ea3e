#include "pipelines/commands.h"

#include "base/error.h"
#include "formats/json.h"

#include <string.h>

static void commands_are_told_from_output(void)
{
    static const struct {
        const char *line, *wanted; /* name|properties|data; NULL: none */
    } cases[] = {
        {"::error file=a.js,line=3::It broke", "error|{\"file\":\"a.js\",\"line\":\"3\"}|It broke"},
        {"  ::warning::x", "warning|{}|x"},
        {"::set-output name=a::b::c", "set-output|{\"name\":\"a\"}|b::c"},
        {"::notice title=a%3Ab%2Cc::1%0A2%25%3A", "notice|{\"title\":\"a:b,c\"}|1\n2%%3A"},
        {"::group::Build", "group|{}|Build"},
        {"::endgroup::", "endgroup|{}|"},
        {"##[error]old", "error|{}|old"},
        {"##[warning file=x;line=2]old", "warning|{\"file\":\"x\",\"line\":\"2\"}|old"},
        {"text ::error::x", NULL},
        {"::", NULL},
        {"::::", NULL},
        {":: error::x", NULL},
        {"::a<b>::c", NULL},
        {"", NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        Command command;
        g_autofree char *got = NULL;
        if (command_parse(arena, cases[i].line, &command)) {
            g_autofree char *properties = json_to_string(command.properties, JSON_COMPACT);
            got = g_strdup_printf("%s|%s|%s", command.name, properties, command.data);
        }
        g_assert_cmpstr(got, ==, cases[i].wanted);
    }
}

static void files_are_read_as_the_runner_reads_them(void)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", "{}"},
        {"A=1\nB=x=y\n\nC=\n", "{\"A\":\"1\",\"B\":\"x=y\",\"C\":\"\"}"},
        {"A=no newline", "{\"A\":\"no newline\"}"},
        {"A<<END\none\ntwo\nEND\nB=2\n", "{\"A\":\"one\\ntwo\",\"B\":\"2\"}"},
        {"A<<END\nEND\n", "{\"A\":\"\"}"},
        {"A<<END\n\nEND", "{\"A\":\"\"}"},
        {"A=b<<c\n", "{\"A\":\"b<<c\"}"},
        {"A<<E=F\nx\nE=F\n", "{\"A\":\"x\"}"},
        {"A=1\nA=2\n", "{\"A\":\"2\"}"},
        {"A<<END\none\n", "the value of 'A' has no end: no line is 'END'"},
        {"A<<END\none\nEND ", "the value of 'A' has no end: no line is 'END'"},
        {"nonsense\n", "invalid format 'nonsense': write NAME=value or NAME<<MARK"},
        {"=x\n", "invalid format '=x': the name is empty"},
        {"A<<\n", "invalid format 'A<<': write NAME=value or NAME<<MARK"},
        {"A=\xff\n", "the file is not UTF-8 text"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        g_autoptr(GError) error = NULL;
        const Value *got = command_file_parse(arena, cases[i].text, strlen(cases[i].text), &error);
        g_autofree char *text = got ? json_to_string(got, JSON_COMPACT) : NULL;
        g_assert_cmpstr(text ? text : error->message, ==, cases[i].wanted);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/commands-are-told-from-output", commands_are_told_from_output);
    g_test_add_func("/commands/files-are-read-as-the-runner-reads-them",
                    files_are_read_as_the_runner_reads_them);
    return g_test_run();
}
