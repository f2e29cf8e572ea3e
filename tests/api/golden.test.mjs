// Replies recorded from a real Backstage, asked again of Pave with the same entities. The recordings are kept beside the
// project, not in it: without them there is nothing to compare, and the test is skipped.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { access, chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startPave } from '../lib/server.mjs';
import { differences, unordered } from './golden-differences.mjs';

const golden = resolve(import.meta.dirname, '../../../shared/contracts/backstage-golden');
const missing = await access(golden).then(() => false, () => 'the recordings are not here');
const ours = /^(catalog|auth|authpolicy|permission|scaffolder|search|health|api|root)-/;
const recorded = missing ? [] : (await readFile(join(golden, 'INDEX.txt'), 'utf8')).trim().split('\n').map((line) => line.split('\t').at(-1)).filter((name) => ours.test(name));

/** One recording: what was sent, and what came back. */
async function readRecording(name) {
  const [sent, received] = (await readFile(join(golden, `${name}.req`), 'utf8')).split('\n--- response\n');
  const [head, ...rest] = sent.split('\n\n');
  const [line, ...headers] = head.split('\n');
  const [method, path] = line.split(' ');
  const body = await readFile(join(golden, `${name}.json`), 'utf8').catch(() => readFile(join(golden, `${name}.txt`), 'utf8').catch(() => ''));
  const pairs = (lines) => Object.fromEntries(lines.filter((each) => /^[\w-]+: /.test(each)).map((each) => [each.split(': ')[0].toLowerCase(), each.slice(each.indexOf(': ') + 2)]));
  return { method, path, headers: pairs(headers), sent: rest.join('\n\n').trim(), status: Number(/HTTP (\d+)/.exec(received)[1]), received: pairs(received.split('\n')), body };
}

/** An entity as its author wrote it: without what the catalog adds. */
function asWritten({ relations, status, ...entity }) {
  const { uid, etag, namespace, annotations, ...metadata } = entity.metadata;
  const own = Object.entries(annotations ?? {}).filter(([key]) => !key.startsWith('backstage.io/managed-by'));
  return JSON.stringify({ ...entity, metadata: { ...metadata, ...(own.length ? { annotations: Object.fromEntries(own) } : {}) } });
}

describe('what Backstage answered, Pave answers', { skip: missing }, () => {
  let server, pave, files, folder;
  const replacements = new Map(); // what the recordings say → what it is called here
  const entities = new Map(); // ref → the recorded entity
  const refOf = ({ kind, metadata }) => `${kind}:${metadata.namespace ?? 'default'}/${metadata.name}`.toLowerCase();

  function replaced(text) {
    for (const [from, to] of replacements) text = text.replaceAll(from, to);
    return text;
  }

  /** The organisation of the recordings, from what they show of it. */
  async function writeOrganization() {
    const all = JSON.parse(await readFile(join(golden, 'catalog-entities.json'), 'utf8'));
    const from = (path) => all.filter(({ metadata, kind }) => metadata.annotations['backstage.io/managed-by-location'] === `file:${path}` && !(kind === 'Location' && metadata.name.startsWith('generated-'))).map(asWritten).join('\n---\n');

    for (const entity of all) entities.set(refOf(entity), entity);
    folder = await mkdtemp(join(tmpdir(), 'golden-'));
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'data/10'), { recursive: true });
    await mkdir(join(folder, 'fixture'));
    await writeFile(join(folder, 'data/10/all.yaml'), from('/srv/backstage/data/10/all.yaml'));
    await writeFile(join(folder, 'data/10/part-0000.yaml'), from('/srv/backstage/data/10/part-0000.yaml'));
    await cp(join(golden, 'fixture/golden-extra.yaml'), join(folder, 'fixture/golden-extra.yaml'));
    await cp(join(golden, 'fixture/template'), join(folder, 'fixture/template'), { recursive: true });
    await writeFile(join(folder, 'app-config.yaml'), `
app: { title: Golden, baseUrl: '\${PAVE_BASE_URL}' }
backend: { baseUrl: '\${PAVE_BASE_URL}', reading: { allow: [{ host: '${replaced('127.0.0.1:7991')}' }] } }
auth: { providers: { guest: { enabled: true, userEntityRef: user:development/guest } }, admins: [user:development/guest] }
catalog:
  rules: [{ allow: [Component, API, Resource, System, Domain, Group, User, Location, Template] }]
  locations:
    - { type: file, target: ./data/10/all.yaml }
    - { type: file, target: ./fixture/template/template.yaml }
    - { type: file, target: ./fixture/golden-extra.yaml }
`);
  }

  const generated = (location) => `generated-${createHash('sha1').update(location).digest('hex')}`;

  before(async () => {
    const fixture = await readFile(join(golden, 'fixture/golden-fixture.yaml'));
    files = createServer((request, reply) => (request.url.startsWith('/c.yaml') ? reply.end(fixture) : reply.writeHead(404).end()));
    await new Promise((done) => files.listen(0, '127.0.0.1', done));
    replacements.set('127.0.0.1:7991', `127.0.0.1:${files.address().port}`);
    await writeOrganization();
    server = await startPave(folder);
    pave = server.pave;
    await pave.signIn();

    const here = await pave.get('/api/catalog/entities');
    const home = here.find(({ metadata }) => metadata.name === 'baseline-all').metadata.annotations['backstage.io/managed-by-location'].replace(/^file:/, '').replace('/data/10/all.yaml', '');
    replacements.set('/srv/backstage/data', `${home}/data`).set('/srv/backstage/fixture', `${home}/fixture`).set('/srv/templates/baseline', `${home}/fixture/template`);
    for (const { metadata, spec } of [...entities.values()].filter(({ metadata }) => metadata.name.startsWith('generated-'))) {
      replacements.set(metadata.name, generated(replaced(`file:${spec.target}`)));
    }
    replacements.set(generated('url:http://127.0.0.1:7991/c.yaml'), generated(replaced('url:http://127.0.0.1:7991/c.yaml')));
    const uids = new Map(here.map((entity) => [refOf(entity), entity.metadata.uid]));
    for (const [ref, entity] of entities) replacements.set(entity.metadata.uid, uids.get(replaced(ref)));
    replacements.set('http://127.0.0.1:7107', pave.url);
  });
  after(async () => {
    await server?.remove();
    files?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** What may be another one each time stands for itself. */
  function normal(value, key) {
    if (Array.isArray(value)) return value.map((item) => normal(item));
    if (value && typeof value === 'object') {
      if (typeof value.preTag === 'string') return normal(JSON.parse(JSON.stringify(value).replaceAll(value.preTag, '<').replaceAll(value.postTag, '>').replaceAll('"preTag"', '"opens"').replaceAll('"postTag"', '"closes"')));
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, normal(member, name)]));
    }
    if (key === 'uid') return assert.match(value, /^[0-9a-f-]{36}$/) ?? '<uid>';
    if (key === 'etag') return assert.match(value, /^[0-9a-f]{40}$/) ?? '<etag>';
    if (key === 'nextCursor' || key === 'prevCursor') return '<cursor>';
    if (key === 'createdAt' || key === 'lastHeartbeatAt') return assert.match(value, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) ?? '<time>';
    return value;
  }

  const nameOf = (item) => (item?.kind ?? '') + (item?.metadata?.name ?? '');
  /** The names of generated locations are hashes of paths, which are others here: their order among themselves is. */
  const settled = (items, all) => items.map((item, index) => [all || nameOf(item).includes('generated-') ? nameOf(item) : '', all ? 0 : index, item]).sort(([a, i], [b, j]) => ((all || (a && b)) ? (a < b ? -1 : 1) : i - j)).map(([, , item]) => item);
  function comparable(name, text) {
    const body = normal(JSON.parse(text));
    const all = unordered.includes(name);

    if (Array.isArray(body)) return settled(body, all);
    for (const list of ['items', 'entities']) if (Array.isArray(body[list])) body[list] = settled(body[list], all);
    return body;
  }

  function compareHeaders({ method, received: expected }, reply) {
    for (const header of ['content-type', 'link', 'content-encoding', 'allow']) {
      if (expected[header]) assert.equal(reply.headers[header], expected[header], header);
    }
    if (!expected.link) assert.equal(reply.headers.link, undefined, 'no Link header');
    if (expected.etag && reply.status === 200 && method === 'GET') assert.match(reply.headers.etag, /^W\/"/, 'a weak ETag');
  }

  /** Cursors and ids are our own: later requests use them in the place of the recorded ones. */
  function remember(expected, reply) {
    const [theirs, own] = [expected.body, reply.text].map((text) => (text.startsWith('{') ? JSON.parse(text) : {}));

    for (const name of ['nextCursor', 'prevCursor']) {
      if (theirs.pageInfo?.[name] && own.pageInfo?.[name]) replacements.set(encodeURIComponent(theirs.pageInfo[name]), encodeURIComponent(own.pageInfo[name]));
    }
    if (theirs.location?.id && own.location?.id) replacements.set(theirs.location.id, own.location.id);
    if (expected.method === 'POST' && expected.path.endsWith('/v2/tasks') && own.id) replacements.set(theirs.id, assert.match(own.id, /^[0-9a-f-]{36}$/) ?? own.id);
  }

  async function ask(name, { method, path, headers, sent }) {
    const authorization = /no-token|bad-token/.test(name) ? (headers.authorization ? 'Bearer nonsense' : undefined) : `Bearer ${pave.token}`;
    return pave.raw(method, replaced(path), { headers: { ...headers, ...(authorization ? { authorization } : {}) }, body: sent ? replaced(sent) : undefined });
  }

  for (const name of recorded) {
    const difference = differences[name];

    test(difference ? `${name} (differs: ${difference.because})` : name, async () => {
      const expected = await readRecording(name);
      const reply = await ask(name, expected);

      remember(expected, reply);
      if (name.endsWith('-task-create')) await pave.until('the task is done', async () => (await pave.get(`/api/scaffolder/v2/tasks/${JSON.parse(reply.text).id}`)).status === 'completed', 20);
      if (difference) return difference.answers(reply, { expected, entities, normal, replaced, pave });
      assert.equal(reply.status, expected.status, reply.text);
      compareHeaders(expected, reply);
      if (expected.body && !/json/.test(expected.received['content-type'])) assert.equal(reply.text, expected.body);
      else if (expected.body) assert.deepEqual(comparable(name, reply.text), comparable(name, replaced(expected.body)));
      else if (expected.method !== 'HEAD' && expected.received['content-encoding'] !== 'gzip') assert.equal(reply.text, '');
    });
  }
});
