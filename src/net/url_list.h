/* URLs that a configuration allows: [{host, paths}], as Backstage's backend.reading.allow. */
#pragma once
#include "formats/value.h"

/* Whether url has a host (with its port, where it has one; "*.example.com" for what is below it)
 * and a path (a beginning of it; none given: any) of the list. Not where a segment of its path is
 * "." or "..", which would lead out of it. */
bool url_list_allows(const Value *list, const char *url);
/* Whether a segment of the path of url is "." or "..". */
bool url_has_dot_segments(const char *url);
