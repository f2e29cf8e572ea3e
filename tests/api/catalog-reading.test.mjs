// How the catalog reads: on a schedule and with back-off, only what changed, many files at once; with the real program.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { startPave } from '../lib/server.mjs';

const many = 300;
const component = (name, owner = 'team-a') => `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: ${name} }\nspec: { type: service, lifecycle: production, owner: ${owner} }\n`;

const config = (port) => `
app: { title: House, baseUrl: "\${PAVE_BASE_URL}" }
organization: { name: House }
backend:
  baseUrl: "\${PAVE_BASE_URL}"
  reading: { allow: [{ host: "127.0.0.1:${port}" }] }
auth:
  providers: { guest: { enabled: true, userEntityRef: user:default/guest } }
  admins: [user:default/guest]
catalog:
  orphanStrategy: keep
  rules: [{ allow: [Component, Group, Location] }]
  locations:
    - { type: file, target: ./often.yaml, schedule: { frequency: { seconds: 1 } } }
    - { type: file, target: ./seldom.yaml, schedule: { frequency: 1h } }
    - { type: file, target: ./many/*.yaml, schedule: { frequency: 1h } }
    - { type: url, target: "http://127.0.0.1:${port}/known.yaml", schedule: { frequency: { seconds: 1 } } }
    - { type: url, target: "http://127.0.0.1:${port}/broken.yaml", schedule: { frequency: { seconds: 1 } } }
    - { type: url, target: "http://127.0.0.1:${port}/slow.yaml", schedule: { frequency: { seconds: 1 } } }
`;

let server, pave, folder, host;
const asked = { known: [], broken: 0 };
const held = [];

/** Serves one file with an etag, one that is broken, and one that does not answer. */
function serve() {
  return createServer((request, reply) => {
    if (request.url === '/known.yaml') {
      asked.known.push(request.headers['if-none-match'] ?? null);
      const known = request.headers['if-none-match'] === '"one"';
      reply.writeHead(known ? 304 : 200, { etag: '"one"' });
      return reply.end(known ? undefined : component('known'));
    }
    if (request.url === '/slow.yaml') return held.push(reply);
    asked.broken++;
    reply.writeHead(500);
    reply.end();
  });
}

/** Writes a file of the organisation at once, so that no half of it is read. */
async function put(name, text) {
  const path = join(dirname(pave?.program ?? join(folder, 'x')), pave ? 'organization' : '', name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

const entity = (name) => pave.get(`/api/catalog/entities/by-name/component/default/${name}`).catch(() => null);
const origin = (name) => pave.get(`/api/catalog/v1/entities/component/default/${name}/origin`);
const source = async (target) => (await pave.get('/api/catalog/v1/sources')).items.find((item) => item.target.endsWith(target));

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'house-'));
  await chmod(folder, 0o755);
  host = serve();
  await new Promise((done) => host.listen(0, '127.0.0.1', done));
  await put('app-config.yaml', config(host.address().port));
  await put('often.yaml', `${component('often')}---\n${component('leaving')}`);
  await put('seldom.yaml', component('seldom'));
  for (let i = 0; i < many; i++) await put(`many/${i}.yaml`, component(`many-${i}`));
  server = await startPave(folder);
  pave = server.pave;
  await pave.signIn();
  await pave.until('everything is read', async () => (await entity('known')) && (await entity(`many-${many - 1}`)) && (await entity('often')), 60);
});
after(async () => {
  for (const reply of held) reply.destroy();
  await server?.remove();
  host?.closeAllConnections();
  host?.close();
  await rm(folder, { recursive: true, force: true });
});

test('a file that changes is read again on its schedule', async () => {
  await put('often.yaml', `# Another owner.\n${component('often', 'team-b')}---\n${component('leaving')}`);
  await pave.until('the new owner is there', async () => (await entity('often')).spec.owner === 'team-b', 30);
});

test('a file whose schedule is far off is read when it is asked for', async () => {
  await put('seldom.yaml', component('seldom', 'team-b'));
  await pave.post('/api/catalog/refresh', { entityRef: 'component:default/seldom' });
  await pave.until('the new owner is there', async () => (await entity('seldom')).spec.owner === 'team-b', 30);
});

test('a URL is asked whether it is still what it was', async () => {
  await pave.until('it was asked with its etag', () => asked.known.filter((etag) => etag === '"one"').length > 1, 30);
  assert.equal(asked.known.filter((etag) => etag === null).length, 1);
  assert.ok(await entity('known'));
});

test('a source that cannot be read is asked less and less often, and says why', async () => {
  await pave.until('it failed twice', async () => (await source('/broken.yaml')).failures >= 2, 60);
  const broken = await source('/broken.yaml');
  assert.match(broken.lastError, /500/);
  assert.ok(['failing', 'reading'].includes(broken.state));
  const pause = Date.parse(broken.nextReadAt) - Date.parse(broken.lastReadAt);
  assert.ok(broken.state === 'reading' || pause >= 1000 * 2 ** broken.failures, `after ${broken.failures} failures it waits ${pause} ms`);
  const well = await source('often.yaml');
  assert.deepEqual([well.failures, well.lastError, well.origin, well.type], [0, null, 'config', 'file']);
});

test('a source that does not answer delays no other', async () => {
  await pave.until('it is waited for', () => held.length > 0, 30);
  assert.equal((await source('/slow.yaml')).state, 'reading');
  await put('often.yaml', `${component('often', 'team-c')}---\n${component('leaving')}`);
  await pave.until('another one is read', async () => (await entity('often')).spec.owner === 'team-c', 30);
  assert.equal((await source('/slow.yaml')).state, 'reading');
});

test('what nothing names any more is kept as an orphan where that is configured', async () => {
  await put('often.yaml', component('often', 'team-d'));
  await pave.until('it is an orphan', async () => (await entity('leaving')).metadata.annotations['backstage.io/orphan'] === 'true', 30);
  await put('often.yaml', `${component('often', 'team-d')}---\n${component('leaving')}`);
  await pave.until('it is none again', async () => !(await entity('leaving')).metadata.annotations['backstage.io/orphan'], 30);
});

test('many entities are one change, and each has its own event', async () => {
  const { items } = await pave.get('/api/events/v1/events?type=dev.pave.catalog.entity.created&limit=1000');
  const created = items.filter((event) => event.subject.startsWith('component:default/many-'));
  assert.equal(created.length, many);
  assert.equal(new Set(created.map((event) => event.id)).size, many);
  assert.equal(new Set(created.map((event) => event.digest)).size, 1);
  const last = await pave.get('/api/events/v1/events?subject=component:default/many-7');
  assert.deepEqual(last.items.map((event) => [event.type, event.data.name, event.data.version]), [['dev.pave.catalog.entity.created', 'many-7', 1]]);
  assert.equal((await source('many/*.yaml')).entityCount, many + 1);
});

test('an entity says where it came from', async () => {
  await put('often.yaml', `# Two of them.\n${component('often', 'team-e')}---\n${component('leaving')}`);
  await pave.until('it is read', async () => (await entity('often')).spec.owner === 'team-e', 30);
  const known = await origin('leaving');
  assert.equal(known.ref, 'component:default/leaving');
  assert.match(known.source, /^file:.*often\.yaml$/);
  assert.match(known.file, /often\.yaml$/);
  assert.equal(known.line, 7);
  assert.equal(known.location.origin, 'config');
  assert.ok(Date.parse(known.readAt) <= Date.parse(known.nextReadAt));
  assert.deepEqual(known.findings, []);
  await assert.rejects(origin('nobody'), (error) => error.status === 404);
});

test('an entity says what is wrong with it, and at which place', async () => {
  await put('often.yaml', `${component('often', 'team-e')}---\n${component('leaving').replace('owner: team-a', 'owner: []')}`);
  await pave.until('it is read', async () => (await origin('leaving')).findings.length > 0, 30);
  const [finding] = (await origin('leaving')).findings;
  assert.deepEqual([finding.severity, finding.code, finding.line], ['error', 'InputError', 9]);
  assert.match(finding.message, /owner/);
  assert.match(finding.file, /often\.yaml$/);
  assert.equal((await entity('leaving')).spec.owner, 'team-a');
});

test('an entity that was removed comes back, since its unchanged file names it', async () => {
  const { uid } = (await entity('often')).metadata;
  await pave.api('DELETE', `/api/catalog/entities/by-uid/${uid}`);
  await pave.until('it is back', async () => {
    const back = await entity('often');
    return back && back.metadata.uid !== uid;
  }, 30);
});
