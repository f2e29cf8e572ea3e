// GitLab and Gitea as far as the scaffolder's actions write to them.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { WritableHost } from './scm-write.mjs';

const now = () => new Date().toISOString();

export class WritableGitLab extends WritableHost {
  token = 'glpat-fake0123456789';
  apiPath = '/api/v4';
  people = new Map([['bot', 1], ['ann', 2], ['ben', 3]]);
  groups = new Map([['acme', { id: 10, full_path: 'acme', members: {}, shares: {} }]]);

  notFound(what = 'Project') {
    return this.refuse(404, { message: `404 ${what} Not Found` });
  }

  invalid(wrong) {
    return this.refuse(400, { error: wrong.map(({ field, problem }) => `${field} is ${problem === 'missing' ? 'missing' : 'invalid'}`).join(', ') });
  }

  authorize(header) {
    if (header !== `Bearer ${this.token}` && header !== 'Bearer glpat-of-ann') throw this.refuse(401, { message: '401 Unauthorized' });
    this.asker = header === 'Bearer glpat-of-ann' ? 'ann' : 'bot';
  }

  isGitUser(user, password) {
    return user === 'oauth2' && password === this.token;
  }

  shown(one) {
    const web_url = `${this.url}/${one.full_name}`;
    return { ...one.settings, id: one.id, name: one.name, path_with_namespace: one.full_name, web_url, http_url_to_repo: `${web_url}.git`, default_branch: one.default_branch, created_at: one.created_at, creator_id: one.creator_id };
  }

  make(owner, name, settings = {}, creator_id = 9) {
    const one = { owner, name, full_name: `${owner}/${name}`, id: this.id(), settings, creator_id, default_branch: 'main', created_at: now(), members: {}, variables: [], protected: [], issues: [], requests: [], tokens: [], deploys: [], triggers: [], pipelines: [] };
    this.repositories.set(one.full_name, one);
    this.makeBare(one.full_name);
    return one;
  }

  table() {
    const ok = (body, status = 200) => ({ body, status });
    const nothing = () => ({ status: 204, body: undefined });
    const at = (id) => {
      const found = [...this.repositories.values()].find((one) => one.full_name === id || String(one.id) === id);
      if (!found) throw this.notFound();
      return found;
    };
    const project = (rest) => new RegExp(`^/projects/([^/]+)${rest}$`);
    const named = (list, key, value, what) => {
      const found = list.find((one) => String(one[key]) === value);
      if (!found) throw this.notFound(what);
      return found;
    };
    const remove = (list, key, value, what) => (list.splice(list.indexOf(named(list, key, value, what)), 1), nothing());
    const group = (id) => {
      const found = this.groups.get(id) ?? [...this.groups.values()].find((one) => String(one.id) === id);
      if (!found) throw this.notFound('Group');
      return found;
    };
    const branch = (one, name) => {
      const id = this.head(one.full_name, name);
      if (!id) throw this.notFound('Branch');
      const [committed_date, message] = this.git(one.full_name, 'show', '-s', '--format=%cI%n%B', id).split(/\n(.*)/s);
      return { name, commit: { id, message, committed_date } };
    };
    const commit = (one, body) => {
      const env = { ...process.env, GIT_INDEX_FILE: join(this.folder, `index-${this.id()}`), GIT_AUTHOR_NAME: 'bot', GIT_AUTHOR_EMAIL: 'bot@x', GIT_COMMITTER_NAME: 'bot', GIT_COMMITTER_EMAIL: 'bot@x' };
      const git = (parameters, input) => execFileSync('git', ['-C', this.bare(one.full_name), ...parameters], { env, input, stdio: ['pipe', 'pipe', 'ignore'] }).toString().trim();
      const parent = this.head(one.full_name, body.branch);
      if (!parent) throw this.refuse(400, { message: 'You can only create or edit files when you are on a branch' });
      if (!body.actions?.length && !body.allow_empty) throw this.refuse(400, { error: 'actions is empty' });
      git(['read-tree', parent]);
      for (const { action, file_path: path, content, encoding, execute_filemode: mode, ...rest } of body.actions ?? []) {
        const there = git(['ls-files', '--', path]) === path;
        if (Object.keys(rest).length || !['create', 'update', 'delete'].includes(action)) throw this.refuse(400, { error: 'actions[0][action] does not have a valid value' });
        if (action === 'create' && there) throw this.refuse(400, { message: 'A file with this name already exists' });
        if (action !== 'create' && !there) throw this.refuse(400, { message: "A file with this name doesn't exist" });
        if (action === 'delete') git(['update-index', '--force-remove', path]);
        else git(['update-index', '--add', '--cacheinfo', `${mode ? '100755' : '100644'},${git(['hash-object', '-w', '--stdin'], Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8'))},${path}`]);
      }
      const id = git(['commit-tree', git(['write-tree']), '-p', parent, '-m', body.commit_message]);
      git(['update-ref', `refs/heads/${body.branch}`, id]);
      return { id };
    };
    const settings = {
      name: 'string!', path: 'string', namespace_id: 'number', visibility: 'string', topics: 'array', description: 'string', auto_devops_enabled: 'boolean', ci_config_path: 'string', merge_method: 'string', squash_option: 'string',
      only_allow_merge_if_all_discussions_are_resolved: 'boolean', only_allow_merge_if_pipeline_succeeds: 'boolean', allow_merge_on_skipped_pipeline: 'boolean',
    };
    const variable = { key: 'string!', value: 'string!', description: 'string', variable_type: 'string', protected: 'boolean', masked: 'boolean', masked_and_hidden: 'boolean', raw: 'boolean', environment_scope: 'string' };
    const scoped = (one, key, seen) => {
      const scope = seen.query['filter[environment_scope]'] ?? '*';
      const found = one.variables.find((entry) => entry.key === key && (entry.environment_scope ?? '*') === scope);
      if (!found) throw this.notFound('Variable');
      return found;
    };
    const edit = { title: 'string', assignee_ids: 'array', confidential: 'boolean', description: 'string', due_date: 'string', epic_id: 'number', labels: 'string', issue_type: 'string', milestone_id: 'number', weight: 'number' };
    const issue = (one, entry) => ({ ...entry, project_id: one.id, web_url: `${this.url}/${one.full_name}/-/issues/${entry.iid}` });
    const token = (list, value) => (body, id) => {
      const entry = { ...body, id: this.id(), token: value, username: body.username ?? 'gitlab+deploy-token', created_at: now() };
      at(id)[list].push(entry);
      return ok(entry, 201);
    };
    return [
      ['GET', /^\/user$/, null, () => ok({ id: this.people.get(this.asker), username: this.asker, name: this.asker, state: 'active', web_url: `${this.url}/${this.asker}`, email: 'x@example.com', created_at: now(), public_email: '' })],
      ['GET', /^\/users$/, null, (_, seen) => ok([...this.people].filter(([username]) => username === seen.query.username).map(([username, id]) => ({ id, username }))), ['username', 'per_page', 'page']],
      ['GET', /^\/users\/(\d+)$/, null, (_, id) => {
        const found = [...this.people].find(([, one]) => String(one) === id);
        if (!found) throw this.notFound('User');
        return ok({ id: found[1], username: found[0], name: found[0], state: 'active', web_url: `${this.url}/${found[0]}` });
      }],
      ['GET', /^\/namespaces\/([^/]+)$/, null, (_, id) => {
        if (!this.groups.has(id)) throw this.notFound('Namespace');
        return ok({ id: this.groups.get(id).id, full_path: id });
      }],
      ['GET', /^\/groups\/([^/]+)$/, null, (_, id) => ok(group(id))],
      ['POST', /^\/groups$/, { name: 'string!', path: 'string!', parent_id: 'number', description: 'string' }, (body) => {
        const parent = body.parent_id && group(String(body.parent_id));
        const made = { ...body, id: this.id(), full_path: parent ? `${parent.full_path}/${body.path}` : body.path, members: {}, shares: {}, web_url: `${this.url}/groups/x` };
        this.groups.set(made.full_path, made);
        return ok(made, 201);
      }],
      ['GET', /^\/groups\/([^/]+)\/projects$/, null, (_, id) => ok([...this.repositories.values()].filter(({ full_name: name }) => name.startsWith(`${group(id).full_path}/`)).map((one) => this.shown(one))), ['include_subgroups', 'per_page', 'page']],
      ['GET', /^\/groups\/([^/]+)\/descendant_groups$/, null, (_, id) => ok([...this.groups.values()].filter(({ full_path: path }) => path.startsWith(`${group(id).full_path}/`))), ['per_page', 'page']],
      ['DELETE', /^\/groups\/([^/]+)$/, null, (_, id) => (this.groups.delete(group(id).full_path), ok({}, 202))],
      ['POST', /^\/groups\/([^/]+)\/members$/, { user_id: 'number!', access_level: 'number!' }, (body, id) => {
        if (body.user_id in group(id).members) throw this.refuse(409, { message: 'Member already exists' });
        group(id).members[body.user_id] = body.access_level;
        return ok({}, 201);
      }],
      ['PUT', /^\/groups\/([^/]+)\/members\/(\d+)$/, { access_level: 'number!' }, (body, id, user) => ((group(id).members[user] = body.access_level), ok({}))],
      ['DELETE', /^\/groups\/([^/]+)\/members\/(\d+)$/, null, (_, id, user) => (delete group(id).members[user], nothing())],
      ['POST', /^\/groups\/([^/]+)\/share$/, { group_id: 'number!', group_access: 'number!' }, (body, id) => ((group(id).shares[body.group_id] = body.group_access), ok({}, 201))],
      ['DELETE', /^\/groups\/([^/]+)\/share\/(\d+)$/, null, (_, id, other) => (delete group(id).shares[other], nothing())],
      ['POST', /^\/projects$/, settings, (body) => {
        const owner = [...this.groups.values()].find(({ id }) => id === body.namespace_id)?.full_path;
        if (!owner) throw this.refuse(400, { message: { namespace: ['is not valid'] } });
        if (this.repositories.has(`${owner}/${body.name}`)) throw this.refuse(400, { message: { name: ['has already been taken'], path: ['has already been taken'] } });
        return ok(this.shown(this.make(owner, body.name, body, this.people.get(this.asker))), 201);
      }],
      ['GET', project(''), null, (_, id) => ok(this.shown(at(id)))],
      ['DELETE', project(''), null, (_, id) => (this.repositories.delete(at(id).full_name), ok({}, 202))],
      ['POST', project('/members'), { user_id: 'number!', access_level: 'number!' }, (body, id) => ((at(id).members[body.user_id] = body.access_level), ok({}, 201))],
      ['GET', project('/repository/branches'), null, (_, id) => ok(this.branches(at(id).full_name).map((name) => branch(at(id), name))), ['per_page', 'page']],
      ['GET', project('/repository/branches/([^/]+)'), null, (_, id, name) => ok(branch(at(id), name))],
      ['DELETE', project('/repository/branches/([^/]+)'), null, (_, id, name) => (branch(at(id), name), this.git(at(id).full_name, 'update-ref', '-d', `refs/heads/${name}`), nothing())],
      ['POST', project('/repository/branches'), { branch: 'string!', ref: 'string!' }, (body, id) => {
        const one = at(id);
        if (!this.head(one.full_name, body.ref)) throw this.refuse(400, { message: 'Invalid reference name' });
        if (this.head(one.full_name, body.branch)) throw this.refuse(400, { message: 'Branch already exists' });
        this.git(one.full_name, 'branch', body.branch, body.ref);
        return ok(branch(one, body.branch), 201);
      }],
      ['POST', project('/protected_branches'), { name: 'string!' }, (body, id) => {
        if (at(id).protected.includes(body.name)) throw this.refuse(409, { message: `Protected branch '${body.name}' already exists` });
        at(id).protected.push(body.name);
        return ok({}, 201);
      }],
      ['GET', project('/repository/tree'), null, (_, id, seen) => {
        const all = this.git(at(id).full_name, 'ls-tree', '-r', seen.query.ref).split('\n').filter(Boolean).map((line) => /^(\d+) blob (\w+)\t(.+)$/.exec(line)).map(([, mode, blob, path]) => ({ id: blob, path, mode, type: 'blob', name: path.split('/').pop() }));
        const page = Number(seen.query.page ?? 1);
        const query = new URLSearchParams({ ...seen.query, page: page + 1 });
        return { body: all.slice((page - 1) * 2, page * 2), headers: page * 2 < all.length ? { link: `<${this.url}${seen.path}?${query}>; rel="next"` } : {} };
      }, ['ref', 'recursive', 'per_page', 'page']],
      ['POST', project('/repository/commits'), { branch: 'string!', commit_message: 'string!', actions: 'array!', allow_empty: 'boolean' }, (body, id) => ok(commit(at(id), body), 201)],
      ['GET', project('/variables/([^/]+)'), null, (_, id, key, seen) => ok(scoped(at(id), key, seen)), ['filter[environment_scope]']],
      ['POST', project('/variables'), variable, (body, id) => (at(id).variables.push(body), ok(body, 201))],
      ['DELETE', project('/variables/([^/]+)'), null, (_, id, key, seen) => (at(id).variables.splice(at(id).variables.indexOf(scoped(at(id), key, seen)), 1), nothing()), ['filter[environment_scope]']],
      ['GET', project('/access_tokens'), null, (_, id) => ok(at(id).tokens.map(({ token: _told, ...rest }) => rest))],
      ['POST', project('/access_tokens'), { name: 'string!', scopes: 'array!', expires_at: 'string!', access_level: 'number' }, token('tokens', 'glpat-made-for-the-project')],
      ['DELETE', project('/access_tokens/(\\d+)'), null, (_, id, key) => remove(at(id).tokens, 'id', key, 'Token')],
      ['GET', project('/deploy_tokens'), null, (_, id) => ok(at(id).deploys.map(({ token: _told, ...rest }) => rest))],
      ['POST', project('/deploy_tokens'), { name: 'string!', scopes: 'array!', username: 'string' }, token('deploys', 'gldt-made-for-the-project')],
      ['DELETE', project('/deploy_tokens/(\\d+)'), null, (_, id, key) => remove(at(id).deploys, 'id', key, 'Token')],
      ['POST', project('/triggers'), { description: 'string!' }, (body, id) => (at(id).triggers.push({ ...body, id: this.id(), token: 'glptt-once' }), ok(at(id).triggers.at(-1), 201))],
      ['DELETE', project('/triggers/(\\d+)'), null, (_, id, key) => remove(at(id).triggers, 'id', key, 'Trigger')],
      ['POST', project('/trigger/pipeline'), { ref: 'string!', token: 'string!', variables: 'object' }, (body, id) => {
        if (body.token !== 'glptt-once') throw this.notFound();
        const entry = { id: this.id(), ref: body.ref, variables: body.variables, created_at: now() };
        at(id).pipelines.push(entry);
        return ok({ ...entry, web_url: `${this.url}/${at(id).full_name}/-/pipelines/${entry.id}` }, 201);
      }],
      ['POST', project('/issues'), { ...edit, title: 'string!', created_at: 'string', discussion_to_resolve: 'string', merge_request_to_resolve_discussions_of: 'number' }, (body, id) => {
        const one = at(id);
        one.issues.push({ ...body, id: this.id(), iid: one.issues.length + 1, state: 'opened', updated_at: now() });
        return ok(issue(one, one.issues.at(-1)), 201);
      }],
      ['GET', project('/issues'), null, (_, id) => ok(at(id).issues.map((entry) => issue(at(id), entry))), ['created_after', 'per_page', 'page']],
      ['PUT', project('/issues/(\\d+)'), { ...edit, add_labels: 'string', remove_labels: 'string', state_event: 'string', discussion_locked: 'boolean', updated_at: 'string' }, (body, id, iid) => {
        const entry = named(at(id).issues, 'iid', iid, 'Issue');
        Object.assign(entry, body, body.state_event === 'close' ? { state: 'closed' } : {});
        return ok(issue(at(id), entry));
      }],
      ['GET', project('/merge_requests'), null, (_, id, seen) => ok(at(id).requests.filter((one) => one.state === seen.query.state && one.source_branch === seen.query.source_branch && one.target_branch === seen.query.target_branch)), ['state', 'source_branch', 'target_branch']],
      ['POST', project('/merge_requests'), { source_branch: 'string!', target_branch: 'string!', title: 'string!', description: 'string', remove_source_branch: 'boolean', labels: 'string', assignee_id: 'number', reviewer_ids: 'array' }, (body, id) => {
        const one = at(id);
        if (one.requests.some(({ source_branch: source, state }) => source === body.source_branch && state === 'opened')) throw this.refuse(409, { message: ['Another open merge request already exists for this source branch: !1'] });
        branch(one, body.source_branch);
        one.requests.push({ ...body, iid: one.requests.length + 1, state: 'opened', web_url: `${this.url}/${one.full_name}/-/merge_requests/${one.requests.length + 1}` });
        return ok(one.requests.at(-1), 201);
      }],
      ['PUT', project('/merge_requests/(\\d+)'), { state_event: 'string', reviewer_ids: 'array' }, (body, id, iid) => ok(Object.assign(named(at(id).requests, 'iid', iid), body, body.state_event === 'close' ? { state: 'closed' } : {}))],
      ['GET', project('/merge_requests/(\\d+)/approval_rules'), null, () => ok([{ eligible_approvers: [{ id: 3 }] }])],
      ['PUT', project('/merge_requests/(\\d+)/merge'), { merge_when_pipeline_succeeds: 'boolean' }, (body, id, iid) => ok(Object.assign(named(at(id).requests, 'iid', iid), body))],
    ];
  }
}

export class WritableGitea extends WritableHost {
  token = 'fake0123456789';
  apiPath = '/api/v1';
  organizations = new Set(['tools']);

  notFound() {
    return this.refuse(404, { errors: null, message: "The target couldn't be found.", url: `${this.url}/api/swagger` });
  }

  invalid(wrong) {
    return this.refuse(422, { message: wrong.map(({ field, problem }) => `[${field}]: ${problem}`).join(' '), url: `${this.url}/api/swagger` });
  }

  authorize(header) {
    if (header !== `token ${this.token}`) throw this.refuse(401, { message: 'user does not exist [uid: 0, name: ]', url: `${this.url}/api/swagger` });
  }

  isGitUser(user, password) {
    return password === this.token;
  }

  make(owner, body) {
    const fullName = `${owner}/${body.name}`;
    if (this.repositories.has(fullName)) throw this.refuse(409, { message: 'The repository with the same name already exists.', url: `${this.url}/api/swagger` });
    const one = { id: this.id(), name: body.name, full_name: fullName, description: body.description ?? '', private: body.private ?? false, default_branch: body.default_branch ?? 'main', created_at: now(), empty: true, html_url: `${this.url}/${fullName}`, clone_url: `${this.url}/${fullName}.git` };
    this.repositories.set(fullName, one);
    this.makeBare(fullName, one.default_branch);
    return { body: one, status: 201 };
  }

  table() {
    const creation = { name: 'string!', description: 'string', private: 'boolean', default_branch: 'string', auto_init: 'boolean' };
    const at = (owner, name) => {
      if (!this.repositories.has(`${owner}/${name}`)) throw this.notFound();
      return this.repositories.get(`${owner}/${name}`);
    };
    return [
      ['GET', /^\/orgs\/([^/]+)$/, null, (_, name) => {
        if (!this.organizations.has(name)) throw this.notFound();
        return { body: { username: name } };
      }],
      ['GET', /^\/user$/, null, () => ({ body: { id: 1, login: 'bot' } })],
      ['POST', /^\/orgs\/([^/]+)\/repos$/, creation, (body, owner) => this.make(owner, body)],
      ['POST', /^\/user\/repos$/, creation, (body) => this.make('bot', body)],
      ['GET', /^\/repos\/([^/]+)\/([^/]+)$/, null, (_, owner, name) => ({ body: at(owner, name) })],
      ['DELETE', /^\/repos\/([^/]+)\/([^/]+)$/, null, (_, owner, name) => (at(owner, name), this.repositories.delete(`${owner}/${name}`), { status: 204, body: undefined })],
      ['GET', /^\/repos\/([^/]+)\/([^/]+)\/branches$/, null, (_, owner, name) => ({ body: this.branches(at(owner, name).full_name).map((branch) => ({ name: branch, commit: { id: this.head(`${owner}/${name}`, branch) } })) }), ['limit', 'page']],
      ['GET', /^\/repos\/([^/]+)\/([^/]+)\/branches\/([^/]+)$/, null, (_, owner, name, branch) => {
        const id = this.head(at(owner, name).full_name, branch);
        if (!id) throw this.notFound();
        return { body: { name: branch, commit: { id } } };
      }],
    ];
  }
}
