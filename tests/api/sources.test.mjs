// Where entities come from, against hosts that are as strict as the real ones.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { CatalogClient } from '@backstage/catalog-client';
import { FakeBitbucketCloud, FakeBitbucketServer, FakeGitHub, FakeGitLab, FakeGitea } from '../lib/scm.mjs';
import { startPave } from '../lib/server.mjs';

const component = (name, more = '') => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
spec:
  type: service
  lifecycle: production
  owner: team-a
${more}`;

let server, pave, client, options;
const hosts = { github: new FakeGitHub(), gitlab: new FakeGitLab(), gitea: new FakeGitea(), cloud: new FakeBitbucketCloud(), bitbucket: new FakeBitbucketServer() };
const { github, gitlab, gitea, cloud, bitbucket } = hosts;

const info = (name) => ({ files: { 'catalog-info.yaml': component(name) } });

/** What the providers of the configuration find, and what they do not. */
function addOrganizations() {
  github.organizations.set('platform', { members: [], teams: [] });
  github.organizations.set('acme', { members: ['ann', 'bob', 'cleo'], teams: [{ slug: 'all', name: 'All', members: ['ann', 'bob', 'cleo'] }, { slug: 'core', name: 'Core', parent: 'all', members: ['ann'] }, { slug: 'empty', name: 'Empty', members: [] }] });
  github.pageSize = 2;
  github.add('platform/svc-one', { files: { 'catalog-info.yaml': component('found-one'), 'deep/er/catalog-info.yaml': component('found-deep') }, topics: ['catalog'] });
  github.add('platform/svc-two', { ...info('found-two'), branch: 'trunk', topics: ['x', 'extra'], visibility: 'internal' });
  github.add('platform/svc-fork', { ...info('lost-fork'), topics: ['catalog'], fork: true });
  github.add('platform/svc-old', { ...info('lost-archived'), topics: ['catalog'], archived: true });
  github.add('platform/svc-secret', { ...info('lost-secret'), topics: ['catalog', 'secret'] });
  github.add('platform/svc-public', { ...info('lost-public'), topics: ['catalog'], visibility: 'public' });
  github.add('platform/a-svc-x', { ...info('lost-name'), topics: ['catalog'] });
  github.add('platform/svc-empty', { files: {}, topics: ['catalog'] });
  github.add('platform/svc-broken', { files: { 'catalog-info.yaml': 'kind: [' }, topics: ['catalog'] });
  github.add('person/with', info('found-with'));
  github.add('person/without', { files: { 'README.md': '#' } });
  gitlab.pageSize = 2;
  gitlab.add('data/lake', info('found-lake'));
  gitlab.add('data/team/pipe', { ...info('found-pipe'), branch: 'develop' });
  gitlab.add('data/team/excluded', info('lost-excluded'));
  gitlab.add('data/team/fork', { ...info('lost-gl-fork'), fork: true });
  gitlab.add('data/old', { ...info('lost-gl-archived'), archived: true });
  gitlab.add('database/other', info('lost-other-group'));
  gitea.organizations.add('tools');
  for (let i = 0; i < 51; i++) gitea.add(`tools/t${i}`, i === 50 ? info('found-tool') : {});
  cloud.add('ws/svc-a', { ...info('found-cloud'), project: 'SHOP' });
  cloud.add('ws/svc-b', { ...info('lost-cloud'), project: 'XSHOP' });
  cloud.add('ws/lib', { ...info('lost-cloud-lib'), project: 'SHOP' });
  bitbucket.add('OPS/one', info('found-ops'));
  bitbucket.add('OPS/two', { ...info('lost-ops'), archived: true });
  bitbucket.add('OPS/three', info('found-ops-three'));
  bitbucket.add('DEV/one', info('lost-dev'));
}

before(async () => {
  for (const host of Object.values(hosts)) await host.start();
  addOrganizations();
  Object.assign(process.env, { GITHUB_HOST: github.host, GITLAB_HOST: gitlab.host, GITEA_HOST: gitea.host, BITBUCKET_CLOUD_HOST: cloud.host, BITBUCKET_SERVER_HOST: bitbucket.host });
  server = await startPave(resolve(import.meta.dirname, 'sources'));
  pave = server.pave;
  await pave.signIn();
  client = new CatalogClient({ discoveryApi: { getBaseUrl: async (plugin) => `http://127.0.0.1:${pave.port}/api/${plugin}` } });
  options = { token: pave.token };
});
after(async () => {
  await server?.remove();
  for (const host of Object.values(hosts)) await host.stop();
  for (const [name, host] of Object.entries(hosts)) assert.deepEqual(host.faults, [], name);
});
const nameOf = (entity) => entity.metadata.name;
const namesOf = async (filter) => (await client.getEntities({ filter, fields: ['metadata.name'] }, options)).items.map(nameOf).sort();

test('the repositories of organisations are found, as far as the filters let them', async () => {
  const wanted = ['found-cloud', 'found-deep', 'found-lake', 'found-one', 'found-ops', 'found-ops-three', 'found-pipe', 'found-tool', 'found-two', 'found-with', 'own-first'];
  await pave.until('everything is found', async () => (await namesOf({ kind: 'component' })).length >= wanted.length, 30);
  assert.deepEqual(await namesOf({ kind: 'component' }), wanted);
  github.pageSize = gitlab.pageSize = 100;

  const two = await client.getEntityByRef('component:default/found-two', options);
  const from = `${hosts.github.url.replace('http:', 'https:')}/platform/svc-two/blob/trunk`;
  assert.equal(two.metadata.annotations['backstage.io/managed-by-location'], `url:${from}/catalog-info.yaml`);
  assert.equal(two.metadata.annotations['backstage.io/managed-by-origin-location'], `url:${from}/**/catalog-info.yaml`);
  const { items } = await client.getEntities({ filter: { kind: 'location', 'spec.target': `${from}/**/catalog-info.yaml` } }, options);
  assert.deepEqual([items.length, items[0].spec.presence], [1, 'optional']);
});

test('a found repository without the file is no fault, one with a broken file says so and hurts no other', async () => {
  const faults = async (name) => (await client.getEntities({ filter: { kind: 'location', 'spec.target': `https://${github.host}/platform/${name}/blob/main/**/catalog-info.yaml` } }, options)).items[0].status?.items ?? [];
  assert.deepEqual(await faults('svc-empty'), []);
  assert.match((await faults('svc-broken'))[0].message, /^InputError: .*catalog-info\.yaml:2:1\)$/);
  const checked = await namesOf({ kind: 'location', 'spec.target': `https://${github.host}/person/without/blob/main/catalog-info.yaml` });
  assert.deepEqual(checked, []);
});

test('a repository that a template makes in the forge is in the catalog at once', async () => {
  const { id } = await pave.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/make', values: { name: 'own-second' } });
  await pave.until('the task ended', async () => (await pave.get(`/api/scaffolder/v2/tasks/${id}`)).status !== 'processing' && (await pave.get(`/api/scaffolder/v2/tasks/${id}`)).status !== 'open', 30);
  await pave.until('the new repository is in the catalog', async () => (await namesOf({ 'metadata.name': 'own-second' })).length === 1, 20);
});

beforeEach(() => {
  for (const host of Object.values(hosts)) host.requests.length = 0;
});

const register = async (target) => (await client.addLocation({ type: 'url', target }, options)).location;
const annotations = async (ref) => (await client.getEntityByRef(ref, options))?.metadata.annotations;

test('a file of GitHub is read by its API, with the token, and links back', async () => {
  github.add('acme/shop', { files: { 'services/cart/catalog-info.yaml': component('gh-cart') } });
  const target = `${github.url}/acme/shop/blob/main/services/cart/catalog-info.yaml`;
  await register(target);
  const found = await annotations('component:default/gh-cart');
  assert.equal(found['backstage.io/managed-by-location'], `url:${target}`);
  assert.equal(found['backstage.io/managed-by-origin-location'], `url:${target}`);
  assert.equal(found['backstage.io/view-url'], target);
  assert.equal(found['backstage.io/edit-url'], `${github.url}/acme/shop/edit/main/services/cart/catalog-info.yaml`);
  assert.equal(found['backstage.io/source-location'], `url:${github.url}/acme/shop/tree/main/services/cart/`);
  const [{ path, query }] = github.requests;
  assert.deepEqual([path, query], ['/api/v3/repos/acme/shop/contents/services/cart/catalog-info.yaml', { ref: 'main' }]);
});

test('a URL that pins a commit has no link to an editor', async () => {
  const { commits } = github.add('acme/pinned', { files: { 'catalog-info.yaml': component('gh-pinned') } });
  await register(`${github.url}/acme/pinned/blob/${commits[0]}/catalog-info.yaml`);
  const found = await annotations('component:default/gh-pinned');
  assert.equal(found['backstage.io/edit-url'], undefined);
  assert.equal(found['backstage.io/source-location'], `url:${github.url}/acme/pinned/tree/${commits[0]}/`);
});

test('what the author wrote of links stays, and a script among them leads nowhere', async () => {
  github.add('acme/links', { files: { 'catalog-info.yaml': component('gh-links').replace('  name: gh-links', '  name: gh-links\n  annotations: {backstage.io/view-url: "JavaScript:alert(1)", backstage.io/edit-url: "https://example.com/edit"}') } });
  await register(`${github.url}/acme/links/blob/main/catalog-info.yaml`);
  const found = await annotations('component:default/gh-links');
  assert.doesNotMatch(found['backstage.io/view-url'], /javascript/i);
  assert.equal(found['backstage.io/edit-url'], 'https://example.com/edit');
});

test('wildcards of a GitHub URL name the files of its tree', async () => {
  github.add('acme/mono', { files: { 'a/catalog-info.yaml': component('gh-a'), 'b/c/catalog-info.yaml': component('gh-b'), 'README.md': '#' } });
  await register(`${github.url}/acme/mono/blob/main/**/catalog-info.yaml`);
  assert.equal((await annotations('component:default/gh-b'))['backstage.io/managed-by-location'], `url:${github.url}/acme/mono/blob/main/b/c/catalog-info.yaml`);
  assert.ok(await annotations('component:default/gh-a'));
});

test('a slash at the beginning of a target is the root of the repository', async () => {
  const location = 'apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: gh-root}\nspec: {targets: [/services/x.yaml, ./y.yaml]}\n';
  github.add('acme/root', { files: { 'deep/all.yaml': location, 'services/x.yaml': component('gh-x'), 'deep/y.yaml': component('gh-y') } });
  await register(`${github.url}/acme/root/blob/main/deep/all.yaml`);
  assert.ok(await annotations('component:default/gh-x'));
  assert.ok(await annotations('component:default/gh-y'));
});

test('a file of GitLab lies in groups below groups', async () => {
  gitlab.add('acme/platform/shop', { files: { 'catalog-info.yaml': component('gl-shop'), 'deep/er/catalog-info.yaml': component('gl-deep') } });
  const target = `${gitlab.url}/acme/platform/shop/-/blob/main/catalog-info.yaml`;
  await register(target);
  const found = await annotations('component:default/gl-shop');
  assert.equal(found['backstage.io/view-url'], target);
  assert.equal(found['backstage.io/edit-url'], `${gitlab.url}/acme/platform/shop/-/edit/main/catalog-info.yaml`);
  assert.equal(found['backstage.io/source-location'], `url:${gitlab.url}/acme/platform/shop/-/blob/main/`);
  gitlab.pageSize = 1;
  await register(`${gitlab.url}/acme/platform/shop/-/blob/main/**/catalog-info.yaml`);
  gitlab.pageSize = 100;
  assert.ok(await annotations('component:default/gl-deep'));
});

test('a file of Gitea is read with its links', async () => {
  gitea.add('acme/shop', { files: { 'catalog-info.yaml': component('gt-shop'), 'x/1.yaml': component('gt-1'), 'x/2.yaml': component('gt-2') } });
  const target = `${gitea.url}/acme/shop/src/branch/main/catalog-info.yaml`;
  await register(target);
  const found = await annotations('component:default/gt-shop');
  assert.equal(found['backstage.io/edit-url'], `${gitea.url}/acme/shop/_edit/main/catalog-info.yaml`);
  assert.equal(found['backstage.io/source-location'], `url:${gitea.url}/acme/shop/src/branch/main/`);
  await register(`${gitea.url}/acme/shop/src/branch/main/x/*.yaml`);
  assert.ok(await annotations('component:default/gt-2'));
});

test('a file of Bitbucket Cloud is read with its links', async () => {
  cloud.add('acme/shop', { files: { 'catalog-info.yaml': component('bc-shop'), 'x/1.yaml': component('bc-1') } });
  await register(`${cloud.url}/acme/shop/src/main/catalog-info.yaml`);
  const found = await annotations('component:default/bc-shop');
  assert.equal(found['backstage.io/edit-url'], `${cloud.url}/acme/shop/src/main/catalog-info.yaml?mode=edit&at=main`);
  assert.equal(found['backstage.io/source-location'], `url:${cloud.url}/acme/shop/src/main/`);
  await register(`${cloud.url}/acme/shop/src/main/x/*.yaml`);
  assert.ok(await annotations('component:default/bc-1'));
});

test('a file of Bitbucket Server is read at the branch its URL asks for', async () => {
  const location = 'apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: bs-all}\nspec: {target: ./x/1.yaml}\n';
  bitbucket.add('SHOP/cart', { files: { 'catalog-info.yaml': component('bs-cart'), 'x/1.yaml': component('bs-1'), 'x/2.yaml': component('bs-2'), 'all.yaml': location } });
  await register(`${bitbucket.url}/projects/SHOP/repos/cart/browse/catalog-info.yaml?at=refs%2Fheads%2Fmain`);
  const found = await annotations('component:default/bs-cart');
  assert.equal(found['backstage.io/source-location'], `url:${bitbucket.url}/projects/SHOP/repos/cart/browse/?at=refs%2Fheads%2Fmain`);
  await register(`${bitbucket.url}/projects/SHOP/repos/cart/browse/all.yaml?at=refs%2Fheads%2Fmain`);
  assert.deepEqual(bitbucket.requests.at(-1).query, { at: 'refs/heads/main' });
  assert.ok(await annotations('component:default/bs-1'));
  await register(`${bitbucket.url}/projects/SHOP/repos/cart/browse/**/2.yaml`);
  assert.ok(await annotations('component:default/bs-2'));
});

test('a repository that was renamed is still read', async () => {
  github.add('acme/new-name', { files: { 'catalog-info.yaml': component('gh-moved') } });
  const routes = github.routes.bind(github);
  github.routes = () => [{ path: /^\/api\/v3\/repos\/acme\/old-name\/contents\/(.+)$/, query: ['ref'], reply: ([path]) => ({ status: 301, body: { message: 'Moved Permanently' }, headers: { location: `${github.url}/api/v3/repos/acme/new-name/contents/${path}?ref=main` } }) }, ...routes()];
  await register(`${github.url}/acme/old-name/blob/main/catalog-info.yaml`);
  assert.ok(await annotations('component:default/gh-moved'));
  delete github.routes;
});

const messageOf = async (location) => (await client.getEntityByRef(location.entityRef, options)).status.items[0].message;

test('the token does not follow a redirect out of the API', async () => {
  const routes = github.routes.bind(github);
  github.routes = () => [{ path: /^\/api\/v3\/repos\/acme\/thief\/contents\/(.+)$/, query: ['ref'], reply: () => ({ status: 302, body: {}, headers: { location: `${gitlab.url}/steal` } }) }, ...routes()];
  const location = await register(`${github.url}/acme/thief/blob/main/catalog-info.yaml`);
  delete github.routes;
  assert.match(await messageOf(location), /answered 302/);
  assert.deepEqual(gitlab.requests, []);
});

test('what is not there and what may not be read are told apart, and no message has the token', async () => {
  const missing = await register(`${github.url}/acme/shop/blob/main/none.yaml`);
  assert.match(await messageOf(missing), /^NotFoundError: Unable to read url, no matching files found for .*none\.yaml/);
  github.token = 'another';
  const refused = await messageOf(await register(`${github.url}/acme/shop/blob/main/refused.yaml`));
  github.token = 'ghp_fake0123456789';
  assert.match(refused, /^NotAllowedError: .*GitHub .* answered 401: Bad credentials; the credentials below integrations are not accepted/);
  assert.doesNotMatch(refused + server.log(), /ghp_fake/);
});

test('a host whose rate limit is used up is left alone until it says', async () => {
  gitlab.useUp();
  const first = await messageOf(await register(`${gitlab.url}/acme/platform/shop/-/blob/main/one.yaml`));
  assert.match(first, /^ServiceUnavailableError: .*GitLab .* takes no more requests until \d{4}-\d\d-\d\dT.*Z, since its rate limit is used up/);
  gitlab.limit = null;
  gitlab.requests.length = 0;
  assert.match(await messageOf(await register(`${gitlab.url}/acme/platform/shop/-/blob/main/two.yaml`)), /rate limit is used up/);
  assert.deepEqual(gitlab.requests, []);
});

test('a kind that the organisation defined is checked, related and listed', async () => {
  const cellar = await client.getEntityByRef('sensor:default/cellar', options);
  assert.deepEqual(cellar.relations, [{ type: 'ownedBy', targetRef: 'group:default/team-a' }, { type: 'standsIn', targetRef: 'resource:default/cellar-room' }]);
  const { items: locations } = await client.getEntities({ filter: { kind: 'location' } }, options);
  const faults = locations.flatMap(({ status }) => status?.items ?? []).filter(({ message }) => message.includes('attic'));
  assert.match(faults[0].message, /The schema of Sensor \(catalog.kinds\) is not met .*\/spec\/unit must be one of "C", "F".*sensors\.yaml:15:9\)$/);

  const { items } = await pave.get('/api/catalog/v1/kinds');
  const of = (kind) => items.find((one) => one.kind === kind);
  assert.deepEqual([of('Sensor').apiVersion, of('Sensor').plural, of('Sensor').custom, of('Sensor').schema.properties.spec.required], ['acme.example/v1', 'sensors', true, ['unit']]);
  assert.deepEqual([of('Component').apiVersion, of('Component').plural, of('Component').custom, of('Component').schema.properties.spec.required], ['backstage.io/v1alpha1', 'components', false, ['type', 'lifecycle', 'owner']]);
  assert.equal(items.filter(({ kind }) => kind === 'AiResource').length, 1);
});

const faultsOf = async (text) => {
  const { items } = await client.getEntities({ filter: { kind: 'location' } }, options);
  return items.flatMap(({ status }) => status?.items ?? []).map(({ message }) => message).filter((message) => message.includes(text));
};

test('placeholders stand for other files, also where the entity is a file', async () => {
  const { metadata, spec } = await client.getEntityByRef('api:default/orders', options);
  assert.equal(metadata.annotations['acme.example/notes'], 'Mind the gap\n');
  assert.deepEqual(spec.limits, { perMinute: 60 });
  assert.deepEqual(spec.kept, { $unknown: 'x', $text: './notes.txt' });
});

test('an API description of several files comes as one', async () => {
  const { definition } = (await client.getEntityByRef('api:default/orders', options)).spec;
  const lines = definition.split('\n').map((line) => line.trim());
  assert.deepEqual(lines.filter((line) => line.includes('$ref')), ['$ref: "#/components/schemas/Id"']);
  for (const wanted of ['openapi: 3.0.0', 'type: array', 'description: of the customer']) assert.ok(lines.includes(wanted), definition);
});

test('references in a circle and to nothing are told with their place', async () => {
  assert.match((await faultsOf('circle'))[0], /node\.yaml:3:18: the references lead in a circle: .*node\.yaml#\/Node → .*node\.yaml#\/Node .*apis\.yaml:27:15\)$/);
  assert.match((await faultsOf('Nothing'))[0], /broken\.yaml:4:15: .*node\.yaml has no "\/Nothing"/);
});

test('a placeholder does not reach into another repository of the host', async () => {
  github.add('acme/reach', { files: { 'catalog-info.yaml': component('gh-reach', `  note: {$text: "${github.url}/acme/shop/blob/main/services/cart/catalog-info.yaml"}\n`) } });
  const location = await register(`${github.url}/acme/reach/blob/main/catalog-info.yaml`);
  assert.match(await messageOf(location), /^NotAllowedError: Placeholder \$text could not read location .* lies in another repository than/);
});

test('a placeholder of another host does not reach what Pave reads with credentials', async () => {
  github.add('acme/private', { files: { 'secret.txt': 'secret' } });
  const secret = `${github.url}/acme/private/blob/main/secret.txt`;
  gitea.add('acme/across', { files: { 'catalog-info.yaml': component('gt-across', `  note: {$text: "${secret}"}\n`), 'forge.yaml': component('gt-forge', '  note: {$text: "https://code.example.com/tools/other/blob/main/catalog-info.yaml"}\n') } });
  for (const file of ['catalog-info.yaml', 'forge.yaml']) assert.match(await messageOf(await register(`${gitea.url}/acme/across/src/branch/main/${file}`)), /^NotAllowedError: Placeholder \$text could not read location .* lies in another repository than/);
  assert.deepEqual(github.requests, []);
});

test('a reference of an API description reaches no other repository, on the same host or another', async () => {
  const secret = `${github.url}/acme/private/blob/main/secret.yaml`;
  const files = { 'catalog-info.yaml': component('ref-reach', '  definition: {$openapi: ./openapi.yaml}\n'), 'openapi.yaml': `openapi: 3.0.0\ninfo: {$ref: "${secret}#/info"}\n` };
  github.add('acme/private', { files: { 'secret.yaml': 'info: {title: secret}\n' } });
  github.add('acme/ref-reach', { files });
  gitea.add('acme/ref-reach', { files });
  for (const base of [`${github.url}/acme/ref-reach/blob/main`, `${gitea.url}/acme/ref-reach/src/branch/main`]) assert.match(await messageOf(await register(`${base}/catalog-info.yaml`)), /openapi\.yaml:2:\d+: the file of \$ref .* cannot be read: .* lies in another repository than/);
  assert.ok(github.requests.every(({ path }) => !path.includes('/private/')));
});

test('a file that several placeholders of an entity name is read once', async () => {
  github.add('acme/once', { files: { 'catalog-info.yaml': component('gh-once', '  notes: [{$text: ./note.txt}, {$text: ./note.txt}]\n'), 'note.txt': 'hello' } });
  await register(`${github.url}/acme/once/blob/main/catalog-info.yaml`);
  assert.deepEqual((await client.getEntityByRef('component:default/gh-once', options)).spec.notes, ['hello', 'hello']);
  assert.equal(github.requests.filter(({ path }) => path.endsWith('/note.txt')).length, 1);
});

test('a dry run of more than can be shown is refused', async () => {
  const many = Array.from({ length: 10001 }, (_, i) => component(`many-${i}`)).join('---\n');
  github.add('acme/many', { files: { 'catalog-info.yaml': many } });
  const target = `${github.url}/acme/many/blob/main/catalog-info.yaml`;
  await assert.rejects(client.addLocation({ type: 'url', target, dryRun: true }, options), (error) => error.response.status === 413 && /gives more than can be shown beforehand/.test(error.body.error.message));
});

test('people and teams of a GitHub organisation are users and groups', async () => {
  await pave.until('they are there', async () => (await namesOf({ kind: 'user' })).length === 3, 20);
  const ann = await client.getEntityByRef('user:default/ann', options);
  assert.deepEqual(ann.spec, { profile: { displayName: 'ann Doe', picture: `${github.url}/ann.png` }, memberOf: ['group:default/all', 'group:default/core'] });
  assert.equal(ann.metadata.annotations['github.com/user-login'], 'ann');
  assert.deepEqual((await client.getEntityByRef('user:default/cleo', options)).spec.memberOf, ['group:default/all']);
  const core = await client.getEntityByRef('group:default/core', options);
  assert.deepEqual([core.spec.parent, core.spec.type, core.spec.profile.displayName, core.metadata.annotations['github.com/team-slug']], ['all', 'team', 'Core', 'acme/core']);
  assert.deepEqual(core.relations.map(({ type, targetRef }) => `${type} ${targetRef}`), ['childOf group:default/all', 'hasMember user:default/ann']);
  assert.deepEqual(await namesOf({ kind: 'group' }), ['all', 'core', 'empty']);
});
