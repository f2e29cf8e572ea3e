/* publish:github:pull-request: the two places a pull request is opened at. */
#pragma once
#include "scaffolder/actions/github/github.h"

typedef struct {
    Hosting *hosting;
    const Value *input;
    const char *base, *branch;
    const char *head_path;  /* "/repos/<owner>/<name>" of the repository that gets the branch */
    const char *head_owner; /* of a fork; NULL */
} PullRequest;

const char *pull_text(const PullRequest *pull, const char *member);
bool pull_is_set(const PullRequest *pull, const char *member);
/* targetPath/path */
const char *pull_target(const PullRequest *pull, const char *path);
const Value *pull_output(Hosting *hosting, const char *base, const char *url, int64_t number);

gboolean pull_run_github(PullRequest *pull, const Value **output, GError **error);
gboolean pull_run_builtin(PullRequest *pull, const Value **output, GError **error);
