#include "base/diagnostics.h"
#include "base/arena.h"
#include "base/error.h"

#define FINDINGS_MAX 1000

struct Diagnostics {
    Arena *arena;
    GArray *findings; /* Diagnostic */
    guint findings_max;
};

Diagnostics *diagnostics_new(void)
{
    return diagnostics_new_for(FINDINGS_MAX);
}

Diagnostics *diagnostics_new_for(guint findings_max)
{
    Diagnostics *list = g_new0(Diagnostics, 1);

    list->arena = arena_new(G_MAXSIZE);
    list->findings = g_array_new(FALSE, TRUE, sizeof(Diagnostic));
    list->findings_max = findings_max;
    return list;
}

void diagnostics_free(Diagnostics *list)
{
    if (!list)
        return;
    g_array_unref(list->findings);
    arena_free(list->arena);
    g_free(list);
}

static void append_copy(Diagnostics *list, const Diagnostic *finding)
{
    Diagnostic copy = *finding;

    copy.code = arena_strdup(list->arena, finding->code);
    copy.message = arena_strdup(list->arena, finding->message);
    copy.file = arena_strdup(list->arena, finding->file);
    copy.pointer = arena_strdup(list->arena, finding->pointer);
    copy.hint = arena_strdup(list->arena, finding->hint);
    g_array_append_val(list->findings, copy);
}

void diagnostics_add(Diagnostics *list, const Diagnostic *finding)
{
    static const Diagnostic more = {.severity = DIAGNOSTIC_INFO,
                                    .code = "too-many-findings",
                                    .message = "further findings were left out"};

    if (list->findings->len < list->findings_max)
        append_copy(list, finding);
    else if (list->findings->len == list->findings_max)
        append_copy(list, &more);
}

void diagnostics_error(Diagnostics *list, const char *code, const char *file, int line, int column,
                       const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    diagnostics_add(list, &(Diagnostic){.severity = DIAGNOSTIC_ERROR,
                                        .code = code,
                                        .message = message,
                                        .file = file,
                                        .line = line,
                                        .column = column});
}

static int compare_places(gconstpointer a, gconstpointer b)
{
    const Diagnostic *left = a, *right = b;
    int order = g_strcmp0(left->file, right->file);

    if (order == 0)
        order = left->line - right->line;
    return order ? order : left->column - right->column;
}

void diagnostics_sort(Diagnostics *list)
{
    g_array_sort(list->findings, compare_places);
}

guint diagnostics_count(const Diagnostics *list)
{
    return list->findings->len;
}

const Diagnostic *diagnostics_get(const Diagnostics *list, guint index)
{
    return index < list->findings->len ? &g_array_index(list->findings, Diagnostic, index) : NULL;
}

static const Diagnostic *first_error(const Diagnostics *list)
{
    for (guint i = 0; i < list->findings->len; i++) {
        const Diagnostic *finding = diagnostics_get(list, i);

        if (finding->severity == DIAGNOSTIC_ERROR)
            return finding;
    }
    return NULL;
}

gboolean diagnostics_have_errors(const Diagnostics *list)
{
    return first_error(list) != NULL;
}

gboolean diagnostics_to_error(const Diagnostics *list, GError **error)
{
    const Diagnostic *finding = first_error(list);
    g_autoptr(GString) text = NULL;

    if (!finding)
        return TRUE;
    text = g_string_new(finding->file);
    if (finding->line > 0)
        g_string_append_printf(text, "%s%d:%d", text->len ? ":" : "", finding->line,
                               finding->column);
    g_string_append_printf(text, "%s%s", text->len ? ": " : "", finding->message);
    if (finding->hint)
        g_string_append_printf(text, " (%s)", finding->hint);
    g_set_error_literal(error, PAVE_ERROR, ERROR_INPUT, text->str);
    return FALSE;
}
