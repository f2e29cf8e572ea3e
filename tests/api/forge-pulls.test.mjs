// Pull requests of the built-in forge: proposed by one, pushed with real git, merged by another.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { signedIn, writeOrganization } from '../lib/organization.mjs';
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
  rules: [{ allow: [Component, Group, User] }]
  locations: [{ type: file, target: ./people.yaml }]
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
  'shed/catalog-info.yaml': `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: shed }
spec: { type: service, lifecycle: production, owner: team-a }
`,
  'shed/README.md': '# The shed\n\nfirst\nsecond\nthird\n',
  'shed/tools.txt': 'a saw\na hammer\na plane\nsome nails\n',
};

const pulls = '/api/forge/v1/repositories/house/shed/pulls';
const refused = (status, words = /./) => (error) => error.status === status && words.test(error.body);
let organization, server, pave, ada, bob, home, work;

/** A branch with these files on top of from, pushed; the commit. */
const push = async (branch, content, from = 'origin/main') => {
  await pave.git(work, 'fetch', '-q');
  await pave.git(work, 'checkout', '-q', '-B', branch, from);
  for (const [name, text] of Object.entries(content)) await writeFile(join(work, name), text);
  await pave.git(work, 'add', '-A');
  await pave.git(work, 'commit', '-q', '-m', `change ${Object.keys(content)}`);
  await pave.git(work, 'push', '-q', 'origin', branch);
  return (await pave.git(work, 'rev-parse', 'HEAD')).trim();
};
const events = async (number) => {
  const { items } = await pave.get('/api/events/v1/events?type=dev.pave.forge.pull_request&limit=200');
  return items.filter(({ data }) => data.number === number).map(({ type, actor }) => [type.split('.').at(-1), actor]);
};

before(async () => {
  organization = await writeOrganization(files);
  server = await startPave(organization);
  pave = server.pave;
  await pave.signIn();
  await pave.until('the people are read', () => pave.get('/api/catalog/entities/by-name/user/default/bob'));
  [ada, bob] = [await signedIn(pave, 'ada'), await signedIn(pave, 'bob')];
  home = await mkdtemp(join(tmpdir(), 'pave-git-'));
  work = join(home, 'shed');
  await pave.git(home, 'clone', '-q', `${pave.url}/house/shed.git`, work);
});
after(async () => {
  await server?.remove();
  for (const folder of [home, organization]) if (folder) await rm(folder, { recursive: true, force: true });
});

test('a branch is proposed, pushed to and merged', async () => {
  const first = await push('sharper', { 'tools.txt': 'a sharp saw\na hammer\na plane\nsome nails\n' });
  const opened = await bob.post(pulls, { title: 'A sharper saw', body: 'It was **blunt**.', head: 'sharper', labels: ['tools'] });
  assert.deepEqual(
    [opened.number, opened.state, opened.author, opened.head, opened.base, opened.headCommit, opened.mergeable, opened.labels],
    [1, 'open', 'user:default/bob', 'sharper', 'main', first, true, ['tools']],
  );
  assert.equal(opened.url, `${pave.url}/repositories/house/shed/pulls/1`);
  assert.equal((await pave.git(work, 'ls-remote', 'origin', 'refs/pull/1/head')).split('\t')[0], first);
  await assert.rejects(bob.post(pulls, { title: 'Again', head: 'sharper' }), refused(409, /open already/));

  const second = await push('sharper', { 'README.md': '# The shed\n\nfirst\nsecond\nthird\nfourth\n' }, 'sharper');
  const { items: changed } = await bob.get(`${pulls}/1/files`);
  assert.deepEqual(
    changed.map(({ path, status, additions, deletions }) => [path, status, additions, deletions]),
    [['README.md', 'modified', 1, 0], ['tools.txt', 'modified', 1, 1]],
  );
  assert.match(changed[1].diff, /^-a saw\n\+a sharp saw$/m);
  assert.deepEqual((await bob.get(`${pulls}/1/commits`)).items.map(({ id }) => id), [first, second]);
  await assert.rejects(bob.post(`${pulls}/1/merge`, { method: 'merge' }), refused(403));

  const merged = await ada.post(`${pulls}/1/merge`, { method: 'merge' });
  assert.deepEqual([merged.state, merged.mergedBy, merged.mergeable], ['merged', 'user:default/ada', null]);
  await pave.git(work, 'fetch', '-q');
  const parents = (await pave.git(work, 'log', '-1', '--format=%P %s', 'origin/main')).trim();
  assert.match(parents, new RegExp(`^[0-9a-f]{40} ${second} Merge pull request #1 from sharper$`));
  assert.equal(await pave.git(work, 'show', 'origin/main:tools.txt'), 'a sharp saw\na hammer\na plane\nsome nails\n');
  assert.equal((await bob.get(`${pulls}/1/files`)).items.length, 2);
  assert.deepEqual(await events(1), [['opened', 'user:default/bob'], ['updated', 'user:default/guest'], ['merged', 'user:default/ada']]);
  await assert.rejects(ada.post(`${pulls}/1/merge`, {}), refused(409, /is merged/));
});

test('what changed the same lines is not merged, and says where', async () => {
  const head = await push('rasp', { 'tools.txt': 'a sharp saw\na rasp\na plane\nsome nails\n' });
  await push('main', { 'tools.txt': 'a sharp saw\na mallet\na plane\nsome nails\n' });
  const { number, mergeable } = await ada.post(pulls, { title: 'A rasp', head: 'rasp' });
  assert.equal(mergeable, false);
  await assert.rejects(ada.post(`${pulls}/${number}/merge`, { method: 'squash' }), refused(409, /same lines of tools\.txt/));
  await pave.git(work, 'checkout', '-q', 'rasp');
  await pave.git(work, 'merge', '-q', '-X', 'ours', 'origin/main', '-m', 'take main in');
  await pave.git(work, 'push', '-q', 'origin', 'rasp');
  assert.equal((await ada.get(`${pulls}/${number}`)).mergeable, true);
  assert.notEqual((await ada.get(`${pulls}/${number}`)).headCommit, head);
  const before = (await pave.get('/api/forge/v1/repositories/house/shed')).head;
  await ada.post(`${pulls}/${number}/merge`, { method: 'squash' });
  await pave.git(work, 'fetch', '-q');
  assert.equal((await pave.git(work, 'log', '-1', '--format=%P %s', 'origin/main')).trim(), `${before} A rasp (#${number})`);
  assert.equal((await ada.get(`${pulls}/${number}`)).state, 'merged');
});

test('what git merged by hand is merged, and a branch that went closes', async () => {
  await push('lamp', { 'lamp.txt': 'a lamp\n' });
  await push('rope', { 'rope.txt': 'a rope\n' });
  const [lamp, rope] = [await bob.post(pulls, { title: 'A lamp', head: 'lamp' }), await bob.post(pulls, { title: 'A rope', head: 'rope' })];
  await pave.git(work, 'push', '-q', 'origin', 'lamp:main');
  await pave.git(work, 'push', '-q', 'origin', ':rope');
  assert.equal((await bob.get(`${pulls}/${lamp.number}`)).state, 'merged');
  assert.equal((await bob.get(`${pulls}/${rope.number}`)).state, 'closed');
  assert.deepEqual((await bob.get(`${pulls}?state=closed`)).items.map(({ number }) => number), [rope.number]);
  await assert.rejects(bob.post(`${pulls}/${rope.number}/reopen`), refused(400, /no branch rope/));
  assert.equal((await bob.get(`${pulls}/${rope.number}/files`)).items[0].path, 'rope.txt');
});

test('its author and who may push close it; others may not, and everybody comments', async () => {
  await push('paint', { 'paint.txt': 'blue\n' });
  const { number } = await ada.post(pulls, { title: 'Paint', head: 'paint' });
  await assert.rejects(bob.post(`${pulls}/${number}/close`), refused(403));
  await assert.rejects(bob.api('PATCH', `${pulls}/${number}`, { title: 'No' }), refused(403));
  const comment = await bob.post(`${pulls}/${number}/comments`, { body: 'Why blue?' });
  assert.deepEqual([comment.author, comment.body], ['user:default/bob', 'Why blue?']);
  assert.deepEqual((await ada.get(`${pulls}/${number}/comments`)).items, [comment]);
  assert.equal((await ada.api('PATCH', `${pulls}/${number}`, { title: 'Blue paint' })).title, 'Blue paint');
  assert.equal((await ada.post(`${pulls}/${number}/close`)).state, 'closed');
  assert.equal((await ada.post(`${pulls}/${number}/reopen`)).state, 'open');
  assert.equal((await ada.get(`${pulls}?state=all&limit=1`)).totalItems, 5);
});

test('a rename is shown as one, and what is wrong is refused', async () => {
  await pave.git(work, 'fetch', '-q');
  await pave.git(work, 'checkout', '-q', '-B', 'rename', 'origin/main');
  await pave.git(work, 'mv', 'tools.txt', 'kit.txt');
  await pave.git(work, 'commit', '-q', '-m', 'a better name');
  await pave.git(work, 'push', '-q', 'origin', 'rename');
  const { number } = await bob.post(pulls, { title: 'A better name', head: 'rename' });
  const [{ path, oldPath, status }] = (await bob.get(`${pulls}/${number}/files`)).items;
  assert.deepEqual([path, oldPath, status], ['kit.txt', 'tools.txt', 'renamed']);
  await assert.rejects(bob.post(pulls, { title: 'x', head: 'nothing' }), refused(400, /no branch nothing/));
  await assert.rejects(bob.post(pulls, { title: 'x', head: 'main' }), refused(400, /no commits/));
  await assert.rejects(bob.post(pulls, { title: '', head: 'rename' }), refused(400, /title/));
  await assert.rejects(bob.post(pulls, { title: 'x', head: 'rename', labels: [''] }), refused(400, /labels/));
  await assert.rejects(bob.get(`${pulls}/99`), refused(404, /no pull request 99/));
  await assert.rejects(bob.get(`${pulls}?state=new`), refused(400, /state/));
  await assert.rejects(pave.git(work, 'push', '-q', 'origin', 'HEAD:refs/pull/1/head'), /kept by Pave/);
});

test('a push that brings the head into the base and deletes it merges', async () => {
  await push('brush', { 'brush.txt': 'a brush\n' });
  const { number } = await bob.post(pulls, { title: 'A brush', head: 'brush' });
  await pave.git(work, 'push', '-q', 'origin', 'brush:main', ':brush');
  assert.equal((await bob.get(`${pulls}/${number}`)).state, 'merged');
});

test('a token of its author that may only read changes nothing of it', async () => {
  await push('glue', { 'glue.txt': 'glue\n' });
  const { number } = await bob.post(pulls, { title: 'Glue', head: 'glue' });
  const ofToken = async (scope) => Object.assign(new bob.constructor(pave), { token: (await bob.post('/api/identity/v1/tokens', { name: scope, scopes: [scope] })).token });
  const reader = await ofToken('forge.repository.read');
  await assert.rejects(reader.api('PATCH', `${pulls}/${number}`, { title: 'No' }), refused(403));
  await assert.rejects(reader.post(`${pulls}/${number}/close`), refused(403));
  const proposer = await ofToken('forge.pull-request.create');
  assert.equal((await proposer.post(`${pulls}/${number}/close`)).state, 'closed');
  await assert.rejects(reader.post(`${pulls}/${number}/reopen`), refused(403));
});
