// What Backstage's other libraries ask of a catalog: permissions, conditions, its description; and what HTTP offers to who asks again.
import assert from 'node:assert/strict';
import { access, chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { startPave } from '../lib/server.mjs';

const organization = resolve(import.meta.dirname, 'shop');
const contract = resolve(import.meta.dirname, '../../../shared/contracts/openapi/plugin-catalog-backend.openapi.json');
const missing = await access(contract).then(() => false, () => 'the contract is not here');
const alpha = '/api/catalog/entities/by-name/component/default/alpha';
let server, pave;

before(async () => {
  server = await startPave(organization);
  pave = server.pave;
  await pave.signIn();
});
after(() => server?.remove());

const ask = (method, path, headers = {}) => pave.raw(method, path, { headers: { authorization: `Bearer ${pave.token}`, ...headers } });

test('conditions are applied to entities', async () => {
  const rule = (name, params) => ({ rule: name, resourceType: 'catalog-entity', params });
  const cases = [
    [rule('IS_ENTITY_KIND', { kinds: ['component'] }), 'ALLOW'],
    [rule('IS_ENTITY_KIND', { kinds: ['System', 'API'] }), 'DENY'],
    [rule('IS_ENTITY_OWNER', { claims: ['group:default/team-a'] }), 'ALLOW'],
    [rule('IS_ENTITY_OWNER', { claims: ['group:default/team-b'] }), 'DENY'],
    [rule('HAS_ANNOTATION', { annotation: 'shop.example/pager' }), 'ALLOW'],
    [rule('HAS_ANNOTATION', { annotation: 'shop.example/pager', value: 'P-alpha' }), 'ALLOW'],
    [rule('HAS_ANNOTATION', { annotation: 'shop.example/pager', value: 'P-beta' }), 'DENY'],
    [rule('HAS_LABEL', { label: 'x' }), 'DENY'],
    [rule('HAS_METADATA', { key: 'tags', value: 'java' }), 'ALLOW'],
    [rule('HAS_SPEC', { key: 'lifecycle', value: 'production' }), 'ALLOW'],
    [{ not: rule('HAS_SPEC', { key: 'lifecycle', value: 'production' }) }, 'DENY'],
    [{ anyOf: [rule('HAS_LABEL', { label: 'x' }), rule('HAS_SPEC', { key: 'type' })] }, 'ALLOW'],
    [{ allOf: [rule('HAS_LABEL', { label: 'x' }), rule('HAS_SPEC', { key: 'type' })] }, 'DENY'],
  ];
  const items = cases.map(([conditions], index) => ({ id: String(index), resourceRef: 'component:default/alpha', resourceType: 'catalog-entity', conditions }));
  const { items: results } = await pave.post('/api/catalog/.well-known/backstage/permissions/apply-conditions', { items });
  assert.deepEqual(results, cases.map(([, result], index) => ({ id: String(index), result })));
  const nobody = await pave.post('/api/catalog/.well-known/backstage/permissions/apply-conditions', { items: [{ ...items[0], resourceRef: 'component:default/nope', conditions: { not: items[0].conditions } }] });
  assert.equal(nobody.items[0].result, 'DENY');
  for (const conditions of [rule('NO_SUCH_RULE', {}), {}, rule('HAS_LABEL', {})]) {
    await assert.rejects(pave.post('/api/catalog/.well-known/backstage/permissions/apply-conditions', { items: [{ ...items[0], conditions }] }), /400/);
  }
});

test('as many refs and conditions as a request may have', async () => {
  const path = '/api/catalog/.well-known/backstage/permissions/apply-conditions';
  const rule = { rule: 'IS_ENTITY_KIND', resourceType: 'catalog-entity', params: { kinds: ['component'] } };
  const item = (refs, conditions) => ({ items: [{ id: 'a', resourceType: 'catalog-entity', resourceRef: Array(refs).fill('component:default/alpha'), conditions }] });
  const { items } = await pave.post(path, item(1000, { anyOf: Array(999).fill(rule) }));
  assert.deepEqual(items, [{ id: 'a', result: Array(1000).fill('ALLOW') }]);
  await assert.rejects(pave.post(path, item(1001, rule)), /At most 1000 refs/);
  await assert.rejects(pave.post(path, item(1, { anyOf: Array(1000).fill(rule) })), /at most 1000 conditions/);
});

test('what one may do is told, for one entity or for many', async () => {
  const permission = { type: 'resource', name: 'catalog.entity.read', attributes: { action: 'read' }, resourceType: 'catalog-entity' };
  const { items } = await pave.post('/api/permission/authorize', { items: [{ id: 'a', permission, resourceRef: ['component:default/alpha', 'component:default/nope'] }, { id: 'b', permission, resourceRef: 'component:default/alpha' }] });
  assert.deepEqual(items, [{ id: 'a', result: ['ALLOW', 'ALLOW'] }, { id: 'b', result: 'ALLOW' }]);
  const cut = await pave.post('/api/identity/v1/tokens', { name: 'reader', scopes: ['catalog.entity.read'] });
  const reply = await pave.raw('POST', '/api/permission/authorize', {
    headers: { authorization: `Bearer ${cut.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ items: [{ id: 'a', permission }, { id: 'b', permission: { type: 'basic', name: 'catalog.location.create', attributes: { action: 'create' } } }] }),
  });
  assert.deepEqual(JSON.parse(reply.text).items, [{ id: 'a', result: 'ALLOW' }, { id: 'b', result: 'DENY' }]);
});

test('its description names every route and parameter of the contract', { skip: missing }, async () => {
  const theirs = JSON.parse(await readFile(contract, 'utf8'));
  const ours = await pave.get('/api/catalog/openapi.json');
  for (const [path, operations] of Object.entries(theirs.paths)) {
    for (const method of Object.keys(operations)) {
      const names = (document) => (document.paths[path]?.[method]?.parameters ?? []).map((parameter) => (parameter.$ref ? document.components.parameters[parameter.$ref.split('/').at(-1)] : parameter)).map(({ name, in: where }) => `${where} ${name}`).sort();
      assert(ours.paths[path]?.[method], `${method} ${path}`);
      assert.deepEqual(names(ours), names(theirs), `${method} ${path}`);
      assert.equal('requestBody' in ours.paths[path][method], 'requestBody' in operations[method], `${method} ${path}`);
    }
  }
});

test('every route it describes is there', async () => {
  const { paths, components } = await pave.get('/api/catalog/openapi.json');
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of Object.keys(operations)) {
      const { headers } = await pave.raw('OPTIONS', `/api/catalog${path.replaceAll(/\{\w+\}/g, 'x')}`);
      assert(headers.allow.split(',').includes(method.toUpperCase()), `${method} ${path}: ${headers.allow}`);
    }
  }
  for (const [, name] of JSON.stringify(paths).matchAll(/#\/components\/schemas\/(\w+)/g)) assert(components.schemas[name], name);
});

test('what did not change is not sent again, and what is long is sent packed', async () => {
  const first = await ask('GET', alpha);
  assert.match(first.headers.etag, /^W\/"/);
  const again = await ask('GET', alpha, { 'if-none-match': first.headers.etag });
  assert.deepEqual([again.status, again.text], [304, '']);
  assert.equal((await ask('GET', alpha, { 'if-none-match': 'W/"other"' })).status, 200);
  const plain = await ask('GET', '/api/catalog/entities');
  const packed = await fetchPacked('/api/catalog/entities');
  assert.equal(packed.encoding, 'gzip');
  assert.equal(gunzipSync(packed.bytes).toString(), plain.text);
  assert.equal((await fetchPacked(alpha)).encoding, null);
});

/** The bytes as they were sent. */
async function fetchPacked(path) {
  const { request } = await import('node:http');
  return new Promise((done, failed) => {
    const outgoing = request({ host: '127.0.0.1', port: pave.port, path, headers: { host: pave.host, authorization: `Bearer ${pave.token}`, 'accept-encoding': 'gzip' } }, (reply) => {
      const chunks = [];
      reply.on('data', (chunk) => chunks.push(chunk));
      reply.on('end', () => done({ encoding: reply.headers['content-encoding'] ?? null, bytes: Buffer.concat(chunks) }));
    });
    outgoing.on('error', failed);
    outgoing.end();
  });
}

test('a catalog that is read only takes no locations, but tries them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'readonly-'));
  let other;
  try {
    await chmod(folder, 0o755);
    await cp(organization, folder, { recursive: true });
    const config = join(folder, 'app-config.yaml');
    await writeFile(config, (await readFile(config, 'utf8')).replace('catalog:\n', 'catalog:\n  readonly: true\n'));
    other = await startPave(folder);
    await other.pave.signIn();
    const location = { type: 'url', target: 'https://github.com/shop/cart/blob/main/catalog-info.yaml' };
    assert.equal((await other.pave.post('/api/catalog/locations?dryRun=true', location)).entities.length, 3);
    for (const [method, path] of [['POST', '/locations'], ['PUT', '/locations/x'], ['DELETE', '/locations/x']]) {
      await assert.rejects(other.pave.api(method, `/api/catalog${path}`, location), (error) => {
        const { error: why } = JSON.parse(error.body);
        assert.deepEqual([method, error.status, why.name, why.message], [method, 403, 'NotAllowedError', 'This operation not allowed in readonly mode']);
        return true;
      });
    }
  } finally {
    await other?.remove();
    await rm(folder, { recursive: true, force: true });
  }
});
