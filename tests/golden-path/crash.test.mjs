// kill -9 at each step of the golden path: of the server alone, and of the whole process tree. It must end as if nothing
// had happened.
//
// A failpoint holds the server still where it would be worst to lose it; the test kills it there. "intent" is written and
// nothing done yet, "checkpoint" is done and not yet written, "end" is a job whose steps are all done; the other places are
// effects whose caller has no answer yet.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDemo } from '../lib/demo.mjs';
import { killServer, killTree } from '../lib/processes.mjs';
import { followEvents } from '../lib/stream.mjs';
import * as road from './road.mjs';

const name = 'order-service';
const workflowStep = { setUp: '1', checkout: '2', build: '4-1', release: '4-3', deploy: '6', test: '7' };

// Steps as "<job kind>-<step>": one of each part of the road, and the rest of them.
const mainSteps = [
  'scaffolder-task-scaffold', 'scaffolder-task-publish', 'infra-run-apply', 'scaffolder-task-register',
  `pipelines-job-${workflowStep.build}`, 'deployments-deploy-verify',
];
const moreSteps = [
  'scaffolder-task-provision-infra-apply-0-', 'infra-run-init', 'infra-run-plan', 'infra-run-outputs',
  ...['setUp', 'checkout', 'release', 'deploy', 'test'].map((step) => `pipelines-job-${workflowStep[step]}`),
  ...['unpack', 'start', 'switch', 'retire'].map((step) => `deployments-deploy-${step}`),
];
const ends = ['scaffolder-task', 'infra-run', 'pipelines-job', 'deployments-deploy'].map((kind) => `end.${kind}`);
const unanswered = ['repository.in-place', 'state.locked', 'state.written', 'release.stored', 'deployment.ordered'];

const places = {
  'after each intent': (steps) => steps.map((step) => `intent.${step}`),
  'before each checkpoint': (steps, more) => [...steps.map((step) => `checkpoint.${step}`), ...more],
};

const victims = {
  'the server': {
    steps: [...mainSteps, ...moreSteps],
    more: [...ends, ...unanswered],
    async kill(demo) {
      await killServer(demo.pid);
      await demo.pave.until('the server again', async () => (await demo.pave.raw('GET', '/healthz')).status === 200, 30);
    },
  },
  'the whole process tree': {
    steps: process.env.PAVE_SLOW ? [...mainSteps, ...moreSteps] : mainSteps,
    more: process.env.PAVE_SLOW ? [...ends, ...unanswered] : [],
    async kill(demo) {
      const { token } = demo.pave;
      await killTree(demo.pave.data);
      await sleep(100);
      await demo.start();
      demo.pave.token = token;
    },
  },
};

/** Failpoints in a folder of their own. */
async function createFailpoints() {
  const folder = await mkdtemp(join(tmpdir(), 'failpoints-'));
  await chmod(folder, 0o777);
  return {
    folder,
    arm: (points) => Promise.all(points.map((point) => writeFile(join(folder, `${point}.armed`), ''))),
    hit: async () => (await readdir(folder)).filter((file) => file.endsWith('.hit')).map((file) => file.slice(0, -4)),
    left: async () => (await readdir(folder)).filter((file) => file.endsWith('.armed')).map((file) => file.slice(0, -6)),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

const jobsOf = async (pave) => {
  const { items } = await pave.get('/api/jobs/v1/jobs?limit=200');
  return Promise.all(items.filter(({ kind }) => !/^(catalog|pipelines\.look)/.test(kind)).map(({ id }) => pave.get(`/api/jobs/v1/jobs/${id}`)));
};

/** Every step that is finished, with what it must keep. */
async function finishedSteps(pave) {
  const finished = new Map();
  for (const job of await jobsOf(pave)) {
    for (const { id, state, startedAt, endedAt, output } of job.steps) {
      if (state === 'succeeded') finished.set(`${job.kind} ${job.id} ${id}`, { startedAt, endedAt, output });
    }
  }
  return finished;
}

async function walkWithCrashes(points, kill) {
  const failpoints = await createFailpoints();
  const demo = await createDemo({ PAVE_FAILPOINTS: failpoints.folder });
  const finished = new Map();
  const printed = new Map();
  let following;
  try {
    await demo.start();
    await demo.pave.signIn();
    following = followEvents(demo);
    await failpoints.arm(points);
    const task = await road.create(demo.pave, road.defaults(name));
    for (let seen = 0; seen < points.length; ) {
      const reached = () => failpoints.hit().then(({ length }) => length > seen);
      await demo.pave.until('the next failpoint', reached, 60).catch(async (error) => {
        const jobs = (await jobsOf(demo.pave)).map(({ kind, state, error: why }) => `${kind} ${state} ${why?.message ?? ''}`);
        throw new Error(`${error.message}: never came to ${(await failpoints.left()).join(', ')}\n${jobs.join('\n')}`);
      });
      seen = (await failpoints.hit()).length;
      for (const [step, kept] of await finishedSteps(demo.pave)) if (!finished.has(step)) finished.set(step, kept);
      await printedByProcesses(demo.pave, printed);
      await kill(demo);
    }
    const { pave } = demo;
    await road.taskEnded(pave, task);
    await road.isInCatalog(pave, name);
    const run = await road.runSucceeded(pave, (await road.runOf(pave, name)).id, 120);
    for (const environment of ['staging', 'production']) {
      assert.equal((await road.answers(pave, name, environment, run.commit.id)).database, 'ok');
    }
    await nothingIsLost(pave, finished);
    await nothingHappenedTwice(pave, run);
    if (kill === victims['the server'].kill) await outputIsWhole(pave, printed);
    await pushIsNotForgotten(demo, failpoints, kill);
    await following.isComplete();
  } finally {
    following?.stop();
    await demo.remove();
    await failpoints.remove();
  }
}

async function nothingIsLost(pave, finished) {
  const now = await finishedSteps(pave);
  for (const [step, kept] of finished) assert.deepEqual(now.get(step), kept, `${step} ran again`);
  for (const { kind, state, steps } of await jobsOf(pave)) {
    assert.equal(state, 'succeeded', kind);
    assert.deepEqual(steps.filter((step) => !['succeeded', 'skipped'].includes(step.state)), [], `${kind}: every step is finished`);
  }
  const { items: workspaces } = await pave.get(`/api/infra/v1/workspaces?service=${name}`);
  for (const workspace of workspaces) {
    const { lock, resources } = await pave.get(`/api/infra/v1/workspaces/${workspace.name}`);
    assert.equal(lock ?? null, null, `${workspace.name} is unlocked`);
    assert(resources.length > 0, `${workspace.name} knows what was made`);
  }
}

async function nothingHappenedTwice(pave, run) {
  const { items: events } = await pave.get('/api/events/v1/events?limit=1000');
  const count = (type, of = () => true) => events.filter((event) => event.type.startsWith(type) && of(event)).length;
  assert.equal(count('dev.pave.forge.repository.created', ({ subject }) => subject === `repository:acme-corp/${name}`), 1, 'one repository');
  assert.equal(count('dev.pave.forge.ref.updated', ({ subject }) => subject === `repository:acme-corp/${name}`), 1, 'one push');
  assert.equal(count('dev.pave.catalog.entity.created', ({ subject }) => subject === `component:default/${name}`), 1, 'one component');
  assert.equal(count('dev.pave.infra.run.applied'), 2, 'two workspaces applied');
  assert.equal(count('dev.cdevents.pipelinerun.finished'), 1, 'one run finished');
  assert.equal(count('dev.cdevents.service.deployed'), 2, 'each deployment told once');
  assert.equal(count('dev.pave.deployments.service.crashed'), 0, 'nothing crashed');
  const { items: commits } = await pave.get(`/api/forge/v1/repositories/acme-corp/${name}/commits`);
  assert.equal(commits.length, 1, 'one commit');
  const { items: runs } = await pave.get(`/api/pipelines/v1/runs?repository=acme-corp/${name}`);
  assert.deepEqual(runs.map(({ id }) => id), [run.id], 'one run');
  const { items: deployments } = await pave.get(`/api/deployments/v1/deployments?service=${name}`);
  assert.deepEqual(deployments.map(({ environment, state }) => `${environment} ${state}`).sort(), ['production live', 'staging live'], 'one deployment for each environment');
}

/** What the processes of workflow steps have printed so far, as "<job> <step>": it is removed once a step is finished. */
async function printedByProcesses(pave, printed) {
  const folder = join(pave.data, 'pave/jobs');
  for (const file of await readdir(folder, { recursive: true })) {
    const [, job, step] = /^([^/]+)\/files\/process\/([^/]+)\/output$/.exec(file) ?? [];
    if (job) printed.set(`${job} ${step}`, await readFile(join(folder, file), 'utf8').catch(() => ''));
  }
}

/** The log of a job shows every line once, and in its order. */
async function outputIsWhole(pave, printed) {
  assert([...printed.values()].some((text) => text), 'some output was held against its process');
  for (const job of await jobsOf(pave)) {
    const { lines } = await pave.get(`/api/jobs/v1/jobs/${job.id}/output?limit=1000`);
    assert.deepEqual(lines.map(({ n }) => n), lines.map((_, n) => n), 'lines are numbered without a gap');
    const shown = (step) => lines.filter((line) => line.step === step && line.level === 'out').map(({ text }) => text);
    for (const { id } of job.steps) {
      const expected = (printed.get(`${job.id} ${id}`) ?? '').split('\n').slice(0, -1).filter((line) => line && !line.startsWith('::'));
      const all = shown(id.split('.')[0]).filter(Boolean);
      const from = all.indexOf(expected[0]);
      if (expected.length) assert.deepEqual(all.slice(from, from + expected.length), expected, `the output of step ${id}`);
    }
    if (job.kind === 'deployments.deploy') {
      assert.equal(shown('verify').filter((text) => text.startsWith('listening on')).length, 1, 'what the service said is shown once');
    }
  }
}

/** git has the commit, and its event is not written yet. */
async function pushIsNotForgotten(demo, failpoints, kill) {
  const before = (await failpoints.hit()).length;
  await failpoints.arm(['push.received']);
  const push = road.pushChange(demo.pave, name, 'Good day from').catch(() => null);
  await demo.pave.until('the push', async () => (await failpoints.hit()).length > before, 60);
  await kill(demo);
  await push;
  const { pave } = demo;
  const { items: commits } = await pave.get(`/api/forge/v1/repositories/acme-corp/${name}/commits`);
  assert.equal(commits.length, 2);
  const run = await road.runOf(pave, name, commits[0].id);
  assert.equal(run.actor, 'user:default/guest', 'who pushed is known');
  await pave.post(`/api/pipelines/v1/runs/${run.id}/cancel`);
  await pave.until('the run ends', async () => (await pave.get(`/api/pipelines/v1/runs/${run.id}`)).status === 'completed', 60);
  const { items: runs } = await pave.get(`/api/pipelines/v1/runs?repository=acme-corp/${name}`);
  assert.equal(runs.length, 2, 'one run for each push');
}

for (const [victim, { steps, more, kill }] of Object.entries(victims)) {
  for (const [when, pointsOf] of Object.entries(places)) {
    test(`kill -9 of ${victim} ${when} changes nothing`, () => walkWithCrashes(pointsOf(steps, more), kill));
  }
}
