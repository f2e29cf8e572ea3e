/* What the actions share that render what they fetch. */
#pragma once
#include "formats/nunjucks.h"
#include "scaffolder/scaffolder_internal.h"

typedef struct {
    const Value *context; /* {values} or {cookiecutter} */
    NunjucksOptions options;
} FetchRendering;

/* From `values`, `cookiecutterCompat`, `trimBlocks` and `lstripBlocks`. */
void fetch_rendering(ActionRun *run, const Value *input, FetchRendering *rendering);
/* Writes bytes (of file) to path of the workspace: rendered where they are text. */
gboolean fetch_write_rendered(ActionRun *run, const FetchRendering *rendering, const char *file,
                              const char *path, const char *bytes, gsize length, mode_t mode,
                              GError **error);
/* Whether path is there and stays so, which is logged. */
bool fetch_keeps(ActionRun *run, const char *path, bool replace);
