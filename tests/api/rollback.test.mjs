// What a task made is taken back in reverse order: with real git and real Terraform, also by a server that is killed.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { jobEnded, make, output, refused, startMakers, taskEnded, whatIsThere } from '../lib/makers.mjs';
import { killServer } from '../lib/processes.mjs';

let makers, ada, failpoints;

before(async () => {
  failpoints = await mkdtemp(join(tmpdir(), 'failpoints-'));
  await chmod(failpoints, 0o777);
  makers = await startMakers({ PAVE_FAILPOINTS: failpoints });
  ada = makers.users.ada;
});
after(async () => {
  await makers?.remove();
  await rm(failpoints, { recursive: true, force: true });
});

const undoPath = (id) => `/api/scaffolder/v1/tasks/${id}/undo`;
const nothing = { repository: false, entity: false, resources: [] };
const everything = { repository: true, entity: true, resources: ['terraform_data.first'] };

test('a run that fails in its last step is previewed, undone last first, and everything is gone', async () => {
  const task = await make(ada, 'make', { name: 'one', fails: true });
  assert.equal(task.status, 'failed');
  assert.deepEqual(await whatIsThere(ada, 'one'), everything);

  const preview = await ada.get(undoPath(task.id));
  assert.deepEqual(
    preview.items.map(({ step, kind, will, possible, warning }) => [step, kind, will, possible, warning]),
    [
      ['register', 'location', 'Unregisters the location and its entities', true, undefined],
      ['program', 'program', 'Takes back what was told', true, undefined],
      ['apply', 'workspace', 'Destroys what Terraform made', true, undefined],
      ['publish', 'repository', 'Deletes the repository', true, undefined],
    ],
  );
  assert.deepEqual([preview.undoable, preview.confirm], [true, null]);
  await assert.rejects(makers.users.bob.post(`/api/scaffolder/v2/tasks/${task.id}/retry`), refused(403));

  const { id } = await ada.post(undoPath(task.id));
  const undo = await jobEnded(ada, id);
  assert.equal(undo.state, 'succeeded', undo.error?.message);
  assert.deepEqual(undo.steps.map(({ name }) => name.split(':')[0]), preview.items.map(({ will }) => will));
  assert.deepEqual(await whatIsThere(ada, 'one'), nothing);
  const printed = await output(ada, id);
  assert.match(printed, /Destroy complete|destroyed/i);
  assert.match(printed, /got .*"told":"everybody"/);
  assert.match(printed, /taken back/);

  const again = await ada.get(undoPath(task.id));
  assert.deepEqual([again.undoable, again.items.every(({ undoneAt }) => undoneAt)], [false, true]);
  await assert.rejects(ada.post(undoPath(task.id)), refused(409, /Nothing of it/));
  await assert.rejects(ada.post(`/api/scaffolder/v2/tasks/${task.id}/retry`), refused(409, /taken back/));
  const { items } = await ada.get(`/api/scaffolder/v1/provenance?repository=makers/one`);
  assert.ok(items[0].objects.find(({ type }) => type === 'repository').undoneAt);
  const { items: told } = await ada.get('/api/events/v1/events?type=dev.pave.scaffolder.undo&order=desc&limit=2');
  assert.deepEqual(told.map(({ type }) => type.split('.').at(-1)), ['succeeded', 'requested']);
  assert.equal((await make(ada, 'make', { name: 'one' })).status, 'completed', 'the name is free again');
});

test('what others pushed since is not lost without a word', async () => {
  const task = await make(ada, 'make', { name: 'two', fails: true });
  const home = await mkdtemp(join(tmpdir(), 'pave-git-'));
  try {
    const cy = makers.users.cy;
    await cy.git(home, 'clone', '-q', `${cy.url}/makers/two.git`, 'two');
    const work = join(home, 'two');
    await writeFile(join(work, 'work.txt'), 'a week of work');
    await cy.git(work, 'add', '-A');
    await cy.git(work, 'commit', '-q', '-m', 'A week of work');
    await cy.git(work, 'push', '-q', 'origin', 'HEAD:refs/heads/work');
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  const preview = await ada.get(undoPath(task.id));
  assert.equal(preview.items.at(-1).warning, '1 commit was pushed since, and would be lost');
  assert.equal(preview.confirm, 'two');
  await assert.rejects(ada.post(undoPath(task.id)), refused(400, /"confirm": "two"/));
  await assert.rejects(ada.post(undoPath(task.id), { confirm: 'one' }), refused(400));
  const { id } = await ada.post(undoPath(task.id), { confirm: 'two' });
  assert.equal((await jobEnded(ada, id)).state, 'succeeded');
  assert.deepEqual(await whatIsThere(ada, 'two'), nothing);
});

test('a run that succeeded is undone by its name only, and by whom it belongs to', async () => {
  const task = await make(ada, 'make', { name: 'three' });
  assert.equal(task.status, 'completed', task.error?.message);
  assert.equal((await ada.get(undoPath(task.id))).confirm, 'three');
  await assert.rejects(ada.post(undoPath(task.id)), refused(400, /"confirm": "three"/));
  const stranger = await make(makers.users.dot, 'make', { name: 'theirs' });
  await assert.rejects(ada.post(undoPath(stranger.id), { confirm: 'theirs' }), refused(403));
  const { id } = await makers.users.bob.post(undoPath(task.id), { confirm: 'three' });
  assert.equal((await jobEnded(ada, id)).state, 'succeeded', 'the owner of what it made may');
  assert.deepEqual(await whatIsThere(ada, 'three'), nothing);
});

test('what a failed Terraform run made half-way is destroyed, and onFailure: undo asks nobody', async () => {
  const task = await make(ada, 'careful', { name: 'four', broken: true });
  assert.equal(task.status, 'failed');
  const { items } = await ada.get(`/api/jobs/v1/jobs?kind=scaffolder.undo&subject=task:${task.id}`);
  const undo = await jobEnded(ada, items[0].id);
  assert.equal(undo.state, 'succeeded', undo.error?.message);
  assert.deepEqual(await whatIsThere(ada, 'four'), nothing);
});

test('what cannot be taken back is kept with its reason, and a retry goes on with it', async () => {
  const task = await make(ada, 'make', { name: 'five', fails: true });
  await writeFile(join(failpoints, 'intent.scaffolder-undo-publish-repository-makers-five.armed'), '');
  const { id } = await ada.post(undoPath(task.id));
  await ada.until('the undo is about to delete the repository', async () => (await readdir(failpoints)).some((file) => file.endsWith('five.hit')), 40);
  const home = await mkdtemp(join(tmpdir(), 'pave-git-'));
  await ada.git(home, 'clone', '-q', `${ada.url}/makers/five.git`, 'five');
  await ada.git(join(home, 'five'), 'commit', '-q', '--allow-empty', '-m', 'late');
  await ada.git(join(home, 'five'), 'push', '-q', 'origin', 'HEAD:refs/heads/late');
  await killServer(makers.server.pid());
  await ada.until('the server again', async () => (await ada.raw('GET', '/healthz')).status === 200, 30);
  const undo = await jobEnded(ada, id);
  assert.match(undo.error.message, /1 of \d could not be taken back: repository makers\/five: 1 commit was pushed since/);
  assert.deepEqual(await whatIsThere(ada, 'five'), { repository: true, entity: false, resources: [] });
  assert.match((await ada.get(undoPath(task.id))).items.at(-1).error, /1 commit was pushed since/);
  const { items: upgradable } = await ada.get('/api/scaffolder/v1/upgrades?repository=makers/five');
  assert.equal(upgradable.length, 1, 'what could not be taken back is still of its template');

  await ada.git(join(home, 'five'), 'push', '-q', 'origin', ':refs/heads/late');
  await rm(home, { recursive: true, force: true });
  await ada.post(`/api/jobs/v1/jobs/${id}/retry`);
  assert.equal((await jobEnded(ada, id)).state, 'succeeded');
  assert.deepEqual(await whatIsThere(ada, 'five'), nothing);
});

test('infrastructure that was there before a task is not destroyed with it', async () => {
  assert.equal((await make(ada, 'make', { name: 'old' })).status, 'completed');
  const task = await make(ada, 'again', { name: 'old' });
  assert.equal(task.status, 'failed');
  const preview = await ada.get(undoPath(task.id));
  assert.deepEqual(preview.items.map(({ kind, operation, will, possible }) => [kind, operation, will, possible]), [['workspace', 'update', 'Stays', false]]);
  assert.match(preview.items[0].warning, /held resources before this task/);
  assert.equal(preview.undoable, false);
  assert.deepEqual((await whatIsThere(ada, 'old')).resources, ['terraform_data.first']);
  const fresh = await make(ada, 'again', { name: 'fresh' });
  assert.deepEqual((await ada.get(undoPath(fresh.id))).items.map(({ operation, possible }) => [operation, possible]), [['create', true]]);
});

test('a server killed in the middle of an undo repeats nothing and leaves nothing', async () => {
  const task = await make(ada, 'make', { name: 'six', fails: true });
  const places = ['checkpoint.scaffolder-undo-apply-workspace-six-staging', 'checkpoint.scaffolder-undo-publish-repository-makers-six'];
  for (const place of places) await writeFile(join(failpoints, `${place}.armed`), '');
  const { id } = await ada.post(undoPath(task.id));
  for (let seen = 0; seen < places.length; seen++) {
    await ada.until('a failpoint', async () => (await readdir(failpoints)).filter((file) => places.some((place) => file === `${place}.hit`)).length > seen, 40);
    await killServer(makers.server.pid());
    await ada.until('the server again', async () => (await ada.raw('GET', '/healthz')).status === 200, 30);
  }
  const undo = await jobEnded(ada, id);
  assert.equal(undo.state, 'succeeded', undo.error?.message);
  assert.deepEqual(await whatIsThere(ada, 'six'), nothing);
  const { items } = await ada.get('/api/jobs/v1/jobs?kind=infra.run&subject=component:default/six');
  assert.equal(items.filter(({ title }) => title.startsWith('Destroy')).length, 1);
});

test('the command line shows what would go, and takes it back', async () => {
  const task = await make(ada, 'make', { name: 'eight', fails: true });
  const printed = await ada.cli('undo', task.id, '--yes');
  assert.match(printed, /Unregisters the location and its entities +http/);
  assert.match(printed, /Deletes the repository +makers\/eight/);
  assert.deepEqual(await whatIsThere(ada, 'eight'), nothing);
  const done = await make(ada, 'make', { name: 'nine' });
  await assert.rejects(ada.cli('undo', done.id, '--yes'), /--confirm nine/);
  await ada.cli('undo', done.id, '--yes', '--confirm', 'nine');
  assert.deepEqual(await whatIsThere(ada, 'nine'), nothing);
});

test('a task that is not over is not undone', async () => {
  await writeFile(join(failpoints, 'intent.scaffolder-task-apply.armed'), '');
  const { id } = await ada.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/make', values: { name: 'seven' } });
  await ada.until('the task is in its middle', async () => (await readdir(failpoints)).includes('intent.scaffolder-task-apply.hit'), 20);
  assert.match((await ada.get(undoPath(id))).reason, /not over/);
  await assert.rejects(ada.post(undoPath(id)), refused(409, /cancel it first/));
  await ada.post(`/api/scaffolder/v2/tasks/${id}/cancel`);
  await killServer(makers.server.pid());
  const task = await taskEnded(ada, id);
  assert.equal(task.status, 'cancelled');
  const undo = await jobEnded(ada, (await ada.post(undoPath(id))).id);
  assert.equal(undo.state, 'succeeded', undo.error?.message);
  assert.deepEqual(await whatIsThere(ada, 'seven'), { ...nothing, resources: null });
});
