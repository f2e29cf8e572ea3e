/* What the actions share that render what they fetch. */
#pragma once
#include "formats/nunjucks.h"
#include "scaffolder/scaffolder_internal.h"

/* Where the files that are rendered load others from. */
typedef struct {
    ActionRun *run;
    const char *folder; /* of a skeleton; NULL: the folder of the one file of input */
    const Value *input;
} FetchLoad;

typedef struct {
    const Value *context; /* {values} or {cookiecutter} */
    NunjucksOptions options;
    FetchLoad load;
} FetchRendering;

/* From `values`, `cookiecutterCompat`, `trimBlocks` and `lstripBlocks`. */
void fetch_rendering(ActionRun *run, const Value *input, FetchRendering *rendering);
/* Lets the files that are rendered load others (include, extends, import) from folder, and from no
 * other place. rendering stays where it is. */
void fetch_load_from(ActionRun *run, const char *folder, FetchRendering *rendering);
/* From the folder of the file at input's `url`. */
void fetch_load_beside(ActionRun *run, const Value *input, FetchRendering *rendering);
/* Writes bytes (of file) to path of the workspace: rendered where they are text. */
gboolean fetch_write_rendered(ActionRun *run, const FetchRendering *rendering, const char *file,
                              const char *path, const char *bytes, gsize length, mode_t mode,
                              GError **error);
/* Whether path is there and stays so, which is logged. */
bool fetch_keeps(ActionRun *run, const char *path, bool replace);
