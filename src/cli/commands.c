#include "cli/commands.h"
#include "cli/cli_internal.h"

const Command cli_commands[] = {
    {"create", "TEMPLATE", "Create something from a template, and watch it being made",
     "  pave create new-microservice --set name=order-service --set owner=team-commerce\n"
     "  pave create new-microservice          asks for what the template needs\n"
     "  pave create new-microservice --set name=x --set owner=y --json | jq .output",
     command_create},
    {"get", "WHAT [NAME]", "List things, or show one",
     "  pave get components\n  pave get component order-service\n  pave get services\n"
     "  pave get templates --json | jq -r '.[].metadata.name'\n"
     "  pave get component:default/order-service",
     command_get},
    {"runs", "[REPOSITORY|ID]", "Pipeline runs, or one with its jobs and steps",
     "  pave runs\n  pave runs acme-corp/order-service\n  pave runs 01989f2e-…", command_runs},
    {"logs", "ID|SERVICE", "What a run, a job or a service prints",
     "  pave logs -f 01989f2e-…                         a pipeline run or any job\n"
     "  pave logs -f order-service --environment staging",
     command_logs},
    {"deploy", "SERVICE", "Deploy a release to an environment",
     "  pave deploy order-service --environment staging --wait\n"
     "  pave deploy order-service --environment production --commit 3f2c1ab --wait",
     command_deploy},
    {"rollback", "SERVICE", "Bring the version before back",
     "  pave rollback order-service --environment production", command_rollback},
    {"release create", "", "Pack a folder as a release",
     "  pave release create --service order-service --dir .\n"
     "  pave release create --service order-service --dir . --tag latest --quiet",
     command_release_create},
    {"release list", "SERVICE", "The releases of a service", "  pave release list order-service",
     command_release_list},
    {"events", "", "What happened",
     "  pave events -f\n  pave events --type dev.cdevents.service\n"
     "  pave events --subject component:default/order-service --json",
     command_events},
    {"jobs", "[ID]", "Jobs of the queue, or one of them",
     "  pave jobs --state failed\n  pave jobs 01989f2e-…", command_jobs},
    {"jobs cancel", "ID", "Ask a job to stop", "  pave jobs cancel 01989f2e-…",
     command_jobs_cancel},
    {"jobs retry", "ID", "Go on from the step that failed", "  pave jobs retry 01989f2e-…",
     command_jobs_retry},
    {"jobs answer", "ID done|repeat|fail", "Answer what a waiting job asks",
     "  pave jobs answer 01989f2e-… repeat", command_jobs_answer},
    {"approvals", "", "What steps wait for people to agree to",
     "  pave approvals --mine\n  pave approvals --all --json", command_approvals},
    {"approvals approve", "ID", "Agree, as one of those who are asked",
     "  pave approvals approve 01989f2e-… --reason 'in this quarter\'s budget'",
     command_approvals_approve},
    {"approvals reject", "ID", "Refuse, with a reason; the step fails",
     "  pave approvals reject 01989f2e-… --reason 'use the shared database'",
     command_approvals_reject},
    {"undo", "TASK", "Take back what a failed or cancelled task made, after showing it",
     "  pave undo 01989f2e-…\n"
     "  pave undo 01989f2e-… --yes --confirm order-service   also where something would be lost",
     command_undo},
    {"decommission", "ENTITY",
     "Take a component and what belongs to it away, after showing what goes",
     "  pave decommission order-service\n"
     "  pave decommission order-service --yes --reason 'replaced by orders'",
     command_decommission},
    {"template lint", "[PATH…]", "Check templates and their files, without a server",
     "  pave template lint                             every template.yaml below this folder\n"
     "  pave template lint templates/service --format github\n"
     "  pave template lint --config app-config.yaml    knows the actions it defines",
     command_template_lint},
    {"template test", "[PATH…]", "Run the cases of templates, without a server",
     "  pave template test                             tests/*.yaml beside every template.yaml\n"
     "  pave template test --update                    after a change that is meant\n"
     "  pave template test --format junit > report.xml",
     command_template_test},
    {"upgrade", "[REPOSITORY]", "Who is behind its template; with a repository, upgrade it",
     "  pave upgrade --state behind\n"
     "  pave upgrade acme-corp/order-service --preview     what would change\n"
     "  pave upgrade acme-corp/order-service               opens the pull request\n"
     "  pave upgrade acme-corp/order-service --set region=north",
     command_upgrade},
    {"upgrade campaign", "TEMPLATE", "Upgrade all that a template made, and watch it",
     "  pave upgrade campaign new-microservice --title 'Everybody on Alpine 3.20'\n"
     "  pave upgrade campaign new-microservice -r acme-corp/order-service -r acme-corp/cart",
     command_upgrade_campaign},
    {"upgrade campaigns", "[ID]", "Campaigns, or one of them",
     "  pave upgrade campaigns\n  pave upgrade campaigns 01989f2e-… --retry",
     command_upgrade_campaigns},
    {"catalog lint", "[PATH…]", "Check catalog files, without a server",
     "  pave catalog lint                              the whole repository\n"
     "  pave catalog lint catalog-info.yaml 'services/*/catalog-info.yaml'\n"
     "  pave catalog lint --format github              in a pipeline: beside the lines\n"
     "  pave catalog lint --format sarif > catalog.sarif",
     command_catalog_lint},
    {"catalog readme", "[PATH…]", "A service registry in Markdown, from catalog files",
     "  pave catalog readme > SERVICES.md\n"
     "  pave catalog readme --output README.md         between its marks\n"
     "  pave catalog readme --output README.md --check  fails where it is behind",
     command_catalog_readme},
    {"catalog export", "", "Everything the catalog holds, as YAML",
     "  pave catalog export > catalog.yaml\n"
     "  pave catalog export --filter kind=component,spec.owner=team-commerce",
     command_catalog_export},
    {"login", "[URL]", "Sign in, and keep the credential",
     "  pave login https://pave.example.com --username ada\n  pave login --guest\n"
     "  pave login --token \"$TOKEN\"",
     command_login},
    {"logout", "", "Forget the credential and revoke it", "  pave logout", command_logout},
    {"whoami", "", "Who you are signed in as", "  pave whoami --json", command_whoami},
    {"tokens", "", "Your API tokens", "  pave tokens", command_tokens_list},
    {"tokens create", "NAME", "Make an API token",
     "  pave tokens create ci --scope 'deployments.*' --scope catalog.entity.read --days 30",
     command_tokens_create},
    {"tokens revoke", "ID", "Revoke an API token", "  pave tokens revoke 01989f2e-…",
     command_tokens_revoke},
    {"serve", "", "Run the server",
     "  pave serve --config app-config.yaml --data /var/lib/pave --port 7007\n"
     "  pave serve --config app-config.yaml --config app-config.local.yaml\n"
     "  sudo pave serve --config /etc/pave/app-config.yaml --user pave",
     command_serve},
    {"backup", "FILE", "Write database, repositories and blobs into one file",
     "  pave backup --data /var/lib/pave pave-2026-11-23.tar.zst", command_backup},
    {"restore", "FILE", "Fill an empty data folder from a backup",
     "  pave restore --data /var/lib/pave-new pave-2026-11-23.tar.zst", command_restore},
    {"keys rotate", "", "Make a new key-encryption key and seal everything with it",
     "  pave keys rotate --data /var/lib/pave", command_keys_rotate},
    {"user set-password", "NAME", "Give a user a password",
     "  pave user set-password ada --data /var/lib/pave\n"
     "  printf '%s' \"$PASSWORD\" | pave user set-password ada --data /var/lib/pave",
     command_user_set_password},
    {"completion", "bash|zsh|fish", "Print a completion script",
     "  pave completion bash > /etc/bash_completion.d/pave\n"
     "  pave completion fish > ~/.config/fish/completions/pave.fish",
     command_completion},
    {"serve-child", "", NULL, NULL, command_serve_child},
    {NULL},
};
