// Every method of Backstage's own client, unmodified, against a real Pave. What the answers mean is in catalog.test.mjs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { CatalogClient } from '@backstage/catalog-client';
import { startPave } from '../lib/server.mjs';

const organization = resolve(import.meta.dirname, 'shop');
const blob = (path) => `https://github.com/shop/cart/blob/main/${path}`;
const names = (entities) => entities.map((entity) => entity?.metadata.name);
const called = new Set();

let server, pave, client, options;

/** The methods the client's own declarations call public. */
async function publicMethods() {
  const folder = dirname(createRequire(import.meta.url).resolve('@backstage/catalog-client'));
  const declarations = await readFile(join(folder, 'index.d.ts'), 'utf8');
  const [, body] = /declare class CatalogClient implements CatalogApi \{([\s\S]*?)\n\}/.exec(declarations);
  return [...body.matchAll(/^ {4}(\w+)\(/gm)].map(([, name]) => name).filter((name) => name !== 'constructor');
}

before(async () => {
  server = await startPave(organization);
  pave = server.pave;
  await pave.signIn();
  const real = new CatalogClient({ discoveryApi: { getBaseUrl: async (plugin) => `http://127.0.0.1:${pave.port}/api/${plugin}` } });
  client = new Proxy(real, {
    get(target, name) {
      called.add(name);
      return target[name].bind(target);
    },
  });
  options = { token: pave.token };
});
after(() => server?.remove());

test('getEntities takes filters, fields, orders and pages', async () => {
  const { items } = await client.getEntities({ filter: { kind: ['component', 'system'] }, fields: ['kind', 'metadata.name'], order: [{ field: 'kind', order: 'desc' }, { field: 'metadata.name', order: 'asc' }], limit: 3, offset: 0 }, options);
  assert.deepEqual(items, [['System', 'checkout'], ['Component', 'alpha'], ['Component', 'bravo']].map(([kind, name]) => ({ kind, metadata: { name } })));
  const after = Buffer.from(JSON.stringify({ limit: 2, offset: 2 })).toString('base64');
  assert.equal((await client.getEntities({ filter: { kind: 'component' }, after }, options)).items.length, 2);
  assert.deepEqual((await client.getEntities({ filter: { 'metadata.name': Symbol.for('CATALOG_FILTER_EXISTS'), kind: 'system' }, fields: ['kind'] }, options)).items, [{ kind: 'System' }]);
});

test('getEntitiesByRefs keeps order and holes, and takes filter, query and fields', async () => {
  const entityRefs = ['component:default/bravo', 'component:default/nope', 'system:default/checkout', 'component:default/bravo'];
  assert.deepEqual(names((await client.getEntitiesByRefs({ entityRefs }, options)).items), ['bravo', undefined, 'checkout', 'bravo']);
  assert.deepEqual((await client.getEntitiesByRefs({ entityRefs, filter: { kind: 'system' }, fields: ['kind'] }, options)).items, [undefined, undefined, { kind: 'System' }, undefined]);
  assert.deepEqual(names((await client.getEntitiesByRefs({ entityRefs, query: { $not: { kind: 'system' } } }, options)).items), ['bravo', undefined, undefined, 'bravo']);
});

test('queryEntities takes filters, predicates, full text, orders, offsets and cursors', async () => {
  const first = await client.queryEntities({ query: { kind: 'component', 'metadata.name': { $in: ['alpha', 'bravo', 'charlie'] } }, orderFields: [{ field: 'metadata.name', order: 'desc' }], limit: 2, fields: ['metadata.name'] }, options);
  assert.deepEqual([names(first.items), first.totalItems, first.pageInfo.prevCursor], [['charlie', 'bravo'], 3, undefined]);
  const second = await client.queryEntities({ cursor: first.pageInfo.nextCursor, limit: 2 }, options);
  assert.deepEqual([names(second.items), second.pageInfo.nextCursor], [['alpha'], undefined]);
  assert.deepEqual(names((await client.queryEntities({ cursor: second.pageInfo.prevCursor, limit: 2 }, options)).items), ['charlie', 'bravo']);
  const shifted = await client.queryEntities({ filter: { kind: 'component' }, orderFields: { field: 'metadata.name', order: 'asc' }, offset: 3, totalItems: 'exclude' }, options);
  assert.deepEqual([names(shifted.items), shifted.totalItems], [['delta', 'echo'], 0]);
  const found = await client.queryEntities({ fullTextFilter: { term: 'lph', fields: ['metadata.name'] }, filter: { kind: 'component' } }, options);
  assert.deepEqual(names(found.items), ['alpha']);
  for (const [query, wanted] of [
    [{ $any: [{ 'metadata.name': 'alpha' }, { $all: [{ kind: 'System' }, { 'spec.owner': { $exists: true } }] }] }, ['alpha', 'checkout']],
    [{ 'metadata.name': { $hasPrefix: 'CH' }, 'spec.type': { $exists: false } }, ['checkout']],
    [{ kind: 'component', 'metadata.tags': { $contains: 'go' } }, ['bravo']],
    [{ kind: 'component', relations: { $contains: { type: 'ownedBy', targetRef: { $in: ['group:default/team-b'] } } } }, ['charlie', 'delta']],
  ]) {
    assert.deepEqual(names((await client.queryEntities({ query, orderFields: { field: 'metadata.name', order: 'asc' } }, options)).items), wanted, JSON.stringify(query));
  }
});

test('streamEntities goes through all pages', async () => {
  const pages = [];
  for await (const page of client.streamEntities({ query: { kind: 'component' }, orderFields: { field: 'metadata.name', order: 'asc' }, pageSize: 2 }, options)) pages.push(names(page));
  assert.deepEqual(pages, [['alpha', 'bravo'], ['charlie', 'delta'], ['echo']]);
});

test('getEntityAncestors, getEntityByRef and getEntityByName find one entity', async () => {
  const { rootEntityRef, items } = await client.getEntityAncestors({ entityRef: 'component:default/alpha' }, options);
  assert.deepEqual([rootEntityRef, items[0].entity.metadata.name, items.at(-1).parentEntityRefs], ['component:default/alpha', 'alpha', []]);
  assert.equal((await client.getEntityByRef('component:alpha', options)).metadata.name, 'alpha');
  assert.equal((await client.getEntityByRef({ kind: 'Component', namespace: 'default', name: 'ALPHA' }, options)).metadata.name, 'alpha');
  assert.equal((await client.getEntityByName({ kind: 'component', namespace: 'default', name: 'bravo' }, options)).metadata.name, 'bravo');
  assert.equal(await client.getEntityByName({ kind: 'component', namespace: 'default', name: 'nope' }, options), undefined);
});

test('getEntityFacets counts by filter and by predicate', async () => {
  const counted = { 'spec.lifecycle': [{ value: 'experimental', count: 1 }, { value: 'production', count: 4 }] };
  assert.deepEqual((await client.getEntityFacets({ facets: ['spec.lifecycle'], filter: { kind: 'component' } }, options)).facets, counted);
  assert.deepEqual((await client.getEntityFacets({ facets: ['spec.lifecycle'], query: { kind: 'component' } }, options)).facets, counted);
});

test('validateEntity tells what is wrong, and where it comes from must be a location', async () => {
  const entity = { apiVersion: 'backstage.io/v1alpha1', kind: 'System', metadata: { name: 'ok' }, spec: { owner: 'x' } };
  assert.deepEqual(await client.validateEntity(entity, 'url:https://x.example/y', options), { valid: true });
  const wrong = await client.validateEntity({ ...entity, metadata: { name: 'not ok' } }, 'url:https://x.example/y', options);
  assert.match(wrong.errors[0].message, /^Policy check failed for system:default\/not ok; caused by Error: "metadata.name" is not valid/);
  assert.match((await client.validateEntity(entity, 'nowhere', options)).errors[0].message, /^Unable to parse location ref 'nowhere'/);
});

test('analyzeLocation shows what a repository has already, or a first draft', async () => {
  const repository = await client.analyzeLocation({ location: { type: 'url', target: 'https://github.com/shop/cart' } }, options);
  assert.deepEqual(repository.generateEntities, []);
  assert.deepEqual(
    repository.existingEntityFiles.map(({ location, isRegistered, entity }) => [location.type, location.target, isRegistered, entity.metadata.name]),
    [['url', blob('catalog-info.yaml'), false, 'cart'], ['url', blob('catalog-info.yaml'), false, 'cart-api']],
  );
  const other = await client.analyzeLocation({ location: { type: 'url', target: 'https://github.com/shop/cart' }, catalogFilename: 'component.yaml' }, options);
  assert.deepEqual(other.existingEntityFiles, []);
  assert.deepEqual(other.generateEntities, [
    { entity: { apiVersion: 'backstage.io/v1alpha1', kind: 'Component', metadata: { name: 'cart', annotations: { 'github.com/project-slug': 'shop/cart' } }, spec: { type: 'other', lifecycle: 'unknown' } }, fields: [] },
  ]);
});

test('locations are tried, added, listed, queried, changed and removed', async () => {
  const targets = ['catalog-info.yaml', 'later.yaml', 'never.yaml'].map(blob);
  assert.equal((await client.addLocation({ type: 'url', target: targets[0], dryRun: true }, options)).exists, false);
  const { location } = await client.addLocation({ type: 'url', target: targets[0] }, options);
  await client.addLocation({ type: 'url', target: targets[1] }, options);
  await client.addLocation({ type: 'url', target: targets[2] }, options);
  assert.equal((await client.addLocation({ type: 'url', target: targets[0], dryRun: true }, options)).exists, true);
  assert.equal((await client.analyzeLocation({ location: { type: 'url', target: 'https://github.com/shop/cart' } }, options)).existingEntityFiles[0].isRegistered, true);

  const listed = (await client.getLocations({}, options)).items;
  assert.deepEqual(listed.map(({ target }) => target).sort(), targets.toSorted());
  const some = await client.queryLocations({ limit: 2, query: { type: 'url', target: { $hasPrefix: 'https://github.com/shop/' } } }, options);
  assert.deepEqual([some.items.length, some.totalItems], [2, 3]);
  const rest = await client.queryLocations({ cursor: some.pageInfo.nextCursor }, options);
  assert.deepEqual([rest.items.length, rest.totalItems, rest.pageInfo], [1, 3, {}]);
  assert.deepEqual((await client.queryLocations({ query: { $not: { target: { $in: [targets[0], targets[1]] } } } }, options)).items.map(({ target }) => target), [targets[2]]);
  await assert.rejects(client.queryLocations({ query: { $nope: [] } }, options), /400/);
  const pages = [];
  for await (const page of client.streamLocations({ limit: 1, query: { type: 'url' } }, options)) pages.push(page.length);
  assert.deepEqual(pages, [1, 1, 1]);

  assert.deepEqual(await client.getLocationById(location.id, options), location);
  assert.deepEqual(await client.getLocationByRef(`url:${targets[0]}`, options), location);
  assert.deepEqual(await client.getLocationByEntity({ kind: 'component', namespace: 'default', name: 'cart' }, options), location);

  await assert.rejects(client.updateLocation(location.id, { target: targets[1] }, options), /409/);
  const moved = await client.updateLocation(location.id, { target: blob('moved.yaml') }, options);
  assert.deepEqual([moved.id, moved.target], [location.id, blob('moved.yaml')]);
  assert.equal(await client.getEntityByRef('component:default/cart', options), undefined);
  await client.updateLocation(location.id, { type: 'url', target: targets[0] }, options);
  assert.equal((await client.getEntityByRef('component:default/cart', options)).metadata.name, 'cart');

  for (const { id } of (await client.getLocations({}, options)).items) await client.removeLocationById(id, options);
  assert.deepEqual((await client.getLocations({}, options)).items, []);
  await assert.rejects(client.removeLocationById(location.id, options), /404/);
});

test('refreshEntity brings back what removeEntityByUid took', async () => {
  const { uid } = (await client.getEntityByRef('component:default/delta', options)).metadata;
  await client.removeEntityByUid(uid, options);
  await client.removeEntityByUid(uid, options);
  assert.equal(await client.getEntityByRef('component:default/delta', options), undefined);
  await client.refreshEntity('location:default/shop', options);
  await pave.until('delta is back', () => client.getEntityByRef('component:default/delta', options), 20);
});

test('no method of the client was left out', async () => {
  assert.deepEqual((await publicMethods()).filter((name) => !called.has(name)), []);
  assert((await publicMethods()).length >= 20);
});
