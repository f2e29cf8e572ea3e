// The catalog through Backstage's own client, unmodified.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { CatalogClient } from '@backstage/catalog-client';
import { startPave } from '../lib/server.mjs';

const organization = resolve(import.meta.dirname, 'shop');
const blob = (path, host = 'https://github.com') => `${host}/shop/cart/blob/main/${path}`;
const names = (entities) => entities.map((entity) => entity?.metadata.name);

let server, pave, client, options;

before(async () => {
  server = await startPave(organization);
  pave = server.pave;
  await pave.signIn();
  client = new CatalogClient({ discoveryApi: { getBaseUrl: async (plugin) => `http://127.0.0.1:${pave.port}/api/${plugin}` } });
  options = { token: pave.token };
});
after(() => server?.remove());

test('entities are filtered, cut down and ordered', async () => {
  const { items } = await client.getEntities(
    { filter: [{ kind: 'component', 'spec.owner': ['team-a', 'TEAM-B'] }], fields: ['kind', 'metadata.name'], order: { field: 'metadata.name', order: 'desc' } },
    options,
  );
  assert.deepEqual(items, ['delta', 'charlie', 'bravo', 'alpha'].map((name) => ({ kind: 'Component', metadata: { name } })));
  assert.deepEqual(names((await client.getEntities({ filter: [{ kind: 'system' }, { 'metadata.tags': 'go' }] }, options)).items).sort(), ['bravo', 'checkout']);
  assert.deepEqual(names((await client.getEntities({ filter: { 'metadata.annotations.shop.example/pager': 'p-echo' } }, options)).items), ['echo']);
  assert.deepEqual(names((await client.getEntities({ filter: { 'relations.ownedBy': 'group:default/team-b' } }, options)).items).sort(), ['charlie', 'delta']);
});

test('one entity is found by its ref in any case, with relations both ways', async () => {
  const alpha = await client.getEntityByRef('Component:default/ALPHA', options);
  assert.equal(alpha.metadata.namespace, 'default');
  assert.match(alpha.metadata.uid, /^[0-9a-f-]{36}$/);
  assert.match(alpha.metadata.etag, /^[0-9a-f]{40}$/);
  assert.match(alpha.metadata.annotations['backstage.io/managed-by-location'], /^file:.*\/services\/alpha\.yaml$/);
  assert.match(alpha.metadata.annotations['backstage.io/managed-by-origin-location'], /^file:.*\/catalog\/all\.yaml$/);
  assert.deepEqual(alpha.relations, [
    { type: 'ownedBy', targetRef: 'group:default/team-a' },
    { type: 'partOf', targetRef: 'system:default/checkout' },
  ]);
  const system = await client.getEntityByRef('system:default/checkout', options);
  assert.equal(system.relations.filter(({ type }) => type === 'hasPart').length, 5);
  assert.equal(await client.getEntityByRef('component:default/nope', options), undefined);
});

test('a facet asked for in several cases is counted once', async () => {
  const { facets } = await pave.post('/api/catalog/entity-facets', { facets: ['kind', 'Kind', 'KIND'] });
  assert.deepEqual(Object.keys(facets), ['kind']);
});

test('a page far behind the last is empty', async () => {
  const reply = await pave.raw('GET', '/api/catalog/entities?limit=9223372036854775807&offset=9223372036854775807', { headers: { authorization: `Bearer ${pave.token}` } });
  assert.equal(reply.status, 200);
  assert.deepEqual(JSON.parse(reply.text), []);
});

test('many refs come back in their order, with holes', async () => {
  const { items } = await client.getEntitiesByRefs({ entityRefs: ['component:default/echo', 'component:default/nope', 'group:default/team-a'], fields: ['metadata.name'] }, options);
  assert.deepEqual(names(items), ['echo', undefined, 'team-a']);
});

test('pages go forwards and backwards', async () => {
  const first = await client.queryEntities({ filter: { kind: 'component' }, orderFields: { field: 'metadata.name', order: 'asc' }, limit: 2, fields: ['metadata.name'] }, options);
  assert.deepEqual(names(first.items), ['alpha', 'bravo']);
  assert.equal(first.totalItems, 5);
  assert.equal(first.pageInfo.prevCursor, undefined);
  const second = await client.queryEntities({ cursor: first.pageInfo.nextCursor, limit: 2, fields: ['metadata.name'] }, options);
  assert.deepEqual(names(second.items), ['charlie', 'delta']);
  const third = await client.queryEntities({ cursor: second.pageInfo.nextCursor, limit: 2, fields: ['metadata.name'] }, options);
  assert.deepEqual(names(third.items), ['echo']);
  assert.equal(third.pageInfo.nextCursor, undefined);
  const back = await client.queryEntities({ cursor: third.pageInfo.prevCursor, limit: 2, fields: ['metadata.name'] }, options);
  assert.deepEqual(names(back.items), ['charlie', 'delta']);
  const start = await client.queryEntities({ cursor: back.pageInfo.prevCursor, limit: 2, fields: ['metadata.name'] }, options);
  assert.deepEqual(names(start.items), ['alpha', 'bravo']);
  assert.equal(start.pageInfo.prevCursor, undefined);
});

test('full text and predicates narrow a query, and its cursors keep them', async () => {
  const found = await client.queryEntities({ filter: { kind: 'component' }, fullTextFilter: { term: ' ALPHA ', fields: ['metadata.title', 'metadata.description'] } }, options);
  assert.deepEqual(names(found.items), ['alpha']);
  const query = { $all: [{ kind: 'component' }, { 'metadata.tags': { $in: ['java', 'web'] } }, { $not: { 'spec.lifecycle': 'experimental' } }] };
  const page = await client.queryEntities({ query, orderFields: { field: 'metadata.name', order: 'desc' }, limit: 1 }, options);
  assert.deepEqual([names(page.items), page.totalItems], [['echo'], 2]);
  const next = await client.queryEntities({ cursor: page.pageInfo.nextCursor, limit: 1 }, options);
  assert.deepEqual(names(next.items), ['alpha']);
  const count = await client.queryEntities({ filter: { kind: 'component' }, limit: 0 }, options);
  assert.deepEqual([count.items, count.totalItems], [[], 5]);
});

test('every entity streams by', async () => {
  const seen = [];
  for await (const page of client.streamEntities({ filter: { kind: 'component' }, pageSize: 2 }, options)) seen.push(...names(page));
  assert.deepEqual(seen.sort(), ['alpha', 'bravo', 'charlie', 'delta', 'echo']);
});

test('facets count in the spelling of the files', async () => {
  const { facets } = await client.getEntityFacets({ filter: { kind: 'component' }, facets: ['kind', 'metadata.tags', 'relations.ownedBy', 'spec.nope'] }, options);
  assert.deepEqual(facets.kind, [{ value: 'Component', count: 5 }]);
  assert.deepEqual(facets['metadata.tags'], [{ value: 'go', count: 1 }, { value: 'java', count: 2 }, { value: 'web', count: 2 }]);
  assert.deepEqual(facets['relations.ownedBy'].map(({ value, count }) => `${value} ${count}`), ['group:default/nobody 1', 'group:default/team-a 2', 'group:default/team-b 2']);
  assert.deepEqual(facets['spec.nope'], []);
});

test('ancestors lead to what was configured', async () => {
  const { rootEntityRef, items } = await client.getEntityAncestors({ entityRef: 'component:default/alpha' }, options);
  assert.equal(rootEntityRef, 'component:default/alpha');
  assert.deepEqual(items.map(({ entity }) => entity.kind), ['Component', 'Location', 'Location']);
  assert.deepEqual(items[0].parentEntityRefs, ['location:default/shop']);
  assert.deepEqual(items[2].parentEntityRefs, []);
});

test('a file that does not parse is told with its place, where its author looks', async () => {
  const { status } = await client.getEntityByRef('location:default/shop', options);
  assert.equal(status.items.length, 1);
  const [item] = status.items;
  assert.equal(item.type, 'backstage.io/catalog-processing');
  assert.equal(item.level, 'error');
  assert.match(item.message, /^InputError: the key "name" is there twice, first in line 4 \(.*\/broken\.yaml:5:3\)$/);
  assert.deepEqual([item.source.line, item.source.column], [5, 3]);
});

test('a location of the forge is tried, registered, refreshed by a push, and removed', async () => {
  const target = blob('catalog-info.yaml');
  const dry = await client.addLocation({ type: 'url', target, dryRun: true }, options);
  assert.equal(dry.exists, false);
  assert.deepEqual(names(dry.entities).slice(1), ['cart', 'cart-api']);
  assert.equal(await client.getEntityByRef('component:default/cart', options), undefined);

  const { location } = await client.addLocation({ type: 'url', target }, options);
  const cart = await client.getEntityByRef('component:default/cart', options);
  assert.equal(cart.metadata.annotations['backstage.io/managed-by-location'], `url:${target}`);
  assert.equal(cart.metadata.annotations['backstage.io/view-url'], blob('catalog-info.yaml', pave.url));
  assert.equal(cart.metadata.annotations['backstage.io/source-location'], `url:${pave.url}/shop/cart/tree/main/`);
  assert.match((await client.getEntityByRef('api:default/cart-api', options)).spec.definition, /^openapi: 3/);
  await assert.rejects(client.addLocation({ type: 'url', target }, options), /409/);

  assert.deepEqual(await client.getLocationById(location.id, options), location);
  assert.deepEqual(await client.getLocationByRef(`url:${target}`, options), location);
  assert.deepEqual(await client.getLocationByEntity('component:default/cart', options), location);
  assert.equal(await client.getLocationByEntity('component:default/alpha', options), undefined);

  const folder = await mkdtemp(join(tmpdir(), 'cart-'));
  try {
    const url = `http://127.0.0.1:${pave.port}/shop/cart.git`;
    const credentials = `http.extraHeader=Authorization: Bearer ${pave.token}`;
    await pave.git(folder, '-c', credentials, 'clone', '-q', url, '.');
    const file = join(folder, 'catalog-info.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('name: cart\n', 'name: cart\n  title: The Cart\n'));
    await pave.git(folder, 'commit', '-qam', 'A title');
    await pave.git(folder, '-c', credentials, 'push', '-q', 'origin', 'HEAD');
    await pave.until('the push is in the catalog', async () => (await client.getEntityByRef('component:default/cart', options)).metadata.title === 'The Cart', 20);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }

  await client.removeLocationById(location.id, options);
  assert.equal(await client.getEntityByRef('component:default/cart', options), undefined);
  assert.equal(await client.getLocationById(location.id, options), undefined);
});

test('a location with wildcards finds the files of a repository', async () => {
  const { location } = await client.addLocation({ type: 'url', target: blob('**/catalog-*.yaml') }, options);
  const cart = await client.getEntityByRef('component:default/cart', options);
  assert.equal(cart.metadata.annotations['backstage.io/managed-by-location'], `url:${blob('catalog-info.yaml')}`);
  await client.removeLocationById(location.id, options);
});

test('a location that cannot be read is registered, says why, and is read once it can be', async () => {
  const { location } = await client.addLocation({ type: 'url', target: blob('later.yaml') }, options);
  const { status } = await client.getEntityByRef(location.entityRef, options);
  assert.match(status.items[0].message, /^NotFoundError: .*later\.yaml/);
  await client.removeLocationById(location.id, options);
});

test('an entity that was removed comes back with the next refresh of its location', async () => {
  const { uid } = (await client.getEntityByRef('component:default/delta', options)).metadata;
  await client.removeEntityByUid(uid, options);
  assert.equal(await client.getEntityByRef('component:default/delta', options), undefined);
  await client.refreshEntity('location:default/shop', options);
  await pave.until('delta is back', () => client.getEntityByRef('component:default/delta', options), 20);
});

test('entities are validated in the words of Backstage', async () => {
  const entity = { apiVersion: 'backstage.io/v1alpha1', kind: 'Component', metadata: { name: 'ok' }, spec: { type: 'service', lifecycle: 'x', owner: 'y' } };
  assert.deepEqual(await client.validateEntity(entity, 'url:https://x/y', options), { valid: true });
  const { valid, errors } = await client.validateEntity({ ...entity, spec: { type: 'service' } }, 'url:https://x/y', options);
  assert.equal(valid, false);
  assert.equal(
    errors[0].message,
    "Processor BuiltinKindsEntityProcessor threw an error while validating the entity component:default/ok; caused by TypeError: /spec must have required property 'lifecycle' - missingProperty: lifecycle",
  );
});

test('what is asked wrongly is refused in the words of Backstage', async () => {
  const cases = [
    ['GET', '/entities?filter=', 400, "Empty value found for query parameter 'filter'"],
    ['GET', '/entities?filter==x', 400, "Invalid filter, '=x' is not a valid statement (expected a string on the form a=b or a= or a)"],
    ['GET', '/entities?limit=abc', 400, 'request/query/limit must be integer'],
    ['GET', '/entities?limit=-1', 400, 'request/query/limit must be >= 0'],
    ['GET', '/entities?order=metadata.name', 400, 'Invalid order parameter "metadata.name", expected "<asc or desc>:<field name>"'],
    ['GET', '/entities?after=garbage', 400, 'Malformed after cursor, could not be parsed'],
    ['GET', `/entities?${'order=asc:kind&'.repeat(5)}`.slice(0, -1), 400, 'At most 4 orders can be asked for'],
    ['GET', `/entity-facets?${'facet=kind&'.repeat(51)}`.slice(0, -1), 400, 'At most 50 facets can be asked for'],
    ['POST', '/entity-facets', 400, 'At most 50 facets can be asked for', { facets: Array.from({ length: 51 }, (_, index) => `f${index}`) }],
    ['POST', '/entities/by-query', 400, 'A full text filter has at most 100 fields', { fullTextFilter: { term: 'a', fields: Array.from({ length: 101 }, () => 'kind') } }],
    ['GET', `/entities/by-query?fullTextFilterTerm=a&fullTextFilterFields=${'kind,'.repeat(100)}kind`, 400, 'A full text filter has at most 100 fields'],
    ['GET', '/entities?nope=1', 400, "Unknown query parameter 'nope'"],
    ['GET', '/entities/by-query?orderField=metadata.name,sideways', 400, 'Invalid order field order, must be asc or desc'],
    ['GET', '/entities/by-name/component/default/nope', 404, "No entity named 'nope' found, with kind 'component' in namespace 'default'"],
    ['GET', '/entities/by-uid/0', 404, 'No entity with uid 0'],
    ['GET', '/entities/by-name/component/default/nope/ancestry', 404, 'No such entity component:default/nope'],
    ['GET', '/entity-facets', 400, "request/query must have required property 'facet'"],
    ['GET', '/locations/0', 404, 'Found no location with ID 0'],
    ['POST', '/locations', 400, "request/body must have required property 'target'", { type: 'url' }],
    ['POST', '/locations', 400, 'Registered locations must be of an allowed type ["url"]', { type: 'file', target: '/etc/passwd' }],
    ['POST', '/entities/by-refs', 400, "request/body must have required property 'entityRefs'", {}],
    ['POST', '/refresh', 404, 'Entity component:default/nope not found', { entityRef: 'component:default/nope' }],
    [
      'POST', '/locations?dryRun=true', 400,
      "Error: Unable to read url, Reading from 'http://127.0.0.2:1/x.yaml' is not allowed. You may need to configure an integration for the target host, or add it to the configured list of allowed hosts at 'backend.reading.allow'",
      { type: 'url', target: 'http://127.0.0.2:1/x.yaml' },
    ],
  ];
  for (const [method, path, status, message, body] of cases) {
    await assert.rejects(pave.api(method, `/api/catalog${path}`, body), (error) => {
      const reply = JSON.parse(error.body);
      assert.deepEqual([path, error.status, reply.error.message], [path, status, message]);
      assert.equal(reply.request.url, path);
      return true;
    });
  }
});

test('search finds by title, text and owner, and marks what it found', async () => {
  const { results, numberOfResults, nextPageCursor } = await pave.get('/api/search/query?term=alp&types[0]=software-catalog&pageLimit=1');
  assert.equal(numberOfResults, 1);
  assert.equal(nextPageCursor, undefined);
  assert.equal(results[0].document.location, '/catalog/default/component/alpha');
  const { preTag, postTag, fields } = results[0].highlight;
  assert.equal(fields.title, `${preTag}Alp${postTag}ha Service`);
  const filtered = await pave.get('/api/search/query?term=shop&filters[kind]=Component&filters[lifecycle][0]=production&pageLimit=2');
  assert.deepEqual([filtered.numberOfResults, filtered.results.length, filtered.nextPageCursor], [4, 2, Buffer.from('1').toString('base64')]);
});

test('nothing is shown to who is not signed in', async () => {
  assert.equal((await pave.raw('GET', '/api/catalog/entities')).status, 401);
});
