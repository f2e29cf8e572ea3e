// Day 2 of a repository on GitHub: the upgrade is a pull request there, moved on while it is open.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { signedIn, writeOrganization } from '../lib/organization.mjs';
import { WritableGitHub } from '../lib/scm-github.mjs';
import { startPave } from '../lib/server.mjs';

const github = new WritableGitHub();
const own = '/api/scaffolder/v1';
let organization, server, pave, home;

const files = () => ({
  'app-config.yaml': `
app: { title: House, baseUrl: "\${PAVE_BASE_URL}" }
organization: { name: House }
backend: { baseUrl: "\${PAVE_BASE_URL}" }
auth:
  providers: { guest: { enabled: true, userEntityRef: user:default/guest } }
  admins: [user:default/guest]
  users: [{ name: bob, password: bob-has-a-password }]
catalog:
  rules: [{ allow: [Template, User] }]
  locations:
    - { type: file, target: ./people.yaml }
    - { type: url, target: https://github.com/house/templates/blob/main/template.yaml }
integrations:
  github: [{ host: "${github.host}", apiBaseUrl: "${github.url}/api/v3", token: ${github.token} }]
forge:
  hosts: { github.com: builtin }
  repositories: [{ owner: house, name: templates, folder: ./templates }]
`,
  'people.yaml': '{ apiVersion: backstage.io/v1alpha1, kind: User, metadata: { name: bob }, spec: { memberOf: [] } }\n',
  'templates/template.yaml': `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: service }
spec:
  type: service
  parameters: { required: [name], properties: { name: { type: string }, host: { type: string } } }
  steps:
    - { id: fetch, action: fetch:template, input: { url: ./skeleton, values: { name: "\${{ parameters.name }}" } } }
    - { id: publish, action: publish:github, input: { repoUrl: "\${{ parameters.host }}?owner=acme&repo=\${{ parameters.name }}", defaultBranch: main, protectDefaultBranch: false } }
`,
  'templates/skeleton/README.md': '# ${{ values.name }}\n\nOne line.\n',
  'templates/skeleton/Dockerfile': 'FROM alpine:3.18\n',
});

const change = async (content) => {
  const folder = await mkdtemp(join(home, 'work-'));
  await pave.git(home, 'clone', '-q', `${pave.url}/house/templates.git`, folder);
  for (const [name, text] of Object.entries(content)) await writeFile(join(folder, name), text);
  await pave.git(folder, 'commit', '-q', '-am', 'change');
  await pave.git(folder, 'push', '-q', 'origin', 'HEAD');
};
const ended = (id) =>
  pave.until(`the job ${id} ends`, async () => {
    const job = await pave.get(`/api/jobs/v1/jobs/${id}`);
    return ['succeeded', 'failed'].includes(job.state) && job;
  });
const upgrade = async () => {
  const job = await ended((await pave.post(`${own}/upgrades`, { repository: 'acme/orders' })).id);
  assert.equal(job.state, 'succeeded', JSON.stringify(job.error));
  return job.output;
};

before(async () => {
  await github.start();
  organization = await writeOrganization(files());
  server = await startPave(organization);
  pave = server.pave;
  await pave.signIn();
  home = await mkdtemp(join(tmpdir(), 'pave-git-'));
  await pave.until('the template is there', () => pave.get('/api/catalog/entities/by-name/template/default/service'), 30);
});
after(async () => {
  await server?.remove();
  await github.stop();
  for (const folder of [home, organization]) if (folder) await rm(folder, { recursive: true, force: true });
});

test('an upgrade is a pull request on GitHub, and one for each', async () => {
  const twin = await ended((await pave.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/service', values: { name: 'orders', host: 'github.com' } })).id);
  assert.equal(twin.state, 'succeeded', JSON.stringify(twin.error));
  const made = await ended((await pave.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/service', values: { name: 'orders', host: github.host } })).id);
  assert.equal(made.state, 'succeeded', JSON.stringify(made.error));
  assert.match(github.text('acme/orders', 'main', '.pave/provenance.yaml'), /^template: template:default\/service$/m);
  github.commit('acme/orders', { 'README.md': '# orders\n\nOur line.\n', 'main.go': 'package main\n' });
  await change({ 'skeleton/README.md': '# ${{ values.name }}\n\nA better line.\n', 'skeleton/Dockerfile': 'FROM alpine:3.20\n' });
  const preview = await pave.get(`${own}/upgrades/preview?repository=acme/orders`);
  assert.deepEqual(preview.files.map(({ path, status }) => [path, status]), [['.pave/provenance.yaml', 'modified'], ['Dockerfile', 'modified'], ['README.md', 'conflict']]);

  const first = await upgrade();
  const [pull] = github.repositories.get('acme/orders').pulls;
  assert.deepEqual([first.state, first.number, first.conflicts, first.url], ['open', pull.number, 1, pull.html_url]);
  assert.match(pull.head.ref, /^pave\/upgrade-service-[0-9a-f]{8}$/);
  assert.match(pull.body, /### Conflicts/);
  assert.equal(github.text('acme/orders', pull.head.ref, 'Dockerfile'), 'FROM alpine:3.20\n');
  assert.match(github.text('acme/orders', pull.head.ref, 'README.md'), /<<<<<<< main\nOur line\.\n=======\nA better line\.\n>>>>>>> /);
  assert.equal(github.text('acme/orders', pull.head.ref, 'main.go'), 'package main\n');
  const head = github.head('acme/orders', pull.head.ref);

  assert.equal((await upgrade()).number, pull.number);
  assert.equal(github.head('acme/orders', pull.head.ref), head);
  await change({ 'skeleton/Dockerfile': 'FROM alpine:3.21\n' });
  assert.equal((await upgrade()).number, pull.number);
  assert.equal(github.repositories.get('acme/orders').pulls.length, 1);
  assert.equal(github.text('acme/orders', pull.head.ref, 'Dockerfile'), 'FROM alpine:3.21\n');
  assert.equal(github.git('acme/orders', 'merge-base', '--is-ancestor', head, pull.head.ref), '');
  assert.deepEqual(github.faults, []);
});

test('a repository of the same name elsewhere is another one', async () => {
  const { id } = await pave.post(`${own}/campaigns`, { template: 'service' });
  const campaign = () => pave.get(`${own}/campaigns/${id}`);
  const states = (items) => items.map(({ repository, state, pullRequest }) => [repository.host, state, pullRequest.number]);
  const { number } = github.repositories.get('acme/orders').pulls[0];
  const { items } = await pave.until('the campaign is done', async () => {
    const now = await campaign();
    return now.state === 'done' && now;
  });
  assert.deepEqual(states(items), [[github.host, 'conflicts', number], ['github.com', 'open', number]], JSON.stringify(items));
  await pave.post(`/api/forge/v1/repositories/acme/orders/pulls/${number}/merge`, { method: 'merge' });
  await pave.until('the merge is noticed', async () => (await campaign()).items.some(({ state }) => state === 'merged'), 20);
  assert.deepEqual(states((await campaign()).items), [[github.host, 'conflicts', number], ['github.com', 'merged', number]]);
  const { items: rows } = await pave.get(`${own}/upgrades?repository=acme/orders`);
  assert.deepEqual(rows.map(({ repository, state }) => [repository.host, state]), [[github.host, 'open'], ['github.com', 'merged']]);
});

test('what nobody owns is upgraded by administrators alone', async () => {
  const bob = await signedIn(pave, 'bob');
  const before = github.repositories.get('acme/orders').pulls.length;
  const refused = ({ status }) => status === 403;
  await assert.rejects(bob.get(`${own}/upgrades/preview?repository=acme/orders`), refused);
  await assert.rejects(bob.post(`${own}/upgrades`, { repository: 'acme/orders' }), refused);
  await assert.rejects(bob.post(`${own}/campaigns`, { template: 'service' }), refused);
  assert.equal(github.repositories.get('acme/orders').pulls.length, before);
});

test('what GitHub merged is noticed', async () => {
  const [pull] = github.repositories.get('acme/orders').pulls;
  Object.assign(pull, { state: 'closed', merged_at: '2026-11-23T12:00:00Z', merged_by: { login: 'ann' } });
  const { items } = await pave.get(`${own}/upgrades?repository=acme/orders`);
  assert.deepEqual([items[0].state, items[0].pullRequest.state], ['merged', 'merged']);
  assert.equal(items[0].version, items[0].latestVersion);
  assert.deepEqual(github.faults, []);
});
