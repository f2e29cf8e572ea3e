// What a task costs beside its work, and how many may be asked for at once. The task renders 30 files and prints a line.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPave } from '../lib/server.mjs';
import { median } from './measure.mjs';

const files = 30;
const ended = ['completed', 'failed', 'cancelled'];

const config = `app: { title: Tasks, baseUrl: '\${PAVE_BASE_URL}' }
backend: { baseUrl: '\${PAVE_BASE_URL}' }
auth: { providers: { guest: { enabled: true, userEntityRef: 'user:default/guest' } }, admins: [user:default/guest] }
catalog:
  rules: [{ allow: [Template, User, Group, Component] }]
  locations: [{ type: file, target: ./template/template.yaml, rules: [{ allow: [Template, User] }] }]
forge: { hosts: { github.com: builtin } }
`;

const template = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: thirty }
spec:
  type: service
  parameters:
    - required: [name]
      properties: { name: { type: string } }
  steps:
    - id: fetch
      action: fetch:template
      input: { url: ./skeleton, values: { name: '\${{ parameters.name }}', owner: team-a } }
    - id: say
      action: debug:log
      input: { message: 'made \${{ parameters.name }}' }
`;

/** An organisation with one template of so many files; its folder. */
export async function writeOrganization(folder, { steps } = {}) {
  const skeleton = join(folder, 'template/skeleton/src');
  await chmod(folder, 0o755);
  await mkdir(skeleton, { recursive: true });
  await writeFile(join(folder, 'app-config.yaml'), config);
  await writeFile(join(folder, 'template/template.yaml'), steps ? template.slice(0, template.indexOf('    - id: fetch')) + steps : template);
  for (let i = 0; i < files; i += 1) {
    const lines = Array.from({ length: 20 }, (_, line) => `line ${line} of file ${i} of \${{ values.name }} by \${{ values.owner | upper }}`);
    await writeFile(join(skeleton, `file-${i}.txt`), `${lines.join('\n')}\n`);
  }
  return folder;
}

/** Requests over connections that are kept. */
function client(pave, connections) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const call = (method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = { host: pave.host, authorization: `Bearer ${pave.token}`, 'content-type': 'application/json' };
      const outgoing = request({ host: '127.0.0.1', port: pave.port, method, path, agent, headers }, (reply) => {
        let text = '';
        reply.on('data', (chunk) => (text += chunk));
        reply.on('error', reject);
        reply.on('end', () => (reply.statusCode < 300 ? resolve(JSON.parse(text)) : reject(new Error(`${method} ${path}: ${reply.statusCode} ${text}`))));
      });
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return { call, close: () => agent.destroy() };
}

const submit = (call, name) => call('POST', '/api/scaffolder/v2/tasks', { templateRef: 'template:default/thirty', values: { name } });

async function runOne(call, name) {
  const begun = performance.now();
  const { id } = await submit(call, name);
  for (;;) {
    const task = await call('GET', `/api/scaffolder/v2/tasks/${id}`);
    if (ended.includes(task.status)) {
      if (task.status !== 'completed') throw new Error(`${id} ${task.status}: ${task.error?.message}`);
      return performance.now() - begun;
    }
    await sleep(1);
  }
}

/** Milliseconds from POST to completed, the median of count tasks one after the other. */
export async function taskOverhead(pave, count = 30) {
  const { call, close } = client(pave, 2);
  const times = [];
  for (let i = 0; i < count + 5; i += 1) times.push(await runOne(call, `service-${i}`));
  close();
  return { median: median(times.slice(5)), worst: Math.max(...times.slice(5)) };
}

/** count tasks asked for at once: how long until all are asked for and ended, and what the portal's list takes meanwhile. */
export async function manyTasks(pave, count = 1000) {
  const { call, close } = client(pave, 32);
  const begun = performance.now();
  const asking = Promise.all(Array.from({ length: count }, (_, i) => submit(call, `many-${i}`)));
  const answers = [];
  const look = async () => {
    const start = performance.now();
    await call('GET', '/api/scaffolder/v2/tasks?limit=20');
    answers.push(performance.now() - start);
  };
  const ids = (await asking).map(({ id }) => id);
  const asked = performance.now() - begun;
  const counted = async (status) => (await call('GET', `/api/scaffolder/v2/tasks?limit=1&status=${status}`)).totalTasks;
  while ((await counted('open')) + (await counted('processing')) > 0) {
    await look();
    await sleep(20);
  }
  const all = performance.now() - begun;
  let completed = 0;
  for (const id of ids) {
    let task;
    while (!ended.includes((task = await call('GET', `/api/scaffolder/v2/tasks/${id}`)).status)) await sleep(20);
    if (task.status === 'completed') completed += 1;
    else console.error(`${id} ${task.status}: ${task.error?.message}`);
  }
  close();
  return { count, distinct: new Set(ids).size, completed, asked, all, look: answers.length ? median(answers) : 0, worstLook: Math.max(0, ...answers) };
}

/** Both, on a server of their own. */
export async function tasks({ count = 1000 } = {}) {
  const folder = await writeOrganization(await mkdtemp(join(tmpdir(), 'pave-tasks-')));
  const server = await startPave(folder);
  try {
    await server.pave.signIn();
    await server.pave.until('the template', () => server.pave.get('/api/catalog/entities/by-name/template/default/thirty'));
    const overhead = await taskOverhead(server.pave);
    return { overhead, many: count ? await manyTasks(server.pave, count) : null };
  } finally {
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.filename === process.argv[1]) console.log(JSON.stringify(await tasks({ count: Number(process.argv[2] ?? 1000) }), null, 1));
