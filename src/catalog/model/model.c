/* What Backstage demands of an entity, in its words, and what a valid one declares. */
#include "catalog/catalog_internal.h"
#include "catalog/model/format.h"
#include "catalog/model/kinds.h"
#include "catalog/model/internal.h"
#include "formats/jsonschema.h"
#include <string.h>

#define VIOLATIONS_TOLD_MAX 5

/* ---- references ---- */

/* "[kind:][namespace/]name" without an empty part. */
static gboolean is_reference(const char *text, gboolean has_default_kind)
{
    const char *colon = strchr(text, ':'), *slash = strchr(text, '/');

    if (colon && slash && slash < colon)
        colon = NULL;
    if (colon == text || slash == (colon ? colon + 1 : text))
        return FALSE;
    return *(slash ? slash + 1 : colon ? colon + 1 : text) && (colon || has_default_kind);
}

/* NULL where it is one, otherwise why it is none. */
static const char *check_reference(Arena *arena, const SpecField *field, const Value *value)
{
    const char *text = value_string(value, "");
    g_autoptr(GError) error = NULL;
    EntityRef ref;

    if (!value_is(value, VALUE_STRING))
        return arena_printf(arena, "/spec/%s must hold entity references, which are text",
                            field->name);
    if (is_reference(text, field->target_kind != NULL) && g_utf8_validate(text, -1, NULL))
        return NULL;
    if (entity_ref_parse(arena, text, field->target_kind, NULL, &ref, &error))
        return NULL;
    return arena_strdup(arena, error->message);
}

static const char *check_references(Arena *arena, const Kind *kind, const Value *entity,
                                    const Value **at)
{
    const Value *spec = value_get(entity, "spec");

    for (const SpecField *field = kind->fields; field->name; field++) {
        const Value *value = field->relation ? kind_value(kind, field, spec) : NULL;
        gboolean is_list = value_is(value, VALUE_ARRAY);
        guint count = is_list ? value_count(value) : value ? 1 : 0;

        for (guint i = 0; i < count; i++) {
            const char *reason;

            *at = is_list ? value_item(value, i) : value;
            reason = check_reference(arena, field, *at);
            if (reason)
                return reason;
        }
    }
    return NULL;
}

/* ---- kinds ---- */

/* Puts the fault at hand under one that says who found it. */
static gboolean wrap(Arena *arena, ModelFault *fault, const char *intro)
{
    fault->cause_name = fault->name;
    fault->cause_message = fault->message;
    fault->message =
        arena_printf(arena, "%s; caused by %s: %s", intro, fault->name, fault->message);
    fault->name = "InputError";
    return FALSE;
}

static gboolean refuse_unknown(Arena *arena, const Value *entity, const char *ref,
                               ModelFault *fault)
{
    const Value *at = value_get(entity, "kind");

    *fault = (ModelFault){
        .name = "InputError",
        .message = arena_printf(arena,
                                "No processor recognized the entity %s as valid, possibly caused "
                                "by a foreign kind or apiVersion",
                                ref),
        .line = value_line(at),
        .column = value_column(at),
        .hint = kind_hint(arena, entity)};
    return FALSE;
}

/* The schema an organisation gave its kind. */
static gboolean check_custom(Arena *arena, const Kind *kind, const Value *entity, ModelFault *fault)
{
    g_autoptr(GPtrArray) violations = jsonschema_violations(arena, kind->schema, entity);
    g_autoptr(GString) text = g_string_new(NULL);
    const JsonschemaViolation *first;

    if (violations->len == 0)
        return TRUE;
    first = violations->pdata[0];
    for (guint i = 0; i < MIN(violations->len, VIOLATIONS_TOLD_MAX); i++) {
        const JsonschemaViolation *violation = violations->pdata[i];

        g_string_append_printf(text, "%s%s %s", i ? ", " : "",
                               *violation->pointer ? violation->pointer : "<root>",
                               violation->message);
    }
    if (violations->len > VIOLATIONS_TOLD_MAX)
        g_string_append_printf(text, ", and %u more", violations->len - VIOLATIONS_TOLD_MAX);
    *fault = (ModelFault){.name = "TypeError",
                          .message = arena_strdup(arena, text->str),
                          .line = value_line(first->instance),
                          .column = value_column(first->instance)};
    return FALSE;
}

static gboolean check_kind(Arena *arena, const Value *entity, const char *ref, ModelFault *fault)
{
    const Kind *kind = kind_of(entity);
    const char *processor = "Processor BuiltinKindsEntityProcessor threw an error", *reason;
    ModelCheck check = {.arena = arena};
    const Value *at = NULL;

    if (!kind)
        return refuse_unknown(arena, entity, ref, fault);
    if (kind->schema)
        processor = arena_printf(arena, "The schema of %s (catalog.kinds) is not met", kind->kind);
    if (kind->schema ? !check_custom(arena, kind, entity, fault)
                     : !model_check_spec(&check, kind, entity)) {
        if (!kind->schema)
            *fault = model_check_fault(&check);
        return wrap(arena, fault,
                    arena_printf(arena, "%s while validating the entity %s", processor, ref));
    }
    reason = check_references(arena, kind, entity, &at);
    if (!reason)
        return TRUE;
    *fault = (ModelFault){
        .name = "TypeError", .message = reason, .line = value_line(at), .column = value_column(at)};
    return wrap(arena, fault,
                arena_printf(arena, "%s while postprocessing the entity %s", processor, ref));
}

/* ---- policies ---- */

static gboolean check_policies(Arena *arena, const Value *entity, ModelFault *fault)
{
    static const char *const foreign[] = {"relations", "status"};
    ModelCheck check = {.arena = arena};
    const Value *at = entity;
    const char *reason = NULL;

    *fault = (ModelFault){.name = "Error"};
    if (!model_check_schema(&check, entity)) {
        fault->message = arena_printf(arena, "Malformed envelope, %s %s", check.where, check.what);
        fault->line = check.line;
        fault->column = check.column;
        fault->hint = check.hint;
        return FALSE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(foreign) && !reason; i++) {
        at = value_get(entity, foreign[i]);
        if (at)
            reason = arena_printf(arena, "Unknown field %s", foreign[i]);
    }
    if (!reason)
        reason = format_check(arena, entity, &at);
    fault->message = reason;
    fault->line = value_line(at ? at : entity);
    fault->column = value_column(at ? at : entity);
    return reason == NULL;
}

gboolean model_check_entity(Arena *arena, const Value *entity, ModelFault *fault)
{
    const char *ref = entity_ref_of(arena, entity);

    if (check_policies(arena, entity, fault))
        return check_kind(arena, entity, ref, fault);
    return wrap(arena, fault, arena_printf(arena, "Policy check failed for %s", ref));
}

/* ---- what a valid entity becomes ---- */

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(value_string(*(const Value *const *)a, ""),
                  value_string(*(const Value *const *)b, ""));
}

static gboolean is_sorted(const Value *list)
{
    for (guint i = 1; i < value_count(list); i++)
        if (strcmp(value_string(value_item(list, i - 1), ""),
                   value_string(value_item(list, i), "")) > 0)
            return FALSE;
    return TRUE;
}

static const Value *sorted_texts(Arena *arena, const Value *list)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    Value *sorted = value_array_new(arena);

    for (guint i = 0; i < value_count(list); i++)
        g_ptr_array_add(items, (gpointer)value_item(list, i));
    g_ptr_array_sort(items, compare_texts);
    for (guint i = 0; i < items->len; i++)
        value_append(arena, sorted, items->pdata[i]);
    value_set_position(sorted, value_line(list), value_column(list));
    return sorted;
}

/* spec itself where its lists are sorted already. */
static const Value *sorted_spec(Arena *arena, const Kind *kind, const Value *spec)
{
    Value *copy = NULL;

    for (const SpecField *field = kind->fields; field->name; field++) {
        const Value *list = field->relation ? value_get(spec, field->name) : NULL;

        if (!value_is(list, VALUE_ARRAY) || is_sorted(list))
            continue;
        if (!copy)
            copy = value_clone_shallow(arena, spec);
        value_set(arena, copy, field->name, sorted_texts(arena, list));
    }
    return copy ? copy : spec;
}

Value *model_normalize(Arena *arena, const Value *entity)
{
    Value *copy = value_clone_shallow(arena, entity);
    const Value *written = value_get(entity, "metadata"), *spec = value_get(entity, "spec");
    const Kind *kind = kind_of(entity);

    if (value_is(written, VALUE_OBJECT) && !value_get(written, "namespace")) {
        Value *metadata = value_clone_shallow(arena, written);

        value_set_string(arena, metadata, "namespace", "default");
        value_set(arena, copy, "metadata", metadata);
    }
    if (kind && !kind->schema && value_is(spec, VALUE_OBJECT))
        value_set(arena, copy, "spec", sorted_spec(arena, kind, spec));
    return copy;
}

/* ---- relations ---- */

/* item -1: text is all of the field. */
static void add_relation(Arena *arena, GArray *relations, const SpecField *field, const Value *text,
                         int item, const char *namespace)
{
    EntityRef ref;
    Relation relation = {.type = field->relation,
                         .inverse = field->inverse,
                         .field = field->name,
                         .item = item,
                         .text = text};

    if (!entity_ref_parse(arena, value_string(text, ""), field->target_kind, namespace, &ref, NULL))
        return;
    relation.target = entity_ref_format(arena, ref.kind, ref.namespace, ref.name);
    g_array_append_val(relations, relation);
}

GArray *model_relations(Arena *arena, const Value *entity)
{
    GArray *relations = g_array_new(FALSE, FALSE, sizeof(Relation));
    const Value *spec = value_get(entity, "spec");
    const char *namespace = value_path_string(entity, "metadata.namespace", "default");
    const Kind *kind = kind_of(entity);

    for (const SpecField *field = kind ? kind->fields : NULL; field && field->name; field++) {
        const Value *value = field->relation ? kind_value(kind, field, spec) : NULL;

        if (value_is(value, VALUE_STRING))
            add_relation(arena, relations, field, value, -1, namespace);
        for (guint i = 0; value_is(value, VALUE_ARRAY) && i < value_count(value); i++)
            add_relation(arena, relations, field, value_item(value, i), (int)i, namespace);
    }
    return relations;
}
