// The built-in git host through the running program: real git, and the routes that describe what it holds.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { startPave } from '../lib/server.mjs';

let server, pave, home, work;

before(async () => {
  server = await startPave(resolve(import.meta.dirname, 'shop'));
  pave = server.pave;
  await pave.signIn();
  home = await mkdtemp(join(tmpdir(), 'pave-git-'));
  work = join(home, 'cart');
  await pave.git(home, 'clone', '-q', `${pave.url}/shop/cart.git`, work);
});
after(async () => {
  await server?.remove();
  await rm(home, { recursive: true, force: true });
});

const repository = '/api/forge/v1/repositories/shop/cart';
const commit = async (text) => {
  await writeFile(join(work, 'NOTES.md'), text);
  await pave.git(work, 'add', '-A');
  await pave.git(work, 'commit', '-q', '-m', text);
  return (await pave.git(work, 'rev-parse', 'HEAD')).trim();
};

test('what git pushes the API shows, and the log tells', async () => {
  const id = await commit('a note');
  await pave.git(work, 'push', '-q', 'origin', 'main');
  assert.equal((await pave.get(repository)).head, id);
  const { items: commits } = await pave.get(`${repository}/commits?limit=1`);
  assert.deepEqual(
    commits.map(({ message, author }) => [message, author.name]),
    [['a note', 'Guest Developer']],
  );
  const file = await pave.raw('GET', `${repository}/file?path=NOTES.md`, { headers: { authorization: `Bearer ${pave.token}` } });
  assert.equal(file.text, 'a note');
  assert.match(file.headers['content-type'], /^text\/plain/);
  const { items: tree } = await pave.get(`${repository}/tree`);
  assert.ok(tree.some(({ path, type }) => path === 'NOTES.md' && type === 'file'));
  const { items: events } = await pave.get('/api/events/v1/events?type=dev.pave.forge.ref.updated&order=desc&limit=1');
  assert.equal(events[0].subject, 'repository:shop/cart');
  assert.equal(events[0].actor, 'user:default/guest');
  assert.equal(events[0].data.after, id);
});

test('a shallow clone brings one commit', async () => {
  const shallow = join(home, 'shallow');
  await pave.git(home, 'clone', '-q', '--depth', '1', `${pave.url}/shop/cart.git`, shallow);
  assert.equal((await pave.git(shallow, 'rev-list', '--count', 'HEAD')).trim(), '1');
});

test('history of a protected branch cannot be rewritten, and git says why', async () => {
  const before = (await pave.get(repository)).head;
  await pave.git(work, 'commit', '-q', '--amend', '-m', 'rewritten');
  await assert.rejects(pave.git(work, 'push', '--force', 'origin', 'main'), /The branch main is protected: its history cannot be rewritten/);
  await assert.rejects(pave.git(work, 'push', 'origin', ':main'), /cannot be deleted/);
  assert.equal((await pave.get(repository)).head, before);
  await pave.git(work, 'push', '-q', 'origin', 'HEAD:refs/heads/side');
  const { items } = await pave.get(`${repository}/branches`);
  assert.deepEqual(items.map(({ name, protected: kept }) => [name, kept]).sort(), [['main', true], ['side', false]]);
});

test('without credentials git is asked for them, and a browser is led to the portal', async () => {
  const asked = await pave.raw('GET', '/shop/cart.git/info/refs?service=git-upload-pack');
  assert.equal(asked.status, 401);
  assert.match(asked.headers['www-authenticate'], /^Basic /);
  const page = await pave.raw('GET', '/shop/cart.git');
  assert.equal(page.status, 302);
  assert.equal(page.headers.location, '/repositories/shop/cart');
});

test('what is not there is named', async () => {
  await assert.rejects(pave.get('/api/forge/v1/repositories/shop/nothing'), (error) => error.status === 404 && /shop\/nothing/.test(error.body));
  await assert.rejects(pave.get(`${repository}/file?path=nothing.md`), (error) => error.status === 404 && /nothing\.md/.test(error.body));
  await assert.rejects(pave.get(`${repository}/tree?ref=v9`), (error) => error.status === 404 && /v9/.test(error.body));
});
