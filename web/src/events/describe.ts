// Events in words. What is not known here is told by its type.
import type { CloudEvent } from '../api/stream';

const WORDS: [test: RegExp, words: string, state?: string][] = [
  [/forge\.repository\.created/, 'Repository created', 'success'],
  [/forge\.ref\.updated/, 'Pushed'],
  [/catalog\.entity\.created/, 'Added to the catalog', 'success'],
  [/catalog\.entity\.updated/, 'Changed in the catalog'],
  [/catalog\.entity\.deleted/, 'Removed from the catalog'],
  [/scaffolder\.task\.created/, 'Template run asked for'],
  [/scaffolder\.task\.succeeded/, 'Template run done', 'success'],
  [/scaffolder\.task\.failed/, 'Template run failed', 'failed'],
  [/scaffolder\.task\.cancelled/, 'Template run cancelled'],
  [/jobs\.job\.queued/, 'Job queued'],
  [/jobs\.job\.started/, 'Job started', 'running'],
  [/jobs\.job\.succeeded/, 'Job succeeded', 'success'],
  [/jobs\.job\.failed/, 'Job failed', 'failed'],
  [/jobs\.job\.cancelled/, 'Job cancelled'],
  [/jobs\.job\.waiting/, 'Job waits for an answer', 'waiting'],
  [/infra\.run\.planned/, 'Infrastructure planned'],
  [/infra\.run\.applied/, 'Infrastructure applied', 'success'],
  [/infra\.run\.failed/, 'Infrastructure run failed', 'failed'],
  [/pipelinerun\.queued/, 'Pipeline queued'],
  [/pipelinerun\.started/, 'Pipeline started', 'running'],
  [/pipelinerun\.finished/, 'Pipeline finished', 'success'],
  [/taskrun\.started/, 'Pipeline job started', 'running'],
  [/taskrun\.finished/, 'Pipeline job finished', 'success'],
  [/artifact\.packaged/, 'Release built', 'success'],
  [/service\.deployed/, 'Deployed', 'success'],
  [/service\.upgraded/, 'New version live', 'success'],
  [/service\.rolledback/, 'Rolled back', 'waiting'],
  [/service\.removed/, 'Service removed'],
  [/deployments\.deployment\.started/, 'Deployment started', 'running'],
  [/deployments\.deployment\.failed/, 'Deployment failed', 'failed'],
  [/service\.crashed/, 'Service crashed', 'failed'],
  [/service\.unhealthy/, 'Service unhealthy', 'failed'],
  [/service\.recovered/, 'Service recovered', 'success'],
  [/identity\.session\.created/, 'Signed in'],
  [/identity\.token\.created/, 'API token made'],
  [/identity\.token\.revoked/, 'API token revoked'],
];

export function describe(event: CloudEvent): { words: string; state: string } {
  const found = WORDS.find(([test]) => test.test(event.type));
  const data = event.data ?? {};
  const outcome = [data.outcome, data.conclusion, data.state].find((each) => typeof each === 'string') as
    string | undefined;
  const failed = /finished/.test(event.type) && outcome && /fail|cancel|error/.test(outcome);
  const where = typeof data.environment === 'string' ? ` in ${data.environment}` : '';
  const plain = event.type
    .replace(/^dev\.(pave|cdevents)\./, '')
    .replace(/\.\d+\.\d+\.\d+$/, '')
    .replaceAll(/[._]/g, ' ');
  const words = found?.[1] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
  return {
    words: /deployed|upgraded|rolledback/.test(event.type) ? `${words}${where}` : words,
    state: failed ? 'failed' : (found?.[2] ?? 'none'),
  };
}

/** What the subject alone does not say. */
export function detailOf(event: CloudEvent): string {
  const data = event.data ?? {};
  const text = (name: string) => (typeof data[name] === 'string' ? data[name] : undefined);
  const commit = text('commit') ?? (event.type.includes('forge.ref') ? text('after') : undefined);
  return [
    text('title') ?? text('workspace') ?? text('workflow'),
    text('ref')?.replace('refs/heads/', ''),
    commit?.slice(0, 7),
    text('reason'),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Where an event's subject can be looked at. */
export function subjectHref(event: CloudEvent): string | undefined {
  const subject = event.subject ?? '';
  if (subject.startsWith('repository:')) return `/repositories/${subject.slice('repository:'.length)}`;
  if (/^\w+:[^/]+\/[^/]+$/.test(subject)) {
    const [kind, rest = ''] = subject.split(':');
    return `/catalog/${rest.split('/')[0]}/${kind}/${rest.split('/')[1]}`;
  }
  const data = event.data ?? {};
  const id = (name: string) => (typeof data[name] === 'string' ? data[name] : undefined);
  if (/pipelinerun/.test(event.type) && (id('runId') ?? id('run'))) return `/runs/${id('runId') ?? id('run')}`;
  if (id('deploymentId')) return `/deployments/${id('deploymentId')}`;
  if (/^[\w.-]+\/[\w.-]+$/.test(subject)) return `/repositories/${subject}`;
  return undefined;
}
