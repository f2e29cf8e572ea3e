/* Checks values for the test that holds the validator against ajv: a line of JSON in,
 * {schema, instance}, one out, {valid, message}. */
#include "formats/json.h"
#include "formats/jsonschema.h"
#include <stdio.h>

static Value *answer_of(Arena *arena, const Value *question)
{
    g_autoptr(GPtrArray) found = jsonschema_violations(arena, value_get(question, "schema"),
                                                       value_get(question, "instance"));
    Value *answer = value_object_new(arena);

    value_set_bool(arena, answer, "valid", found->len == 0);
    if (found->len > 0)
        value_set_string(arena, answer, "message",
                         jsonschema_sentence(arena, g_ptr_array_index(found, 0)));
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
