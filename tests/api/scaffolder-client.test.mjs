// Every method of Backstage's own scaffolder client, unmodified, against a real Pave; its log view reads by the same client. Then what it does
// not send: filters, orders, secrets of a retry.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { startPave } from '../lib/server.mjs';

// As modules they do not load in node.
const require = createRequire(import.meta.url);
const [{ ConfigReader }, { ScmIntegrations }, { ScaffolderClient }] = ['@backstage/config', '@backstage/integration', '@backstage/plugin-scaffolder-common'].map((name) => require(name));

const template = (name, spec) => ({ apiVersion: 'scaffolder.backstage.io/v1beta3', kind: 'Template', metadata: { name, title: `The ${name}` }, spec: { type: 'service', owner: 'user:guest', ...spec } });
const greet = template('greeting', {
  parameters: [
    { title: 'Whom', required: ['name'], properties: { name: { title: 'Name', type: 'string', pattern: '^[a-z]+$' }, loud: { type: 'boolean', default: false } } },
    { title: 'How loud', when: { properties: { loud: { const: true } }, required: ['loud'] }, required: ['level'], properties: { level: { title: 'Level', type: 'integer' } } },
  ],
  steps: [{ id: 'say', name: 'Say it', action: 'debug:log', input: { message: 'Hello ${{ parameters.name }}' } }],
  output: { text: [{ title: 'Said', content: 'Hello ${{ parameters.name }}' }], links: [{ title: 'Nowhere', url: 'https://x.example/${{ parameters.name }}' }] },
});
const waiting = template('waiting', { steps: [{ id: 'wait', name: 'Wait', action: 'debug:wait', input: { minutes: 5 } }] });
const secretive = template('secretive', {
  steps: [
    { id: 'write', name: 'Write', action: 'fs:write', input: { path: 'there', content: 'x' } },
    { id: 'rename', name: 'Rename', action: 'fs:rename', input: { files: [{ from: '${{ secrets.from }}', to: 'moved' }] } },
  ],
});

const called = new Set();
let folder, server, pave, client, options;

async function publicMethods() {
  const declarations = await readFile(join(dirname(require.resolve('@backstage/plugin-scaffolder-common')), 'index.d.ts'), 'utf8');
  const [, body] = /declare class ScaffolderClient implements ScaffolderApi \{([\s\S]*?)\n\}/.exec(declarations);
  return [...body.matchAll(/^ {4}(\w+)\(/gm)].map(([, name]) => name).filter((name) => name !== 'constructor');
}

const logOf = (taskId, more = {}) => new Promise((resolve, reject) => {
  const events = [];
  client.streamLogs({ taskId, ...more }, options).subscribe({ next: (event) => events.push(event), error: reject, complete: () => resolve(events) });
});
const ended = (id) => pave.until(`task ${id} has ended`, async () => {
  const task = await client.getTask(id, options);
  return ['completed', 'failed', 'cancelled'].includes(task.status) && task;
}, 30);
const run = async (name, values = {}, secrets) => (await client.scaffold({ templateRef: `template:default/${name}`, values, secrets }, options)).taskId;

before(async () => {
  // The client's event source looks for a page whose visibility may change.
  Object.assign(globalThis, { window: globalThis, document: { hidden: false, addEventListener() {}, removeEventListener() {} } });
  folder = await mkdtemp(join(tmpdir(), 'scaffolder-client-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'templates.yaml'), [greet, waiting, secretive].map((each) => JSON.stringify(each)).join('\n---\n'));
  const integrations = { github: [{ host: 'git.example' }], gitlab: [{ host: 'lab.example', apiBaseUrl: 'https://lab.example/api/v4' }] };
  await writeFile(join(folder, 'app-config.yaml'), `
app: { title: Client, baseUrl: '\${PAVE_BASE_URL}' }
backend: { baseUrl: '\${PAVE_BASE_URL}' }
auth: { providers: { guest: { enabled: true, userEntityRef: user:default/guest } }, admins: [user:default/guest] }
catalog: { rules: [{ allow: [Template, Location] }], locations: [{ type: file, target: ./templates.yaml }] }
integrations: ${JSON.stringify(integrations)}
forge: { hosts: { github.com: builtin } }
`);
  server = await startPave(folder);
  pave = server.pave;
  await pave.signIn();
  options = { token: pave.token };
  const withToken = (url, init = {}) => fetch(url, { ...init, headers: { authorization: `Bearer ${pave.token}`, ...Object.fromEntries(new Headers(init.headers)) } });
  const make = (more = {}) => new ScaffolderClient({
    discoveryApi: { getBaseUrl: async (plugin) => `http://127.0.0.1:${pave.port}/api/${plugin}` },
    fetchApi: { fetch: withToken },
    identityApi: { getBackstageIdentity: async () => ({ type: 'user', userEntityRef: 'user:default/guest', ownershipEntityRefs: [] }) },
    scmIntegrationsApi: ScmIntegrations.fromConfig(new ConfigReader({ integrations })),
    ...more,
  });
  const [streaming, polling] = [make(), make({ useLongPollingLogs: true })];
  client = new Proxy(streaming, {
    get(target, name) {
      called.add(name);
      return name === 'streamLogs' ? (request, ...rest) => (request.poll ? polling : target).streamLogs(request, ...rest) : target[name].bind(target);
    },
  });
});
after(async () => {
  await server?.remove();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test('getTemplateParameterSchema gives the pages, with their conditions', async () => {
  const { title, steps } = await client.getTemplateParameterSchema('template:default/greeting', options);
  assert.deepEqual([title, steps.map((step) => step.title)], ['The greeting', ['Whom', 'How loud']]);
  assert.deepEqual(steps[1].when, greet.spec.parameters[1].when);
  assert.deepEqual(steps[0].schema, greet.spec.parameters[0]);
  await assert.rejects(client.getTemplateParameterSchema('template:default/nope', options), /404/);
});

test('scaffold makes a task that the log view can follow, streamed and polled', async () => {
  const taskId = await run('greeting', { name: 'ada', level: 11 });
  const events = await logOf(taskId);
  assert.deepEqual(events.filter(({ body }) => body.status || !body.stepId).map(({ type, body }) => [type, body.message, body.stepId, body.status]), [
    ['log', 'Starting up task with 1 steps', undefined, undefined],
    ['log', 'Beginning step Say it', 'say', 'processing'],
    ['log', 'Finished step Say it', 'say', 'completed'],
    ['completion', 'Run completed with status: completed', undefined, undefined],
  ]);
  assert.match(events.map(({ body }) => body.message).join('\n'), /Hello ada/);
  assert.deepEqual(events.at(-1).body.output, { text: [{ title: 'Said', content: 'Hello ada' }], links: [{ title: 'Nowhere', url: 'https://x.example/ada' }] });
  assert.deepEqual(await logOf(taskId, { poll: true }), events);
  const [first] = events;
  assert.deepEqual(await logOf(taskId, { after: Number(first.id) }), events.slice(1));
  const task = await client.getTask(taskId, options);
  assert.deepEqual([task.status, task.createdBy, task.spec.parameters], ['completed', 'user:default/guest', { name: 'ada', loud: false }]);
});

test('scaffold is refused with what is wrong in each field', async () => {
  await assert.rejects(run('greeting', { name: 'Ada', loud: true }), (error) => {
    const { errors } = JSON.parse(error.message.slice(error.message.indexOf('{')));
    assert.deepEqual(errors.map(({ stack, title }) => [stack, title]), [
      ['instance.name does not match pattern "^[a-z]+$"', 'Name ("name") must hold only lower-case letters'],
      ['instance requires property "level"', 'Level ("level") is required'],
    ]);
    return true;
  });
  await assert.rejects(run('nope'), /404/);
});

test('cancelTask stops a task; retry begins it again', async () => {
  const taskId = await run('waiting');
  await pave.until('it waits', async () => (await client.getTask(taskId, options)).status === 'processing', 20);
  assert.deepEqual(await client.cancelTask(taskId, options), { status: 'cancelled' });
  assert.equal((await ended(taskId)).status, 'cancelled');
  assert.deepEqual(await client.retry(taskId, options), { id: taskId });
  await client.cancelTask(taskId, options);
  assert.equal((await ended(taskId)).status, 'cancelled');
});

test('a retry may bring the secrets that the task had not', async () => {
  const taskId = await run('secretive', {}, { from: 'missing' });
  assert.equal((await ended(taskId)).status, 'failed');
  assert.deepEqual(await pave.post(`/api/scaffolder/v2/tasks/${taskId}/retry`, { secrets: { from: 'there' } }), { id: taskId });
  assert.equal((await ended(taskId)).status, 'completed');
  assert(!JSON.stringify(await client.getTask(taskId, options)).includes('"from":"there"'));
  assert.deepEqual(await client.retry(taskId, options), { id: taskId });
  assert.equal((await client.getTask(taskId, options)).status, 'completed');
});

test('listTasks gives what is mine, page by page; lists are filtered and ordered', async () => {
  const all = await client.listTasks({ filterByOwnership: 'all' }, options);
  assert.deepEqual([all.totalTasks, all.tasks.length], [3, 3]);
  assert.deepEqual((await client.listTasks({ filterByOwnership: 'owned', limit: 1, offset: 1 }, options)).tasks.map(({ id }) => id), [all.tasks[1].id]);
  const list = async (query) => (await pave.get(`/api/scaffolder/v2/tasks?${query}`)).tasks.map(({ status }) => status);
  assert.deepEqual(await list('order=asc:created_at'), ['completed', 'cancelled', 'completed']);
  assert.deepEqual(await list('order=asc:status'), ['cancelled', 'completed', 'completed']);
  assert.deepEqual(await list('order=desc:status&limit=2'), ['completed', 'completed']);
  assert.deepEqual(await list('status=cancelled&status=failed'), ['cancelled']);
  assert.deepEqual(await list('status=processing'), []);
  assert.deepEqual(await list('createdBy=user:default/nobody'), []);
  assert.deepEqual(await list('createdBy=user:default/nobody&createdBy=user:default/guest&limit=1'), ['completed']);
  await assert.rejects(list('order=sideways'), /400.*Invalid order parameter/);
});

test('dryRun makes nothing and shows all', async () => {
  const { log, output, steps, directoryContents } = await client.dryRun({ template: greet, values: { name: 'bob' }, secrets: {}, directoryContents: [] }, options);
  assert.match(log.map(({ body }) => body.message).join('\n'), /Hello bob/);
  assert.deepEqual([output.text[0].content, steps.map(({ id }) => id), directoryContents], ['Hello bob', ['say'], []]);
  await assert.rejects(client.dryRun({ template: greet, values: {}, directoryContents: [] }, options), /400/);
  assert.equal((await client.listTasks({ filterByOwnership: 'all' }, options)).totalTasks, 3);
});

test('listActions and listTemplatingExtensions document what there is', async () => {
  const actions = await client.listActions(options);
  assert(actions.some(({ id, schema, examples }) => id === 'fetch:template' && schema.input.properties.url && examples.length > 0));
  const { filters, globals } = await client.listTemplatingExtensions(options);
  assert.deepEqual([Object.keys(filters).sort(), globals], [['parseEntityRef', 'parseRepoUrl', 'pick', 'projectSlug'], { functions: {}, values: {} }]);
});

test('getIntegrationsList knows the hosts of the configuration', async () => {
  assert.deepEqual((await client.getIntegrationsList({ allowedHosts: ['git.example', 'lab.example'] })).integrations.map(({ type, host: name }) => [type, name]), [['github', 'git.example'], ['gitlab', 'lab.example']]);
});

test('autocomplete of a provider that is not there says so', async () => {
  await assert.rejects(client.autocomplete({ provider: 'azure', resource: 'projects', token: 'x', context: {} }, options), /400/);
});

test('no method of the client was left out', async () => {
  assert.deepEqual((await publicMethods()).filter((name) => !called.has(name)), []);
  assert((await publicMethods()).length >= 11);
});
