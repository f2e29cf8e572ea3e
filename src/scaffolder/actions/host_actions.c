/* The actions of source hosts in one list. */
#include "scaffolder/actions/github/github.h"

const Action *const host_actions[] = {
    &action_publish_github,          &action_publish_github_pull_request,
    &action_github_repo_create,      &action_github_repo_push,
    &action_github_webhook,          &action_github_environment_create,
    &action_github_actions_dispatch, &action_github_branch_protection_create,
    &action_github_issues_label,     &action_github_issues_create,
    &action_github_autolinks_create, &action_github_deploy_key_create,
    &action_github_pages_enable,     NULL,
};
