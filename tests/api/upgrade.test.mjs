// Day 2: repositories made of a template follow it by pull requests, with real git; what people made of them stays.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { signedIn, writeOrganization } from '../lib/organization.mjs';
import { killServer } from '../lib/processes.mjs';
import { startPave } from '../lib/server.mjs';

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
    - { type: url, target: https://github.com/house/templates/blob/main/template.yaml }
forge:
  hosts: { github.com: builtin }
  repositories: [{ owner: house, name: templates, folder: ./templates }]
`,
  'people.yaml': `
{ apiVersion: backstage.io/v1alpha1, kind: Group, metadata: { name: team-a }, spec: { type: team, children: [] } }
---
{ apiVersion: backstage.io/v1alpha1, kind: User, metadata: { name: ada }, spec: { memberOf: [team-a] } }
---
{ apiVersion: backstage.io/v1alpha1, kind: User, metadata: { name: bob }, spec: { memberOf: [] } }
`,
  'templates/catalog-info.yaml': `{ apiVersion: backstage.io/v1alpha1, kind: Component, metadata: { name: templates }, spec: { type: library, lifecycle: production, owner: guests } }
`,
  'templates/template.yaml': `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: service, title: Service }
spec:
  type: service
  owner: guests
  parameters:
    - title: About
      required: [name]
      properties:
        name: { title: Name, type: string }
  steps:
    - { id: fetch, action: fetch:template, input: { url: ./skeleton, values: { name: "\${{ parameters.name }}" } } }
    - { id: publish, action: publish:github, input: { repoUrl: "github.com?owner=acme&repo=\${{ parameters.name }}", defaultBranch: main } }
    - { id: register, action: catalog:register, input: { repoContentsUrl: "\${{ steps.publish.output.repoContentsUrl }}", catalogInfoPath: /catalog-info.yaml } }
`,
  'templates/skeleton/catalog-info.yaml': `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: "\${{ values.name }}" }
spec: { type: service, lifecycle: production, owner: team-a }
`,
  'templates/skeleton/README.md': '# ${{ values.name }}\n\nOne line.\nAnother line.\nA third line.\n\nThe end.\n',
  'templates/skeleton/Dockerfile': 'FROM alpine:3.18\nCMD ["${{ values.name }}"]\n',
  'templates/skeleton/NOTES.md': 'Notes of ${{ values.name }}.\n',
};

const own = '/api/scaffolder/v1';
const refused = (status, words = /./) => (error) => error.status === status && words.test(error.body);
let organization, failpoints, server, pave, home;

const clone = async (repository) => {
  const folder = await mkdtemp(join(home, 'work-'));
  await pave.git(home, 'clone', '-q', `${pave.url}/${repository}.git`, folder);
  return folder;
};
/** Commits files (null: deleted) to main, as somebody with git would. */
const change = async (repository, content) => {
  const folder = await clone(repository);
  for (const [name, text] of Object.entries(content)) {
    if (text === null) await rm(join(folder, name));
    else await writeFile(join(folder, name), text);
  }
  await pave.git(folder, 'add', '-A');
  await pave.git(folder, 'commit', '-q', '-m', `change ${Object.keys(content)}`);
  await pave.git(folder, 'push', '-q', 'origin', 'HEAD');
  return folder;
};
const create = async (name) => {
  const { id } = await pave.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/service', values: { name } });
  await pave.until(`${name} is made`, async () => {
    const task = await pave.get(`/api/scaffolder/v2/tasks/${id}`);
    if (task.status === 'failed') throw Object.assign(new Error(JSON.stringify(task)), { final: true });
    return task.status === 'completed';
  });
  return id;
};
const job = (id) =>
  pave.until(`the job ${id} ends`, async () => {
    const found = await pave.get(`/api/jobs/v1/jobs/${id}`);
    return ['succeeded', 'failed', 'cancelled'].includes(found.state) && found;
  });
const state = async (repository) => (await pave.get(`${own}/upgrades?repository=${repository}`)).items[0];
const show = async (repository, ref, path) => pave.git(await clone(repository), 'show', `origin/${ref}:${path}`);

before(async () => {
  organization = await writeOrganization(files);
  failpoints = await mkdtemp(join(tmpdir(), 'failpoints-'));
  await chmod(failpoints, 0o777);
  server = await startPave(organization, { PAVE_FAILPOINTS: failpoints });
  pave = server.pave;
  await pave.signIn();
  home = await mkdtemp(join(tmpdir(), 'pave-git-'));
  await pave.until('the template is there', () => pave.get('/api/catalog/entities/by-name/template/default/service'), 30);
});
after(async () => {
  await server?.remove();
  for (const folder of [home, organization, failpoints]) if (folder) await rm(folder, { recursive: true, force: true });
});

test('what was made says what it was made of', async () => {
  const id = await create('alpha');
  await create('beta');
  const text = await show('acme/alpha', 'main', '.pave/provenance.yaml');
  assert.match(text, /^template: template:default\/service$/m);
  assert.match(text, /^version: "?[0-9a-f]{40}"?$/m);
  assert.match(text, new RegExp(`^task: "?${id}"?$`, 'm'));
  assert.match(text, /^ {2}name: alpha$/m);
  const { items, counts } = await pave.get(`${own}/upgrades?template=service`);
  assert.deepEqual(items.map(({ repository, state: now, taskId }) => [repository.owner, repository.name, now, taskId === id]), [['acme', 'alpha', 'current', true], ['acme', 'beta', 'current', false]]);
  assert.deepEqual([counts.current, counts.behind], [2, 0]);
});

test('a push beside the template leaves everybody current', async () => {
  await change('house/templates', { 'OTHER.md': 'nothing of a template\n' });
  assert.equal((await state('acme/alpha')).state, 'current');
});

test('when the template changes, Pave shows who is behind and what would change', async () => {
  await change('acme/beta', { 'README.md': '# beta\n\nOne line.\nOur own line.\nA third line.\n\nThe end.\n', 'NOTES.md': null });
  await change('house/templates', {
    'skeleton/README.md': '# ${{ values.name }}\n\nOne line.\nA better line.\nA third line.\n\nThe end.\n',
    'skeleton/Dockerfile': 'FROM alpine:3.20\nCMD ["${{ values.name }}"]\n',
    'skeleton/NOTES.md': 'New notes of ${{ values.name }}.\n',
    'skeleton/LICENSE': 'Of ${{ values.name }}.\n',
  });
  await create('gamma');
  const { items, counts } = await pave.get(`${own}/upgrades?template=service`);
  assert.deepEqual(items.map(({ repository, state: now }) => [repository.name, now]), [['alpha', 'behind'], ['beta', 'behind'], ['gamma', 'current']]);
  assert.deepEqual([counts.current, counts.behind], [1, 2]);
  assert.notEqual(items[0].version, items[0].latestVersion);
  assert.deepEqual([items[0].entityRef, items[0].owner], ['component:default/alpha', 'group:default/team-a']);

  const preview = await pave.get(`${own}/upgrades/preview?repository=acme/beta`);
  assert.equal(preview.conflicts, 1);
  assert.deepEqual(
    preview.files.map(({ path, status }) => [path, status]),
    [['.pave/provenance.yaml', 'modified'], ['Dockerfile', 'modified'], ['LICENSE', 'added'], ['README.md', 'conflict'], ['NOTES.md', 'kept']],
  );
  assert.match(preview.files[1].diff, /^-FROM alpine:3\.18\n\+FROM alpine:3\.20$/m);
  assert.match(preview.files[3].diff, /^\+<<<<<<< main$/m);
  assert.equal((await pave.get('/api/forge/v1/repositories/acme/beta/branches')).items.length, 1);
});

test('an upgrade is for the owners of the repository and of the template', async () => {
  const [ada, bob] = [await signedIn(pave, 'ada'), await signedIn(pave, 'bob')];
  await assert.rejects(bob.get(`${own}/upgrades/preview?repository=acme/alpha`), refused(403));
  await assert.rejects(bob.post(`${own}/upgrades`, { repository: 'acme/alpha' }), refused(403));
  await assert.rejects(ada.post(`${own}/campaigns`, { template: 'service' }), refused(403));
  assert.equal((await ada.get(`${own}/upgrades/preview?repository=acme/alpha`)).conflicts, 0);
  await assert.rejects(ada.post(`${own}/upgrades`, { repository: 'acme/nothing' }), refused(404));
});

test('a campaign opens a pull request for each that is behind', async () => {
  const { id } = await pave.post(`${own}/campaigns`, { template: 'service', title: 'Everybody on 3.20' });
  const campaign = await pave.until('the campaign is done', async () => {
    const now = await pave.get(`${own}/campaigns/${id}`);
    return now.state === 'done' && now;
  });
  assert.deepEqual(
    campaign.items.map(({ repository, state: now, pullRequest }) => [repository.name, now, pullRequest?.number]),
    [['alpha', 'open', 1], ['beta', 'conflicts', 1], ['gamma', 'current', undefined]],
    JSON.stringify(campaign.items),
  );
  const { total, open, conflicts, current, failed } = campaign.progress;
  assert.deepEqual([total, open, conflicts, current, failed], [3, 1, 1, 1, 0]);
  assert.equal((await state('acme/alpha')).state, 'open');

  const clean = '/api/forge/v1/repositories/acme/alpha/pulls/1';
  const pull = await pave.get(clean);
  assert.match(pull.head, /^pave\/upgrade-service-[0-9a-f]{8}$/);
  assert.deepEqual([pull.mergeable, pull.base], [true, 'main']);
  assert.match(pull.body, /`template:default\/service`/);
  await pave.post(`${clean}/merge`, { method: 'merge' });
  assert.equal(await show('acme/alpha', 'main', 'README.md'), '# alpha\n\nOne line.\nA better line.\nA third line.\n\nThe end.\n');
  assert.equal(await show('acme/alpha', 'main', 'Dockerfile'), 'FROM alpine:3.20\nCMD ["alpha"]\n');
  assert.equal(await show('acme/alpha', 'main', 'NOTES.md'), 'New notes of alpha.\n');
  const after = await pave.until('the merge is noticed', async () => {
    const now = await state('acme/alpha');
    return now.state === 'merged' && now;
  });
  assert.equal(after.version, after.latestVersion);
  assert.match(await show('acme/alpha', 'main', '.pave/provenance.yaml'), new RegExp(`^version: "?${after.version}"?$`, 'm'));
  assert.equal((await pave.get(`${own}/campaigns/${id}`)).items[0].state, 'merged');
});

test('a conflict is marked, resolved with git, and what was deleted stays deleted', async () => {
  const { pullRequest } = await state('acme/beta');
  const pull = await pave.get(`/api/forge/v1/repositories/acme/beta/pulls/${pullRequest.number}`);
  assert.match(pull.body, /### Conflicts\n\n- `README\.md`: both changed the same lines/);
  assert.match(pull.body, /### Left alone\n\n- `NOTES\.md`: it was deleted here/);
  assert.equal(
    await show('acme/beta', pull.head, 'README.md'),
    `# beta\n\nOne line.\n<<<<<<< main\nOur own line.\n=======\nA better line.\n>>>>>>> template:default/service ${pull.head.slice(-8)}\nA third line.\n\nThe end.\n`,
  );
  const folder = await clone('acme/beta');
  await pave.git(folder, 'switch', '-q', pull.head);
  await writeFile(join(folder, 'README.md'), '# beta\n\nOne line.\nOur own better line.\nA third line.\n\nThe end.\n');
  await pave.git(folder, 'commit', '-q', '-am', 'settle it');
  await pave.git(folder, 'push', '-q', 'origin', 'HEAD');

  // The template goes on while somebody works on the branch: the pull request follows, on top of what was done.
  await change('house/templates', { 'skeleton/LICENSE': 'Copyright of ${{ values.name }}.\n' });
  const { id } = await pave.post(`${own}/upgrades`, { repository: 'acme/beta' });
  const ended = await job(id);
  assert.equal(ended.state, 'succeeded', JSON.stringify(ended.error));
  assert.deepEqual([ended.output.number, ended.output.conflicts], [pullRequest.number, 0]);
  assert.equal((await pave.get('/api/forge/v1/repositories/acme/beta/pulls?state=all')).totalItems, 1);
  assert.equal(await show('acme/beta', pull.head, 'README.md'), '# beta\n\nOne line.\nOur own better line.\nA third line.\n\nThe end.\n');
  assert.equal(await show('acme/beta', pull.head, 'LICENSE'), 'Copyright of beta.\n');

  await pave.post(`/api/forge/v1/repositories/acme/beta/pulls/${pullRequest.number}/merge`, { method: 'squash' });
  const settled = await pave.until('the merge is noticed', async () => {
    const now = await state('acme/beta');
    return now.state === 'merged' && now;
  });
  assert.equal(settled.version, settled.latestVersion);
  await assert.rejects(show('acme/beta', 'main', 'NOTES.md'), /NOTES\.md/);
});

test('an upgrade that was closed can be asked for again', async () => {
  const first = await job((await pave.post(`${own}/upgrades`, { repository: 'acme/alpha' })).id);
  assert.equal(first.output.state, 'open', JSON.stringify(first));
  const again = await job((await pave.post(`${own}/upgrades`, { repository: 'acme/alpha' })).id);
  assert.equal(again.output.number, first.output.number);
  await pave.post(`/api/forge/v1/repositories/acme/alpha/pulls/${first.output.number}/close`);
  await pave.until('it is behind again', async () => (await state('acme/alpha')).state === 'behind');
  const second = await job((await pave.post(`${own}/upgrades`, { repository: 'acme/alpha' })).id);
  assert.equal(second.output.number, first.output.number + 1);
  const pull = await pave.get(`/api/forge/v1/repositories/acme/alpha/pulls/${second.output.number}`);
  assert.match(pull.head, /-2$/);
});

test('what the new template asks for and the old did not is said', async () => {
  const text = files['templates/template.yaml']
    .replace('required: [name]', 'required: [name, region]')
    .replace('        name: { title: Name, type: string }\n', '        name: { title: Name, type: string }\n        region: { title: Region, type: string }\n        size: { type: string, default: small }\n')
    .replace('values: { name:', 'values: { size: "${{ parameters.size }}", region: "${{ parameters.region }}", name:');
  await change('house/templates', { 'template.yaml': text, 'skeleton/LICENSE': '${{ values.name }} in ${{ values.region }}, ${{ values.size }}.\n' });
  await pave.until('the template is read again', async () => 'region' in (await pave.get('/api/catalog/entities/by-name/template/default/service')).spec.parameters[0].properties, 30);
  await assert.rejects(pave.post(`${own}/upgrades`, { repository: 'acme/gamma' }), refused(400, /[Rr]egion/));
  const { id } = await pave.post(`${own}/upgrades`, { repository: 'acme/gamma', values: { region: 'north' } });
  const ended = await job(id);
  assert.equal(ended.state, 'succeeded', JSON.stringify(ended.error));
  const { head } = await pave.get(`/api/forge/v1/repositories/acme/gamma/pulls/${ended.output.number}`);
  assert.equal(await show('acme/gamma', head, 'LICENSE'), 'gamma in north, small.\n');
});

test('from the command line: who is behind, what would change, all of it at once', async () => {
  await change('house/templates', { 'skeleton/Dockerfile': 'FROM alpine:3.21\nCMD ["${{ values.name }}"]\n' });
  const list = await pave.cli('upgrade', '--template', 'service', '--json');
  assert.deepEqual(JSON.parse(list).items.map(({ repository }) => repository.name), ['alpha', 'beta', 'gamma']);
  assert.match(await pave.cli('upgrade', '--state', 'open'), /^acme\/gamma +template:default\/service +open/m);
  assert.match(await pave.cli('upgrade', 'acme/beta', '--preview', '--set', 'region=south'), /Dockerfile: modified[^]*^\+FROM alpine:3\.21$/m);
  await assert.rejects(pave.cli('upgrade', 'acme/beta'), /[Rr]egion/);
  assert.match(await pave.cli('upgrade', 'acme/beta', '--set', 'region=south'), /\/repositories\/acme\/beta\/pulls\/\d+/);
  const campaign = JSON.parse(await pave.cli('upgrade', 'campaign', 'service', '--title', 'All of them', '-r', 'acme/beta', '-r', 'acme/gamma', '--json'));
  assert.deepEqual(campaign.items.map(({ repository, state: now }) => [repository.name, now]), [['beta', 'open'], ['gamma', 'open']]);
  assert.match(await pave.cli('upgrade', 'campaigns'), /All of them +template:default\/service +done +2\/2, 2 open/);
});

/** Arms a failpoint of an upgrade, does something, and goes on when it is reached. */
const held = async (point, act) => {
  const file = join(failpoints, `${point}`);
  await rm(`${file}.hit`, { force: true });
  await writeFile(`${file}.armed`, '');
  const result = await act();
  await pave.until(`${point} is reached`, async () => (await readdir(failpoints)).includes(`${point}.hit`), 30);
  return result;
};
const restart = async () => {
  await killServer(server.pid());
  await pave.until('the server again', async () => (await pave.raw('GET', '/healthz')).status === 200, 30);
};

test('a campaign is cancelled, and retried as a whole', async () => {
  const ada = await signedIn(pave, 'ada');
  for (const repository of ['acme/beta', 'acme/gamma']) await held('intent.scaffolder-upgrade-plan', () => pave.post(`${own}/upgrades`, { repository }));
  const { id } = await pave.post(`${own}/campaigns`, { template: 'service', repositories: ['acme/beta', 'acme/gamma'] });
  const path = `${own}/campaigns/${id}`;
  const shown = (campaign) => [campaign.state, ...campaign.items.map(({ state: now }) => now)];
  assert.deepEqual(shown(await pave.get(path)), ['running', 'queued', 'queued']);
  for (const verb of ['cancel', 'retry']) await assert.rejects(ada.post(`${path}/${verb}`), refused(403));
  await pave.post(`${path}/cancel`);
  const cancelled = await pave.get(path);
  assert.deepEqual(shown(cancelled), ['cancelled', 'cancelled', 'cancelled']);
  // Somebody retries the first by itself: its job is no failed one any more.
  await pave.post(`/api/jobs/v1/jobs/${cancelled.items[0].jobId}/retry`);
  await pave.post(`${path}/retry`);
  assert.deepEqual(shown(await pave.get(path)), ['running', 'queued', 'queued']);
  await restart();
  const done = await pave.until('the campaign is done', async () => {
    const now = await pave.get(path);
    return now.state === 'done' && now;
  }, 60);
  assert.deepEqual(shown(done), ['done', 'open', 'open'], JSON.stringify(done.items));
  await rm(join(failpoints, 'intent.scaffolder-upgrade-plan.hit'));
});

test('killed where it is worst, a campaign goes on and repeats nothing', async () => {
  const kind = 'scaffolder-upgrade';
  const points = [`checkpoint.${kind}-plan`, `intent.${kind}-branch`, `checkpoint.${kind}-branch`, `checkpoint.${kind}-pull-request`];
  const names = ['delta', 'epsilon', 'zeta'];
  const task = (name) => pave.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/service', values: { name, region: 'east' } });
  const made = await Promise.all(names.map(task));
  await Promise.all(made.map(({ id }) => job(id)));
  await change('house/templates', { 'skeleton/NOTES.md': 'The newest notes of ${{ values.name }}.\n' });
  await pave.until('they are behind', async () => (await state('acme/zeta')).state === 'behind', 30);
  await Promise.all(points.map((point) => writeFile(join(failpoints, `${point}.armed`), '')));
  const { id } = await pave.post(`${own}/campaigns`, { template: 'service', repositories: names.map((name) => `acme/${name}`) });
  const hits = async () => (await readdir(failpoints)).filter((file) => file.endsWith('.hit')).length;
  let killed = 0;
  const campaign = await pave.until('the campaign is done', async () => {
    if ((await hits()) > killed) {
      killed = await hits();
      await killServer(server.pid());
      await pave.until('the server again', async () => (await pave.raw('GET', '/healthz')).status === 200, 30);
    }
    const now = await pave.get(`${own}/campaigns/${id}`);
    return now.state === 'done' && now;
  }, 60);
  assert.equal(await hits(), points.length);
  assert.deepEqual(campaign.items.map(({ state: now, pullRequest }) => [now, pullRequest?.number]), names.map(() => ['open', 1]), JSON.stringify(campaign.items));
  for (const name of names) {
    const { items } = await pave.get(`/api/forge/v1/repositories/acme/${name}/pulls?state=all`);
    assert.equal(items.length, 1, name);
    assert.equal((await pave.get(`/api/forge/v1/repositories/acme/${name}/pulls/1/commits`)).items.length, 1, name);
    assert.equal((await pave.get(`/api/forge/v1/repositories/acme/${name}/branches`)).items.length, 2, name);
    assert.equal(await show(`acme/${name}`, items[0].head, 'NOTES.md'), `The newest notes of ${name}.\n`);
  }
});
