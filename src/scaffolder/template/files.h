/* Template files in folders. */
#pragma once
#include "scaffolder/scaffolder_internal.h"

/* Calls visit with every file in path that holds templates, read with its places; what cannot be
 * read goes to findings (may be NULL). folder is the one the file is in. */
typedef gboolean (*TemplateVisit)(const Value *template, const char *file, const char *folder,
                                  void *data, GError **error);
gboolean template_files_visit(Arena *arena, const char *path, TemplateVisit visit, void *data,
                              Diagnostics *findings, GError **error);
