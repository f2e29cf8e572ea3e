// Templates that a test writes as objects, run by a Pave of their own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startPave } from './server.mjs';

const run = promisify(execFile);

/**
 * Pave with templates {name: {steps, output?, parameters?}}, files beside them {path: text} and more of its configuration (an object):
 * {pave, run(), dryRun(), kill(), remove()}.
 */
export async function startScaffolding({ templates, files = {}, config = {} }) {
  const folder = await mkdtemp(join(tmpdir(), 'templates-'));
  const base = '${PAVE_BASE_URL}';
  const write = async (path, text) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  const document = ([name, spec]) => JSON.stringify({ apiVersion: 'scaffolder.backstage.io/v1beta3', kind: 'Template', metadata: { name }, spec: { type: 'service', owner: 'guests', ...spec } });
  await chmod(folder, 0o755);
  await write('templates.yaml', Object.entries(templates).map(document).join('\n---\n'));
  await write('app-config.yaml', JSON.stringify({
    app: { title: 'House', baseUrl: base }, backend: { baseUrl: base }, organization: { name: 'House' },
    auth: { providers: { guest: { enabled: true, userEntityRef: 'user:default/guest' } }, admins: ['user:default/guest'] },
    catalog: { rules: [{ allow: ['Template', 'Component', 'Location'] }], locations: [{ type: 'file', target: './templates.yaml' }] }, ...config,
  }));
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const server = await startPave(folder);
  const { pave } = server;
  await pave.signIn();
  const ended = (id) => pave.until('the task ended', async () => {
    const task = await pave.get(`/api/scaffolder/v2/tasks/${id}`);
    return !['open', 'processing'].includes(task.status) && task;
  }, 30);
  return {
    server, pave, ended,
    start: async (name, values = {}, secrets = {}) => (await pave.post('/api/scaffolder/v2/tasks', { templateRef: `template:default/${name}`, values, secrets })).id,
    /** The task when it ended, with the lines it printed. */
    async run(name, values, secrets) {
      const task = await ended(await this.start(name, values, secrets));
      return { ...task, lines: (await pave.get(`/api/scaffolder/v2/tasks/${task.id}/events`)).map(({ body }) => body.message).join('\n') };
    },
    /** The same, and it has to succeed. */
    async make(name, values, secrets) {
      const task = await this.run(name, values, secrets);
      assert.equal(task.status, 'completed', `${JSON.stringify(task.error)}\n${task.lines}`);
      return task;
    },
    dryRun: (name, values = {}, secrets = {}) => pave.post('/api/scaffolder/v1/preview', { templateRef: `template:default/${name}`, values, secrets }),
    /** What a task made, in order. */
    effects: async (id) => (await pave.get('/api/scaffolder/v1/provenance')).items.find((item) => item.taskId === id)?.objects.filter(({ operation }) => operation !== 'read') ?? [],
    /** Takes back what a task made: what was said about it before. */
    async undo(id) {
      const path = `/api/scaffolder/v1/tasks/${id}/undo`;
      const preview = await pave.get(path);
      const started = await pave.post(path, { confirm: preview.confirm });
      const job = await pave.until('it was taken back', async () => {
        const shown = await pave.get(`/api/jobs/v1/jobs/${started.id}`);
        return !['queued', 'running'].includes(shown.state) && shown;
      }, 30);
      assert.equal(job.state, 'succeeded', job.error?.message);
      return preview;
    },
    /** The server dies at once; its supervisor starts it again. */
    async kill() {
      const { stdout } = await run('pgrep', ['-P', String(server.pid())]);
      process.kill(Number(stdout.trim().split('\n')[0]), 'SIGKILL');
      await pave.until('the server answers again', async () => (await pave.raw('GET', '/healthz')).status === 200, 30);
    },
    async remove() {
      await server.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A step that writes files of the skeleton folder, which is beside the templates. */
export const fetch = (folder = 'skeleton') => ({ id: 'fetch', action: 'fetch:plain', input: { url: `./${folder}` } });
