/* What the actions of GitLab share. */
#pragma once
#include "scaffolder/actions/hosting.h"

/* "/projects/<id>" and what follows: the id of repoUrl's project, or its path. */
const char *gitlab_path(const Hosting *hosting, const char *rest);
/* The same for the project that input.projectId names. */
const char *gitlab_project_path(Hosting *hosting, const Value *input, const char *rest);
/* "<group>/<project>", or the id where only that is known. */
const char *gitlab_name(const Hosting *hosting);
/* A number, or text that is one, as text; NULL. */
const char *gitlab_id(Arena *arena, const Value *value);
/* The id of a person by name, with or without "@"; 0 with a warning where there is none. */
gboolean gitlab_user(Hosting *hosting, const char *name, int64_t *id, GError **error);

/* What becomes of the workspace's files below targetPath: the body of a commit on branch, NULL
 * members left out. action: "create", "update", "delete" or "auto", which looks at what is there;
 * an empty list where nothing differs. */
const Value *gitlab_file_actions(Hosting *hosting, const Value *input, const char *branch,
                                 const char *action, GError **error);
/* Makes branch of ref where it is not there; *made tells. */
gboolean gitlab_branch_ensure(Hosting *hosting, const char *branch, const char *ref, bool *made,
                              GError **error);
/* The last commit of branch, where the intent's attempt made it with this message; else "". */
const char *gitlab_commit_since(Hosting *hosting, const char *branch, const char *message,
                                GError **error);
/* The default branch of the project. */
const char *gitlab_default_branch(Hosting *hosting, GError **error);

extern const Action action_publish_gitlab, action_publish_gitlab_merge_request,
    action_gitlab_repo_push, action_gitlab_project_variable_create,
    action_gitlab_project_access_token_create, action_gitlab_project_deploy_token_create,
    action_gitlab_group_ensure_exists, action_gitlab_group_access, action_gitlab_issues_create,
    action_gitlab_issue_edit, action_gitlab_pipeline_trigger, action_gitlab_user_info;
