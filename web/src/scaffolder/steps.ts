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
  /** Its rounds, where it is a loop, and the steps of an action of the organization's own. */
  parts: { id: string; name: string; state: string; startedAt?: string | null; endedAt?: string | null; error?: string }[];
}

const same = (step: JobStep, id: string) =>
  step.id === id || ['/', ':', '['].some((sign) => step.id.startsWith(id + sign));

// "tell[staging]" is "staging" of tell, "provision/apply[0]" is "apply 0" of provision.
const partName = (id: string, whole: string) =>
  id.slice(whole.length).replace(/^[/:]/, '').replace(/^\[([^\]]*)\]/, '$1 ').replace(/\[([^\]]*)\]/g, ' $1').replace(/\//g, ' › ').trim();

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
    const found = (job?.steps ?? []).filter((each) => same(each, step.id));
    const known = merged(found);
    const parts = found
      .filter((each) => each.id !== step.id)
      .map((each) => ({
        id: each.id,
        name: partName(each.id, step.id),
        state: each.state,
        startedAt: each.startedAt,
        endedAt: each.endedAt,
        error: each.error?.message,
      }));
    const idle = jobEnded(job?.state) ? 'skipped' : 'pending';
    return { id: step.id, name: step.name || step.id, action: step.action, state: idle, parts, ...known };
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
