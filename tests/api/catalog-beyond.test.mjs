// What the catalog offers beyond Backstage: history, editing, findings, export; with the real program and real git.
import assert from 'node:assert/strict';
import { appendFile, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Pave } from '../lib/pave.mjs';
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
  rules: [{ allow: [Component, API, Group, User, System, Location] }]
  locations:
    - { type: file, target: ./people.yaml }
    - { type: url, target: https://github.com/house/shed/blob/main/catalog-info.yaml }
forge:
  hosts: { github.com: builtin }
  repositories: [{ owner: house, name: shed, folder: ./shed }, { owner: house, name: barn, folder: ./barn }, { owner: house, name: coop, folder: ./coop }]
`,
  'people.yaml': `
{ apiVersion: backstage.io/v1alpha1, kind: Group, metadata: { name: team-a }, spec: { type: team, children: [] } }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: ada }
spec: { memberOf: [team-a], profile: { displayName: Ada Lovelace, email: ada@house.example } }
---
{ apiVersion: backstage.io/v1alpha1, kind: User, metadata: { name: bob }, spec: { memberOf: [] } }
`,
  'shed/catalog-info.yaml': `# What the shed is.
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: shed
spec:
  type: service # for now
  lifecycle: experimental
  owner: team-a
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: { name: shed-api }
spec: { type: openapi, lifecycle: experimental, owner: team-a, definition: "openapi: 3.0.3" }
`,
  'barn/.github/CODEOWNERS': '* @house/everybody\n/catalog-info.yaml @house/team-a @bob\n',
  'barn/catalog-info.yaml': `# The barn.
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: barn
spec:
  type: service
  lifecycle: production
  owner: 'nobody'   # who knows
  dependsOn: [resource:default/hay, component:shet] # and more
`,
  'coop/twin.yaml': `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: barn }
spec: { type: service, lifecycle: production, owner: team-a }
`,
  'coop/mixed.yaml': `{ apiVersion: backstage.io/v1alpha1, kind: Component, metadata: { name: mine }, spec: { type: service, lifecycle: production, owner: team-a } }
---
{ apiVersion: backstage.io/v1alpha1, kind: Component, metadata: { name: theirs }, spec: { type: service, lifecycle: production, owner: team-z } }
`,
  'coop/ours.yaml': '{ apiVersion: backstage.io/v1alpha1, kind: Component, metadata: { name: ours }, spec: { type: service, lifecycle: production, owner: team-a } }\n',
  'coop/deep/catalog-info.yaml': `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: coop }
spec: { type: service, lifecycle: production, owner: the-unknown-ones }
`,
};
const own = '/api/catalog/v1';
const shed = `${own}/entities/component/default/shed`;

let server, pave, people, folder;

/** A client that is signed in as one of the users. */
async function signedIn(name) {
  const client = new Pave(pave);
  const reply = await pave.raw('POST', '/api/identity/v1/login', { headers: { 'content-type': 'application/json', origin: pave.url }, body: JSON.stringify({ username: name, password: `${name}-has-a-password` }) });
  assert.equal(reply.status, 200, reply.text);
  client.token = /=([^;]+)/.exec(reply.headers['set-cookie'][0])[1];
  return client;
}

const refused = (status, message) => (error) => error.status === status && (!message || message.test(JSON.parse(error.body).error.message));

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'house-'));
  await chmod(folder, 0o755);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  server = await startPave(folder);
  pave = server.pave;
  await pave.signIn();
  people = { ada: await signedIn('ada'), bob: await signedIn('bob') };
});
after(async () => {
  await server?.remove();
  await rm(folder, { recursive: true, force: true });
});

const ownerIs = (owner) => pave.until(`the owner is ${owner}`, async () => (await pave.get('/api/catalog/entities/by-name/component/default/shed')).spec.owner === owner, 20);

test('the file of an entity is read with what can be done to it', async () => {
  const file = await people.ada.get(`${shed}/file`);
  assert.equal(file.content, files['shed/catalog-info.yaml']);
  assert.deepEqual(file.repository, { host: 'github.com', owner: 'house', name: 'shed' });
  assert.deepEqual([file.path, file.ref, file.editable, file.modes, file.reason], ['catalog-info.yaml', 'main', true, ['commit', 'pull-request'], null]);
  assert.equal(file.url, `${pave.url}/house/shed/blob/main/catalog-info.yaml`);
  assert.match(file.revision, /^[0-9a-f]{40}$/);
  assert.deepEqual((await people.bob.get(`${shed}/file`)).modes, ['pull-request']);
});

test('a configured file is shown, and refused with its path', async () => {
  const file = await pave.get(`${own}/entities/user/default/ada/file`);
  assert.equal(file.editable, false);
  assert.match(file.reason, /people\.yaml is a file of the server/);
  assert.match(file.content, /Ada Lovelace/);
  await assert.rejects(pave.post(`${own}/entities/user/default/ada/file`, { content: 'x: 1', revision: 'x' }), refused(403, /people\.yaml/));
});

test('an edit is a commit by the person, is in the catalog, and in the history', async () => {
  const before = await people.ada.get(`${shed}/file`);
  const content = before.content.replace('owner: team-a\n---', 'owner: team-b\n---');
  const made = await people.ada.post(`${shed}/file`, { content, revision: before.revision, message: 'Hand the shed over\n\n pave-actor: user:default/bob\n', mode: 'commit' });
  assert.equal(made.branch, 'main');
  assert.deepEqual(made.diagnostics, []);
  await ownerIs('team-b');
  const { items: commits } = await pave.get('/api/forge/v1/repositories/house/shed/commits');
  assert.deepEqual([commits[0].id, commits[0].message, commits[0].author], [made.commit, 'Hand the shed over\n\nPave-Actor: user:default/ada', { name: 'Ada Lovelace', email: 'ada@house.example' }]);

  const { items } = await pave.get(`${shed}/history`);
  assert.deepEqual(items.map(({ change }) => change), ['updated', 'created']);
  assert.deepEqual(items[0].changes, [{ path: 'spec.owner', before: 'team-a', after: 'team-b' }]);
  assert.equal(items[0].revision, made.commit);
  assert.equal(items[0].actor, 'user:default/ada');
  assert.equal(items[0].url, `${pave.url}/house/shed/blob/${made.commit}/catalog-info.yaml`);
  assert.equal((await pave.get(`${shed}/history/${items[0].id}`)).entity.spec.owner, 'team-b');
  assert.equal((await pave.get(`${shed}/history/${items[1].id}`)).entity.spec.owner, 'team-a');
  assert.deepEqual((await pave.get(`${shed}/history?limit=1&before=${items[0].id}`)).items, [items[1]]);

  const { items: events } = await pave.get('/api/events/v1/events?type=dev.pave.catalog.entity.updated&subject=component:default/shed');
  assert.deepEqual(events.map(({ actor, data: { version, revision, changes } }) => ({ actor, version, revision, changes })), [{ actor: 'user:default/ada', version: 2, revision: made.commit, changes: ['spec.owner'] }]);
});

test('what the catalog would refuse is not committed, and says where', async () => {
  const { content, revision } = await people.ada.get(`${shed}/file`);
  for (const [change, line, message] of [
    [content.replace('  lifecycle: experimental\n', ''), 7, /lifecycle/],
    [content.replace('name: shed\n', 'name: sh ed\n'), 5, /metadata\.name/],
    [content.replace('spec:\n', 'spec: [\n'), 8, /./],
    [content.replace('shed-api', 'shed').replace('kind: API', 'kind: Component'), 11, /twice/],
  ]) {
    await assert.rejects(people.ada.post(`${shed}/file`, { content: change, revision }), (error) => {
      const { diagnostics } = JSON.parse(error.body);
      assert.equal(error.status, 400);
      assert.equal(diagnostics[0].file, 'catalog-info.yaml');
      assert.match(diagnostics[0].message, message);
      assert.equal(diagnostics[0].line, line);
      return true;
    });
  }
});

test('a changed name is tried without a commit, and warned of', async () => {
  const { content, revision } = await people.ada.get(`${shed}/file`);
  const reply = await people.ada.post(`${shed}/file?dryRun=true`, { content: content.replace('name: shed\n', 'name: hut\n'), revision });
  assert.deepEqual(reply.diagnostics.map(({ severity, code }) => [severity, code]), [['warning', 'catalog-entity-gone']]);
  assert.match(reply.diagnostics[0].message, /component:default\/shed would go/);
});

test('what placeholders name is read for those alone who may commit', async () => {
  const { content, revision } = await people.ada.get(`${shed}/file`);
  const tried = async (client, value) => {
    const { diagnostics } = await client.post(`${shed}/file?dryRun=true`, { content: content.replace('"openapi: 3.0.3"', value), revision });
    return diagnostics.map(({ code }) => code);
  };
  for (const value of ['{ $text: https://nobody.invalid/x }', '{ $text: ./nope.yaml }', '{ $yaml: ./nope.yaml }']) {
    assert.deepEqual(await tried(people.ada, value), ['catalog-placeholder']);
    assert.deepEqual(await tried(people.bob, value), []);
  }
  assert.deepEqual(await tried(people.bob, '{ $nope: ./nope.yaml }'), ['catalog-entity']);
  const { diagnostics } = await people.bob.post(`${shed}/file?dryRun=true`, { content: content.replace('metadata: { name: shed-api }', 'metadata: { $json: ./x }'), revision });
  assert.deepEqual(diagnostics.map(({ code }) => code), ['catalog-entity']);
});

test('a stale revision, the same content and a wrong mode are refused', async () => {
  const { content, revision } = await people.ada.get(`${shed}/file`);
  await assert.rejects(people.ada.post(`${shed}/file`, { content: `${content}#`, revision: '0'.repeat(40) }), refused(409, /changed since/));
  await assert.rejects(people.ada.post(`${shed}/file`, { content, revision }), refused(400, /already/));
  await assert.rejects(people.ada.post(`${shed}/file`, { content: `${content}#`, revision, mode: 'push' }), refused(400, /mode/));
  await assert.rejects(people.ada.post(`${shed}/file`, { revision }), refused(400, /content/));
  await assert.rejects(pave.get(`${own}/entities/component/default/nope/file`), refused(404));
});

test('who may not push proposes on a branch of its own', async () => {
  const { content, revision } = await people.bob.get(`${shed}/file`);
  const change = { content: content.replace('experimental', 'production'), revision };
  await assert.rejects(people.bob.post(`${shed}/file`, { ...change, mode: 'commit' }), refused(403));
  await assert.rejects(people.bob.post(`${shed}/file`, { ...change, mode: 'pull-request', branch: 'release' }), refused(403));
  const made = await people.bob.post(`${shed}/file`, { ...change, mode: 'pull-request' });
  assert.match(made.branch, /^pave\/shed-/);
  assert.equal(made.url, `${pave.url}/repositories/house/shed/pulls/1`);
  const { items } = await pave.get('/api/forge/v1/repositories/house/shed/branches');
  assert.deepEqual(items.map(({ name }) => name).sort(), ['main', made.branch]);
  await assert.rejects(people.bob.post(`${shed}/file`, { ...change, mode: 'pull-request', branch: made.branch }), refused(409, /exists/));
  await assert.rejects(people.bob.post(`${shed}/file`, { ...change, mode: 'pull-request', branch: 'pave/a..b' }), refused(400, /branch/));
});

test('two edits at once: one wins, the other is told', async () => {
  const { content, revision } = await people.ada.get(`${shed}/file`);
  const results = await Promise.allSettled([1, 2, 3, 4].map((number) => people.ada.post(`${shed}/file`, { content: `${content}# ${number}\n`, revision })));
  const [won, lost] = ['fulfilled', 'rejected'].map((status) => results.filter((result) => result.status === status));
  assert.equal(won.length, 1);
  for (const { reason } of lost) assert.equal(reason.status, 409, reason.body);
});

test('a deleted entity is remembered by its name', async () => {
  const { content, revision } = await people.ada.get(`${shed}/file`);
  await people.ada.post(`${shed}/file`, { content: content.slice(0, content.indexOf('---')), revision });
  const api = '/entities/api/default/shed-api';
  await pave.until('it is gone', async () => (await pave.raw('GET', `/api/catalog/entities/by-name/api/default/shed-api`, { headers: { authorization: `Bearer ${pave.token}` } })).status === 404, 20);
  const { items } = await pave.get(`${own}${api}/history`);
  assert.deepEqual(items.map(({ change }) => change), ['deleted', 'created']);
  assert.equal((await pave.get(`${own}${api}/history/${items[0].id}`)).entity, null);
  assert.equal((await pave.get(`${own}${api}/history/${items[1].id}`)).entity.spec.definition, 'openapi: 3.0.3');
  await assert.rejects(pave.get(`${own}/entities/api/default/never/history`), refused(404));
});

/** What an author wrote of every entity, by ref. */
async function written(client) {
  const entities = await client.get('/api/catalog/entities');
  const kept = entities.filter(({ kind }) => kind !== 'Location').map(({ apiVersion, kind, metadata: { uid, etag, annotations, ...metadata }, spec }) => {
    const own = Object.entries(annotations).filter(([name]) => !name.startsWith('backstage.io/'));
    return [`${kind}:${metadata.namespace}/${metadata.name}`.toLowerCase(), { apiVersion, kind, metadata: { ...metadata, annotations: Object.fromEntries(own) }, spec }];
  });
  return Object.fromEntries(kept.sort(([a], [b]) => a.localeCompare(b)));
}

test('the export holds what authors wrote, and gives the same catalog when it is read', async () => {
  const text = await pave.cli('catalog', 'export');
  assert.match(text, /^---\napiVersion: backstage\.io\/v1alpha1\nkind: Component\nmetadata:\n  name: shed\nspec:/);
  assert.doesNotMatch(text, /uid|etag|relations|managed-by|view-url|source-location|namespace|kind: Location/);
  const before = await written(pave);
  assert.ok(Object.keys(before).length >= 4);

  const copy = await mkdtemp(join(tmpdir(), 'copy-'));
  await chmod(copy, 0o755);
  await writeFile(join(copy, 'catalog.yaml'), text);
  await writeFile(join(copy, 'app-config.yaml'), files['app-config.yaml'].replace(/    - \{ type: file[^]*?\nforge:/, '    - { type: file, target: ./catalog.yaml }\nforge:').replace(/  repositories: .*\n/, ''));
  const other = await startPave(copy);
  try {
    await other.pave.signIn();
    assert.deepEqual(await written(other.pave), before);
    assert.equal(await other.pave.cli('catalog', 'export'), text);
  } finally {
    await other.remove();
    await rm(copy, { recursive: true, force: true });
  }
});

test('an export is narrowed by filters, and raw where that is asked', async () => {
  const text = await pave.cli('catalog', 'export', '--filter', 'kind=user,metadata.name=ada', '--filter', 'kind=group');
  assert.deepEqual([...text.matchAll(/^kind: (.*)$/gm)].map(([, kind]) => kind), ['Group', 'User']);
  assert.match(await pave.cli('catalog', 'export', '--raw', '--filter', 'kind=user,metadata.name=ada'), /managed-by-location/);
  await assert.rejects(pave.cli('catalog', 'export', '--filter', '=x'), /not a valid statement/);
  await assert.rejects(pave.get(`${own}/export?format=xml`), refused(400, /not as xml/));
});

test('a location is removed or moved by who registered it, or owns all of its entities', async () => {
  const url = (name) => `https://github.com/house/coop/blob/main/${name}.yaml`;
  const add = async (client, name) => (await client.post('/api/catalog/locations', { type: 'url', target: url(name) })).location.id;
  const remove = (client, id) => client.api('DELETE', `/api/catalog/locations/${id}`);
  const move = (client, id) => client.api('PUT', `/api/catalog/locations/${id}`, { type: 'url', target: url('elsewhere') });

  const mixed = await add(pave, 'mixed');
  for (const client of [people.ada, people.bob]) {
    await assert.rejects(remove(client, mixed), refused(403, /registered/));
    await assert.rejects(move(client, mixed), refused(403, /registered/));
  }
  await remove(pave, mixed);
  const empty = await add(pave, 'never');
  await assert.rejects(remove(people.bob, empty), refused(403));
  await remove(pave, empty);
  await remove(people.ada, await add(pave, 'ours'));
  await remove(people.bob, await add(people.bob, 'ours'));
});

const findings = (query) => pave.get(`${own}/findings?${query}`);

test('findings say what is wrong, where, and what could be written instead', async () => {
  await pave.post('/api/catalog/locations', { type: 'url', target: 'https://github.com/house/barn/blob/main/catalog-info.yaml' });
  const { items, totalItems, counts } = await findings('ref=component:default/barn');
  assert.deepEqual([totalItems, counts['owner-unknown'], counts['reference-broken'], counts.orphan], [3, 1, 2, 0]);
  const url = 'https://github.com/house/barn/blob/main/catalog-info.yaml';
  const [owner, shet, hay] = items;
  assert.deepEqual(owner, {
    id: owner.id, type: 'owner-unknown', severity: 'error', ref: 'component:default/barn',
    message: 'Its owner group:default/nobody does not exist', file: url, line: 9, column: 10, pointer: '/spec/owner',
    proposal: { id: 'codeowners', title: 'Set the owner to team-a', reason: '.github/CODEOWNERS gives catalog-info.yaml to @house/team-a in line 2', before: 'nobody', after: 'team-a', editable: true },
  });
  assert.deepEqual([shet.line, shet.column, shet.pointer], [10, 37, '/spec/dependsOn/1']);
  assert.deepEqual(shet.proposal, {
    id: 'nearest', title: 'Name component:shed instead', reason: 'There is no component:default/shet; there is component:default/shed', before: 'component:shet', after: 'component:shed', editable: true,
  });
  assert.deepEqual([hay.message, hay.proposal], ['It names resource:default/hay (dependsOn), which does not exist', null]);
});

test('findings are listed by type and owner, with counts', async () => {
  const all = await findings('limit=200');
  assert.ok(all.totalItems > 3);
  assert.equal(all.totalItems, Object.values(all.counts).reduce((sum, count) => sum + count));
  const broken = await findings('type=reference-broken&limit=1');
  assert.deepEqual([broken.items.length, broken.totalItems, broken.counts], [1, 2, all.counts]);
  const next = await findings('type=reference-broken&limit=1&offset=1');
  assert.notEqual(next.items[0].id, broken.items[0].id);
  assert.deepEqual((await findings('owner=nobody')).items.map(({ ref }) => ref), Array(3).fill('component:default/barn'));
  assert.equal((await findings('owner=team-a&type=reference-broken')).totalItems, 0);
  await assert.rejects(findings('type=nope'), refused(400, /nope/));
  await assert.rejects(findings('ref=%3A'), refused(400));
});

test('a proposal is applied as the smallest change of the file', async () => {
  const { items } = await findings('ref=component:default/barn');
  const [owner, shet, hay] = items;
  await assert.rejects(people.bob.post(`${own}/findings/${owner.id}/apply`, { mode: 'commit' }), refused(403));
  await assert.rejects(pave.post(`${own}/findings/${hay.id}/apply`, { mode: 'commit' }), refused(400, /Nothing is proposed/));
  await assert.rejects(pave.post(`${own}/findings/0000/apply`, { mode: 'commit' }), refused(404));
  const proposed = await people.bob.post(`${own}/findings/${shet.id}/apply`, { mode: 'pull-request' });
  const read = (ref) => pave.raw('GET', `/api/forge/v1/repositories/house/barn/file?path=catalog-info.yaml&ref=${encodeURIComponent(ref)}`, { headers: { authorization: `Bearer ${pave.token}` } });
  assert.equal((await read(proposed.branch)).text, files['barn/catalog-info.yaml'].replace('component:shet', 'component:shed'));

  const made = await pave.post(`${own}/findings/${owner.id}/apply`, { mode: 'commit', ref: owner.ref });
  assert.equal((await read('main')).text, files['barn/catalog-info.yaml'].replace("'nobody'", "'team-a'"));
  const { items: commits } = await pave.get('/api/forge/v1/repositories/house/barn/commits');
  assert.equal(commits[0].id, made.commit);
  assert.match(commits[0].message, /^Set the owner of component:default\/barn to team-a\n\n\.github\/CODEOWNERS gives/);
  await pave.until('the finding is gone', async () => (await findings('ref=component:default/barn')).counts['owner-unknown'] === 0, 20);
});

test('without CODEOWNERS the history of the folder proposes an owner', async () => {
  const clone = await mkdtemp(join(tmpdir(), 'coop-'));
  try {
    const credentials = `http.extraHeader=Authorization: Bearer ${pave.token}`;
    await pave.git(clone, '-c', credentials, 'clone', '-q', `http://127.0.0.1:${pave.port}/house/coop.git`, '.');
    for (const [file, author] of [['deep/a', 'Ada <ada@house.example>'], ['deep/b', 'Ada <ADA@house.example>'], ['deep/c', 'Bob <bob@house.example>'], ['d', 'Bob <bob@house.example>'], ['e', 'Bob <bob@house.example>']]) {
      await appendFile(join(clone, file), 'x\n');
      await pave.git(clone, 'add', '.');
      await pave.git(clone, 'commit', '-qm', file, '--author', author);
    }
    await pave.git(clone, '-c', credentials, 'push', '-q', 'origin', 'HEAD');
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
  await pave.post('/api/catalog/locations', { type: 'url', target: 'https://github.com/house/coop/blob/main/deep/catalog-info.yaml' });
  const { items } = await findings('ref=component:default/coop');
  assert.deepEqual([items[0].type, items[0].proposal.id, items[0].proposal.after], ['owner-unknown', 'git-history', 'team-a']);
  assert.match(items[0].proposal.reason, /^2 of the 3 commits of the last year are by people of group:default\/team-a$/);
});

test('a source that fails and an entity that two files define are findings', async () => {
  await pave.post('/api/catalog/locations', { type: 'url', target: 'https://github.com/house/barn/blob/main/nope.yaml' });
  await pave.post('/api/catalog/locations', { type: 'url', target: 'https://github.com/house/coop/blob/main/twin.yaml' });
  const failing = await findings('type=source-error');
  assert.match(failing.items[0].message, /nope\.yaml/);
  const duplicates = await findings('type=duplicate');
  assert.match(duplicates.items[0].message, /component:default\/barn .*already defined by/);
});
