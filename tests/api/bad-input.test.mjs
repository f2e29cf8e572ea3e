// What people get wrong: refused before anything is made, or told with its place where its author looks; nothing else stops.
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { startPave } from '../lib/server.mjs';

let server, pave, home, work;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'workshop-'));
  const organization = join(home, 'organization');
  await cp(resolve(import.meta.dirname, '../fixtures/workshop'), organization, { recursive: true });
  // Links that lead out are made here: not every checkout keeps them.
  await mkdir(join(organization, 'templates/linked'));
  await symlink('/etc/passwd', join(organization, 'templates/linked/passwd'));
  await mkdir(join(organization, 'templates/climbing'));
  await symlink('../../app-config.yaml', join(organization, 'templates/climbing/config'));
  server = await startPave(organization);
  pave = server.pave;
  await pave.signIn();
  work = join(home, 'tools');
  await pave.git(home, 'clone', '-q', `${pave.url}/workshop/tools.git`, work);
});
after(async () => {
  await server?.remove();
  await rm(home, { recursive: true, force: true });
});

const create = async (template, values) => (await pave.post('/api/scaffolder/v2/tasks', { templateRef: `template:default/${template}`, values })).id;
const job = (id) => pave.get(`/api/jobs/v1/jobs/${id}`);
const repositories = async () => (await pave.get('/api/forge/v1/repositories')).items.map(({ name }) => name).sort();
const entity = (ref) => pave.get(`/api/catalog/entities/by-name/${ref}`);

async function ended(id) {
  return pave.until(`job ${id}`, async () => {
    const found = await job(id);
    return found.endedAt && ['succeeded', 'failed', 'cancelled'].includes(found.state) && found;
  }, 60);
}

async function output(id) {
  return (await pave.get(`/api/jobs/v1/jobs/${id}/output?limit=1000`)).lines.map(({ text }) => text);
}

/** Writes files (null removes one), commits and pushes; the commit. */
async function push(files, message) {
  for (const [path, text] of Object.entries(files)) {
    await rm(join(work, path), { force: true });
    await mkdir(dirname(join(work, path)), { recursive: true });
    if (typeof text?.link === 'string') await symlink(text.link, join(work, path));
    else if (text !== null) await writeFile(join(work, path), text);
  }
  await pave.git(work, 'add', '-A');
  await pave.git(work, 'commit', '-q', '-m', message);
  await pave.git(work, 'push', '-q', 'origin', 'main');
  return (await pave.git(work, 'rev-parse', 'HEAD')).trim();
}

test('wrong parameters are refused before anything is made, each with its field and the reason', async () => {
  const cases = [
    [{}, 'name', 'required', /Name \("name"\) is required/],
    [{ name: 'UPPER' }, 'name', 'pattern', /Name \("name"\) must hold only lower-case letters/],
    [{ name: 'x', size: 'big' }, 'size', 'type', /Size \("size"\) must be a whole number/],
    [{ name: 'x', size: 0 }, 'size', 'minimum', /Size \("size"\)/],
    [{ name: 'x', colour: 'green' }, 'colour', 'enum', /Colour \("colour"\)/],
  ];
  for (const [values, field, keyword, title] of cases) {
    const refused = await create('make', values).catch((error) => error);
    assert.equal(refused.status, 400, JSON.stringify(values));
    const [error] = JSON.parse(refused.body).errors;
    assert.deepEqual([error.field, error.name], [field, keyword]);
    assert.match(error.title, title);
  }
  const many = await create('make', { name: 'UPPER', size: 0, colour: 'green' }).catch((error) => error);
  assert.deepEqual(JSON.parse(many.body).errors.map(({ field }) => field).sort(), ['colour', 'name', 'size']);
  assert.deepEqual((await pave.get('/api/scaffolder/v2/tasks')).tasks, []);
  assert.deepEqual(await repositories(), ['tools']);
});

test('a request that is no request is refused in words', async () => {
  const bodies = [
    ['{"templateRef": ', /JSON|end/i],
    ['[]', /templateRef/],
    ['{"templateRef": "template:default/make", "values": 5}', /values must be object/],
    ['{"templateRef": "template:default/make", "values": {}, "secrets": {"a": 1}}', /secrets\/a must be string/],
  ];
  for (const [body, words] of bodies) {
    const reply = await pave.raw('POST', '/api/scaffolder/v2/tasks', { headers: { authorization: `Bearer ${pave.token}`, 'content-type': 'application/json' }, body });
    assert.equal(reply.status, 400, body);
    assert.match(JSON.parse(reply.text).error.message, words);
  }
  await assert.rejects(create('nothing', {}), (error) => error.status === 404 && /nothing/.test(error.body));
});

test('a template that does not parse is told with file, line and column at its location, and the others are there', async () => {
  const broken = await entity('location/default/unparsable');
  const [item] = broken.status.items;
  assert.equal(item.level, 'error');
  assert.match(item.message, /templates\/unparsable\.yaml:1[01]:\d+/);
  assert.deepEqual([item.source.line >= 10, item.source.column > 0], [true, true]);
  assert.match((await entity('location/default/incomplete')).status.items[0].message, /type/);
  assert.match((await entity('location/default/incomplete')).status.items[0].message, /incomplete\.yaml:\d+:\d+/);
  for (const name of ['make', 'fetch']) assert.equal((await entity(`template/default/${name}`)).kind, 'Template');
});

test('a template with a broken expression is told with its place', async () => {
  const found = await entity('template/default/expression').catch(() => null);
  const items = [...((await entity('location/default/expression')).status?.items ?? []), ...(found?.status?.items ?? [])];
  assert.match(items.map(({ message }) => message).join('\n'), /expression\.yaml:16:\d+/);
});

test('a workflow that does not parse fails its run with file, line and column; the one beside it runs', async () => {
  const commit = await push(
    {
      '.github/workflows/tabs.yml': 'name: Tabs\non: push\njobs:\n\tgreet: {}\n',
      '.github/workflows/needs.yml': 'name: Needs\non: push\njobs:\n  greet:\n    runs-on: ubuntu-latest\n    needs: nobody\n    steps:\n      - run: echo hi\n',
      '.github/workflows/expression.yml': 'name: Expression\non: push\njobs:\n  greet:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.ref == }}\n',
    },
    'Three workflows that are wrong',
  );
  const runs = await pave.until('four runs', async () => {
    const { items } = await pave.get('/api/pipelines/v1/runs?repository=workshop/tools&limit=20');
    const found = items.filter((run) => run.commit.id === commit);
    return found.length === 4 && found.every(({ status }) => status === 'completed') && found;
  }, 60);
  const full = Object.fromEntries(await Promise.all(runs.map(async ({ id, workflow }) => [workflow.path.split('/').at(-1), await pave.get(`/api/pipelines/v1/runs/${id}`)])));
  assert.equal(full['fine.yml'].conclusion, 'success', JSON.stringify(full['fine.yml']));
  const places = { 'tabs.yml': [4, 1, /tab|indent|character/i], 'needs.yml': [6, null, /nobody/], 'expression.yml': [7, null, /./] };
  for (const [file, [line, column, words]] of Object.entries(places)) {
    const { conclusion, errors } = full[file];
    assert.equal(conclusion, 'failure', file);
    assert.equal(errors[0].file, `.github/workflows/${file}`);
    assert.equal(errors[0].line, line, JSON.stringify(errors));
    assert(column === null ? errors[0].column > 0 : errors[0].column === column, JSON.stringify(errors));
    assert.match(errors[0].message, words);
  }
  await push(Object.fromEntries(Object.keys(places).map((file) => [`.github/workflows/${file}`, null])), 'Without them');
});

test('a catalog file that stops parsing is told on its entity, which stays as it was until it is mended', async () => {
  const target = 'https://github.com/workshop/tools/blob/main/catalog-info.yaml';
  const { location } = await pave.post('/api/catalog/locations', { type: 'url', target });
  const before = await entity('component/default/tools');
  assert.equal(before.status?.items?.length ?? 0, 0);
  const good = (title) => `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: tools\n  title: ${title}\nspec:\n  type: library\n  lifecycle: production\n  owner: makers\n`;
  await push({ 'catalog-info.yaml': `${good('Broken')}  system: [\n` }, 'Broken');
  const broken = await pave.until('the error on the entity', async () => {
    const found = await entity('component/default/tools');
    return found.status?.items?.length && found;
  }, 30);
  assert.match(broken.status.items[0].message, /catalog-info\.yaml:\d+:\d+/);
  assert.equal(broken.metadata.title, undefined);
  assert.equal(broken.metadata.uid, before.metadata.uid);
  await push({ 'catalog-info.yaml': good('Mended') }, 'Mended');
  await pave.until('the mended entity', async () => {
    const found = await entity('component/default/tools');
    return found.metadata.title === 'Mended' && !found.status?.items?.length;
  }, 30);
  await pave.api('DELETE', `/api/catalog/locations/${location.id}`);
});

test('a failing step leaves the task failed with its reason, and Retry goes on from it', async () => {
  const id = await create('make', { name: 'hammer' });
  const failed = await ended(id);
  assert.equal(failed.state, 'failed');
  assert.match(failed.error.message, /late\/hammer\.yaml/);
  assert.equal((await pave.get(`/api/scaffolder/v2/tasks/${id}`)).status, 'failed');
  const states = Object.fromEntries(failed.steps.map((step) => [step.id, step.state]));
  assert.deepEqual([states.count, states.fetch, states.publish, states.register], ['succeeded', 'succeeded', 'succeeded', 'failed']);
  assert.deepEqual(await repositories(), ['hammer', 'tools']);

  await push({ 'late/hammer.yaml': 'apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: hammer\nspec:\n  type: tool\n  lifecycle: production\n  owner: makers\n' }, 'The file that was missing');
  await pave.post(`/api/jobs/v1/jobs/${id}/retry`);
  const done = await pave.until('the retried task', async () => {
    const found = await job(id);
    return found.state === 'succeeded' && found;
  }, 60);
  assert.equal((await pave.get(`/api/scaffolder/v2/tasks/${id}`)).status, 'completed');
  const lines = await output(id);
  assert.equal(lines.filter((line) => /^counted in/.test(line)).length, 1, lines.join('\n'));
  assert.equal(lines.filter((line) => /made hammer with a saw/.test(line)).length, 1, lines.join('\n'));
  for (const step of ['count', 'fetch', 'publish']) {
    const [then, now] = [failed, done].map(({ steps }) => steps.find((one) => one.id === step));
    assert.deepEqual([now.startedAt, now.endedAt], [then.startedAt, then.endedAt], `${step} did not run again`);
  }
  assert.equal((await pave.get('/api/forge/v1/repositories/workshop/hammer/commits')).items.length, 1);
  assert.equal((await entity('component/default/hammer')).spec.owner, 'makers');
});

test('a name that exists is refused, and what exists is untouched', async () => {
  const before = await pave.get('/api/forge/v1/repositories/workshop/tools');
  const { head: seq } = await pave.get('/api/events/v1/events?limit=1');
  await assert.rejects(create('make', { name: 'tools' }), ({ status, body }) => status === 409 && /workshop\/tools.*exists/.test(body));
  assert.deepEqual(await pave.get('/api/forge/v1/repositories/workshop/tools'), before);
  const { items } = await pave.get(`/api/events/v1/events?after=${seq}&limit=100`);
  assert.deepEqual(items.filter(({ type }) => /forge|catalog\.entity/.test(type)), []);
});

test('a template reaches nothing outside of its folder and its workspace', async () => {
  const cases = [
    [{ url: '../catalog' }, /leads out of the folder/],
    [{ url: './skeleton/../../catalog' }, /leads out of the folder/],
    [{ url: '/etc' }, /is refused: give a path relative to the template/],
    [{ url: 'file:///etc' }, /is refused: give a path relative to the template/],
    [{ url: 'http://127.0.0.1:1/x' }, /not allowed|not configured/],
    [{ url: './linked' }, /passwd.*(symlink|outside|leads out)/],
    [{ url: './climbing' }, /config.*(symlink|outside|leads out)/],
    [{ target: '../outside' }, /"\.\." is not allowed/],
    [{ target: '/tmp/outside' }, /not a path inside the workspace/],
    [{ target: 'a/../../outside' }, /"\.\." is not allowed/],
  ];
  for (const [values, words] of cases) {
    const failed = await ended(await create('fetch', values));
    assert.equal(failed.state, 'failed', JSON.stringify(values));
    assert.match(failed.error.message, words, JSON.stringify(values));
    assert.equal(failed.steps.find(({ id }) => id === 'fetch').state, 'failed');
  }
  assert(!(await repositories()).includes('stolen'));
});

test('a symlink out of a repository is not followed: not by the catalog, not by a checkout, not by the API', async () => {
  const commit = await push({ 'stolen.yaml': { link: '/etc/passwd' }, 'link.txt': { link: '../../../../etc/passwd' } }, 'Links');
  const { entities } = await pave.post('/api/catalog/locations?dryRun=true', { type: 'url', target: 'https://github.com/workshop/tools/blob/main/stolen.yaml' }).catch((error) => ({ entities: String(error.body) }));
  assert.doesNotMatch(JSON.stringify(entities), /root:/);
  const headers = { authorization: `Bearer ${pave.token}` };
  for (const path of ['stolen.yaml', 'link.txt', '../../../../etc/passwd', '/etc/passwd']) {
    const { text } = await pave.raw('GET', `/api/forge/v1/repositories/workshop/tools/file?path=${encodeURIComponent(path)}`, { headers });
    assert.doesNotMatch(text, /root:/, path);
  }
  const run = await pave.until('the run of the links', async () => {
    const { items } = await pave.get('/api/pipelines/v1/runs?repository=workshop/tools&limit=20');
    return items.find((one) => one.commit.id === commit && one.status === 'completed');
  }, 60);
  assert.equal(run.conclusion, 'failure');
  const { jobs } = await pave.get(`/api/pipelines/v1/runs/${run.id}`);
  assert.match((await output(jobs[0].jobId)).join('\n'), /symbolic link to ".*passwd", which leads out of the repository/);
  await push({ 'stolen.yaml': null, 'link.txt': null }, 'Without links');
});

test('a path with .. or a foreign scheme in a catalog file is refused', async () => {
  for (const [index, text] of ['../../../../etc/passwd', '/etc/passwd', 'file:///etc/passwd', 'http://127.0.0.1:1/x'].entries()) {
    await push({ [`api-${index}.yaml`]: `apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: api-${index}\nspec:\n  type: openapi\n  lifecycle: production\n  owner: makers\n  definition:\n    $text: ${text}\n` }, `An API of ${text}`);
    const reply = await pave.post('/api/catalog/locations?dryRun=true', { type: 'url', target: `https://github.com/workshop/tools/blob/main/api-${index}.yaml` }).catch((error) => error);
    assert.equal(reply.status, 400, JSON.stringify(reply));
    assert.doesNotMatch(reply.body, /root:/);
  }
});

test('the server is as well as before', async () => {
  assert.equal((await pave.raw('GET', '/healthz')).status, 200);
  assert.doesNotMatch(server.log(), /ERROR: \w+Sanitizer|runtime error:|assertion failed/);
});
