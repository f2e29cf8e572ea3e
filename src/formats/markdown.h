/* Markdown (GitHub's dialect) to HTML that is safe to embed: raw HTML off, only http(s), mailto and
 * relative links. */
#pragma once
#include <glib.h>

/* A new string. Headings get ids as GitHub makes them. */
char *markdown_to_html(const char *text, gsize length);
