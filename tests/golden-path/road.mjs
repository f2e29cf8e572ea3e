// The golden path, stage by stage, against a running Pave. Every stage checks what it made; what went wrong is in the error's words.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const final = (message) => Object.assign(new Error(message), { final: true });

/** What the form of the default template is filled in with. */
export const defaults = (name) => ({
  name,
  description: 'Handles order processing and fulfillment',
  owner: 'team-commerce',
  language: 'typescript',
  database: 'postgres',
});

/** Presses Create; the task's id. */
export async function create(pave, values) {
  return (await pave.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/new-microservice', values })).id;
}

async function taskOutput(pave, id) {
  const { lines } = await pave.get(`/api/jobs/v1/jobs/${id}/output?limit=1000`);
  return lines.slice(-25).map((line) => line.text).join('\n');
}

export async function taskEnded(pave, id, seconds) {
  const task = await pave.until(`task ${id}`, async () => {
    const { status } = await pave.get(`/api/scaffolder/v2/tasks/${id}`);
    return ['completed', 'failed', 'cancelled'].includes(status) && { status };
  }, seconds);
  if (task.status !== 'completed') throw final(`task ${id} ${task.status}:\n${await taskOutput(pave, id)}`);
}

/** The newest run of a repository for a commit (any commit where none is given), once it exists. */
export const runOf = (pave, name, commit) =>
  pave.until(`run of ${name}`, async () => {
    const { items } = await pave.get(`/api/pipelines/v1/runs?repository=acme-corp/${name}&limit=20`);
    return items.find((run) => !commit || run.commit.id === commit);
  });

async function runLog(pave, run) {
  const parts = [];
  for (const job of run.jobs) {
    parts.push(`${job.key}: ${job.conclusion}`, ...job.steps.map((step) => `  ${step.number} ${step.name}: ${step.conclusion}`));
    if (job.conclusion === 'failure' && job.jobId) parts.push(await taskOutput(pave, job.jobId));
  }
  return parts.join('\n');
}

export async function runSucceeded(pave, id, seconds) {
  const run = await pave.until(`run ${id}`, async () => {
    const found = await pave.get(`/api/pipelines/v1/runs/${id}`);
    return found.status === 'completed' && found;
  }, seconds);
  if (run.conclusion !== 'success') throw final(`run ${id} ${run.conclusion}: ${JSON.stringify(run.errors)}\n${await runLog(pave, run)}`);
  return run;
}

/** Waits until the version of a commit answers in an environment, healthy. */
export const answers = (pave, name, environment, commit, seconds) =>
  pave.until(`${name} in ${environment} at ${commit}`, async () => {
    const health = await pave.service(name, environment, '/health');
    return health.status === 200 && commit.startsWith(health.json.version) && health.json;
  }, seconds);

export async function isInCatalog(pave, name) {
  const entity = await pave.get(`/api/catalog/entities/by-name/component/default/${name}`);
  assert.equal(entity.spec.owner, 'team-commerce');
  assert(entity.relations.some(({ type, targetRef }) => type === 'ownedBy' && targetRef === 'group:default/team-commerce'), 'it has its owner as a relation');
}

/** Clones, changes one line, pushes; the new commit. */
export async function pushChange(pave, name, text) {
  const folder = await mkdtemp(join(tmpdir(), 'clone-'));
  try {
    await pave.git(folder, 'clone', '--quiet', `${pave.url}/acme-corp/${name}.git`, '.');
    const file = join(folder, 'src/app.ts');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/`Hello from/, `\`${text}`));
    await pave.git(folder, 'commit', '--quiet', '--all', '--message', `Greet with ${text}`);
    await pave.git(folder, 'push', '--quiet', 'origin', 'main');
    return (await pave.git(folder, 'rev-parse', 'HEAD')).trim();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function greets(pave, name, environment, text) {
  const { json } = await pave.service(name, environment, '/');
  assert.equal(json.message, `${text} ${name}`);
}

export const rollBack = (pave, name, environment) => pave.post(`/api/deployments/v1/services/${name}/environments/${environment}/rollback`);

export const dora = (pave, name) => pave.get(`/api/insights/v1/dora?service=${name}&days=30`);
