/* What a command prints: tables, JSON, colours only where a person looks. */
#pragma once
#include "formats/value.h"
#include <glib.h>

/* Escape sequences, "" where nobody looks. */
const char *screen_bold(void);
const char *screen_dim(void);
const char *screen_red(void);
const char *screen_green(void);
const char *screen_reset(void);

void screen_json(const Value *value);

/* Rows of texts under headings, columns as wide as they need. */
typedef struct Table Table;
Table *table_new(const char *const *headings); /* NULL-terminated */
/* One text a column, NULL-terminated; "" and NULL texts print as "-" (so end with a real NULL only
 * after the last column). */
void table_add(Table *table, const char *const *cells);
/* Prints and frees it; empty_text where there are no rows. */
void table_print(Table *table, const char *empty_text);

/* Adds the rows of one item; texts live in arena. */
typedef void (*TableRow)(Table *table, Arena *arena, const Value *item);
/* The "items" of a reply as a table with a row for each, or the reply as JSON. */
void screen_items(Arena *arena, const Value *reply, gboolean as_json, const char *const *headings,
                  TableRow row, const char *empty_text);

/* The first length characters of an ASCII text, such as a commit's id. */
const char *screen_clip(Arena *arena, const char *text, gsize length);
/* "3 min ago" for an ISO time, "" for NULL. */
const char *screen_age(Arena *arena, const char *iso_time);
const char *screen_duration(Arena *arena, const char *from_iso, const char *to_iso);
/* A line from the terminal, without its end; NULL where there is none. echo FALSE for passwords. */
char *screen_ask(const char *prompt, gboolean echo);
