/* Renders templates for the test that holds them against the package `nunjucks`: a line of JSON in,
 * {template, context, options, evaluate, templates}, one out, {output}, {value} or {error}. The
 * object templates holds what the template may load. */
#include "formats/json.h"
#include "formats/nunjucks.h"
#include <stdio.h>

static const char *text_option(const Value *options, const char *path)
{
    return value_path_string(options, path, NULL);
}

static const char *load(void *templates, Arena *arena, const char *name, GError **error)
{
    return value_string(value_get(templates, name), NULL);
}

static NunjucksOptions options_of(const Value *options, const Value *templates)
{
    return (NunjucksOptions){
        .file = "main",
        .variable_start = text_option(options, "tags.variableStart"),
        .variable_end = text_option(options, "tags.variableEnd"),
        .block_start = text_option(options, "tags.blockStart"),
        .block_end = text_option(options, "tags.blockEnd"),
        .comment_start = text_option(options, "tags.commentStart"),
        .comment_end = text_option(options, "tags.commentEnd"),
        .autoescape = value_bool(value_get(options, "autoescape"), false),
        .throw_on_undefined = value_bool(value_get(options, "throwOnUndefined"), false),
        .load = templates ? load : NULL,
        .load_data = (void *)templates,
        .trim_blocks = value_bool(value_get(options, "trimBlocks"), false),
        .lstrip_blocks = value_bool(value_get(options, "lstripBlocks"), false),
        .cookiecutter = value_bool(value_get(options, "cookiecutter"), false),
    };
}

static Value *answer_of(Arena *arena, const Value *question)
{
    g_autoptr(GError) error = NULL;
    Value *answer = value_object_new(arena);
    const char *template = value_path_string(question, "template", "");
    const Value *context = value_get(question, "context");
    NunjucksOptions options =
        options_of(value_get(question, "options"), value_get(question, "templates"));

    if (value_bool(value_get(question, "evaluate"), false))
        value_set(arena, answer, "value",
                  nunjucks_evaluate(arena, template, context, &options, &error));
    else
        value_set_string(arena, answer, "output",
                         nunjucks_render(arena, template, context, &options, &error));
    if (error)
        value_set_string(arena, answer, "error", error->message);
    return answer;
}

int main(void)
{
    g_autofree char *line = NULL;
    size_t size = 0;
    ssize_t length;

    while ((length = getline(&line, &size, stdin)) > 0) {
        g_autoptr(Arena) arena = arena_new(ARENA_REQUEST_BYTES);
        g_autoptr(GError) error = NULL;
        const Value *question = json_parse(arena, line, length, &error);

        if (!question)
            g_error("%s: %s", error->message, line);
        g_autofree char *answer = json_to_string(answer_of(arena, question), JSON_COMPACT);

        puts(answer);
        fflush(stdout);
    }
    return 0;
}
