// kill -9 at each step of the golden path, exactly between intent and checkpoint. It must end as if nothing had happened.
//
// A failpoint holds the server still; the test kills it there, once the server alone and once the whole process tree.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDemo } from '../lib/demo.mjs';
import { killServer, killTree } from '../lib/processes.mjs';
import * as road from './road.mjs';

const name = 'order-service';

// Steps of the golden path, as "<job kind>-<step>"; the failpoints are "intent" (written, nothing done yet) and
// "checkpoint" (done, not yet written).
const steps = ['scaffolder-task-scaffold', 'scaffolder-task-publish', 'infra-run-apply', 'scaffolder-task-register', 'pipelines-job-1', 'deployments-deploy-start'];

async function walkWithCrashes(place, crash) {
  const folder = await mkdtemp(join(tmpdir(), 'failpoints-'));
  await chmod(folder, 0o777);
  const demo = await createDemo({ PAVE_FAILPOINTS: folder });
  try {
    let pave = await demo.start();
    await pave.signIn();
    for (const step of steps) await writeFile(join(folder, `${place}.${step}.armed`), '');
    const hits = async () => (await readdir(folder)).filter((file) => file.endsWith('.hit')).length;
    const task = await road.create(pave, road.defaults(name));
    for (let seen = 0; seen < steps.length; ) {
      await pave.until(`failpoint ${seen + 1} of ${steps.length} (${place})`, async () => (await hits()) > seen, 90);
      seen = await hits();
      pave = await crash(demo);
    }
    await road.taskEnded(pave, task);
    await road.isInCatalog(pave, name);
    const run = await road.runSucceeded(pave, (await road.runOf(pave, name)).id, 180);
    for (const environment of ['staging', 'production']) {
      assert.equal((await road.answers(pave, name, environment, run.commit.id)).database, 'ok');
    }
    await nothingHappenedTwice(pave, task, run);
  } finally {
    await demo.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

async function nothingHappenedTwice(pave, task, run) {
  const { items: events } = await pave.get('/api/events/v1/events?limit=1000');
  const count = (type, subject) => events.filter((event) => event.type.startsWith(type) && (!subject || event.subject === subject)).length;
  assert.equal(count('dev.pave.forge.repository.created', `repository:acme-corp/${name}`), 1, 'one repository');
  const { items: commits } = await pave.get(`/api/forge/v1/repositories/acme-corp/${name}/commits`);
  assert.equal(commits.length, 1, 'one commit');
  const { items: runs } = await pave.get(`/api/pipelines/v1/runs?repository=acme-corp/${name}`);
  assert.deepEqual(runs.map(({ id }) => id), [run.id], 'one run');
  const { items: deployments } = await pave.get(`/api/deployments/v1/deployments?service=${name}`);
  assert.deepEqual(deployments.map(({ environment, state }) => `${environment} ${state}`).sort(), ['production live', 'staging live'], 'one deployment for each environment');
  assert.equal(count('dev.cdevents.service.deployed'), 2, 'each told once');
  const { steps: done } = await pave.get(`/api/jobs/v1/jobs/${task}`);
  assert.deepEqual(done.filter(({ state }) => state !== 'succeeded' && state !== 'skipped'), [], 'every step is finished');
}

const crashes = {
  'the server': async (demo) => {
    await killServer(demo.pid);
    await demo.pave.until('the server again', async () => (await demo.pave.raw('GET', '/healthz')).status === 200, 30);
    return demo.pave;
  },
  'the whole process tree': async (demo) => {
    const { token } = demo.pave;
    await killTree(demo.pave.data);
    await sleep(100);
    const pave = await demo.start();
    pave.token = token;
    return pave;
  },
};

for (const [victim, crash] of Object.entries(crashes)) {
  for (const place of ['intent', 'checkpoint']) {
    test(`kill -9 of ${victim} ${place === 'intent' ? 'after each intent' : 'before each checkpoint'} changes nothing`, () => walkWithCrashes(place, crash));
  }
}
