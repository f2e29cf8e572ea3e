// http:request against a service of the test's own, and what a dry run tells of it: nothing is sent.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startPave } from '../lib/server.mjs';

const config = `app: { title: Preview, baseUrl: '\${PAVE_BASE_URL}' }
backend: { baseUrl: '\${PAVE_BASE_URL}' }
auth: { providers: { guest: { enabled: true, userEntityRef: 'user:default/guest' } }, admins: [user:default/guest] }
forge: { hosts: { github.com: builtin } }
scaffolder:
  defaultEnvironment: { secrets: { DEPLOY: operators-own-27182 } }
  http: { allow: [{ host: '127.0.0.1:\${SERVICE_PORT}' }] }
  actions:
    acme:count:
      description: Counts
      examples: [{ description: Count two, example: 'steps: []' }]
      dryRun: true
      schema:
        input: { type: object, required: [items], properties: { items: { type: array } } }
        output: { type: object, required: [count], properties: { count: { type: number } } }
      program: [/usr/bin/python3, -c, 'import json,sys; m=json.load(sys.stdin); print(json.dumps({"count": len(m["input"]["items"]), "dry": m["context"]["dryRun"]}))']
    acme:wrong:
      schema: { output: { type: object, required: [count], properties: { count: { type: number } } } }
      steps: [{ id: log, action: debug:log, input: { message: hello } }]
      output: { count: many }
catalog:
  rules: [{ allow: [Template, User, Group, Component] }]
  locations: [{ type: file, target: ./templates.yaml, rules: [{ allow: [Template] }] }]
`;

const header = (name) => `apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: { name: ${name} }\nspec:\n  type: service\n`;

const templates = [
  `${header('ask')}  steps:
    - id: look
      action: http:request
      input: { url: 'http://127.0.0.1:\${{ parameters.port }}/look', params: { team: 'a b' }, headers: { authorization: 'Bearer \${{ secrets.token }}' } }
    - id: make
      action: http:request
      input: { method: POST, url: 'http://127.0.0.1:\${{ parameters.port }}/make', body: { name: x }, allowedStatuses: [201] }
    - id: count
      action: acme:count
      input: { items: '\${{ steps.look.output.body.items or [] }}' }
  output: { echo: '\${{ steps.look.output.body.token }}', made: '\${{ steps.make.output.code }}', count: '\${{ steps.count.output.count }}' }
`,
  `${header('elsewhere')}  steps: [{ id: look, action: 'http:request', input: { url: 'http://127.0.0.1:1/' } }]\n`,
  `${header('hook')}  steps: [{ id: hook, action: 'http:request', input: { method: POST, url: 'http://ada:pass-16180@127.0.0.1:\${{ parameters.port }}/make/\${{ secrets.token }}', allowedStatuses: [201] } }]\n`,
  `${header('missing')}  steps: [{ id: look, action: 'http:request', input: { url: 'http://127.0.0.1:\${{ parameters.port }}/missing' } }]\n`,
  `${header('wrong')}  steps: [{ id: wrong, action: 'acme:wrong' }]\n`,
  `${header('publish')}  steps: [{ id: publish, action: 'publish:github', input: { repoUrl: 'github.com?owner=acme&repo=\${{ parameters.name }}' } }]\n`,
];

const seen = [];
const service = createServer((request, reply) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    const status = request.url.startsWith('/make') ? 201 : request.url.startsWith('/look') ? 200 : 404;
    reply.writeHead(status, { 'content-type': 'application/json' });
    reply.end(JSON.stringify({ token: request.headers.authorization, items: [1, 2] }));
  });
});

let folder, server, pave, port;

before(async () => {
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  port = String(service.address().port);
  folder = await mkdtemp(join(tmpdir(), 'pave-preview-'));
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'skeleton'));
  await writeFile(join(folder, 'app-config.yaml'), config);
  await writeFile(join(folder, 'templates.yaml'), templates.join('---\n'));
  server = await startPave(folder, { SERVICE_PORT: port });
  ({ pave } = server);
  await pave.signIn();
  await pave.until('the templates', () => pave.get('/api/catalog/entities/by-name/template/default/publish'));
});

after(async () => {
  service.close();
  await server?.remove();
  await rm(folder, { recursive: true, force: true });
});

const secrets = { token: 'very-secret-31415' };
const body = (name, values = {}) => ({ templateRef: `template:default/${name}`, values: { port, ...values }, secrets });

async function run(name, values) {
  const { id } = await pave.post('/api/scaffolder/v2/tasks', body(name, values));
  return pave.until(`${name} is over`, async () => {
    const task = await pave.get(`/api/scaffolder/v2/tasks/${id}`);
    return ['completed', 'failed'].includes(task.status) ? task : null;
  }, 60);
}

test('a preview tells what it would send, and sends nothing', async () => {
  seen.length = 0;
  const told = await pave.post('/api/scaffolder/v1/preview', body('ask'));
  assert.deepEqual(seen, []);
  assert(told.log.some(({ body: { message } }) => message.includes(`GET http://127.0.0.1:${port}/look`)), 'it says what it would ask');
  const effects = told.effects.map(({ step, action, operation, kind, ref }) => ({ step, action, operation, kind, ref }));
  assert.deepEqual(effects, [{ step: 'make', action: 'http:request', operation: 'create', kind: 'request', ref: `POST http://127.0.0.1:${port}/make` }]);
  assert.equal(told.output.made, 201);
  assert.equal(told.output.count, 0);
  assert(!JSON.stringify(told).includes(secrets.token), 'the secret is masked');
});

test('a dry run of a template that was sent has no secrets of the organisation, and hides those that came with it', async () => {
  const step = (id, action, input) => ({ id, action, input });
  const template = {
    apiVersion: 'scaffolder.backstage.io/v1beta3', kind: 'Template', metadata: { name: 'sent' },
    spec: {
      type: 'service',
      steps: [
        step('theirs', 'fs:write', { path: 'theirs', content: '${{ environment.secrets.DEPLOY }} ${{ environment.secrets.DEPLOY | length }}' }),
        step('mine', 'fs:write', { path: 'mine', content: 'a ${{ secrets.token }} z' }),
        step('read', 'fs:read', { path: 'theirs' }),
        step('ask', 'http:request', { url: `http://127.0.0.1:${port}/look`, headers: { authorization: '${{ environment.secrets.DEPLOY }}' } }),
      ],
      output: { text: [{ title: 'read', content: '${{ steps.read.output.content }}' }] },
    },
  };
  seen.length = 0;
  const told = await pave.post('/api/scaffolder/v2/dry-run', { template, values: {}, secrets, directoryContents: [] });
  const files = Object.fromEntries(told.directoryContents.map(({ path, base64Content }) => [path, Buffer.from(base64Content, 'base64').toString()]));
  assert.deepEqual(files, { theirs: '*** 3', mine: 'a *** z' });
  assert(!JSON.stringify(told).includes('operators-own-27182'));
  assert.deepEqual(seen, []);
});

test('a task sends what the preview told, once and under its id', async () => {
  seen.length = 0;
  const task = await run('ask');
  assert.equal(task.status, 'completed', task.error?.message);
  assert.deepEqual(seen.map(({ method, url }) => `${method} ${url}`), ['GET /look?team=a%20b', 'POST /make']);
  assert.match(seen[1].headers['idempotency-key'], /^[0-9a-f-]{36}/);
  assert.equal(seen[1].headers['content-type'], 'application/json');
  assert.equal(seen[1].body, '{"name":"x"}');
  assert.equal(seen[0].headers.authorization, `Bearer ${secrets.token}`);
  assert.equal(task.output.made, 201);
  assert(!JSON.stringify(task).includes(secrets.token), 'the secret is masked');
});

test('what is remembered of a task has no secret, and nobody before the host', async () => {
  seen.length = 0;
  const { id, status, error } = await run('hook');
  assert.equal(status, 'completed', error?.message);
  assert.deepEqual(seen.map(({ url }) => url), [`/make/${secrets.token}`]);
  const [{ taskId, objects }] = (await pave.get('/api/scaffolder/v1/provenance')).items;
  const place = `http://127.0.0.1:${port}/make/***`;
  assert.deepEqual([taskId, objects.map(({ ref, url }) => [ref, url])], [id, [[`POST ${place}`, place]]]);
  const undo = await pave.raw('GET', `/api/scaffolder/v1/tasks/${id}/undo`);
  assert.doesNotMatch(JSON.stringify([objects, undo]), /very-secret-31415|pass-16180/);
});

test('a host that the organisation does not allow is not asked, and a bad answer fails the step', async () => {
  const elsewhere = await run('elsewhere');
  assert.equal(elsewhere.error.name, 'NotAllowedError');
  assert.match(elsewhere.error.message, /scaffolder\.http\.allow/);
  assert.match((await run('missing')).error.message, /GET answered 404/);
});

test('what a custom action gives out is held against its schema, and it is documented like the others', async () => {
  assert.match((await run('wrong')).error.message, /Invalid output of action acme:wrong/);
  const actions = await pave.get('/api/scaffolder/v2/actions');
  const count = actions.find(({ id }) => id === 'acme:count');
  assert.equal(count.description, 'Counts');
  assert.equal(count.examples[0].description, 'Count two');
  assert.equal(count.schema.output.properties.count.type, 'number');
  for (const id of ['fs:read', 'http:request', 'terraform:plan', 'pave:deploy', 'roadiehq:utils:fs:write']) {
    const action = actions.find((one) => one.id === id);
    assert(action?.description && action.examples.length > 0 && action.schema.input, id);
  }
});

test('a name that is taken is refused when the task is asked for, and in a preview', async () => {
  assert.equal((await run('publish', { name: 'taken' })).status, 'completed');
  for (const path of ['/api/scaffolder/v2/tasks', '/api/scaffolder/v1/preview']) {
    await assert.rejects(pave.post(path, body('publish', { name: 'taken' })), ({ status, body: text }) => status === 409 && /acme\/taken exists already/.test(text));
  }
});
