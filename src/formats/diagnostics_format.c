#include "formats/diagnostics_format.h"
#include "formats/json.h"
#include <string.h>

static const char *const severities[] = {"error", "warning", "info"};

gboolean diagnostics_format_from_name(const char *name, DiagnosticsFormat *format)
{
    static const char *const names[] = {"text", "github", "sarif", "json"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(names[i], name)) {
            *format = (DiagnosticsFormat)i;
            return TRUE;
        }
    return FALSE;
}

static guint count_of(const Diagnostics *list, DiagnosticSeverity severity)
{
    guint count = 0;

    for (guint i = 0; i < diagnostics_count(list); i++)
        count += diagnostics_get(list, i)->severity == severity;
    return count;
}

/* ---- text ---- */

static void write_text(GString *out, const Diagnostic *finding)
{
    if (finding->file)
        g_string_append_printf(out, "%s:%d:%d: ", finding->file, finding->line, finding->column);
    g_string_append_printf(out, "%s: %s", severities[finding->severity], finding->message);
    if (finding->hint)
        g_string_append_printf(out, " (%s)", finding->hint);
    g_string_append_c(out, '\n');
}

/* ---- GitHub's workflow commands ---- */

/* What would end a property or the command is written as %XX. */
static void append_escaped(GString *out, const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '%' || *text == '\r' || *text == '\n' || strchr(special, *text))
            g_string_append_printf(out, "%%%02X", (unsigned char)*text);
        else
            g_string_append_c(out, *text);
    }
}

static void append_property(GString *out, const char *before, const char *name, const char *value)
{
    g_string_append_printf(out, "%s%s=", before, name);
    append_escaped(out, value, ":,");
}

static void write_github(GString *out, const Diagnostic *finding)
{
    static const char *const commands[] = {"error", "warning", "notice"};

    g_string_append_printf(out, "::%s", commands[finding->severity]);
    if (finding->file)
        append_property(out, " ", "file", finding->file);
    if (finding->file && finding->line > 0)
        g_string_append_printf(out, ",line=%d,col=%d", finding->line, finding->column);
    append_property(out, finding->file ? "," : " ", "title", finding->code);
    g_string_append(out, "::");
    append_escaped(out, finding->message, "");
    if (finding->hint) {
        g_string_append(out, " (");
        append_escaped(out, finding->hint, "");
        g_string_append_c(out, ')');
    }
    g_string_append_c(out, '\n');
}

/* ---- JSON and SARIF ---- */

static Value *finding_value(Arena *arena, const Diagnostic *finding)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "severity", severities[finding->severity]);
    value_set_string(arena, value, "code", finding->code);
    value_set_string(arena, value, "message", finding->message);
    value_set_nullable(arena, value, "file", finding->file);
    value_set_int(arena, value, "line", finding->line);
    value_set_int(arena, value, "column", finding->column);
    value_set_nullable(arena, value, "pointer", finding->pointer);
    value_set_nullable(arena, value, "hint", finding->hint);
    return value;
}

static Value *json_value(Arena *arena, const Diagnostics *list)
{
    Value *report = value_object_new(arena), *findings = value_array_new(arena);

    for (guint i = 0; i < diagnostics_count(list); i++)
        value_append(arena, findings, finding_value(arena, diagnostics_get(list, i)));
    value_set(arena, report, "findings", findings);
    value_set_int(arena, report, "errors", count_of(list, DIAGNOSTIC_ERROR));
    value_set_int(arena, report, "warnings", count_of(list, DIAGNOSTIC_WARNING));
    return report;
}

static Value *wrapped(Arena *arena, const char *key, const Value *value)
{
    Value *object = value_object_new(arena);

    value_set(arena, object, key, value);
    return object;
}

static Value *text_value(Arena *arena, const char *key, const char *text)
{
    return wrapped(arena, key, value_string_new(arena, text));
}

static Value *location_value(Arena *arena, const Diagnostic *finding)
{
    Value *physical = value_object_new(arena), *region = value_object_new(arena);
    g_autofree char *uri = g_uri_escape_string(finding->file, "/", TRUE);

    value_set(arena, physical, "artifactLocation", text_value(arena, "uri", uri));
    if (finding->line > 0) {
        value_set_int(arena, region, "startLine", finding->line);
        value_set_int(arena, region, "startColumn", MAX(finding->column, 1));
        value_set(arena, physical, "region", region);
    }
    return wrapped(arena, "physicalLocation", physical);
}

static Value *result_value(Arena *arena, const Diagnostic *finding)
{
    static const char *const levels[] = {"error", "warning", "note"};
    Value *result = value_object_new(arena), *locations = value_array_new(arena);
    const char *text = finding->hint
                           ? arena_printf(arena, "%s (%s)", finding->message, finding->hint)
                           : finding->message;

    value_set_string(arena, result, "ruleId", finding->code);
    value_set_string(arena, result, "level", levels[finding->severity]);
    value_set(arena, result, "message", text_value(arena, "text", text));
    if (finding->file)
        value_append(arena, locations, location_value(arena, finding));
    value_set(arena, result, "locations", locations);
    return result;
}

static Value *rules_value(Arena *arena, const Diagnostics *list)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    Value *rules = value_array_new(arena);

    for (guint i = 0; i < diagnostics_count(list); i++) {
        const char *code = diagnostics_get(list, i)->code;

        if (g_hash_table_add(known, (gpointer)code))
            value_append(arena, rules, text_value(arena, "id", code));
    }
    return rules;
}

static Value *sarif_value(Arena *arena, const Diagnostics *list)
{
    Value *log = value_object_new(arena), *runs = value_array_new(arena);
    Value *run = value_object_new(arena), *driver = value_object_new(arena);
    Value *results = value_array_new(arena);

    for (guint i = 0; i < diagnostics_count(list); i++)
        value_append(arena, results, result_value(arena, diagnostics_get(list, i)));
    value_set_string(arena, driver, "name", "Pave");
    value_set(arena, driver, "rules", rules_value(arena, list));
    value_set(arena, run, "tool", wrapped(arena, "driver", driver));
    value_set(arena, run, "results", results);
    value_append(arena, runs, run);
    value_set_string(arena, log, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    value_set_string(arena, log, "version", "2.1.0");
    value_set(arena, log, "runs", runs);
    return log;
}

void diagnostics_write(GString *out, const Diagnostics *list, DiagnosticsFormat format)
{
    g_autoptr(Arena) arena = arena_new(G_MAXSIZE);

    if (format == DIAGNOSTICS_SARIF || format == DIAGNOSTICS_JSON) {
        json_write(out,
                   format == DIAGNOSTICS_JSON ? json_value(arena, list) : sarif_value(arena, list),
                   JSON_PRETTY);
        g_string_append_c(out, '\n');
        return;
    }
    for (guint i = 0; i < diagnostics_count(list); i++) {
        if (format == DIAGNOSTICS_TEXT)
            write_text(out, diagnostics_get(list, i));
        else
            write_github(out, diagnostics_get(list, i));
    }
}

static const Value *diagnostic_value(Arena *arena, const Diagnostic *diagnostic)
{
    Value *value = value_object_new(arena);

    value_set_string(arena, value, "severity", severities[diagnostic->severity]);
    value_set_string(arena, value, "code", diagnostic->code);
    value_set_string(arena, value, "message", diagnostic->message);
    value_set_string(arena, value, "file", diagnostic->file);
    if (diagnostic->line > 0) {
        value_set_int(arena, value, "line", diagnostic->line);
        value_set_int(arena, value, "column", diagnostic->column);
    }
    value_set_string(arena, value, "pointer", diagnostic->pointer);
    value_set_string(arena, value, "hint", diagnostic->hint);
    return value;
}

const Value *diagnostics_to_value(Arena *arena, const Diagnostics *diagnostics)
{
    Value *list = value_array_new(arena);

    for (guint i = 0; i < diagnostics_count(diagnostics); i++)
        value_append(arena, list, diagnostic_value(arena, diagnostics_get(diagnostics, i)));
    return list;
}
