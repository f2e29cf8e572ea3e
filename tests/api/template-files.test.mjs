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
const proposing = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: proposing }
spec:
  type: service
  owner: team-a
  steps:
    - { id: write, action: "fs:write", input: { path: new.txt, content: new } }
    - id: it
      action: publish:github:pull-request
      input: { repoUrl: "code.example.com?owner=house&repo=shed", title: More, description: "", branchName: "\${{ parameters.branch }}", update: true }
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
    - { type: file, target: ./proposing.yaml }
    - { type: url, target: "\${PAVE_BASE_URL}/house/shed/blob/main/made/template.yaml" }
forge:
  hosts: { code.example.com: builtin }
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
  'proposing.yaml': proposing,
  'shed/.github/workflows/ci.yml': 'on: push\njobs: { it: { runs-on: ubuntu-latest, if: false, steps: [{ run: "true" }] } }\n',
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
  await pave.until('the templates are read', async () => Promise.all(['template/default/made', 'template/default/proposing', 'template/default/local', 'user/default/bob'].map((ref) => pave.get(`/api/catalog/entities/by-name/${ref}`))));
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

/** How many runs were started, once the push of a branch was looked at. */
const runsOf = async (branch) => {
  await pave.until(`${branch} was looked at`, async () => (await pave.get('/api/jobs/v1/jobs?kind=pipelines.look&limit=100')).items.some(({ title, state }) => title.endsWith(` ${branch}`) && state === 'succeeded'));
  return (await pave.get('/api/pipelines/v1/runs?limit=100')).items.filter((run) => JSON.stringify(run).includes(branch)).length;
};

test('what others propose starts no pipeline, and what an owner proposes does', async () => {
  const change = (text) => ({ message: text, mode: 'pull-request', files: [{ path: 'files/README.md', base64Content: encoded(`${text}\n`) }] });
  const [theirs, own] = [await bob.post(path('made'), change('theirs')), await ada.post(path('made'), change('own'))];
  assert.deepEqual([await runsOf(theirs.branch), await runsOf(own.branch)], [0, 1]);
});

test('a token that may only read proposes nothing', async () => {
  const change = { message: 'x', mode: 'pull-request', files: [{ path: 'files/x', base64Content: '' }] };
  const ofToken = async (scopes) => Object.assign(new bob.constructor(pave), { token: (await bob.post('/api/identity/v1/tokens', { name: scopes.join(' '), scopes })).token });
  await assert.rejects((await ofToken(['catalog.entity.read'])).post(path('made'), change), ({ status }) => status === 403);
  await assert.rejects((await ofToken(['forge.pull-request.create'])).post(path('made'), change), ({ status }) => status === 403);
  await (await ofToken(['forge.*'])).post(path('made'), change);
});

/** How a task of the template ended, in its words. */
const propose = async (who, branch) => {
  const { id } = await who.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/proposing', values: { branch } });
  const task = await pave.until('the task has ended', async () => {
    const shown = await pave.get(`/api/scaffolder/v2/tasks/${id}`);
    return ['completed', 'failed'].includes(shown.status) && shown;
  });
  const events = await pave.get(`/api/scaffolder/v2/tasks/${id}/events`);
  return `${task.status} ${events.map(({ body }) => body.message).join(' ')}`;
};

test('a task writes to a repository as who started it may', async () => {
  const head = async () => (await pave.get('/api/forge/v1/repositories/house/shed')).head;
  const before = await head();
  for (const who of [ada, bob]) assert.match(await propose(who, 'main'), /^failed .*by a pull request into it/s);
  assert.match(await propose(bob, 'anything'), /^failed .*may not push to house\/shed/s);
  assert.match(await propose(ada, 'pave/ours'), /^completed/);
  assert.match(await propose(bob, 'pave/ours'), /^failed .*may not push to house\/shed/s);
  assert.match(await propose(bob, 'pave/mine'), /^completed/);
  assert.match(await propose(bob, 'pave/mine'), /^completed/);
  assert.deepEqual([await runsOf('pave/mine'), await runsOf('pave/ours')], [0, 1]);
  assert.equal(await head(), before);
});
