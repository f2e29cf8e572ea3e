// What templates do on Gitea: the real binary against a host as strict as the real one, over repositories that git itself pushes to.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { WritableGitea } from '../lib/scm-gitlab.mjs';
import { fetch, startScaffolding } from '../lib/scaffolding.mjs';

const gitea = new WritableGitea();
let house;
const templates = {
  publish: {
    steps: [fetch(), { id: 'it', action: 'publish:gitea', input: { repoUrl: '${{ parameters.repoUrl }}', description: 'Orders', defaultBranch: 'trunk', repoVisibility: 'private', gitCommitMessage: 'begin', gitAuthorName: 'Ada', gitAuthorEmail: 'ada@example.com', sourcePath: 'app' } }],
    output: { it: '${{ steps.it.output }}' },
  },
};
const urlOf = (name, owner = 'tools') => `${gitea.host}?owner=${owner}&repo=${name}`;

before(async () => {
  await gitea.start();
  house = await startScaffolding({ templates, files: { 'skeleton/app/README.md': '# Orders\n', 'skeleton/left.md': 'out\n' }, config: { integrations: { gitea: [{ host: gitea.host, baseUrl: gitea.url, password: gitea.token }] } } });
});
after(async () => {
  await house?.remove();
  await gitea.stop();
  assert.deepEqual(gitea.faults, []);
});
beforeEach(() => {
  gitea.requests.length = 0;
});

test('a repository of an organization or of oneself is made and pushed', async () => {
  const { output: { it }, id } = await house.make('publish', { repoUrl: urlOf('orders') });
  const web = `${gitea.url}/tools/orders`;
  assert.deepEqual(it, { remoteUrl: web, repoContentsUrl: `${web}/src/branch/trunk/`, commitHash: gitea.head('tools/orders', 'trunk') });
  const made = gitea.repositories.get('tools/orders');
  assert.deepEqual([made.description, made.private, made.default_branch, gitea.files('tools/orders', 'trunk')], ['Orders', true, 'trunk', ['.pave/provenance.yaml', 'README.md']]);
  assert.equal(gitea.git('tools/orders', 'show', '-s', '--format=%an %ae %s', 'trunk'), 'Ada ada@example.com begin');
  assert.deepEqual((await house.effects(id)).map(({ type, ref }) => `${type} ${ref}`), ['repository tools/orders', 'file tools/orders/.pave/provenance.yaml', 'file tools/orders/README.md']);
  await house.make('publish', { repoUrl: urlOf('own', 'bot') });
  assert.ok(gitea.head('bot/own', 'trunk'));
});

test('what exists, and an owner that is not there, are refused', async () => {
  gitea.make('tools', { name: 'taken' });
  gitea.repositories.get('tools/taken').created_at = '2020-01-01T00:00:00Z';
  assert.match((await house.run('publish', { repoUrl: urlOf('taken') })).lines, /tools\/taken exists already/);
  assert.match((await house.run('publish', { repoUrl: urlOf('x', 'nobody') })).lines, /has no organization nobody/);
  await assert.rejects(house.start('publish', { repoUrl: `${gitea.host}?repo=x` }), /Invalid repository owner provided in repoUrl/);
  assert.deepEqual(gitea.changes, []);
});

test('a dry run says what would change, and sends nothing', async () => {
  const { effects } = await house.dryRun('publish', { repoUrl: urlOf('foreseen') });
  assert.deepEqual(effects.filter(({ operation }) => operation !== 'read').map(({ kind, ref }) => `${kind} ${ref}`), ['repository tools/foreseen', 'file tools/foreseen/.pave/provenance.yaml', 'file tools/foreseen/README.md']);
  assert.deepEqual(gitea.requests, []);
});

test('what a template made is taken away again', async () => {
  await house.undo((await house.make('publish', { repoUrl: urlOf('undone') })).id);
  assert.equal(gitea.repositories.get('tools/undone'), undefined);
});

test('a repository in which somebody works by now is named before it is deleted', async () => {
  const { id } = await house.make('publish', { repoUrl: urlOf('worked-in') });
  const warning = async () => (await house.pave.get(`/api/scaffolder/v1/tasks/${id}/undo`)).items.find(({ kind }) => kind === 'repository').warning;
  assert.equal(await warning(), undefined);
  gitea.commit('tools/worked-in', { 'more.md': 'more' }, 'trunk');
  assert.equal(await warning(), '1 branch has commits that were pushed since, and would be lost');
});

test('a publication that was interrupted goes on from what is there', async () => {
  let reached;
  const made = new Promise((done) => (reached = done));
  gitea.beforeReply = (seen) => seen.method === 'POST' && (reached(), new Promise(() => {}));
  const id = await house.start('publish', { repoUrl: urlOf('crash') });
  await made;
  gitea.beforeReply = null;
  await house.kill();
  const ended = await house.ended(id);
  assert.equal(ended.status, 'completed', JSON.stringify(ended.error));
  assert.equal(gitea.git('tools/crash', 'rev-list', '--count', 'trunk'), '1');
});
