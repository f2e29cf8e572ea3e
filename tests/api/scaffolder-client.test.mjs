// Every method of Backstage's own scaffolder client, unmodified, against a real Pave; its log view reads by the same client. Then what it does
// not send: filters, orders, secrets of a retry, and what forms ask of source hosts.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
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
let folder, server, pave, client, options, host;

/** A source host that has one person's things, and nothing for anybody else. */
class Host {
  pages = new Map();
  async start() {
    this.server = createServer((request, reply) => {
      const found = this.pages.get(request.url);
      const known = request.headers.authorization === 'Bearer of-ada' || request.headers.authorization === 'token of-ada';
      reply.writeHead(!known ? 401 : found ? 200 : 404, { 'content-type': 'application/json', ...(found?.link ? { link: `<${this.url}${found.link}>; rel="next"` } : {}) });
      reply.end(JSON.stringify(!known ? { message: 'Bad credentials' } : found ? found.body : { message: 'Not Found' }));
    });
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.name = `127.0.0.1:${this.server.address().port}`;
    this.url = `http://${this.name}`;
    return this;
  }
  has(path, body, link) {
    this.pages.set(path, { body, link });
  }
}

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
  host = await new Host().start();
  folder = await mkdtemp(join(tmpdir(), 'scaffolder-client-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'templates.yaml'), [greet, waiting, secretive].map((each) => JSON.stringify(each)).join('\n---\n'));
  const integrations = {
    github: [{ host: 'git.example', apiBaseUrl: `${host.url}/github` }],
    gitlab: [{ host: 'lab.example', apiBaseUrl: `${host.url}/gitlab`, baseUrl: host.url }],
    gitea: [{ host: 'tea.example', baseUrl: `${host.url}/gitea` }],
    bitbucketCloud: [{ host: 'bitbucket.org', apiBaseUrl: `${host.url}/bitbucket`, username: 'x', appPassword: 'y' }],
  };
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
  host?.server.close();
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

test('the permissions of the scaffolder are listed', async () => {
  const { permissions, rules } = await pave.get('/api/scaffolder/.well-known/backstage/permissions/metadata');
  assert.deepEqual([permissions.length, rules], [8, []]);
  assert.deepEqual(permissions.find(({ name }) => name === 'scaffolder.task.read'), { type: 'resource', name: 'scaffolder.task.read', attributes: { action: 'read' }, resourceType: 'scaffolder-task' });
});

test('getIntegrationsList knows the hosts of the configuration', async () => {
  assert.deepEqual((await client.getIntegrationsList({ allowedHosts: ['git.example', 'lab.example'] })).integrations.map(({ type, host: name }) => [type, name]), [['github', 'git.example'], ['gitlab', 'lab.example']]);
});

test('autocomplete asks the source host as whoever fills in the form', async () => {
  const complete = async (provider, resource, context = {}, token = 'of-ada') => (await client.autocomplete({ provider, resource, token, context }, options)).results;
  const [hub, lab, tea] = ['git.example', 'lab.example', 'tea.example'].map((name) => ({ host: name }));
  host.has('/github/user/repos?per_page=100', [{ full_name: 'ada/a' }], '/github/user/repos?per_page=100&page=2');
  host.has('/github/user/repos?per_page=100&page=2', [{ full_name: 'ada/b' }]);
  host.has('/github/users/ada/repos?per_page=100', [{ name: 'a' }]);
  host.has('/github/repos/ada/a/branches?per_page=100', [{ name: 'main' }, { name: 'x/y' }]);
  host.has('/github/repos/ada/a/environments?per_page=100', { total_count: 1, environments: [{ name: 'prod' }] });
  host.has('/gitlab/groups?per_page=100', [{ id: 7, full_path: 'acme/web' }]);
  host.has('/gitlab/groups/7/projects?per_page=100', [{ id: 9, name: 'shop' }]);
  host.has('/gitea/api/v1/user/orgs?limit=50', [{ name: 'acme' }]);
  host.has('/bitbucket/workspaces?pagelen=100', { values: [{ slug: 'acme' }], next: `${host.url}/bitbucket/workspaces?pagelen=100&page=2` });
  host.has('/bitbucket/workspaces?pagelen=100&page=2', { values: [{ slug: 'other' }] });
  host.has('/bitbucket/repositories/acme?pagelen=100&q=project.key%3D%22P%22%22', { values: [] });
  host.has('/bitbucket/repositories/acme?pagelen=100&q=project.key%3D%22P%22', { values: [{ slug: 'shop' }] });
  const ids = (...names) => names.map((id) => ({ id }));
  assert.deepEqual(await complete('github', 'repositoriesWithOwner', hub), ids('ada/a', 'ada/b'));
  assert.deepEqual(await complete('github', 'repositories', { ...hub, owner: 'ada' }), ids('a'));
  assert.deepEqual(await complete('github', 'branches', { ...hub, owner: 'ada', repository: 'a' }), ids('main', 'x/y'));
  assert.deepEqual(await complete('github', 'environments', { ...hub, owner: 'ada', repository: 'a' }), ids('prod'));
  assert.deepEqual(await complete('gitlab', 'groups', lab), [{ title: 'acme/web', id: '7' }]);
  assert.deepEqual(await complete('gitlab', 'repositories', { ...lab, id: '7' }), [{ title: 'shop', id: '9' }]);
  assert.deepEqual(await complete('gitea', 'owners', tea), ids('acme'));
  assert.deepEqual(await complete('bitbucket-cloud', 'workspaces'), ids('acme', 'other'));
  assert.deepEqual(await complete('bitbucket-cloud', 'repositories', { workspace: 'acme', project: 'P' }), ids('shop'));
  // github.com is the built-in forge here: no token is needed to see what everybody sees.
  assert.deepEqual(await complete('github', 'repositoriesWithOwner', {}, ''), []);
  for (const [provider, resource, context, token, refusal] of [
    ['github', 'branches', { ...hub, owner: 'ada' }, 'of-ada', /400.*Missing repository context parameter/],
    ['github', 'branches', { ...hub, owner: '..', repository: '../../user' }, 'of-ada', /400.*Invalid owner context parameter/],
    ['github', 'branches', { ...hub, owner: 'ada', repository: '../../user' }, 'of-ada', /404/],
    ['github', 'nope', hub, 'of-ada', /400.*Invalid resource: nope/],
    ['github', 'owners', hub, '', /400.*must have required property 'token'/],
    ['github', 'owners', hub, 'of-eve', /403.*401/],
    ['github', 'owners', { host: 'evil.example' }, 'of-ada', /400.*No matching integration configuration/],
    ['azure', 'projects', {}, 'x', /400.*Unsupported provider: azure/],
  ]) {
    await assert.rejects(pave.post(`/api/scaffolder/v2/autocomplete/${provider}/${resource}`, { token, context }), refusal);
  }
});

test('no method of the client was left out', async () => {
  assert.deepEqual((await publicMethods()).filter((name) => !called.has(name)), []);
  assert((await publicMethods()).length >= 11);
});
