/* What is wrong with a template that is being written. */
#include "scaffolder/api/api.h"

#include "formats/diagnostics_format.h"
#include "formats/yaml.h"
#include "scaffolder/template/lint.h"
#include "spine/folder.h"

#include <string.h>

#define TEMPLATE_FILE "template.yaml"

/* Every document is held against every file. */
enum { DOCUMENTS_MAX = 20, FILES_MAX = 500, FILES_BYTES_MAX = 20 * 1024 * 1024 };

static gboolean check_size(const Value *documents, const Value *contents, GError **error)
{
    guint files = value_is(contents, VALUE_ARRAY) ? value_count(contents) : 0;
    gsize bytes = 0;

    for (guint i = 0; i < files && i < FILES_MAX; i++)
        bytes += strlen(value_path_string(value_item(contents, i), "base64Content", "")) / 4 * 3;
    if (value_count(documents) > DOCUMENTS_MAX)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT, "the template has more than %d documents",
                    DOCUMENTS_MAX);
    else if (files > FILES_MAX || bytes > FILES_BYTES_MAX)
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "directoryContents has more than %d files or %d MiB", FILES_MAX,
                    FILES_BYTES_MAX / (1024 * 1024));
    else
        return TRUE;
    return FALSE;
}

/* The files are linted as they lie in a folder; without any, the documents alone. */
static gboolean lint_documents(Scaffolder *scaffolder, Arena *arena, const Value *documents,
                               const Value *contents, Diagnostics *findings, GError **error)
{
    g_autofree char *folder = NULL;
    gboolean written = TRUE;

    if (value_is(contents, VALUE_ARRAY)) {
        folder = g_dir_make_tmp("pave-lint-XXXXXX", error);
        written = folder && dry_run_write(folder, contents, error);
    }
    for (guint i = 0; written && i < value_count(documents); i++)
        template_lint(scaffolder, arena, value_item(documents, i), TEMPLATE_FILE, folder, "",
                      findings);
    if (folder)
        folder_remove(folder, NULL);
    return written;
}

/* {template: text, directoryContents?} → {diagnostics, parameterSchema?}. */
SCAFFOLDER_HANDLER(scaffolder_api_lint)
{
    Arena *arena = request_arena(request);
    const Value *body = request_body_json(request, error);
    const Value *contents = value_get(body, "directoryContents");
    const char *text = value_path_string(body, "template", NULL);
    g_autoptr(Diagnostics) findings = diagnostics_new();
    Value *reply = value_object_new(arena);

    if (!body)
        return NULL;
    if (!text) {
        g_set_error(error, PAVE_ERROR, ERROR_INPUT,
                    "request/body must have required property 'template'");
        return NULL;
    }
    const Value *documents =
        yaml_parse_stream(arena, text, -1, TEMPLATE_FILE, YAML_PLAIN, findings);

    if (!check_size(documents, contents, error) ||
        !lint_documents(room, arena, documents, contents, findings, error))
        return NULL;
    for (guint i = 0; i < value_count(documents); i++) {
        const Value *template = value_item(documents, i);

        if (value_is(template, VALUE_OBJECT))
            value_set(arena, reply, "parameterSchema", template_parameter_schema(arena, template));
    }
    diagnostics_sort(findings);
    value_set(arena, reply, "diagnostics", diagnostics_to_value(arena, findings));
    return response_json(request, 200, reply);
}
