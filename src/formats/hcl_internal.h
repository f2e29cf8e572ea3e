/* What the files of the HCL reader share: a cursor over the text, and expressions that are values.
 */
#pragma once
#include "formats/hcl.h"

#define HCL_DEPTH_MAX 64

typedef struct {
    Arena *arena;
    const char *text; /* not NUL-terminated */
    gsize length, at;
    int line;
    gsize line_start;     /* where the current line begins */
    gsize expression_end; /* of the last expression skipped, without blanks and comments */
} HclCursor;

/* ---- scanning (hcl_scan.c) ---- */

int hcl_peek(const HclCursor *cursor, gsize ahead); /* -1 at the end */
void hcl_advance(HclCursor *cursor, gsize count);
int hcl_column(const HclCursor *cursor);
gboolean hcl_starts_identifier(int c);
/* The identifier at the cursor, in the arena; NULL where there is none. */
const char *hcl_identifier(HclCursor *cursor);
/* Over blanks and comments, and newlines where lines is set. A `#` comment's newline stays. */
void hcl_skip_space(HclCursor *cursor, gboolean lines);
/* At "<<EOT" or "<<-EOT"? Then over it; *body and *body_length are its lines, *indented tells of
 * the dash. NULL or what is wrong. */
gboolean hcl_at_heredoc(const HclCursor *cursor);
const char *hcl_skip_heredoc(HclCursor *cursor, const char **body, gsize *body_length,
                             gboolean *indented);
/* Over an expression: to the newline, comma or closing bracket that ends it. NULL or what is wrong.
 */
const char *hcl_skip_expression(HclCursor *cursor, guint depth);

/* ---- literals (hcl_literal.c) ---- */

HclCursor hcl_cursor(Arena *arena, const char *text, gsize length);
/* The value at the cursor where it is a literal; NULL where it is anything else. */
Value *hcl_literal(HclCursor *cursor, guint depth);
/* The whole of text as a literal; NULL. */
Value *hcl_literal_text(Arena *arena, const char *text, gsize length);
