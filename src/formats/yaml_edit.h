/* One member of a YAML text changed where it stands: comments, order, quotes and everything else
 * stay byte for byte. */
#pragma once
#include "base/error.h"
#include <glib.h>

/* text with the string at pointer (RFC 6901) of its document (empty ones not counted) set to value:
 * replaced in its place, or put in as a new member of a mapping that is there. A new text, free
 * with g_free(). ERROR_INPUT where that cannot be done without touching more than it. */
char *yaml_set_string(const char *text, guint document, const char *pointer, const char *value,
                      GError **error);
