// The scaffolder: what a task costs beside its work, and very many at once.
import { rendering } from './scaffolder_rendering.mjs';
import { tasks } from './scaffolder_tasks.mjs';

export async function scaffolder() {
  const { parse, compiled } = rendering();
  const { overhead, many } = await tasks();
  return [
    { what: 'a template of 200 lines, read and rendered', pave: parse.pave, baseline: parse.nunjucks, baselineIs: 'nunjucks', unit: 'µs', render_ratio_with_parse: parse.ratio },
    { what: 'the same, read once before', pave: compiled.pave, baseline: compiled.nunjucks, baselineIs: 'nunjucks', unit: 'µs', render_ratio_compiled: compiled.ratio },
    { what: 'a task of 30 files, from POST to completed', pave: overhead.median, unit: 'ms', task_ms: overhead.median, task_ms_worst: overhead.worst },
    { what: `${many.count} tasks asked for at once, until all ended`, pave: many.all, unit: 'ms', tasks_queued: many.count, tasks_completed: many.completed, tasks_asked_ms: many.asked },
    { what: 'the list of tasks meanwhile', pave: many.look, unit: 'ms', tasks_list_ms: many.look, tasks_list_ms_worst: many.worstLook },
  ];
}
