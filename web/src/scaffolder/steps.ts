import { jobEnded, type Job, type JobStep } from '../api/jobs';
import type { Task } from './api';

export interface TaskStep {
  id: string;
  name: string;
  action: string;
  state: string;
  startedAt?: string | null;
  endedAt?: string | null;
  error?: string;
}

const same = (step: JobStep, id: string) =>
  step.id === id || step.id.startsWith(`${id}/`) || step.id.startsWith(`${id}:`);

// A custom action is several steps of the job under one step of the template ("provision-infra/plan"): their times and states add up.
function merged(found: JobStep[]): Partial<TaskStep> {
  const first = found[0];
  if (!first) return {};
  const exact = found.length === 1 ? first : undefined;
  const bad = found.find((step) => step.state === 'failed');
  const busy = found.find(
    (step) => step.state === 'running' || step.state === 'interrupted' || step.state === 'waiting',
  );
  const last = found[found.length - 1]!;
  return {
    state: (exact ?? bad ?? busy ?? last).state,
    startedAt: first.startedAt,
    endedAt: bad ? bad.endedAt : busy ? null : last.endedAt,
    error: (bad ?? exact)?.error?.message,
  };
}

/** The template's steps, each with what the job knows of it; those not begun are pending. */
export function taskSteps(task: Task, job: Job | undefined): TaskStep[] {
  return task.spec.steps.map((step) => {
    const known = merged((job?.steps ?? []).filter((each) => same(each, step.id)));
    const idle = jobEnded(job?.state) ? 'skipped' : 'pending';
    return { id: step.id, name: step.name || step.id, action: step.action, state: idle, ...known };
  });
}

/** The repository a task published, from what its steps gave out: "owner/name". */
export function publishedRepository(job: Job | undefined): string | undefined {
  for (const step of job?.steps ?? []) {
    const url = step.output?.remoteUrl;
    const match = typeof url === 'string' ? /([^/]+)\/([^/]+?)(?:\.git)?$/.exec(url) : null;
    if (match) return `${match[1]}/${match[2]}`;
  }
  return undefined;
}
