/* The actions of Gitea and Forgejo. */
#pragma once
#include "scaffolder/actions/action.h"

extern const Action action_publish_gitea;
