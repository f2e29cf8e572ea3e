// kill -9 of the server at random points while tasks run: none is lost, and no finished step runs again. And very many at
// once: each of them ends, and whoever looks meanwhile gets an answer. 200 runs and 1,000 tasks with PAVE_SLOW.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { manyTasks, writeOrganization } from '../bench/scaffolder_tasks.mjs';
import { killServer } from '../lib/processes.mjs';
import { startPave } from '../lib/server.mjs';

const slow = Boolean(process.env.PAVE_SLOW);
const runs = slow ? 200 : 20;
const over = ['completed', 'failed', 'cancelled'];

// A file that is added to, so that a step that ran twice shows; a repository, which can be made only once.
const steps = `    - id: fetch
      action: fetch:template
      input: { url: ./skeleton, values: { name: '\${{ parameters.name }}', owner: team-a } }
    - id: add
      action: fs:append
      input: { path: log.txt, content: "once\\n" }
    - id: publish
      action: publish:github
      input: { repoUrl: 'github.com?owner=acme&repo=\${{ parameters.name }}', defaultBranch: main }
    - id: again
      action: fs:append
      input: { path: log.txt, content: "twice\\n" }
    - id: read
      action: fs:read
      input: { path: log.txt }
    - id: say
      action: debug:log
      input: { message: 'made \${{ parameters.name }}' }
  output:
    log: \${{ steps.read.output.content }}
    url: \${{ steps.publish.output.remoteUrl }}
`;

/** A server of an organisation with this template. */
async function serve(options) {
  const folder = await writeOrganization(await mkdtemp(join(tmpdir(), 'pave-tasks-')), options);
  const server = await startPave(folder);
  const { pave } = server;
  await pave.signIn();
  await pave.until('the template', () => pave.get('/api/catalog/entities/by-name/template/default/thirty'));
  return { server, pave, remove: () => server.remove().finally(() => rm(folder, { recursive: true, force: true })) };
}

/** Steps that are finished, with what they must keep. */
async function remember(pave, id, finished) {
  const job = await pave.get(`/api/jobs/v1/jobs/${id}`).catch(() => null);
  for (const { id: step, state, startedAt, endedAt, output } of job?.steps ?? []) {
    const key = `${id} ${step}`;
    if (state !== 'succeeded') continue;
    if (finished.has(key)) assert.deepEqual({ startedAt, endedAt, output }, finished.get(key), `${key} ran again`);
    else finished.set(key, { startedAt, endedAt, output });
  }
}

test(`${runs} tasks outlive a server that is killed at random points`, { timeout: slow ? 1_800_000 : 150_000 }, async (t) => {
  const { server, pave, remove } = await serve({ steps });
  const finished = new Map();
  const ids = [];
  let kills = 0;
  try {
    const submit = (name) =>
      pave.until(`${name} is asked for`, async () => {
        try {
          return (await pave.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/thirty', values: { name } })).id;
        } catch (error) {
          // The name is taken: an attempt whose answer was lost is doing it.
          if (error.status === 409) return 'lost answer';
          throw error;
        }
      }, 60);
    for (let i = 0; i < runs; i += 1) {
      const id = await submit(`service-${i}`);
      if (id !== 'lost answer') ids.push([id, `service-${i}`]);
      if (!slow && i % 3) continue;
      await sleep(Math.random() * 150);
      for (const [running] of ids.slice(-4)) await remember(pave, running, finished);
      await killServer(server.pid());
      kills += 1;
    }
    for (const [id, name] of ids) {
      const task = await pave.until(`${name} is over`, async () => {
        const now = await pave.get(`/api/scaffolder/v2/tasks/${id}`);
        return over.includes(now.status) ? now : null;
      }, 120);
      assert.equal(task.status, 'completed', `${name}: ${task.error?.message}`);
      assert.equal(task.output.log, 'once\ntwice\n', `${name}: nothing was done twice`);
      await remember(pave, id, finished);
      const commits = await pave.get(`/api/forge/v1/repositories/acme/${name}/commits`);
      assert.equal(commits.items.length, 1, `${name}: one commit`);
    }
    t.diagnostic(`${ids.length} tasks, ${kills} kills, ${finished.size} finished steps`);
  } finally {
    await remove();
  }
});

test('very many tasks at once all end, and the list of them is answered meanwhile', { timeout: slow ? 600_000 : 120_000 }, async (t) => {
  const { pave, remove } = await serve();
  try {
    const { count, distinct, completed, all, look, worstLook } = await manyTasks(pave, slow ? 1000 : 100);
    assert.equal(distinct, count);
    assert.equal(completed, count);
    t.diagnostic(`${count} tasks in ${Math.round(all)} ms; a look took ${look.toFixed(1)} ms, at most ${worstLook.toFixed(1)} ms`);
  } finally {
    await remove();
  }
});
