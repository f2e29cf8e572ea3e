// The whole road with real clients: the form's API, git, the service's own address, the command line.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createDemo } from '../lib/demo.mjs';
import * as road from './road.mjs';

const run = promisify(execFile);
const demo = await createDemo();
let pave;
before(async () => {
  pave = await demo.start();
  await pave.signIn();
});
after(() => demo.remove());

const name = 'order-service';
let version;

test('one form makes a service that is healthy in staging and production', async () => {
  await road.taskEnded(pave, await road.create(pave, road.defaults(name)));
  await road.isInCatalog(pave, name);
  const run = await road.runOf(pave, name);
  await road.runSucceeded(pave, run.id);
  version = run.commit.id;
  for (const environment of ['staging', 'production']) {
    assert.equal((await road.answers(pave, name, environment, version)).database, 'ok');
  }
});

test('a push with git is in production, and Roll back brings the old version again', async () => {
  const commit = await road.pushChange(pave, name, 'Good day from');
  await road.runSucceeded(pave, (await road.runOf(pave, name, commit)).id);
  await road.answers(pave, name, 'production', commit);
  await road.greets(pave, name, 'production', 'Good day from');
  await road.rollBack(pave, name, 'production');
  await road.answers(pave, name, 'production', version);
  await road.greets(pave, name, 'production', 'Hello from');
});

test('DORA counts what happened', async () => {
  const { metrics, deployments } = await road.dora(pave, name);
  assert.equal(metrics.deploymentFrequency.count, 3);
  assert.equal(metrics.changeFailRate.failed, 1);
  assert.equal(deployments.length, 3);
});

test('a name that exists is refused and what exists is untouched', async () => {
  const head = (await pave.get(`/api/forge/v1/repositories/acme-corp/${name}`)).head;
  await assert.rejects(road.create(pave, road.defaults(name)), ({ status, body }) => status === 409 && /exists already/.test(body));
  assert.equal((await pave.get(`/api/forge/v1/repositories/acme-corp/${name}`)).head, head);
});

test('a wrong parameter is refused before anything is created, with the field and the reason', async () => {
  const refused = await road.create(pave, { ...road.defaults('Bad_Name'), description: undefined }).catch((error) => error);
  assert.equal(refused.status, 400);
  assert.match(refused.body, /name/);
  assert.match(refused.body, /description/);
});

test('destroying a workspace removes the database it made', async () => {
  const exists = async () => {
    const { stdout } = await run('psql', ['-X', '-A', '-t', '-d', 'postgres', '-c', "select datname from pg_database where datname = 'order_service_staging'"], {
      env: {
        ...process.env,
        PGHOST: '127.0.0.1',
        PGUSER: 'acme',
        PGPORT: (await readFile(`${pave.data}/postgres.port`, 'utf8')).trim(),
        PGPASSWORD: (await readFile(`${pave.data}/postgres.password`, 'utf8')).trim(),
      },
    });
    return stdout.trim() !== '';
  };
  assert(await exists(), 'it is there before');
  const { jobId } = await pave.post('/api/infra/v1/workspaces/order-service-staging/runs', { operation: 'destroy' });
  const job = await pave.until('the run', async () => {
    const found = await pave.get(`/api/jobs/v1/jobs/${jobId}`);
    return ['succeeded', 'failed', 'cancelled'].includes(found.state) && found;
  });
  assert.equal(job.state, 'succeeded', JSON.stringify(job.error));
  assert(!(await exists()), 'it is gone after');
  assert.deepEqual((await pave.get('/api/infra/v1/workspaces/order-service-staging')).resources, []);
});
