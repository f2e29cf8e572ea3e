// The files of a template, read and changed as the editor does.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { signedIn, writeOrganization } from '../lib/organization.mjs';
import { startPave } from '../lib/server.mjs';

const template = (name) => `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: ${name} }
spec:
  type: service
  owner: team-a
  steps: [{ id: fetch, action: "fetch:plain", input: { url: ./files } }]
`;
const files = {
  'app-config.yaml': `
app: { title: House, baseUrl: "\${PAVE_BASE_URL}" }
organization: { name: House }
backend: { baseUrl: "\${PAVE_BASE_URL}" }
auth:
  providers: { guest: { enabled: true, userEntityRef: user:default/guest } }
  admins: [user:default/guest]
  users:
    - { name: ada, password: ada-has-a-password }
    - { name: bob, password: bob-has-a-password }
catalog:
  rules: [{ allow: [Component, Group, User, Template] }]
  locations:
    - { type: file, target: ./people.yaml }
    - { type: file, target: ./local/template.yaml }
    - { type: url, target: "\${PAVE_BASE_URL}/house/shed/blob/main/made/template.yaml" }
forge:
  repositories: [{ owner: house, name: shed, folder: ./shed }]
`,
  'people.yaml': `
{ apiVersion: backstage.io/v1alpha1, kind: Group, metadata: { name: team-a }, spec: { type: team, children: [] } }
---
{ apiVersion: backstage.io/v1alpha1, kind: User, metadata: { name: ada }, spec: { memberOf: [team-a] } }
---
{ apiVersion: backstage.io/v1alpha1, kind: User, metadata: { name: bob }, spec: { memberOf: [] } }
`,
  'local/template.yaml': template('local'),
  'shed/catalog-info.yaml': `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: shed }
spec: { type: service, lifecycle: production, owner: team-a }
`,
  'shed/made/template.yaml': template('made'),
  'shed/made/files/README.md': '# Hello\n',
};
const path = (name) => `/api/scaffolder/v1/templates/default/${name}/files`;
const encoded = (text) => Buffer.from(text).toString('base64');
let organization, server, pave, ada, bob;

before(async () => {
  organization = await writeOrganization(files);
  server = await startPave(organization);
  pave = server.pave;
  await pave.signIn();
  await pave.until('the templates are read', async () => Promise.all(['template/default/made', 'template/default/local', 'user/default/bob'].map((ref) => pave.get(`/api/catalog/entities/by-name/${ref}`))));
  [ada, bob] = [await signedIn(pave, 'ada'), await signedIn(pave, 'bob')];
});
after(async () => {
  await server?.remove();
  if (organization) await rm(organization, { recursive: true, force: true });
});

test('the files of a template are what lies beside it', async () => {
  const made = await pave.get(path('made'));
  assert.deepEqual(made.directoryContents.filter(({ base64Content }) => base64Content !== undefined).map(({ path, base64Content }) => [path, Buffer.from(base64Content, 'base64').toString()]), [['files/README.md', '# Hello\n'], ['template.yaml', template('made')]]);
  assert.deepEqual([made.templateRef, made.editable], ['template:default/made', true]);
  const local = await pave.get(path('local'));
  assert.equal(local.editable, false);
  assert.match(local.reason, /repository/);
  assert.equal((await bob.get(path('made'))).directoryContents.length, made.directoryContents.length);
  await assert.rejects(pave.get(path('nothing')), ({ status }) => status === 404);
});

test('what lies beside a configuration is shown to administrators alone', async () => {
  for (const user of [ada, bob]) await assert.rejects(user.get(path('local')), ({ status, body }) => status === 403 && !/base64Content/.test(body));
});

test('an owner commits several files at once, and takes one away', async () => {
  const { commit } = await ada.post(path('made'), { message: 'greet everybody', mode: 'commit', files: [{ path: 'files/new/a.txt', base64Content: encoded('new\n') }, { path: 'files/README.md', base64Content: encoded('# Hello, all\n') }] });
  assert.match(commit, /^[0-9a-f]{40}$/);
  const read = async () => Object.fromEntries((await pave.get(path('made'))).directoryContents.map(({ path, base64Content }) => [path, Buffer.from(base64Content, 'base64').toString()]));
  assert.equal((await read())['files/new/a.txt'], 'new\n');
  assert.equal((await read())['files/README.md'], '# Hello, all\n');
  await ada.post(path('made'), { message: 'no more', mode: 'commit', files: [{ path: 'files/new/a.txt', base64Content: null }] });
  assert.equal((await read())['files/new/a.txt'], undefined);
});

test('others propose', async () => {
  const change = { message: 'louder', files: [{ path: 'files/README.md', base64Content: encoded('# HELLO\n') }] };
  await assert.rejects(bob.post(path('made'), { ...change, mode: 'commit' }), ({ status }) => status === 403);
  const { branch, url } = await bob.post(path('made'), { ...change, mode: 'pull-request' });
  assert.match(branch, /^pave\/made-/);
  assert.match(url, /\/pull/);
  const { items } = await pave.get('/api/forge/v1/repositories/house/shed/pulls?state=open');
  assert.deepEqual(items.map(({ title, author }) => [title, author]), [['louder', 'user:default/bob']]);
});

test('nothing else than the template can be written', async () => {
  for (const bad of ['../catalog-info.yaml', '/etc/passwd', 'a/../../catalog-info.yaml', '.git/config', '']) {
    await assert.rejects(ada.post(path('made'), { message: 'x', mode: 'commit', files: [{ path: bad, base64Content: '' }] }), ({ status }) => status === 400, bad);
  }
  await assert.rejects(ada.post(path('made'), { message: 'x', mode: 'commit', files: [] }), ({ status }) => status === 400);
  await assert.rejects(ada.post(path('local'), { message: 'x', mode: 'commit', files: [{ path: 'a', base64Content: '' }] }), ({ status }) => status === 400);
});
