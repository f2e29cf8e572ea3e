// What templates do on GitLab: the real binary against a host as strict as the real one, over repositories that git itself pushes to.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { WritableGitLab } from '../lib/scm-gitlab.mjs';
import { fetch, startScaffolding } from '../lib/scaffolding.mjs';

const gitlab = new WritableGitLab();
let house;

const url = '${{ parameters.repoUrl }}';
const step = (action, input) => ({ id: 'it', name: action, action, input: { repoUrl: url, ...input } });
const one = (action, input = {}) => ({ steps: [step(action, input)], output: { it: '${{ steps.it.output }}' } });
const id = '${{ parameters.id }}';
const templates = {
  publish: {
    steps: [fetch(), step('publish:gitlab', {
      repoVisibility: 'internal', defaultBranch: 'main', gitCommitMessage: 'begin', gitAuthorName: 'Ada', gitAuthorEmail: 'ada@example.com', skipExisting: '${{ parameters.skip }}', ownerUsername: 'ann', topics: ['shop'],
      settings: { description: 'Orders', merge_method: 'ff', only_allow_merge_if_pipeline_succeeds: true }, branches: [{ name: 'stable', create: true, protect: true }, { name: 'main', protect: true }],
      projectVariables: [{ key: 'STAGE', value: 'dev', protected: true }, { key: 'STAGE', value: 'live', environment_scope: 'production' }],
    })],
    output: { it: '${{ steps.it.output }}' },
  },
  empty: one('publish:gitlab', { sourcePath: false, setUserAsOwner: true, token: '${{ secrets.TOKEN }}' }),
  push: { steps: [fetch(), step('gitlab:repo:push', { branchName: 'main', commitMessage: 'add files', commitAction: '${{ parameters.how }}', targetPath: '/docs/' })], output: { it: '${{ steps.it.output }}' } },
  request: {
    steps: [fetch(), step('publish:gitlab:merge-request', { branchName: 'docs', title: 'Docs', description: 'Where to begin', targetPath: 'docs', removeSourceBranch: true, assignee: '@ben', reviewers: ['ann', 'ghost'], labels: ['a', 'b'], assignReviewersFromApprovalRules: '${{ parameters.rules }}', autoMerge: true })],
    output: { it: '${{ steps.it.output }}' },
  },
  variable: one('gitlab:projectVariable:create', { projectId: id, key: 'TOKEN', value: 'masked-value', variableType: 'env_var', masked: true, environmentScope: 'live' }),
  access: { steps: [step('gitlab:projectAccessToken:create', { projectId: id, name: 'reader', scopes: ['read_api'], accessLevel: 20 }), { id: 'say', action: 'debug:log', input: { message: 'got ${{ steps.it.output.access_token }}' } }] },
  handed: {
    steps: [
      { ...step('gitlab:projectAccessToken:create', { projectId: id, name: 'reader', scopes: ['read_api'] }), id: 'token' },
      step('gitlab:projectVariable:create', { projectId: id, key: 'READER', variableType: 'env_var', value: 'Bearer ${{ steps.token.output.access_token }}' }),
      { id: 'say', name: 'with ${{ steps.token.output.access_token }}', if: '${{ steps.token.output.access_token }}', action: 'fs:write', input: { path: 'x', content: '${{ steps.token.output.access_token }}' } },
      { id: 'read', action: 'fs:read', input: { path: 'x' } },
    ],
    output: { token: '${{ steps.token.output.access_token }}', read: '${{ steps.read.output.content }}' },
  },
  deploy: one('gitlab:projectDeployToken:create', { projectId: id, name: 'deploy', scopes: ['read_repository'], username: 'puller' }),
  group: one('gitlab:group:ensureExists', { path: ['acme', { name: 'Team A', slug: 'team-a' }, 'inner'], description: 'Innermost' }),
  member: one('gitlab:group:access', { path: 'acme', userIds: [2, 3], groupIds: [10], accessLevel: 'maintainer' }),
  issue: one('gitlab:issues:create', { projectId: id, title: 'Runbook', description: 'Write it', assignees: [2], labels: 'docs', dueDate: '2030-01-01T00:00:00Z', weight: 3 }),
  edit: one('gitlab:issue:edit', { projectId: id, issueIid: 1, stateEvent: 'close', addLabels: 'done' }),
  pipeline: one('gitlab:pipeline:trigger', { projectId: id, tokenDescription: 'template', branch: 'main', variables: { LEVEL: 'high' } }),
  user: one('gitlab:user:info'),
};
const urlOf = (name) => `${gitlab.host}?owner=acme&repo=${name}`;
const at = (name) => gitlab.repositories.get(`acme/${name}`);
const given = (name) => {
  gitlab.make('acme', name);
  gitlab.commit(`acme/${name}`, { 'a.md': 'a', 'b.md': 'b', 'docs/README.md': 'old\n' });
  return at(name);
};
const noFaults = () => assert.deepEqual(gitlab.faults.splice(0), []);

before(async () => {
  await gitlab.start();
  house = await startScaffolding({ templates, files: { 'skeleton/README.md': '# Orders\n', 'skeleton/new.md': 'new\n' }, config: { integrations: { gitlab: [{ host: gitlab.host, baseUrl: gitlab.url, token: gitlab.token }] } } });
});
after(async () => {
  await house?.remove();
  await gitlab.stop();
});
beforeEach(() => {
  gitlab.requests.length = 0;
});

test('a project is made and pushed, with its settings, branches and variables', async () => {
  const { output: { it }, id: task } = await house.make('publish', { repoUrl: urlOf('orders'), skip: false });
  const made = at('orders');
  const web = `${gitlab.url}/acme/orders`;
  assert.deepEqual(it, { remoteUrl: web, repoContentsUrl: `${web}/-/blob/main`, projectId: made.id, commitHash: gitlab.head('acme/orders', 'main'), created: true });
  assert.deepEqual(made.settings, { name: 'orders', namespace_id: 10, visibility: 'internal', topics: ['shop'], description: 'Orders', merge_method: 'ff', only_allow_merge_if_pipeline_succeeds: true });
  assert.deepEqual([made.members, made.protected, made.variables.map(({ key, value }) => `${key}=${value}`)], [{ 2: 50 }, ['stable', 'main'], ['STAGE=dev', 'STAGE=live']]);
  assert.equal(gitlab.git('acme/orders', 'show', '-s', '--format=%an %ae %s', 'stable'), 'Ada ada@example.com begin');
  assert.deepEqual((await house.effects(task)).map(({ type, ref }) => `${type} ${ref}`), ['repository acme/orders', 'branch acme/orders:stable', 'file acme/orders/.pave/provenance.yaml', 'file acme/orders/README.md', 'file acme/orders/new.md']);
  noFaults();
});

test('a project that exists is refused, or left as it is where the template says so', async () => {
  const taken = given('taken');
  taken.created_at = '2020-01-01T00:00:00Z';
  assert.match((await house.run('publish', { repoUrl: urlOf('taken'), skip: false })).lines, /acme\/taken exists already/);
  const { output: { it } } = await house.make('publish', { repoUrl: urlOf('taken'), skip: true });
  assert.deepEqual([it.created, it.projectId], [false, taken.id]);
  assert.match((await house.run('publish', { repoUrl: `${gitlab.host}?owner=nowhere&repo=x`, skip: false })).lines, /The namespace nowhere is not found or the user doesn't have permissions to access it/);
  assert.deepEqual(gitlab.changes, []);
  noFaults();
});

test('an empty project is made for the one whose token it is', async () => {
  const { output: { it } } = await house.make('empty', { repoUrl: urlOf('bare') }, { TOKEN: 'glpat-of-ann' });
  assert.deepEqual([it.commitHash, at('bare').members, at('bare').creator_id, gitlab.head('acme/bare', 'master')], ['', { 2: 50 }, 1, null]);
  noFaults();
});

test('files are committed, and only those that differ where it is to look', async () => {
  given('pushed');
  const refused = await house.run('push', { repoUrl: urlOf('pushed'), how: 'create' });
  assert.match(refused.lines, /GitLab answered 400 to POST .*: A file with this name already exists/);
  const { output: { it } } = await house.make('push', { repoUrl: urlOf('pushed'), how: 'auto' });
  assert.deepEqual(it, { projectid: 'acme/pushed', projectPath: 'acme/pushed', commitHash: gitlab.head('acme/pushed', 'main') });
  assert.deepEqual([gitlab.text('acme/pushed', 'main', 'docs/README.md'), gitlab.files('acme/pushed', 'main')], ['# Orders\n', ['a.md', 'b.md', 'docs/README.md', 'docs/new.md']]);
  const again = await house.make('push', { repoUrl: urlOf('pushed'), how: 'auto' });
  assert.equal(again.output.it.commitHash, undefined, 'nothing differs');
  noFaults();
});

test('a merge request is opened with whom it is for', async () => {
  const project = given('proposed');
  const { output: { it }, lines } = await house.make('request', { repoUrl: urlOf('proposed'), rules: false });
  assert.deepEqual(it, { targetBranchName: 'main', projectid: 'acme/proposed', projectPath: 'acme/proposed', mergeRequestUrl: `${gitlab.url}/acme/proposed/-/merge_requests/1` });
  const [request] = project.requests;
  assert.deepEqual(
    [request.title, request.description, request.remove_source_branch, request.labels, request.assignee_id, request.reviewer_ids, request.merge_when_pipeline_succeeds],
    ['Docs', 'Where to begin', true, 'a,b', 3, [2], true],
  );
  assert.match(lines, /has no user ghost/);
  assert.equal(gitlab.text('acme/proposed', 'docs', 'docs/README.md'), '# Orders\n');
  project.requests.length = 0;
  gitlab.git('acme/proposed', 'update-ref', '-d', 'refs/heads/docs');
  await house.make('request', { repoUrl: urlOf('proposed'), rules: true });
  assert.deepEqual(project.requests[0].reviewer_ids, [3]);
  noFaults();
});

test('variables, tokens, groups, issues, pipelines and users', async () => {
  const parts = given('parts');
  const values = { repoUrl: urlOf('parts'), id: parts.id };
  const variable = await house.make('variable', values);
  assert.deepEqual(parts.variables, [{ key: 'TOKEN', value: 'masked-value', variable_type: 'env_var', protected: false, masked: true, raw: false, environment_scope: 'live' }]);
  assert.ok(!variable.lines.includes('masked-value'));
  const access = await house.make('access', values);
  assert.deepEqual(parts.tokens.map(({ name, scopes, access_level: level }) => [name, scopes, level]), [['reader', ['read_api'], 20]]);
  assert.match(access.lines, /got \*\*\*/);
  assert.deepEqual((await house.make('deploy', values)).output.it, { deploy_token: '***', user: 'puller' });
  const group = await house.make('group', values);
  assert.deepEqual([[...gitlab.groups.keys()], gitlab.groups.get('acme/team-a/inner').description, group.output.it.groupId], [['acme', 'acme/team-a', 'acme/team-a/inner'], 'Innermost', gitlab.groups.get('acme/team-a/inner').id]);
  assert.deepEqual((await house.effects(group.id)).map(({ ref }) => ref), ['acme/team-a', 'acme/team-a/inner'], 'what was there is not theirs to take away');
  await house.make('member', values);
  assert.deepEqual([gitlab.groups.get('acme').members, gitlab.groups.get('acme').shares], [{ 2: 40, 3: 40 }, { 10: 40 }]);
  const issue = await house.make('issue', values);
  assert.equal(issue.output.it.issueUrl, `${gitlab.url}/acme/parts/-/issues/1`);
  assert.deepEqual([parts.issues[0].assignee_ids, parts.issues[0].due_date, parts.issues[0].weight], [[2], '2030-01-01', 3]);
  const edit = await house.make('edit', values);
  assert.deepEqual([edit.output.it.state, edit.output.it.projectId, parts.issues[0].add_labels], ['closed', parts.id, 'done']);
  await house.make('pipeline', values);
  assert.deepEqual([parts.pipelines.map(({ ref, variables }) => [ref, variables]), parts.triggers], [[['main', { LEVEL: 'high' }]], []]);
  assert.equal((await house.make('user', values)).output.it.username, 'bot');
  noFaults();
});

// What everybody can read of a task.
async function shown(task) {
  const paths = [`/api/jobs/v1/jobs/${task}`, `/api/scaffolder/v2/tasks/${task}`, `/api/scaffolder/v2/tasks/${task}/events`, '/api/scaffolder/v1/provenance', `/api/jobs/v1/jobs/${task}/output`];
  return (await Promise.all(paths.map(async (path) => JSON.stringify(await house.pave.get(path))))).join('\n');
}

test('a token that was made reaches the steps that need it, and is shown nowhere', async () => {
  const project = given('handed');
  const { id: task, output } = await house.make('handed', { repoUrl: urlOf('handed'), id: project.id });
  assert.match(project.variables[0].value, /^Bearer glpat-/);
  const seen = await shown(task);
  assert.ok(!seen.includes(project.variables[0].value.slice('Bearer '.length)));
  assert.match(seen, /\*\*\*sealed:/);
  assert.deepEqual(output, { token: '***', read: '***' });
  noFaults();
});

test('a dry run says what would change, and sends nothing', async () => {
  for (const [name, wanted] of [
    ['publish', 'create repository acme/foreseen'],
    ['push', 'update commit acme/foreseen:main'],
    ['request', 'create pull-request acme/foreseen!0'],
    ['group', 'create group acme/team-a/inner'],
    ['pipeline', 'create pipeline 7:main'],
  ]) {
    const { effects } = await house.dryRun(name, { repoUrl: urlOf('foreseen'), id: 7, skip: false, how: 'auto', rules: true });
    const seen = effects.map(({ operation, kind, ref }) => `${operation} ${kind} ${ref}`);
    assert.ok(seen.includes(wanted), `${name}: ${wanted} of ${seen.join(', ')}`);
  }
  assert.deepEqual(gitlab.requests.map(({ method, path }) => `${method} ${path}`), []);
});

test('what a template made is taken away again', async () => {
  await house.undo((await house.make('publish', { repoUrl: urlOf('undone'), skip: false })).id);
  assert.equal(at('undone'), undefined);
  const parts = given('undone-parts');
  for (const [name, check] of [
    ['request', () => assert.deepEqual([parts.requests.map(({ state }) => state), gitlab.head('acme/undone-parts', 'docs')], [['closed'], null])],
    ['variable', () => assert.deepEqual(parts.variables, [])],
    ['access', () => assert.deepEqual(parts.tokens, [])],
    ['deploy', () => assert.deepEqual(parts.deploys, [])],
    ['issue', () => assert.equal(parts.issues[0].state, 'closed')],
  ]) {
    await house.undo((await house.make(name, { repoUrl: urlOf('undone-parts'), id: parts.id, rules: false })).id);
    check();
  }
  noFaults();
});

test('what others did in a project or group since is named, and wants a confirmation', async () => {
  const { id: published } = await house.make('publish', { repoUrl: urlOf('worked-in'), skip: false });
  const before = await house.pave.get(`/api/scaffolder/v1/tasks/${published}/undo`);
  assert.ok(before.items.every(({ warning }) => !warning), JSON.stringify(before.items));
  gitlab.commit('acme/worked-in', { 'more.md': 'more' }, 'work');
  const { items } = await house.pave.get(`/api/scaffolder/v1/tasks/${published}/undo`);
  assert.equal(items.find(({ kind }) => kind === 'repository').warning, '1 branch has commits that were pushed since, and would be lost');

  for (const path of [...gitlab.groups.keys()]) if (path.startsWith('acme/')) gitlab.groups.delete(path);
  const { id: grouped } = await house.make('group', { repoUrl: urlOf('any') });
  const warnings = async () => (await house.pave.get(`/api/scaffolder/v1/tasks/${grouped}/undo`)).items.map(({ ref, warning }) => [ref, warning]);
  assert.deepEqual(await warnings(), [['acme/team-a/inner', undefined], ['acme/team-a', undefined]]);
  gitlab.make('acme/team-a/inner', 'theirs');
  const warning = '1 project or group is in it that this task did not make, and would be lost';
  assert.deepEqual(await warnings(), [['acme/team-a/inner', warning], ['acme/team-a', warning]]);
  gitlab.repositories.delete('acme/team-a/inner/theirs');
  await house.undo(grouped);
  assert.ok(!gitlab.groups.has('acme/team-a'));
  noFaults();
});

test('a step that was interrupted finds what it made, and makes nothing twice', async () => {
  const crash = given('crash');
  for (const [name, path, check] of [
    ['publish', /\/projects$/, () => assert.ok(gitlab.head('acme/after-crash', 'main'))],
    ['request', /\/merge_requests$/, () => assert.equal(crash.requests.length, 1)],
    ['push', /\/repository\/commits$/, () => assert.equal(gitlab.git('acme/crash', 'rev-list', '--count', 'main'), '2')],
    ['issue', /\/issues$/, () => assert.equal(crash.issues.length, 1)],
    ['handed', /\/variables$/, () => assert.match(crash.variables[0].value, /^Bearer glpat-/)],
    ['access', /\/access_tokens$/, () => assert.equal(crash.tokens.filter(({ name }) => name === 'reader').length, 2, 'one of each task')],
  ]) {
    let reached;
    const made = new Promise((done) => (reached = done));
    gitlab.beforeReply = (seen) => seen.method === 'POST' && path.test(seen.path) && (reached(), new Promise(() => {}));
    const task = await house.start(name, { repoUrl: urlOf(name === 'publish' ? 'after-crash' : 'crash'), id: crash.id, skip: false, how: 'auto', rules: false });
    await Promise.race([made, house.ended(task).then((early) => assert.fail(`${name}: ${JSON.stringify(early.error)}`))]);
    gitlab.beforeReply = null;
    await house.kill();
    const ended = await house.ended(task);
    assert.equal(ended.status, 'completed', `${name}: ${JSON.stringify(ended.error)}`);
    check();
  }
  noFaults();
});
