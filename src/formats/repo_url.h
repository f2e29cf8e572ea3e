/* Where a repository is or will be, as the scaffolder writes it: "github.com?owner=acme&repo=x". */
#pragma once
#include "formats/value.h"

typedef struct {
    const char *kind; /* of the host: "github", "gitlab", … */
    const char *host; /* in small letters, with its port */
    const char *owner, *organization, *workspace, *project, *repo; /* NULL where not said */
} RepoUrl;

/* hosts: {"github.com": "github", …}; NULL knows github.com and gitlab.com. ERROR_INPUT in
 * Backstage's words. Strings in arena. */
gboolean repo_url_parse(Arena *arena, const char *text, const Value *hosts, RepoUrl *url,
                        GError **error);
/* {host, owner, …} with those parts that are there. */
const Value *repo_url_value(Arena *arena, const RepoUrl *url);
