// What is found on a host is looked at again on a schedule: conditionally, and without losing anything where the host fails.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { CatalogClient } from '@backstage/catalog-client';
import { FakeGitHub } from '../lib/scm.mjs';
import { startPave } from '../lib/server.mjs';

const component = (name, title = name) => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
  title: ${title}
spec: {type: service, lifecycle: production, owner: team-a}
`;
const file = (name, title) => ({ 'catalog-info.yaml': component(name, title) });

let server, pave, client, options;
const github = new FakeGitHub();

before(async () => {
  await github.start();
  github.organizations.set('acme', { members: [], teams: [] });
  for (const name of ['one', 'two']) github.add(`acme/${name}`, { files: file(name) });
  process.env.GITHUB_HOST = github.host;
  server = await startPave(resolve(import.meta.dirname, 'sources-refresh'));
  pave = server.pave;
  await pave.signIn();
  client = new CatalogClient({ discoveryApi: { getBaseUrl: async (plugin) => `http://127.0.0.1:${pave.port}/api/${plugin}` } });
  options = { token: pave.token };
});
after(async () => {
  await server?.remove();
  await github.stop();
  assert.deepEqual(github.faults, []);
});

const titles = async () => Object.fromEntries((await client.getEntities({ filter: { kind: 'component' } }, options)).items.map(({ metadata }) => [metadata.name, metadata.title]));
const until = (wanted) => pave.until(JSON.stringify(wanted), async () => JSON.stringify(await titles()) === JSON.stringify(wanted), 30);
const reads = (name) => github.requests.filter(({ path }) => path === `/api/v3/repos/acme/${name}/contents/catalog-info.yaml`);

test('a file that did not change is asked for by its etag, and one that did is read', async () => {
  await until({ one: 'one', two: 'two' });
  await pave.until('unchanged files are not sent again', async () => reads('one').filter(({ status }) => status === 304).length >= 2 && reads('two').some(({ status }) => status === 304), 30);
  github.change('acme/one', file('one', 'First'));
  await until({ one: 'First', two: 'two' });
  assert.equal(reads('one').filter(({ status }) => status === 200).length, 2);
  assert.ok(reads('two').filter(({ status }) => status === 200).length <= 1);
});

test('a repository that is new is found, and one that is gone takes its entities with it', async () => {
  github.add('acme/three', { files: file('three') });
  await until({ one: 'First', three: 'three', two: 'two' });
  github.repositories.delete('acme/two');
  await until({ one: 'First', three: 'three' });
});

test('a host that fails takes nothing away', async () => {
  github.limit = { status: 502, body: { message: 'Bad gateway' } };
  const seen = github.requests.length;
  await pave.until('it was asked in vain', async () => github.requests.slice(seen).some(({ path }) => path.endsWith('/repos')) && github.requests.slice(seen).some(({ path }) => path.includes('/contents/')), 60);
  assert.deepEqual(await titles(), { one: 'First', three: 'three' });
  github.limit = null;
  github.change('acme/three', file('three', 'Third'));
  await pave.until('it is read again', async () => (await titles()).three === 'Third', 60);
});

test('providers and what they found are listed with how their reading goes', async () => {
  const { items } = await pave.get('/api/catalog/v1/sources');
  const provider = items.find(({ type }) => type === 'github-discovery');
  assert.deepEqual([provider.target, provider.origin], ['acme', 'discovery']);
  const found = items.filter(({ type, origin }) => type === 'url' && origin === 'discovery').map(({ target }) => target).sort();
  assert.deepEqual(found, ['one', 'three'].map((name) => `https://${github.host}/acme/${name}/blob/main/catalog-info.yaml`));
});
