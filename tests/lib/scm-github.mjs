// GitHub as far as the scaffolder's actions write to it.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { WritableHost } from './scm-write.mjs';

const documentation_url = 'https://docs.github.com/rest';
const creation = {
  name: 'string!', description: 'string', homepage: 'string', private: 'boolean', has_issues: 'boolean', has_projects: 'boolean', has_wiki: 'boolean', auto_init: 'boolean', allow_squash_merge: 'boolean', allow_merge_commit: 'boolean',
  allow_rebase_merge: 'boolean', allow_auto_merge: 'boolean', allow_update_branch: 'boolean', delete_branch_on_merge: 'boolean', squash_merge_commit_title: 'string', squash_merge_commit_message: 'string',
};
const protection = {
  required_status_checks: { strict: 'boolean!', contexts: 'array!' }, enforce_admins: 'boolean!?', restrictions: { users: 'array!', teams: 'array!', apps: 'array' }, required_linear_history: 'boolean', required_conversation_resolution: 'boolean',
  block_creations: 'boolean',
  required_pull_request_reviews: { required_approving_review_count: 'number', require_code_owner_reviews: 'boolean', dismiss_stale_reviews: 'boolean', require_last_push_approval: 'boolean', bypass_pull_request_allowances: { users: 'array', teams: 'array', apps: 'array' } },
};
const secret = { encrypted_value: 'string!', key_id: 'string!' };
const variable = { name: 'string!', value: 'string!' };

/** A key pair for sealed boxes: only the public half is of use to a client. */
function sealingKey() {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return { public: publicKey.export({ type: 'spki', format: 'der' }).subarray(-32), publicKey, privateKey };
}

export class WritableGitHub extends WritableHost {
  token = 'ghp_fake0123456789';
  apiPath = '/api/v3';
  key = sealingKey();
  users = new Set(['bot', 'ann', 'ben']);
  organizations = new Map([['acme', new Set(['team-a', 'team-b'])]]);
  freePlan = false;

  refusal(status, message, more = {}) {
    return this.refuse(status, { message, ...more, documentation_url, status: String(status) });
  }

  notFound() {
    return this.refusal(404, 'Not Found');
  }

  fault(what, status, message) {
    this.faults.push(what);
    return this.refusal(status, message);
  }

  invalid(wrong) {
    return this.refusal(422, 'Invalid request.', { errors: wrong.map(({ field, problem }) => `"${field}" ${problem === 'unknown' ? 'is not a permitted key.' : problem === 'missing' ? "wasn't supplied." : 'is of the wrong type.'}`) });
  }

  authorize(header) {
    if (header !== `Bearer ${this.token}`) throw this.refusal(401, 'Bad credentials');
  }

  isGitUser(user, password) {
    return user === 'x-access-token' && password === this.token;
  }

  checkHeaders({ headers }) {
    if (headers.accept !== 'application/vnd.github+json') throw this.fault(`Accept: ${headers.accept}`, 415, 'Unsupported Accept header');
    if (headers['x-github-api-version'] !== '2022-11-28') throw this.fault('no API version', 400, 'unsupported API version');
  }

  repositoryAt(owner, name) {
    const found = this.repositories.get(`${owner}/${name}`);
    if (!found) throw this.notFound();
    return found;
  }

  shown(one) {
    const html_url = `${this.url}/${one.full_name}`;
    return { ...one.settings, id: one.id, name: one.name, full_name: one.full_name, owner: { login: one.owner }, html_url, clone_url: `${html_url}.git`, default_branch: one.default_branch, homepage: one.homepage, created_at: one.created_at, topics: one.topics };
  }

  make(owner, body) {
    if (this.repositories.has(`${owner}/${body.name}`))
      throw this.refusal(422, 'Repository creation failed.', { errors: [{ resource: 'Repository', code: 'custom', field: 'name', message: 'name already exists on this account' }] });
    const { name, homepage = '', ...settings } = body;
    const one = { owner, name, full_name: `${owner}/${name}`, id: this.id(), homepage, settings, default_branch: 'main', created_at: `${new Date().toISOString().slice(0, 19)}Z`, topics: [], access: {}, secrets: {}, variables: {}, environments: {}, hooks: [], keys: [], autolinks: [], issues: [], pulls: [], protection: {}, dispatches: [], pages: null };
    this.repositories.set(one.full_name, one);
    this.makeBare(one.full_name);
    if (body.auto_init) this.commit(one.full_name, { 'README.md': `# ${name}\n` });
    return one;
  }

  opened(encoded) {
    if (Buffer.from(encoded, 'base64').length < 48) throw this.refusal(422, 'improperly encrypted secret');
    return encoded;
  }

  /** Rows: method, path below the API, the body's shape (null: none), reply, query parameters. */
  table() {
    const at = (owner, name) => this.repositoryAt(owner, name);
    const ok = (body, status = 200) => ({ body, status });
    const nothing = () => ({ status: 204, body: undefined });
    const repo = (rest) => new RegExp(`^/repos/([^/]+)/([^/]+)${rest}$`);
    const remove = (list, id) => {
      const index = list.findIndex((one) => one.id === Number(id));
      if (index < 0) throw this.notFound();
      list.splice(index, 1);
      return nothing();
    };
    const commitOf = (one, sha) => {
      const [tree, parents, date, message] = this.git(one.full_name, 'show', '-s', '--format=%T%n%P%n%cI%n%s', sha).split('\n');
      return { sha, message, tree: { sha: tree }, parents: parents.split(' ').filter(Boolean).map((id) => ({ sha: id })), committer: { date } };
    };
    const issue = (one, entry) => ({ ...entry, html_url: `${this.url}/${one.full_name}/issues/${entry.number}` });
    const numbered = (list, number) => {
      const found = list.find((one) => one.number === Number(number));
      if (!found) throw this.notFound();
      return found;
    };
    const team = (org, slug) => {
      if (!this.organizations.get(org)?.has(slug)) throw this.notFound();
    };
    const user = (name) => {
      if (!this.users.has(name)) throw this.notFound();
    };
    const secrets = (path, holder) => [
      ['GET', repo(`${path}/secrets/public-key`), null, (_, ...p) => (holder(...p), ok({ key_id: 'key-1', key: this.key.public.toString('base64') }))],
      ['PUT', repo(`${path}/secrets/([A-Z_][A-Z0-9_]*)`), secret, (body, ...p) => {
        if (body.key_id !== 'key-1') throw this.refusal(422, 'Bad request - key ID does not match');
        holder(...p).secrets[p.at(-2)] = this.opened(body.encrypted_value);
        return ok({}, 201);
      }],
      ['DELETE', repo(`${path}/secrets/([^/]+)`), null, (_, ...p) => (delete holder(...p).secrets[p.at(-2)], nothing())],
      ['POST', repo(`${path}/variables`), variable, (body, ...p) => {
        const { variables } = holder(...p);
        if (body.name in variables) throw this.refusal(409, 'Already exists - Variable already exists');
        variables[body.name] = body.value;
        return ok({}, 201);
      }],
      ['PATCH', repo(`${path}/variables/([^/]+)`), variable, (body, ...p) => ((holder(...p).variables[body.name] = body.value), nothing())],
      ['DELETE', repo(`${path}/variables/([^/]+)`), null, (_, ...p) => (delete holder(...p).variables[p.at(-2)], nothing())],
    ];
    return [
      ['GET', /^\/users\/([^/]+)$/, null, (_, name) => {
        if (this.organizations.has(name)) return ok({ login: name, id: 1, type: 'Organization' });
        user(name);
        return ok({ login: name, id: 2, type: 'User' });
      }],
      ['GET', /^\/orgs\/([^/]+)\/teams\/([^/]+)$/, null, (_, org, slug) => (team(org, slug), ok({ id: 3, slug }))],
      ['PUT', /^\/orgs\/([^/]+)\/teams\/([^/]+)\/repos\/([^/]+)\/([^/]+)$/, { permission: 'string' }, (body, org, slug, owner, name) => (team(org, slug), (at(owner, name).access[`team:${slug}`] = body.permission), nothing())],
      ['DELETE', /^\/orgs\/([^/]+)\/teams\/([^/]+)\/repos\/([^/]+)\/([^/]+)$/, null, (_, org, slug, owner, name) => (delete at(owner, name).access[`team:${slug}`], nothing())],
      ['POST', /^\/orgs\/([^/]+)\/repos$/, { ...creation, visibility: 'string', custom_properties: 'object' }, (body, org) => {
        if (!this.organizations.has(org)) throw this.notFound();
        return ok(this.shown(this.make(org, body)), 201);
      }],
      ['POST', /^\/user\/repos$/, creation, (body) => ok(this.shown(this.make('bot', body)), 201)],
      ['GET', repo(''), null, (_, owner, name) => ok(this.shown(at(owner, name)))],
      ['DELETE', repo(''), null, (_, owner, name) => (at(owner, name), this.repositories.delete(`${owner}/${name}`), nothing())],
      ['PATCH', repo(''), { homepage: 'string', default_branch: 'string' }, (body, owner, name) => {
        const one = at(owner, name);
        if (body.default_branch && !this.head(one.full_name, body.default_branch))
          throw this.refusal(422, 'Validation Failed', { errors: [{ resource: 'Repository', code: 'invalid', field: 'default_branch', message: `The branch ${body.default_branch} was not found. Please push that ref first or create it via the Git Data API.` }] });
        Object.assign(one, body);
        return ok(this.shown(one));
      }],
      ['PUT', repo('/collaborators/([^/]+)'), { permission: 'string' }, (body, owner, name, login) => (user(login), (at(owner, name).access[login] = body.permission), ok({}, 201))],
      ['DELETE', repo('/collaborators/([^/]+)'), null, (_, owner, name, login) => (delete at(owner, name).access[login], nothing())],
      ['PUT', repo('/topics'), { names: 'array!' }, (body, owner, name) => {
        if (body.names.some((topic) => !/^[a-z0-9][a-z0-9-]{0,49}$/.test(topic))) throw this.refusal(422, 'Topics must start with a lowercase letter or number');
        at(owner, name).topics = body.names;
        return ok(body);
      }],
      ['PUT', repo('/actions/oidc/customization/sub'), { use_default: 'boolean!', include_claim_keys: 'array' }, (body, owner, name) => ((at(owner, name).oidc = body), ok({}, 201))],
      ['PUT', repo('/actions/permissions/access'), { access_level: 'string!' }, (body, owner, name) => ((at(owner, name).workflowAccess = body.access_level), nothing())],
      ['PUT', repo('/subscription'), { subscribed: 'boolean', ignored: 'boolean' }, (body, owner, name) => ((at(owner, name).subscription = body), ok(body))],
      ...secrets('/actions', at),
      ...secrets('/environments/([^/]+)', (owner, name, environment) => at(owner, name).environments[environment]),
      ['PUT', repo('/environments/([^/]+)'), { wait_timer: 'number', prevent_self_review: 'boolean', reviewers: 'array?', deployment_branch_policy: { protected_branches: 'boolean!', custom_branch_policies: 'boolean!' } }, (body, owner, name, environment) => {
        at(owner, name).environments[environment] = { policies: [], secrets: {}, variables: {}, ...at(owner, name).environments[environment], ...body };
        return ok({ id: this.id(), name: environment });
      }],
      ['DELETE', repo('/environments/([^/]+)'), null, (_, owner, name, environment) => (delete at(owner, name).environments[environment], nothing())],
      ['POST', repo('/environments/([^/]+)/deployment-branch-policies'), { name: 'string!', type: 'string' }, (body, owner, name, environment) => {
        const { policies, deployment_branch_policy: policy } = at(owner, name).environments[environment];
        if (!policy?.custom_branch_policies) throw this.notFound();
        policies.push(body);
        return ok({ id: this.id(), ...body });
      }],
      ['GET', repo('/git/ref/heads/(.+)'), null, (_, owner, name, branch) => {
        const one = at(owner, name);
        const sha = this.head(one.full_name, branch);
        if (!sha && !this.git(one.full_name, 'for-each-ref')) throw this.refusal(409, 'Git Repository is empty.');
        if (!sha) throw this.notFound();
        return ok({ ref: `refs/heads/${branch}`, object: { type: 'commit', sha } });
      }],
      ['GET', repo('/git/commits/([0-9a-f]{40})'), null, (_, owner, name, sha) => ok(commitOf(at(owner, name), sha))],
      ['GET', repo('/compare/([0-9a-f]{40})\\.\\.\\.([^/]+)'), null, (_, owner, name, from, to) => ok({ ahead_by: Number(this.git(at(owner, name).full_name, 'rev-list', '--count', `${from}..${to}`)) })],
      ['GET', repo('/contents/(.+)'), null, (_, owner, name, path, seen) => {
        if (!this.files(at(owner, name).full_name, seen.query.ref).includes(path)) throw this.notFound();
        return ok({ path, type: 'file' });
      }, ['ref']],
      ['POST', repo('/git/blobs'), { content: 'string!', encoding: 'string' }, (body, owner, name) => {
        const sha = execFileSync('git', ['-C', this.bare(at(owner, name).full_name), 'hash-object', '-w', '--stdin'], { input: Buffer.from(body.content, body.encoding === 'base64' ? 'base64' : 'utf8') }).toString().trim();
        return ok({ sha }, 201);
      }],
      ['POST', repo('/git/trees'), { tree: 'array!', base_tree: 'string' }, (body, owner, name) => {
        const { full_name } = at(owner, name);
        const env = { ...process.env, GIT_INDEX_FILE: join(this.folder, `index-${this.id()}`) };
        const git = (parameters, input) => execFileSync('git', ['-C', this.bare(full_name), ...parameters], { env, input }).toString().trim();
        git(['read-tree', ...(body.base_tree ? [body.base_tree] : ['--empty'])]);
        for (const { path, mode, type, sha: blob, ...rest } of body.tree) {
          if (type !== 'blob' || !/^(100644|100755|120000)$/.test(mode) || Object.keys(rest).length || path.startsWith('/')) throw this.refusal(422, 'Must supply either tree.sha or tree.content');
          if (blob === null && !git(['ls-files', '--', path])) throw this.refusal(422, 'GitRPC::BadObjectState');
          git(['update-index', '--index-info'], blob === null ? `0 ${'0'.repeat(40)}\t${path}\n` : `${mode} ${blob}\t${path}\n`);
        }
        return ok({ sha: git(['write-tree']) }, 201);
      }],
      ['POST', repo('/git/commits'), { message: 'string!', tree: 'string!', parents: 'array', author: { name: 'string!', email: 'string!', date: 'string' } }, (body, owner, name) => {
        const author = body.author ?? { name: 'bot', email: 'bot@example.com' };
        const env = { ...process.env, GIT_AUTHOR_NAME: author.name, GIT_AUTHOR_EMAIL: author.email, GIT_COMMITTER_NAME: 'GitHub', GIT_COMMITTER_EMAIL: 'noreply@github.com' };
        const sha = execFileSync('git', ['-C', this.bare(at(owner, name).full_name), 'commit-tree', body.tree, ...body.parents.flatMap((id) => ['-p', id]), '-m', body.message], { env }).toString().trim();
        return ok({ sha }, 201);
      }],
      ['POST', repo('/git/refs'), { ref: 'string!', sha: 'string!' }, (body, owner, name) => {
        const { full_name } = at(owner, name);
        if (this.head(full_name, body.ref.slice('refs/heads/'.length))) throw this.refusal(422, 'Reference already exists');
        this.git(full_name, 'update-ref', body.ref, body.sha);
        return ok({ ref: body.ref, object: { sha: body.sha } }, 201);
      }],
      ['PATCH', repo('/git/refs/heads/(.+)'), { sha: 'string!', force: 'boolean' }, (body, owner, name, branch) => (this.git(at(owner, name).full_name, 'update-ref', `refs/heads/${branch}`, body.sha), ok({ object: { sha: body.sha } }))],
      ['DELETE', repo('/git/refs/heads/(.+)'), null, (_, owner, name, branch) => {
        const { full_name } = at(owner, name);
        if (!this.head(full_name, branch)) throw this.refusal(422, 'Reference does not exist');
        this.git(full_name, 'update-ref', '-d', `refs/heads/${branch}`);
        return nothing();
      }],
      ['PUT', repo('/branches/([^/]+)/protection'), protection, (body, owner, name, branch) => {
        const one = at(owner, name);
        if (this.freePlan) throw this.refusal(403, 'Upgrade to GitHub Pro or make this repository public to enable this feature.');
        if (!this.head(one.full_name, branch)) throw this.refusal(404, 'Branch not found');
        for (const key of ['required_status_checks', 'enforce_admins', 'required_pull_request_reviews', 'restrictions']) if (!(key in body)) throw this.fault(`protection without ${key}`, 422, 'Invalid request.');
        one.protection[branch] = body;
        return ok({});
      }],
      ['POST', repo('/branches/([^/]+)/protection/required_signatures'), null, (_, owner, name, branch) => ((at(owner, name).protection[branch].signatures = true), ok({}))],
      ['DELETE', repo('/branches/([^/]+)/protection'), null, (_, owner, name, branch) => (delete at(owner, name).protection[branch], nothing())],
      ['POST', repo('/forks'), {}, (_, owner, name) => {
        const { full_name } = at(owner, name);
        const fork = this.repositories.get(`bot/${name}`) ?? this.make('bot', { name });
        execFileSync('git', ['-C', this.bare(fork.full_name), 'fetch', '--quiet', this.bare(full_name), '+refs/heads/*:refs/heads/*']);
        return ok(this.shown(fork), 202);
      }],
      ['GET', repo('/pulls'), null, (_, owner, name, seen) => ok(at(owner, name).pulls.filter(({ state, label, base }) => [[state, seen.query.state ?? 'open'], [label, seen.query.head ?? label], [base.ref, seen.query.base ?? base.ref]].every(([is, wanted]) => is === wanted))), ['state', 'head', 'base', 'per_page', 'page']],
      ['POST', repo('/pulls'), { title: 'string!', head: 'string!', base: 'string!', body: 'string', draft: 'boolean', maintainer_can_modify: 'boolean' }, (body, owner, name) => {
        const one = at(owner, name);
        const [from, branch] = body.head.includes(':') ? body.head.split(':') : [owner, body.head];
        const invalid = (message) => this.refusal(422, 'Validation Failed', { errors: [{ resource: 'PullRequest', code: 'custom', message }] });
        if (!this.head(`${from}/${name}`, branch) || !this.head(one.full_name, body.base)) throw this.refusal(422, 'Validation Failed', { errors: [{ resource: 'PullRequest', field: 'head', code: 'invalid' }] });
        if (this.head(`${from}/${name}`, branch) === this.head(one.full_name, body.base)) throw invalid(`No commits between ${body.base} and ${branch}`);
        const number = one.issues.length + one.pulls.length + 1;
        const pull = { ...body, number, state: 'open', label: `${from}:${branch}`, head: { ref: branch }, base: { ref: body.base }, html_url: `${this.url}/${one.full_name}/pull/${number}`, reviewers: [], teamReviewers: [], assignees: [] };
        one.pulls.push(pull);
        return ok(pull, 201);
      }],
      ['GET', repo('/pulls/(\\d+)'), null, (_, owner, name, number) => ok(numbered(at(owner, name).pulls, number))],
      ['PATCH', repo('/pulls/(\\d+)'), { state: 'string', title: 'string', body: 'string' }, (body, owner, name, number) => ok(Object.assign(numbered(at(owner, name).pulls, number), body))],
      ['POST', repo('/pulls/(\\d+)/requested_reviewers'), { reviewers: 'array', team_reviewers: 'array' }, (body, owner, name, number) => {
        if ((body.reviewers ?? []).some((login) => !this.users.has(login))) throw this.refusal(422, 'Reviews may only be requested from collaborators.');
        const pull = numbered(at(owner, name).pulls, number);
        Object.assign(pull, { reviewers: body.reviewers ?? [], teamReviewers: body.team_reviewers ?? [] });
        return ok(pull, 201);
      }],
      ['POST', repo('/issues/(\\d+)/assignees'), { assignees: 'array!' }, (body, owner, name, number) => {
        const one = at(owner, name);
        return ok(Object.assign(numbered([...one.pulls, ...one.issues], number), body), 201);
      }],
      ['POST', repo('/issues'), { title: 'string!', body: 'string', assignees: 'array', milestone: 'string|number?', labels: 'array' }, (body, owner, name) => {
        const one = at(owner, name);
        const entry = { ...body, number: one.issues.length + one.pulls.length + 1, state: 'open', created_at: new Date().toISOString(), labels: (body.labels ?? []).map((label) => ({ name: label })) };
        one.issues.push(entry);
        return ok(issue(one, entry), 201);
      }],
      ['GET', repo('/issues'), null, (_, owner, name, seen) => ok(at(owner, name).issues.filter(({ created_at }) => created_at >= seen.query.since).map((entry) => issue(at(owner, name), entry))), ['state', 'since', 'per_page', 'page']],
      ['PATCH', repo('/issues/(\\d+)'), { state: 'string' }, (body, owner, name, number) => ok(Object.assign(numbered(at(owner, name).issues, number), body))],
      ['GET', repo('/issues/(\\d+)/labels'), null, (_, owner, name, number) => ok(numbered(at(owner, name).issues, number).labels), ['per_page', 'page']],
      ['POST', repo('/issues/(\\d+)/labels'), { labels: 'array!' }, (body, owner, name, number) => {
        const { labels } = numbered(at(owner, name).issues, number);
        for (const label of body.labels) if (!labels.some((one) => one.name === label)) labels.push({ name: label });
        return ok(labels);
      }],
      ['DELETE', repo('/issues/(\\d+)/labels/([^/]+)'), null, (_, owner, name, number, label) => {
        const entry = numbered(at(owner, name).issues, number);
        entry.labels = entry.labels.filter((one) => one.name !== label);
        return ok(entry.labels);
      }],
      ['POST', repo('/hooks'), { name: 'string', config: { url: 'string!', content_type: 'string', secret: 'string', insecure_ssl: 'string|number' }, events: 'array', active: 'boolean' }, (body, owner, name) => {
        const { hooks } = at(owner, name);
        if (hooks.some((hook) => hook.config.url === body.config.url)) throw this.refusal(422, 'Validation Failed', { errors: [{ resource: 'Hook', code: 'custom', message: 'Hook already exists on this repository' }] });
        hooks.push({ ...body, id: this.id(), created_at: new Date().toISOString() });
        return ok(hooks.at(-1), 201);
      }],
      ['GET', repo('/hooks'), null, (_, owner, name) => ok(at(owner, name).hooks), ['per_page', 'page']],
      ['DELETE', repo('/hooks/(\\d+)'), null, (_, owner, name, id) => remove(at(owner, name).hooks, id)],
      ['POST', repo('/keys'), { title: 'string', key: 'string!', read_only: 'boolean' }, (body, owner, name) => {
        const { keys } = at(owner, name);
        if (keys.some(({ key }) => key === body.key)) throw this.refusal(422, 'Validation Failed', { errors: [{ resource: 'PublicKey', code: 'custom', field: 'key', message: 'key is already in use' }] });
        keys.push({ ...body, id: this.id() });
        return ok(keys.at(-1), 201);
      }],
      ['GET', repo('/keys'), null, (_, owner, name) => ok(at(owner, name).keys), ['per_page', 'page']],
      ['DELETE', repo('/keys/(\\d+)'), null, (_, owner, name, id) => remove(at(owner, name).keys, id)],
      ['POST', repo('/autolinks'), { key_prefix: 'string!', url_template: 'string!', is_alphanumeric: 'boolean' }, (body, owner, name) => {
        if (!body.url_template.includes('<num>')) throw this.refusal(422, 'Validation Failed');
        at(owner, name).autolinks.push({ ...body, id: this.id() });
        return ok(at(owner, name).autolinks.at(-1), 201);
      }],
      ['GET', repo('/autolinks'), null, (_, owner, name) => ok(at(owner, name).autolinks)],
      ['DELETE', repo('/autolinks/(\\d+)'), null, (_, owner, name, id) => remove(at(owner, name).autolinks, id)],
      ['POST', repo('/pages'), { build_type: 'string', source: { branch: 'string!', path: 'string' } }, (body, owner, name) => {
        const one = at(owner, name);
        if (one.pages) throw this.refusal(409, 'GitHub Pages is already enabled.');
        one.pages = body;
        return ok({}, 201);
      }],
      ['GET', repo('/pages'), null, (_, owner, name) => {
        if (!at(owner, name).pages) throw this.notFound();
        return ok(at(owner, name).pages);
      }],
      ['DELETE', repo('/pages'), null, (_, owner, name) => ((at(owner, name).pages = null), nothing())],
      ['POST', repo('/actions/workflows/([^/]+)/dispatches'), { ref: 'string!', inputs: 'object', return_run_details: 'boolean' }, (body, owner, name, workflow) => {
        const one = at(owner, name);
        const id = this.id();
        if (!this.head(one.full_name, body.ref)) throw this.refusal(422, `No ref found for: ${body.ref}`);
        one.dispatches.push({ ...body, id, workflow, created_at: new Date().toISOString(), head_branch: body.ref, html_url: `${this.url}/${one.full_name}/actions/runs/${id}` });
        return body.return_run_details ? ok({ workflow_run_id: id, run_url: `${this.url}/api/v3/repos/${one.full_name}/actions/runs/${id}`, html_url: one.dispatches.at(-1).html_url }) : nothing();
      }],
      ['GET', repo('/actions/workflows/([^/]+)/runs'), null, (_, owner, name, workflow) => ok({ workflow_runs: at(owner, name).dispatches.filter((one) => one.workflow === workflow) }), ['event', 'per_page', 'page']],
      ['POST', repo('/actions/runs/(\\d+)/cancel'), null, () => ok({}, 202)],
    ];
  }
}
