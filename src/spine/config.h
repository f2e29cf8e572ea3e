/* `app-config.yaml`, with Backstage's key names where it has them. Environment substitution as
 * Backstage has it
 * (`${NAME}`, `${NAME:-default}`, `$env`, `$file`, `$include` beside a key). A key nobody knows is
 * an error with line and column. */
#pragma once
#include "base/diagnostics.h"
#include "base/error.h"
#include "formats/value.h"

typedef struct Config Config;

/* Files later in the list win, member by member. Paths inside a file are relative to it and are
 * made absolute when it is read. NULL where diagnostics have an error. */
Config *config_load(const char *const *paths, Diagnostics *diagnostics);
/* From text, for tests. */
Config *config_parse(const char *yaml, const char *folder, Diagnostics *diagnostics);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* Lives as long as config. NULL where absent. */
const Value *config_get(const Config *config, const char *path); /* "backend.baseUrl" */
const char *config_string(const Config *config, const char *path, const char *fallback);
int64_t config_int(const Config *config, const char *path, int64_t fallback);
gboolean config_bool(const Config *config, const char *path, gboolean fallback);
/* The same of a value: what a variable gives is text. */
gboolean config_value_bool(const Value *value, gboolean fallback);
/* "15s", "2m", "1h" or ISO 8601 or {seconds: 15} → ms. */
int64_t config_duration_ms(const Config *config, const char *path, int64_t fallback_ms);
/* The same of a value; FALSE where it is no duration. */
gboolean config_parse_duration(const Value *value, int64_t *duration_ms);
/* An absolute path for one that the schema does not know to be a path, relative to the first file;
 * free with g_free(). */
char *config_resolve_path(const Config *config, const char *path_in_file);
