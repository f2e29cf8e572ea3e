/* What the actions of GitHub share. */
#pragma once
#include "scaffolder/actions/hosting.h"

/* "/repos/<owner>/<name>" and what follows. */
const char *github_path(const Hosting *hosting, const char *rest);
/* "<owner>/<name>" */
const char *github_name(const Hosting *hosting);

/* Makes the repository (or finds the one this intent made) and sets everything that input says of
 * it but its files: GitHub's own words about it. ERROR_CONFLICT where it is somebody else's. */
const Value *github_repository_make(Hosting *hosting, const Value *input, GError **error);
/* The end of its making: default_branch (NULL: as it is) and the homepage of the input, which until
 * then carried the intent. */
gboolean github_repository_finish(Hosting *hosting, const Value *input, const Value *repository,
                                  const char *default_branch, GError **error);
/* The commit of a branch; "" where there is none. */
const char *github_branch_head(Hosting *hosting, const char *branch, GError **error);
/* {remoteUrl, repoContentsUrl} */
Value *github_urls(Hosting *hosting, const Value *repository, const char *branch);

/* Protects branch as input says; a plan that does not protect private repositories is a warning. */
gboolean github_protect(Hosting *hosting, const Value *input, const char *branch,
                        const char *enforce_admins, GError **error);

/* "…/actions/secrets" and "…/environments/<name>/secrets" alike: names to values. base is the path
 * before "/secrets" and "/variables". */
gboolean github_put_secrets(Hosting *hosting, const char *base, const Value *secrets,
                            GError **error);
gboolean github_put_variables(Hosting *hosting, const char *base, const Value *variables,
                              GError **error);

extern const Action action_publish_github, action_publish_github_pull_request,
    action_github_repo_create, action_github_repo_push, action_github_webhook,
    action_github_environment_create, action_github_actions_dispatch,
    action_github_branch_protection_create, action_github_issues_label, action_github_issues_create,
    action_github_autolinks_create, action_github_deploy_key_create, action_github_pages_enable;
