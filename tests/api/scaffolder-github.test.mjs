// What templates do on GitHub: the real binary against a host as strict as the real one, over repositories that git itself pushes to.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { WritableGitHub } from '../lib/scm-github.mjs';
import { fetch, startScaffolding } from '../lib/scaffolding.mjs';

const github = new WritableGitHub();
let house;

const url = '${{ parameters.repoUrl }}';
const step = (action, input) => ({ id: 'it', name: action, action, input: { repoUrl: url, ...input } });
const one = (action, input = {}) => ({ steps: [step(action, input)], output: { it: '${{ steps.it.output }}' } });
const full = {
  repoUrl: url, description: 'Orders', homepage: 'https://orders.example.com', access: 'acme/team-a', repoVisibility: 'internal', defaultBranch: 'trunk', gitCommitMessage: 'begin', gitAuthorName: 'Ada', gitAuthorEmail: 'ada@example.com',
  deleteBranchOnMerge: true, allowMergeCommit: false, allowSquashMerge: true, squashMergeCommitTitle: 'PR_TITLE', squashMergeCommitMessage: 'PR_BODY', allowRebaseMerge: false, allowAutoMerge: true, allowUpdateBranch: true, hasProjects: false, hasWiki: false, hasIssues: true,
  collaborators: [{ user: 'user:default/ann', access: 'push' }, { team: 'group:default/team-b', access: 'maintain' }, { user: 'ghost', access: 'pull' }], topics: ['Go', 'shop'], repoVariables: { STAGE: 'dev' }, secrets: { DEPLOY_KEY: '${{ secrets.KEY }}' },
  oidcCustomization: { useDefault: false, includeClaimKeys: ['repo'] }, requiredApprovingReviewCount: 2, requireCodeOwnerReviews: true, dismissStaleReviews: true, requiredStatusCheckContexts: ['test'], requireBranchesToBeUpToDate: false, requiredConversationResolution: true,
  requireLastPushApproval: true, requiredCommitSigning: true, requiredLinearHistory: true, protectEnforceAdmins: false, bypassPullRequestAllowances: { users: ['ann'], teams: [], apps: [] }, restrictions: { users: ['ann'], teams: ['team-a'] }, customProperties: { tier: 'one' }, subscribe: true,
};
const templates = {
  publish: { steps: [fetch(), { id: 'it', action: 'publish:github', input: { repoUrl: url, defaultBranch: 'main' } }], output: { it: '${{ steps.it.output }}' } },
  whole: { steps: [fetch(), { id: 'it', action: 'publish:github', input: full }], output: { it: '${{ steps.it.output }}' } },
  token: { steps: [fetch(), { id: 'it', action: 'publish:github', input: { repoUrl: url, defaultBranch: 'main', token: '${{ secrets.TOKEN }}' } }] },
  create: one('github:repo:create', { description: 'Empty', workflowAccess: 'organization' }),
  push: { steps: [fetch(), step('github:repo:push', { defaultBranch: 'main', requiredCommitSigning: true })], output: { it: '${{ steps.it.output }}' } },
  propose: {
    parameters: { properties: { more: { type: 'object', default: {} } } },
    steps: [fetch('change'), step('publish:github:pull-request', { branchName: 'docs', title: 'Docs', description: 'Where to begin', targetPath: 'docs', filesToDelete: ['old.md'], draft: true, reviewers: ['ann'], teamReviewers: ['team-a'], assignees: ['ben'], commitMessage: 'write docs', gitAuthorName: 'Ada', gitAuthorEmail: 'ada@example.com', update: '${{ parameters.update }}', forceFork: '${{ parameters.fork }}' })],
    output: { it: '${{ steps.it.output }}' },
  },
  builtin: {
    steps: [
      fetch(), { id: 'made', action: 'publish:github', input: { repoUrl: url, defaultBranch: 'main', topics: ['shop'] } },
      { id: 'change', action: 'fetch:plain', input: { url: './change', targetPath: 'change' } },
      { id: 'it', action: 'publish:github:pull-request', input: { repoUrl: url, branchName: 'docs', title: 'Docs', description: 'Where to begin', sourcePath: 'change', targetPath: 'docs', filesToDelete: ['bin/run'] } },
    ],
    output: { it: '${{ steps.it.output }}' },
  },
  nothing: { steps: [fetch(), step('publish:github:pull-request', { branchName: 'same', title: 'Same', description: '' })], output: { it: '${{ steps.it.output }}' } },
  webhook: one('github:webhook', { webhookUrl: 'https://ci.example.com/hook', webhookSecret: '${{ secrets.HOOK }}', events: ['push', 'release'], contentType: 'json' }),
  environment: one('github:environment:create', { name: 'live', deploymentBranchPolicy: { protected_branches: false, custom_branch_policies: true }, customBranchPolicyNames: ['release/*'], customTagPolicyNames: ['v*'], environmentVariables: { URL: 'x' }, secrets: { API_KEY: 'hush-hush' }, waitTimer: 5, preventSelfReview: true, reviewers: ['user:default/ann', 'group:default/team-a'] }),
  dispatch: one('github:actions:dispatch', { workflowId: 'build.yml', branchOrTagName: 'main', workflowInputs: { level: 'high' }, returnWorkflowRunDetails: true }),
  protect: one('github:branch-protection:create', { requiredApprovingReviewCount: 3, blockCreations: true }),
  issue: one('github:issues:create', { title: 'Runbook', body: 'Write it', assignees: ['ann'], labels: ['docs'], milestone: 1 }),
  label: one('github:issues:label', { number: 1, labels: ['docs', 'later'] }),
  autolink: one('github:autolinks:create', { keyPrefix: 'SHOP-', urlTemplate: 'https://tickets.example.com/<num>' }),
  key: one('github:deployKey:create', { publicKey: 'ssh-ed25519 AAAA', privateKey: '${{ secrets.PRIVATE }}', deployKeyName: 'deploy', privateKeySecretName: 'DEPLOY' }),
  pages: one('github:pages:enable', { buildType: 'legacy', sourceBranch: 'main', sourcePath: '/docs' }),
};
const urlOf = (name, owner = 'acme') => `${github.host}?owner=${owner}&repo=${name}`;
const at = (name) => github.repositories.get(`acme/${name}`);
/** A repository that is there already. */
const given = (name) => {
  github.make('acme', { name });
  github.commit(`acme/${name}`, { 'old.md': 'old\n', 'README.md': '# Orders\n' });
  return at(name);
};

before(async () => {
  await github.start();
  house = await startScaffolding({
    templates,
    files: { 'skeleton/README.md': '# Orders\n', 'skeleton/bin/run': '#!/bin/sh\n', 'change/begin.md': 'Begin\n' },
    config: {
      integrations: { github: [{ host: github.host, apiBaseUrl: `${github.url}/api/v3`, token: github.token }, { host: 'ghe.example.com' }] },
      forge: { hosts: { 'code.example.com': 'builtin' } },
      scaffolder: { defaultAuthor: { name: 'House', email: 'house@example.com' } },
    },
  });
});
after(async () => {
  await house?.remove();
  await github.stop();
});
beforeEach(() => {
  github.requests.length = 0;
});
const noFaults = () => assert.deepEqual(github.faults.splice(0), []);

test('a repository is made, pushed and protected', async () => {
  const { output: { it }, id } = await house.make('publish', { repoUrl: urlOf('orders') });
  assert.deepEqual(it, { remoteUrl: `${github.url}/acme/orders.git`, repoContentsUrl: `${github.url}/acme/orders/blob/main`, commitHash: github.head('acme/orders', 'main') });
  assert.deepEqual(github.files('acme/orders', 'main'), ['.pave/provenance.yaml', 'README.md', 'bin/run']);
  assert.equal(github.git('acme/orders', 'show', '-s', '--format=%an %ae %s', 'main'), 'House house@example.com initial commit');
  assert.deepEqual(at('orders').protection.main.required_status_checks, { strict: true, contexts: [] });
  assert.match(at('orders').homepage, new RegExp(`/create/tasks/${id}#`));
  assert.ok(!github.git('acme/orders', 'config', '--list').includes(github.token));
  assert.deepEqual((await house.effects(id)).map(({ type, ref }) => `${type} ${ref}`), ['repository acme/orders', 'branch-protection acme/orders:main', 'file acme/orders/.pave/provenance.yaml', 'file acme/orders/README.md', 'file acme/orders/bin/run']);
  noFaults();
});

test('every input of publish:github has its effect', async () => {
  const { lines } = await house.make('whole', { repoUrl: urlOf('whole') }, { KEY: 'a-very-secret-key' });
  const made = at('whole');
  assert.deepEqual(made.settings, {
    description: 'Orders', private: true, visibility: 'internal', delete_branch_on_merge: true, allow_merge_commit: false, allow_squash_merge: true, squash_merge_commit_title: 'PR_TITLE', squash_merge_commit_message: 'PR_BODY', allow_rebase_merge: false, allow_auto_merge: true, allow_update_branch: true,
    has_projects: false, has_wiki: false, has_issues: true, custom_properties: { tier: 'one' },
  });
  assert.deepEqual([made.homepage, made.default_branch, made.topics, made.variables, made.workflowAccess], ['https://orders.example.com', 'trunk', ['go', 'shop'], { STAGE: 'dev' }, undefined]);
  assert.deepEqual(made.access, { 'team:team-a': 'admin', ann: 'push', 'team:team-b': 'maintain' });
  assert.match(lines, /Skipping pull access for ghost, GitHub answered 404/);
  assert.deepEqual(Object.keys(made.secrets), ['DEPLOY_KEY']);
  assert.ok(!Buffer.from(made.secrets.DEPLOY_KEY, 'base64').includes('a-very-secret-key'));
  assert.equal(Buffer.from(made.secrets.DEPLOY_KEY, 'base64').length, 'a-very-secret-key'.length + 48);
  assert.deepEqual([made.oidc, made.subscription], [{ use_default: false, include_claim_keys: ['repo'] }, { subscribed: true, ignored: false }]);
  assert.deepEqual(made.protection.trunk, {
    required_status_checks: { strict: false, contexts: ['test'] }, restrictions: { users: ['ann'], teams: ['team-a'] }, enforce_admins: false, required_conversation_resolution: true, required_linear_history: true, signatures: true,
    required_pull_request_reviews: { required_approving_review_count: 2, require_code_owner_reviews: true, bypass_pull_request_allowances: { users: ['ann'], teams: [], apps: [] }, dismiss_stale_reviews: true, require_last_push_approval: true },
  });
  assert.equal(github.git('acme/whole', 'show', '-s', '--format=%an %ae %s', 'trunk'), 'Ada ada@example.com begin');
  noFaults();
});

test('what is somebody else\'s, unknown or refused is said in the words of the host', async () => {
  given('taken');
  for (const [values, words] of [
    [{ repoUrl: urlOf('taken') }, /acme\/taken exists already/],
    [{ repoUrl: urlOf('x', 'nobody') }, /no organization or person nobody/],
    [{ repoUrl: 'ghe.example.com?owner=acme&repo=x' }, /No token available for host: ghe\.example\.com, with owner acme, and repo x/],
  ]) {
    const task = await house.run('publish', values);
    assert.equal(task.status, 'failed');
    assert.match(task.lines, words);
  }
  await assert.rejects(house.start('publish', { repoUrl: 'git.example.com?owner=acme&repo=x' }), /No matching integration configuration for host git\.example\.com, please check your integrations config/);
  await assert.rejects(house.start('publish', { repoUrl: `${github.host}?repo=x` }), /Invalid repo URL passed to publisher: https:.*missing owner/);
  const wrong = await house.run('token', { repoUrl: urlOf('y') }, { TOKEN: 'ghp_somebody_else' });
  assert.match(wrong.lines, /GitHub answered 401 to GET \/repos\/acme\/y: Bad credentials/);
  assert.ok(!wrong.lines.includes('ghp_somebody_else'));
  github.freePlan = true;
  const free = await house.make('publish', { repoUrl: urlOf('free') });
  github.freePlan = false;
  assert.match(free.lines, /The branch main is not protected: Upgrade to GitHub Pro/);
  noFaults();
});

test('a host that is out of order or wants to be asked later is asked again', async () => {
  let left = 2;
  github.limit = null;
  const checked = github.checked.bind(github);
  github.checked = (...parameters) => {
    left -= 1;
    if (left === 1) return { status: 502, body: { message: 'Server Error' } };
    if (left === 0) return { status: 403, body: { message: 'You have exceeded a secondary rate limit.' }, headers: { 'retry-after': '1' } };
    return checked(...parameters);
  };
  await house.make('create', { repoUrl: urlOf('later') });
  delete github.checked;
  assert.equal(at('later').workflowAccess, 'organization');
  noFaults();
});

test('an empty repository is made, and filled by another step', async () => {
  const made = await house.make('create', { repoUrl: urlOf('empty') });
  assert.equal(made.output.it.remoteUrl, `${github.url}/acme/empty.git`);
  assert.equal(github.head('acme/empty', 'main'), null);
  const { output: { it } } = await house.make('push', { repoUrl: urlOf('empty') });
  assert.equal(it.commitHash, github.head('acme/empty', 'main'));
  assert.ok(at('empty').protection.main.signatures);
  github.commit('acme/empty', { 'README.md': '# Changed\n' });
  const again = await house.run('push', { repoUrl: urlOf('empty') });
  assert.equal(again.status, 'failed', 'a second first commit is refused by git');
  noFaults();
});

test('files become a branch and a pull request, which an update adds to', async () => {
  given('proposed');
  const { output: { it }, id } = await house.make('propose', { repoUrl: urlOf('proposed'), update: true, fork: false });
  assert.deepEqual(it, { targetBranchName: 'main', remoteUrl: `${github.url}/acme/proposed/pull/1`, pullRequestNumber: 1 });
  const [pull] = at('proposed').pulls;
  assert.deepEqual([pull.title, pull.body, pull.draft, pull.reviewers, pull.teamReviewers, pull.assignees], ['Docs', 'Where to begin', true, ['ann'], ['team-a'], ['ben']]);
  assert.deepEqual(github.files('acme/proposed', 'docs'), ['README.md', 'docs/begin.md']);
  assert.equal(github.git('acme/proposed', 'show', '-s', '--format=%an %ae %s %p', 'docs').replace(/ [0-9a-f]+$/, ''), 'Ada ada@example.com write docs');
  assert.deepEqual((await house.effects(id)).map(({ type, ref }) => `${type} ${ref}`), ['branch acme/proposed:docs', 'pull-request acme/proposed#1']);
  await house.make('propose', { repoUrl: urlOf('proposed'), update: true, fork: false });
  assert.equal(at('proposed').pulls.length, 1);
  const refused = await house.run('propose', { repoUrl: urlOf('proposed'), update: false, fork: false });
  assert.match(refused.lines, /the branch docs of acme\/proposed exists already/);
  const forked = given('forked');
  await house.make('propose', { repoUrl: urlOf('forked'), update: false, fork: true });
  assert.deepEqual([forked.pulls.map(({ label }) => label), github.head('acme/forked', 'docs')], [['bot:docs'], null]);
  noFaults();
});

test('what changes nothing is no pull request', async () => {
  const same = given('same');
  github.commit('acme/same', { 'README.md': '# Orders\n', 'bin/run': '#!/bin/sh\n' });
  const { output: { it }, lines } = await house.make('nothing', { repoUrl: urlOf('same') });
  assert.deepEqual(it, { targetBranchName: 'main', remoteUrl: '', pullRequestNumber: 0 });
  assert.match(lines, /Nothing differs from main/);
  assert.deepEqual([same.pulls, github.head('acme/same', 'same')], [[], null]);
  noFaults();
});

test('webhooks, environments, workflows, protection, issues, links, keys and pages', async () => {
  const parts = given('parts');
  const values = { repoUrl: urlOf('parts') };
  await house.make('webhook', values, { HOOK: 'hook-secret' });
  assert.deepEqual(parts.hooks.map(({ config, events, active }) => ({ config, events, active })), [{ config: { url: 'https://ci.example.com/hook', content_type: 'json', secret: 'hook-secret', insecure_ssl: '0' }, events: ['push', 'release'], active: true }]);
  await house.make('environment', values);
  const { live } = parts.environments;
  assert.deepEqual([live.wait_timer, live.prevent_self_review, live.reviewers, live.policies, live.variables, Object.keys(live.secrets)], [5, true, [{ type: 'User', id: 2 }, { type: 'Team', id: 3 }], [{ name: 'release/*', type: 'branch' }, { name: 'v*', type: 'tag' }], { URL: 'x' }, ['API_KEY']]);
  const dispatched = await house.make('dispatch', values);
  assert.deepEqual(parts.dispatches.map(({ workflow, ref, inputs }) => [workflow, ref, inputs]), [['build.yml', 'main', { level: 'high' }]]);
  assert.equal(dispatched.output.it.workflowRunId, parts.dispatches[0].id);
  await house.make('protect', values);
  assert.deepEqual([parts.protection.main.required_pull_request_reviews.required_approving_review_count, parts.protection.main.block_creations], [3, true]);
  const issue = await house.make('issue', values);
  assert.deepEqual(issue.output.it, { issueUrl: `${github.url}/acme/parts/issues/1`, issueNumber: 1 });
  const label = await house.make('label', values);
  assert.deepEqual(parts.issues[0].labels.map(({ name }) => name), ['docs', 'later']);
  assert.deepEqual((await house.effects(label.id)).map(({ ref }) => ref), ['acme/parts#1:later'], 'a label that was there is not taken off by an undo');
  await house.make('autolink', values);
  assert.deepEqual(parts.autolinks.map(({ key_prefix: prefix, is_alphanumeric: all }) => [prefix, all]), [['SHOP-', true]]);
  const key = await house.make('key', values, { PRIVATE: 'private-half' });
  assert.deepEqual([key.output.it, parts.keys[0].title, Object.keys(parts.secrets)], [{ privateKeySecretName: 'DEPLOY' }, 'deploy', ['DEPLOY']]);
  await house.make('pages', values);
  assert.deepEqual(parts.pages, { build_type: 'legacy', source: { branch: 'main', path: '/docs' } });
  noFaults();
});

test('a dry run says what would change, and sends nothing', async () => {
  for (const [name, wanted] of [
    ['whole', ['create repository acme/foreseen', 'create access acme/foreseen:acme/team-a', 'create secret acme/foreseen:DEPLOY_KEY', 'create branch-protection acme/foreseen:trunk', 'create file acme/foreseen/README.md']],
    ['propose', ['create branch acme/foreseen:docs', 'create pull-request acme/foreseen#0']],
    ['webhook', ['create webhook acme/foreseen:https://ci.example.com/hook']],
    ['environment', ['create environment acme/foreseen:live']],
    ['dispatch', ['create workflow-run acme/foreseen:build.yml@main']],
    ['key', ['create deploy-key acme/foreseen:deploy']],
    ['pages', ['create pages acme/foreseen']],
  ]) {
    const { effects } = await house.dryRun(name, { repoUrl: urlOf('foreseen'), update: false, fork: false }, { KEY: 'a-very-secret-key', HOOK: 'sign-with-it', PRIVATE: 'private-half' });
    const seen = effects.map(({ operation, kind, ref }) => `${operation} ${kind} ${ref}`);
    for (const effect of wanted) assert.ok(seen.includes(effect), `${name}: ${effect} of ${seen.join(', ')}`);
    assert.ok(!JSON.stringify(effects).includes('a-very-secret-key'));
  }
  assert.deepEqual(github.requests.map(({ method, path }) => `${method} ${path}`), []);
});

test('what a template made is taken away again', async () => {
  const whole = await house.make('whole', { repoUrl: urlOf('undone') }, { KEY: 'a-very-secret-key' });
  const preview = await house.undo(whole.id);
  assert.ok(preview.items.every(({ warning }) => !warning), JSON.stringify(preview.items));
  assert.equal(at('undone'), undefined);
  const parts = given('undone-parts');
  parts.issues.push({ number: 1, title: 'there', state: 'open', created_at: new Date().toISOString(), labels: [{ name: 'docs' }] });
  const values = { repoUrl: urlOf('undone-parts'), update: false, fork: false };
  for (const [name, check] of [
    ['propose', () => assert.deepEqual([parts.pulls.map(({ state }) => state), github.head('acme/undone-parts', 'docs')], [['closed'], null])],
    ['webhook', () => assert.deepEqual(parts.hooks, [])],
    ['environment', () => assert.deepEqual(parts.environments, {})],
    ['protect', () => assert.deepEqual(parts.protection, {})],
    ['issue', () => assert.equal(parts.issues.at(-1).state, 'closed')],
    ['label', () => assert.deepEqual(parts.issues[0].labels, [{ name: 'docs' }])],
    ['autolink', () => assert.deepEqual(parts.autolinks, [])],
    ['key', () => assert.deepEqual([parts.keys, parts.secrets], [[], {}])],
    ['pages', () => assert.equal(parts.pages, null)],
  ]) {
    await house.undo((await house.make(name, values, { HOOK: 'hook-secret', PRIVATE: 'private-half' })).id);
    check();
  }
  noFaults();
});

test('a repository in which somebody works by now is named before it is deleted', async () => {
  const { id } = await house.make('publish', { repoUrl: urlOf('worked-in') });
  github.commit('acme/worked-in', { 'more.md': 'more' });
  const { items } = await house.pave.get(`/api/scaffolder/v1/tasks/${id}/undo`);
  assert.match(items.find(({ kind }) => kind === 'repository').warning, /1 commit was pushed since/);
  /* Another of the same name is not the one that was made. */
  github.repositories.delete('acme/worked-in');
  given('worked-in');
  await house.undo(id);
  assert.ok(at('worked-in'));
});

test('on the built-in forge a repository and a pull request are made, and what means nothing there is said', async () => {
  const repoUrl = 'code.example.com?owner=acme&repo=inside';
  const { effects } = await house.dryRun('builtin', { repoUrl });
  assert.deepEqual(effects.filter(({ kind }) => ['repository', 'pull-request'].includes(kind)).map(({ kind, ref }) => `${kind} ${ref}`), ['repository acme/inside', 'pull-request acme/inside#0']);
  const { output: { it }, lines, id } = await house.make('builtin', { repoUrl });
  assert.match(lines, /The input topics has no effect on the built-in forge/);
  const pulls = '/api/forge/v1/repositories/acme/inside/pulls';
  const { items: [pull] } = await house.pave.get(pulls);
  assert.deepEqual([it.pullRequestNumber, it.targetBranchName, it.remoteUrl], [pull.number, 'main', pull.url]);
  assert.deepEqual([pull.title, pull.head, pull.state], ['Docs', 'docs', 'open']);
  const { items } = await house.pave.get(`${pulls}/${pull.number}/files`);
  assert.deepEqual(items.map(({ path, status }) => `${status} ${path}`).sort(), ['added docs/begin.md', 'deleted bin/run']);
  const hook = await house.run('webhook', { repoUrl }, { HOOK: 'hook-secret' });
  assert.match(hook.lines, /github:webhook has no meaning on the built-in forge/);
  await house.undo(id);
  await assert.rejects(house.pave.get('/api/forge/v1/repositories/acme/inside'), ({ status }) => status === 404);
  assert.deepEqual(github.requests, []);
});

test('a step that was interrupted finds what it made, and makes nothing twice', async () => {
  given('crash');
  for (const [name, path, check] of [
    ['publish', /\/orgs\/acme\/repos$/, () => assert.ok(github.head('acme/after-crash', 'main'))],
    ['webhook', /\/hooks$/, () => assert.equal(at('crash').hooks.length, 1)],
    ['propose', /\/pulls$/, () => assert.equal(at('crash').pulls.length, 1)],
    ['push', /git-receive-pack$/, () => assert.equal(github.git('acme/pushed', 'rev-list', '--count', 'main'), '1')],
  ]) {
    if (name === 'push') github.make('acme', { name: 'pushed' });
    const repoUrl = urlOf(name === 'publish' ? 'after-crash' : name === 'push' ? 'pushed' : 'crash');
    let reached;
    const made = new Promise((done) => (reached = done));
    /* It is made, but who made it does not live to hear of it. */
    github.beforeReply = (seen) => seen.method === 'POST' && path.test(seen.path) && (reached(), new Promise(() => {}));
    const id = await house.start(name, { repoUrl, update: false, fork: false }, { HOOK: 'hook-secret' });
    await Promise.race([made, house.ended(id).then((early) => assert.fail(`${name}: ${JSON.stringify(early.error)}`))]);
    github.beforeReply = null;
    await house.kill();
    const task = await house.ended(id);
    assert.equal(task.status, 'completed', `${name}: ${JSON.stringify(task.error)}`);
    check();
  }
  noFaults();
});
