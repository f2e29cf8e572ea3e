// Walks the golden path and prints each stage with its time: `script/demo --check`. Exits 0 or 1.
import assert from 'node:assert/strict';
import { Pave } from '../lib/pave.mjs';
import * as road from './road.mjs';

const pave = new Pave(JSON.parse(process.argv[2]));
const name = 'order-service';
const started = performance.now();
let since = started;

function passed(stage) {
  const now = performance.now();
  console.log(`${((now - since) / 1000).toFixed(2).padStart(7)} s  ${stage}`);
  since = now;
}

try {
  await pave.signIn();
  passed('signed in');
  const task = await road.create(pave, road.defaults(name));
  await road.taskEnded(pave, task);
  passed('scaffolded, published, provisioned and registered');
  await road.isInCatalog(pave, name);
  passed('in the catalog, with its owner');
  const first = await road.runOf(pave, name);
  const version = first.commit.id;
  // A run that fails ends the waiting, and says why.
  const ended = road.runSucceeded(pave, first.id);
  const healthy = road.answers(pave, name, 'staging', version);
  const staging = await Promise.race([healthy, ended.then(() => healthy)]);
  assert.equal(staging.database, 'ok');
  passed(`healthy in staging with its database (${((performance.now() - started) / 1000).toFixed(2)} s after Create)`);
  await ended;
  await road.answers(pave, name, 'production', version);
  passed('tested, and healthy in production');
  const commit = await road.pushChange(pave, name, 'Good day from');
  passed('cloned, changed and pushed with git');
  await road.runSucceeded(pave, (await road.runOf(pave, name, commit)).id);
  await road.answers(pave, name, 'production', commit);
  await road.greets(pave, name, 'production', 'Good day from');
  passed('the new version is in production');
  await road.rollBack(pave, name, 'production');
  await road.answers(pave, name, 'production', version);
  await road.greets(pave, name, 'production', 'Hello from');
  passed('rolled back');
  const { metrics } = await road.dora(pave, name);
  assert.equal(metrics.deploymentFrequency.count, 3);
  assert.equal(metrics.changeFailRate.failed, 1);
  passed('counted by DORA: 3 deployments, 1 of them failed');
  console.log(`${((performance.now() - started) / 1000).toFixed(2).padStart(7)} s  in all`);
} catch (error) {
  console.error(`failed: ${error.stack}`);
  process.exit(1);
}
