/* YAML 1.2 core schema over libyaml's events.
 *
 * Ceilings: depth 64, a million nodes (aliases counted as often as they expand), duplicate keys are
 * errors. Every value knows its line and column. */
#pragma once
#include "base/diagnostics.h"
#include "formats/value.h"

typedef enum {
    YAML_PLAIN, /* anchors and aliases work; merge keys are ordinary keys, as Backstage has it */
    YAML_MERGE_KEYS /* `<<` merges */
} YamlDialect;

/* Every document of text, in order, empty ones left out, as an array value in arena. What does not
 * parse is reported to diagnostics under file and makes the result NULL. length < 0:
 * NUL-terminated. */
Value *yaml_parse_stream(Arena *arena, const char *text, gssize length, const char *file,
                         YamlDialect dialect, Diagnostics *diagnostics);

/* The only document of text; more than one is an error. NULL with a diagnostic, or NULL without one
 * for empty text. */
Value *yaml_parse(Arena *arena, const char *text, gssize length, const char *file,
                  YamlDialect dialect, Diagnostics *diagnostics);

/* Appends value as a block-style document whose strings are quoted exactly where the core schema
 * needs it. */
void yaml_write(GString *out, const Value *value);
