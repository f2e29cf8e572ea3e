/* A task is a durable job of kind SCAFFOLDER_TASK, shown in Backstage's shape. */
#pragma once
#include "formats/value.h"
#include "spine/jobs.h"
#include "spine/secrets.h"

#define SCAFFOLDER_TASK "scaffolder.task"

typedef struct Scaffolder Scaffolder;

/* Submits the task and answers its id. */
const char *task_submit(Scaffolder *scaffolder, Arena *arena, const Value *entity,
                        const Value *parameters, const Value *secrets, const char *actor,
                        GError **error);
/* As Backstage shows it; ERROR_NOT_FOUND. */
const Value *task_get(Scaffolder *scaffolder, Arena *arena, const char *id, GError **error);
/* {tasks, totalTasks}; the states of the filter are named as Backstage names them. */
const Value *task_list(Scaffolder *scaffolder, Arena *arena, const JobQuery *filter,
                       GError **error);
gboolean task_run(Job *job, const Value **output, GError **error, void *scaffolder);
/* In Backstage's shape: the events with an id greater than after, and the completion whatever its
 * id is. *ended: the task is over and everything was read. */
const Value *task_events(Scaffolder *scaffolder, Arena *arena, const char *id, int64_t after,
                         int64_t *last, gboolean *ended, GError **error);
/* The body of the event a line ({step, level, text}) is. */
const Value *task_event_body(Arena *arena, const Value *line);
/* Masks the secrets every step may see; job may be NULL. */
void task_mask_environment(Scaffolder *scaffolder, Job *job, Masker *masker);
