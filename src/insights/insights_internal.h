/* Shared by the files of this room. */
#pragma once
#include "insights/dora.h"
#include "insights/insights.h"

/* The view, brought up to the log's head; locked until insights_unlock(). NULL with error. */
const Dora *insights_lock(Insights *insights, GError **error);
void insights_unlock(Insights *insights);
