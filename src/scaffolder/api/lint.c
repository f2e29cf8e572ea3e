/* What is wrong with a template that is being written. */
#include "scaffolder/api/api.h"

#include "formats/diagnostics_format.h"
#include "formats/yaml.h"
#include "scaffolder/template/lint.h"
#include "spine/folder.h"

#define TEMPLATE_FILE "template.yaml"

/* The files are linted as they lie in a folder. */
static gboolean lint_in_folder(Scaffolder *scaffolder, Arena *arena, const Value *template,
                               const Value *contents, Diagnostics *findings, GError **error)
{
    g_autofree char *folder = g_dir_make_tmp("pave-lint-XXXXXX", error);

    if (!folder)
        return FALSE;
    gboolean written = dry_run_write(folder, contents, error);

    if (written)
        template_lint(scaffolder, arena, template, TEMPLATE_FILE, folder, "", findings);
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

    for (guint i = 0; i < value_count(documents); i++) {
        const Value *template = value_item(documents, i);

        if (!value_is(contents, VALUE_ARRAY))
            template_lint(room, arena, template, TEMPLATE_FILE, NULL, "", findings);
        else if (!lint_in_folder(room, arena, template, contents, findings, error))
            return NULL;
        if (value_is(template, VALUE_OBJECT))
            value_set(arena, reply, "parameterSchema", template_parameter_schema(arena, template));
    }
    diagnostics_sort(findings);
    value_set(arena, reply, "diagnostics", diagnostics_to_value(arena, findings));
    return response_json(request, 200, reply);
}
