/* A template entity: the pages of its form, what they accept, and the task it becomes. */
#pragma once
#include "base/error.h"
#include "formats/value.h"
#include "scaffolder/template/form.h"

typedef struct Scaffolder Scaffolder;

/* The template entity that ref names. ERROR_INPUT for another kind, ERROR_NOT_FOUND. */
const Value *template_get(Scaffolder *scaffolder, Arena *arena, const char *ref, GError **error);
/* The pages of its form, [{title, description?, when?, schema}]. */
const Value *template_parameter_schema(Arena *arena, const Value *entity);
/* Its form with values in it. */
TemplateForm template_form_of(Arena *arena, const Value *entity, const Value *values);
/* What a task gets: values with the defaults of what is shown, without what is hidden. */
const Value *template_defaults(Arena *arena, const Value *entity, const Value *values);
/* What is wrong with values, as they were sent, and secrets, as Backstage lists it; an empty array
 * where nothing is. */
const Value *template_check(Arena *arena, const Value *entity, const Value *values,
                            const Value *secrets);
/* What a task runs: {apiVersion, steps, output, parameters, user, templateInfo}. ERROR_INPUT where
 * the template cannot run (no steps, an unknown action, an id twice). */
const Value *template_instantiate(Scaffolder *scaffolder, Arena *arena, const Value *entity,
                                  const Value *parameters, const char *actor, GError **error);
/* Where it was read: "file:///srv/template.yaml" or "https://…/blob/main/template.yaml"; "". */
const char *template_base_url(Arena *arena, const Value *entity);
/* The commit of its repository, or the digest of its content. */
const char *template_version(Scaffolder *scaffolder, Arena *arena, const Value *template_info);
/* The URL a relative one means beside the template; ERROR_INPUT where it leaves its folder. */
const char *template_resolve_url(Arena *arena, const char *base_url, const char *url,
                                 GError **error);
