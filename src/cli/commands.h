/* The commands, one file for each group. argv[0] is the command's name. */
#pragma once

int command_serve(int argc, char **argv);
int command_serve_child(int argc, char **argv);
int command_create(int argc, char **argv);
int command_get(int argc, char **argv);
int command_runs(int argc, char **argv);
int command_logs(int argc, char **argv);
int command_deploy(int argc, char **argv);
int command_rollback(int argc, char **argv);
int command_release_create(int argc, char **argv);
int command_release_list(int argc, char **argv);
int command_events(int argc, char **argv);
int command_jobs(int argc, char **argv);
int command_jobs_cancel(int argc, char **argv);
int command_jobs_retry(int argc, char **argv);
int command_jobs_answer(int argc, char **argv);
int command_login(int argc, char **argv);
int command_logout(int argc, char **argv);
int command_whoami(int argc, char **argv);
int command_tokens_list(int argc, char **argv);
int command_tokens_create(int argc, char **argv);
int command_tokens_revoke(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_restore(int argc, char **argv);
int command_keys_rotate(int argc, char **argv);
int command_user_set_password(int argc, char **argv);
int command_decommission(int argc, char **argv);
int command_approvals(int argc, char **argv);
int command_approvals_approve(int argc, char **argv);
int command_approvals_reject(int argc, char **argv);
int command_template_lint(int argc, char **argv);
int command_template_test(int argc, char **argv);
int command_catalog_lint(int argc, char **argv);
int command_catalog_readme(int argc, char **argv);
int command_catalog_export(int argc, char **argv);
int command_completion(int argc, char **argv);
