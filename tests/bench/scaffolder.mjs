// The scaffolder: what a task costs beside its work, and very many at once.
import { tasks } from './scaffolder_tasks.mjs';

export async function scaffolder() {
  const { overhead, many } = await tasks();
  return [
    { what: 'a task of 30 files, from POST to completed', pave: overhead.median, unit: 'ms', task_ms: overhead.median, task_ms_worst: overhead.worst },
    { what: `${many.count} tasks asked for at once, until all ended`, pave: many.all, unit: 'ms', tasks_queued: many.count, tasks_completed: many.completed, tasks_asked_ms: many.asked },
    { what: 'the list of tasks meanwhile', pave: many.look, unit: 'ms', tasks_list_ms: many.look, tasks_list_ms_worst: many.worstLook },
  ];
}
