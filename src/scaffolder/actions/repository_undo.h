/* The way back of every action that makes a repository on the built-in forge or GitHub: effects of
 * kind "repository" with {host, commit}. */
#pragma once
#include "scaffolder/actions/action.h"

gboolean repository_undo_check(ActionRun *run, const Effect *effect, const char **warning,
                               bool *gone, GError **error);
gboolean repository_undo(ActionRun *run, const Effect *effect, GError **error);
