/* The actions of source hosts in one list. */
#include "scaffolder/actions/gitea/gitea.h"
#include "scaffolder/actions/github/github.h"
#include "scaffolder/actions/gitlab/gitlab.h"

const Action *const host_actions[] = {
    &action_publish_github,
    &action_publish_github_pull_request,
    &action_github_repo_create,
    &action_github_repo_push,
    &action_github_webhook,
    &action_github_environment_create,
    &action_github_actions_dispatch,
    &action_github_branch_protection_create,
    &action_github_issues_label,
    &action_github_issues_create,
    &action_github_autolinks_create,
    &action_github_deploy_key_create,
    &action_github_pages_enable,
    &action_publish_gitlab,
    &action_publish_gitlab_merge_request,
    &action_gitlab_repo_push,
    &action_gitlab_project_variable_create,
    &action_gitlab_project_access_token_create,
    &action_gitlab_project_deploy_token_create,
    &action_gitlab_group_ensure_exists,
    &action_gitlab_group_access,
    &action_gitlab_issues_create,
    &action_gitlab_issue_edit,
    &action_gitlab_pipeline_trigger,
    &action_gitlab_user_info,
    &action_publish_gitea,
    NULL,
};
