// Lists that are too long to be made at once, and pages through them.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startPave } from '../lib/server.mjs';

const count = 1500;
const name = (index) => `c-${String(index).padStart(5, '0')}`;
let server, pave, folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pave-many-'));
  await chmod(folder, 0o755); // Pave does not run as who tests it
  const component = (index) => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: ${name(index)}, title: Number ${count - index}, tags: [t${index % 3}, t${3 + (index % 2)}] }
spec: { type: ${index % 2 ? 'service' : 'library'}, lifecycle: production, owner: team-${index % 10} }
`;
  await writeFile(join(folder, 'all.yaml'), Array.from({ length: count }, (_, index) => component(index)).join('---\n'));
  await writeFile(join(folder, 'app-config.yaml'), `
app: { title: Many, baseUrl: '\${PAVE_BASE_URL}' }
backend: { baseUrl: '\${PAVE_BASE_URL}' }
auth: { providers: { guest: { enabled: true, userEntityRef: user:development/guest } }, admins: [user:development/guest] }
catalog: { locations: [{ type: file, target: ./all.yaml }] }
`);
  server = await startPave(folder);
  pave = server.pave;
  await pave.signIn();
  await pave.until('all is there', async () => (await pave.get('/api/catalog/entities/by-query?limit=0&filter=kind=component')).totalItems === count, 60);
});
after(async () => {
  await server?.remove();
  await rm(folder, { recursive: true, force: true });
});

const components = '/api/catalog/entities?filter=kind=component';
const all = Array.from({ length: count }, (_, index) => name(index));

test('a long list is whole, cut down or not', async () => {
  const entities = await pave.get(components);
  assert.deepEqual(entities.map(({ metadata }) => metadata.name), all);
  assert.deepEqual(entities[7].relations, [{ type: 'ownedBy', targetRef: 'group:default/team-7' }]);
  assert.deepEqual(await pave.get(`${components}&fields=metadata.name,spec.type`), all.map((each, index) => ({ metadata: { name: each }, spec: { type: index % 2 ? 'service' : 'library' } })));
});

test('a long page is followed by the next, and a cursor leads through all of it', async () => {
  const first = await pave.get('/api/catalog/entities/by-query?filter=kind=component&limit=1200&orderField=metadata.title,asc&fields=metadata.title');
  assert.equal(first.items.length, 1200);
  assert.equal(first.totalItems, count);
  const rest = await pave.get(`/api/catalog/entities/by-query?limit=1200&fields=metadata.title&cursor=${encodeURIComponent(first.pageInfo.nextCursor)}`);
  const titles = [...first.items, ...rest.items].map(({ metadata }) => metadata.title);
  assert.deepEqual(titles, Array.from({ length: count }, (_, index) => `Number ${index + 1}`).toSorted());
  assert.equal(rest.pageInfo.nextCursor, undefined);
  const back = await pave.get(`/api/catalog/entities/by-query?limit=1200&fields=metadata.title&cursor=${encodeURIComponent(rest.pageInfo.prevCursor)}`);
  assert.deepEqual(back.items, first.items);
});

test('an entity stands in an order for each of its values', async () => {
  const { items, totalItems } = await pave.get('/api/catalog/entities/by-query?filter=kind=component&orderField=metadata.tags,desc&offset=740&limit=20&fields=metadata.name');
  assert.equal(totalItems, 2 * count);
  assert.deepEqual(items.map(({ metadata }) => metadata.name), [...all.filter((_, index) => index % 2 === 1).slice(740), ...all.filter((_, index) => index % 2 === 0).slice(0, 10)]);
});

test('many refs are answered in their order', async () => {
  const entityRefs = all.toReversed().flatMap((each) => [`component:default/${each}`, `component:default/no-${each}`]);
  const { items } = await pave.post('/api/catalog/entities/by-refs', { entityRefs, fields: ['metadata.name'] });
  assert.deepEqual(items, all.toReversed().flatMap((each) => [{ metadata: { name: each } }, null]));
});
