// Source hosts for tests: GitHub, GitLab, Gitea, Bitbucket Cloud and Server as far as Pave asks them, as strict as the real ones about methods,
// paths, parameters, headers and credentials, and with replies of their shape. What a real host would refuse is refused and remembered in `faults`.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const sha = (text) => createHash('sha1').update(text).digest('hex');
/** The id git gives a blob. */
export const blobId = (text) => sha(`blob ${Buffer.byteLength(text)}\0${text}`);

export class FakeHost {
  requests = [];
  faults = [];
  limit = null;
  repositories = new Map();

  async start() {
    this.server = createServer((request, response) => this.#serve(request, response));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.port = this.server.address().port;
    this.host = `127.0.0.1:${this.port}`;
    this.url = `http://${this.host}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(done));
  }

  /** A repository "owner/name" with files {path: text}. */
  add(fullName, { files = {}, branch = 'main', ...rest } = {}) {
    const [owner, name] = [fullName.slice(0, fullName.lastIndexOf('/')), fullName.slice(fullName.lastIndexOf('/') + 1)];
    const repository = { owner, name, fullName, branch, files, commits: [sha(fullName)], ...rest };
    this.repositories.set(fullName, repository);
    return repository;
  }

  change(fullName, files) {
    const repository = this.repositories.get(fullName);
    Object.assign(repository.files, files);
    for (const [path, text] of Object.entries(files)) if (text === null) delete repository.files[path];
    repository.commits.unshift(sha(repository.commits[0]));
  }

  at(fullName, ref) {
    const repository = this.repositories.get(fullName);
    if (!repository) throw this.notFound();
    if (ref && ref !== 'HEAD' && ref !== repository.branch && !repository.commits.includes(ref)) throw this.notFound();
    return repository;
  }

  async #serve(request, response) {
    const url = new URL(request.url, this.url);
    const seen = { method: request.method, path: url.pathname, query: Object.fromEntries(url.searchParams), headers: request.headers };
    let reply;
    this.requests.push(seen);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    seen.bytes = Buffer.concat(chunks);
    seen.body = seen.bytes.toString();
    try {
      reply = this.limit ?? (await this.checked(seen, url));
    } catch (error) {
      if (!error.reply) {
        this.faults.push(`${request.method} ${request.url}: ${error.message}`);
        reply = { status: 500, body: { message: error.message } };
      } else reply = error.reply;
    }
    const body = typeof reply.body === 'string' || Buffer.isBuffer(reply.body) ? reply.body : JSON.stringify(reply.body);
    const headers = { 'content-type': typeof reply.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8', ...reply.headers };
    seen.status = reply.status ?? 200;
    if (headers.etag && request.headers['if-none-match'] === headers.etag) {
      seen.status = 304;
      response.writeHead(304, { etag: headers.etag }).end();
    } else {
      response.writeHead(seen.status, headers).end(reply.body === undefined ? undefined : body);
    }
  }

  checked(seen, url) {
    const accept = seen.headers.accept;
    if (!seen.headers['user-agent']) throw new Error('no User-Agent');
    if (!accept) throw new Error('no Accept');
    for (const pattern of this.routes()) {
      const match = pattern.path.exec(url.pathname);
      if (!match || pattern.method && pattern.method !== seen.method) continue;
      if (!pattern.method && seen.method !== 'GET') break;
      const known = [...(pattern.query ?? []), ...(pattern.optional ?? [])];
      for (const key of url.searchParams.keys()) if (!known.includes(key)) throw new Error(`the parameter ${key} means nothing here`);
      for (const key of pattern.query ?? []) if (!url.searchParams.has(key)) throw new Error(`the parameter ${key} is missing`);
      if (pattern.accept && !pattern.accept.includes(accept)) throw new Error(`Accept: ${accept}`);
      if (!pattern.anonymous) this.authorize(seen.headers.authorization);
      else if (seen.headers.authorization) throw new Error('credentials were sent to where they do not belong');
      return pattern.reply(match.slice(1).map(decodeURIComponent), seen);
    }
    throw new Error('there is no such route');
  }

  refuse(status, body, headers) {
    return Object.assign(new Error('refused'), { reply: { status, body, headers } });
  }

  /** The items of one page and what the next one is. */
  page(items, query, sizeKey) {
    const [page, size] = [Number(query.page), Number(query[sizeKey])];
    if (!(page >= 1) || !(size >= 1)) throw new Error('bad paging');
    return { items: items.slice((page - 1) * size, page * size), next: page * size < items.length ? page + 1 : null };
  }
}

const linkTo = (seen, url, next) => {
  if (!next) return {};
  const query = new URLSearchParams({ ...seen.query, page: next });
  return { link: `<${url}${seen.path}?${query}>; rel="next", <${url}${seen.path}?${query}>; rel="last"` };
};

export class FakeGitHub extends FakeHost {
  token = 'ghp_fake0123456789';
  pageSize = 100;
  organizations = new Map();

  notFound() {
    return this.refuse(404, { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' });
  }

  authorize(header) {
    if (header !== `Bearer ${this.token}`) throw this.refuse(401, { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest', status: '401' });
  }

  limits(remaining = 4999) {
    return { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': String(remaining), 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 1800), 'x-ratelimit-resource': 'core' };
  }

  useUp() {
    this.limit = { status: 403, body: { message: 'API rate limit exceeded for user ID 1.', documentation_url: 'https://docs.github.com/rest' }, headers: this.limits(0) };
  }

  repository({ owner, name, branch, topics = [], fork = false, archived = false, visibility = 'private' }) {
    const html = `${this.url}/${owner}/${name}`;
    return {
      id: 1, node_id: 'R_1', name, full_name: `${owner}/${name}`, private: visibility !== 'public', owner: { login: owner, id: 2, type: 'Organization' }, html_url: html, description: null,
      fork, url: `${this.url}/api/v3/repos/${owner}/${name}`, default_branch: branch, archived, disabled: false, visibility, topics, size: 10, forks_count: 0,
    };
  }

  routes() {
    const json = ['application/vnd.github+json'];
    const listOf = (owner) => [...this.repositories.values()].filter((one) => one.owner.toLowerCase() === owner.toLowerCase()).map((one) => this.repository(one));
    const list = (owner, seen) => {
      const { items, next } = this.page(listOf(owner), { ...seen.query, per_page: Math.min(this.pageSize, Number(seen.query.per_page)) }, 'per_page');
      return { body: items, headers: { ...this.limits(), ...linkTo(seen, this.url, next) } };
    };
    const organization = (name) => {
      const found = this.organizations.get(name);
      if (!found) throw this.notFound();
      return found;
    };
    return [
      {
        path: /^\/api\/v3\/repos\/([^/]+)\/([^/]+)\/contents\/(.+)$/,
        query: ['ref'],
        accept: ['application/vnd.github.raw'],
        reply: ([owner, name, path], seen) => {
          const text = this.at(`${owner}/${name}`, seen.query.ref).files[path];
          if (text === undefined) throw this.notFound();
          return { body: text, headers: { ...this.limits(), etag: `W/"${blobId(text)}"`, 'content-type': 'application/vnd.github.raw; charset=utf-8' } };
        },
      },
      {
        path: /^\/api\/v3\/repos\/([^/]+)\/([^/]+)\/git\/trees\/([^/]+)$/,
        query: ['recursive'],
        accept: json,
        reply: ([owner, name, ref]) => {
          const { files, commits } = this.at(`${owner}/${name}`, ref);
          if (Object.keys(files).length === 0) throw this.refuse(409, { message: 'Git Repository is empty.' });
          const tree = Object.entries(files).map(([path, text]) => ({ path, mode: '100644', type: 'blob', sha: blobId(text), size: text.length }));
          return { body: { sha: commits[0], tree: [{ path: 'src', mode: '040000', type: 'tree', sha: sha('src') }, ...tree], truncated: false }, headers: this.limits() };
        },
      },
      {
        path: /^\/api\/v3\/repos\/([^/]+)\/([^/]+)\/commits$/,
        query: ['sha', 'path', 'per_page'],
        accept: json,
        reply: ([owner, name], seen) => ({ body: this.at(`${owner}/${name}`, seen.query.sha).commits.slice(0, 1).map((id) => ({ sha: id, commit: { message: 'x' } })), headers: this.limits() }),
      },
      {
        path: /^\/api\/v3\/orgs\/([^/]+)\/repos$/,
        query: ['per_page', 'page'],
        accept: json,
        reply: ([owner], seen) => {
          organization(owner);
          return list(owner, seen);
        },
      },
      {
        path: /^\/api\/v3\/users\/([^/]+)\/repos$/,
        query: ['per_page', 'page'],
        accept: json,
        reply: ([owner], seen) => {
          if (!listOf(owner).length) throw this.notFound();
          return list(owner, seen);
        },
      },
      { path: /^\/api\/graphql$/, method: 'POST', accept: ['application/json'], reply: (_, seen) => this.graphql(JSON.parse(seen.body)) },
    ];
  }

  /** The three questions Pave asks of an organisation, two nodes a page. */
  graphql({ query, variables }) {
    const found = this.organizations.get(variables.org);
    if (!found) return { body: { data: { organization: null }, errors: [{ type: 'NOT_FOUND', message: `Could not resolve to an Organization with the login of '${variables.org}'.` }] } };
    const pageOf = (all, cursor) => {
      const from = cursor ? Number(Buffer.from(cursor, 'base64').toString()) : 0;
      return { pageInfo: { hasNextPage: from + 2 < all.length, endCursor: Buffer.from(String(from + 2)).toString('base64') }, nodes: all.slice(from, from + 2) };
    };
    const logins = (team, cursor) => pageOf(team.members.map((login) => ({ login })), cursor);
    const fields = /organization\(login: \$org\) \{ (\w+)\(/.exec(query)?.[1];
    if (!('cursor' in variables)) throw new Error('$cursor is not given');
    if (fields === 'membersWithRole')
      return { body: { data: { organization: { membersWithRole: pageOf(found.members.map((login) => ({ login, name: `${login} Doe`, email: '', bio: null, avatarUrl: `${this.url}/${login}.png`, url: `${this.url}/${login}` })), variables.cursor) } } } };
    if (fields === 'teams')
      return { body: { data: { organization: { teams: pageOf(found.teams.map((team) => ({ slug: team.slug, name: team.name, description: null, avatarUrl: '', url: `${this.url}/orgs/${variables.org}/teams/${team.slug}`, parentTeam: team.parent ? { slug: team.parent } : null, members: logins(team) })), variables.cursor) } } } };
    if (fields === 'team') return { body: { data: { organization: { team: { members: logins(found.teams.find(({ slug }) => slug === variables.team), variables.cursor) } } } } };
    throw new Error(`an unknown query: ${query}`);
  }
}

export class FakeGitLab extends FakeHost {
  token = 'glpat-fake0123456789';
  pageSize = 100;

  notFound(what = 'File') {
    return this.refuse(404, { message: `404 ${what} Not Found` });
  }

  authorize(header) {
    if (header !== `Bearer ${this.token}`) throw this.refuse(401, { message: '401 Unauthorized' });
  }

  useUp() {
    this.limit = { status: 429, body: 'Retry later\n', headers: { 'retry-after': '60', 'ratelimit-limit': '60', 'ratelimit-remaining': '0' } };
  }

  list(items, seen) {
    const { items: some, next } = this.page(items, { ...seen.query, per_page: Math.min(this.pageSize, Number(seen.query.per_page)) }, 'per_page');
    return { body: some, headers: { 'x-page': seen.query.page, 'x-next-page': String(next ?? ''), ...linkTo(seen, this.url, next) } };
  }

  project({ owner, name, fullName, branch, topics = [], fork = false, archived = false, visibility = 'private' }) {
    return {
      id: 7, name, path: name, path_with_namespace: fullName, namespace: { full_path: owner, kind: 'group' }, default_branch: branch, visibility, topics, archived, empty_repo: false,
      web_url: `${this.url}/${fullName}`, last_activity_at: '2026-01-01T00:00:00.000Z', ...(fork ? { forked_from_project: { id: 8 } } : {}),
    };
  }

  routes() {
    return [
      {
        path: /^\/api\/v4\/projects\/([^/]+)\/repository\/files\/([^/]+)\/raw$/,
        query: ['ref'],
        reply: ([id, path], seen) => {
          const repository = this.at(id, seen.query.ref);
          const text = repository.files[path];
          if (text === undefined) throw this.notFound();
          return { body: text, headers: { etag: `W/"${blobId(text)}"`, 'x-gitlab-blob-id': blobId(text), 'x-gitlab-last-commit-id': repository.commits[0], 'x-gitlab-ref': seen.query.ref } };
        },
      },
      {
        path: /^\/api\/v4\/projects\/([^/]+)\/repository\/tree$/,
        query: ['ref', 'recursive', 'per_page', 'page'],
        reply: ([id], seen) => this.list(Object.entries(this.at(id, seen.query.ref).files).map(([path, text]) => ({ id: blobId(text), name: path.split('/').pop(), type: 'blob', path, mode: '100644' })), seen),
      },
      {
        path: /^\/api\/v4\/groups\/([^/]+)\/projects$/,
        query: ['include_subgroups', 'per_page', 'page'],
        optional: ['topic'],
        reply: ([group], seen) => {
          const found = [...this.repositories.values()].filter(({ owner }) => owner === group || owner.startsWith(`${group}/`));
          if (!found.length) throw this.notFound('Group');
          return this.list(found.map((one) => this.project(one)), seen);
        },
      },
      { path: /^\/api\/v4\/projects$/, query: ['per_page', 'page'], optional: ['membership', 'topic'], reply: (_, seen) => this.list([...this.repositories.values()].map((one) => this.project(one)), seen) },
    ];
  }
}

export class FakeGitea extends FakeHost {
  token = 'fake0123456789';
  organizations = new Set();

  notFound() {
    return this.refuse(404, { errors: null, message: "The target couldn't be found.", url: `${this.url}/api/swagger` });
  }

  authorize(header) {
    if (header !== `token ${this.token}`) throw this.refuse(401, { message: 'user does not exist [uid: 0, name: ]', url: `${this.url}/api/swagger` });
  }

  routes() {
    const list = (owner, seen) => {
      const all = [...this.repositories.values()].filter((one) => one.owner === owner);
      const { items, next } = this.page(all, seen.query, 'limit');
      const body = items.map(({ name, branch, fork = false, archived = false, visibility = 'public', topics = [] }) => ({
        id: 1, owner: { id: 1, login: owner }, name, full_name: `${owner}/${name}`, empty: false, private: visibility === 'private', internal: false, fork, archived, topics, default_branch: branch, html_url: `${this.url}/${owner}/${name}`,
      }));
      return { body, headers: { 'x-total-count': String(all.length), ...linkTo(seen, this.url, next) } };
    };
    return [
      {
        path: /^\/api\/v1\/repos\/([^/]+)\/([^/]+)\/contents\/(.+)$/,
        optional: ['ref'],
        reply: ([owner, name, path], seen) => {
          const repository = this.at(`${owner}/${name}`, seen.query.ref);
          const text = repository.files[path];
          if (text === undefined) throw this.notFound();
          return { body: { name: path.split('/').pop(), path, sha: blobId(text), last_commit_sha: repository.commits[0], type: 'file', size: text.length, encoding: 'base64', content: Buffer.from(text).toString('base64'), target: null } };
        },
      },
      {
        path: /^\/api\/v1\/repos\/([^/]+)\/([^/]+)\/git\/trees\/([^/]+)$/,
        query: ['recursive', 'per_page', 'page'],
        reply: ([owner, name, ref], seen) => {
          const tree = Object.entries(this.at(`${owner}/${name}`, ref).files).map(([path, text]) => ({ path, mode: '100644', type: 'blob', size: text.length, sha: blobId(text) }));
          const { items, next } = this.page(tree, { ...seen.query, per_page: 2 }, 'per_page');
          return { body: { sha: sha(name), tree: items, truncated: next !== null, page: Number(seen.query.page), total_count: tree.length } };
        },
      },
      {
        path: /^\/api\/v1\/orgs\/([^/]+)\/repos$/,
        query: ['limit', 'page'],
        reply: ([owner], seen) => {
          if (!this.organizations.has(owner)) throw this.notFound();
          return list(owner, seen);
        },
      },
      { path: /^\/api\/v1\/users\/([^/]+)\/repos$/, query: ['limit', 'page'], reply: ([owner], seen) => list(owner, seen) },
    ];
  }
}

export class FakeBitbucketCloud extends FakeHost {
  user = 'bot';
  password = 'ATBBfake';

  notFound() {
    return this.refuse(404, { type: 'error', error: { message: 'Resource not found' } });
  }

  authorize(header) {
    if (header !== `Basic ${Buffer.from(`${this.user}:${this.password}`).toString('base64')}`) throw this.refuse(401, { type: 'error', error: { message: 'Token is invalid or not supported for this endpoint.' } });
  }

  values(items, seen) {
    const { items: some, next } = this.page(items, seen.query, 'pagelen');
    return { body: { pagelen: Number(seen.query.pagelen), page: Number(seen.query.page), values: some, ...(next ? { next: `${this.url}${seen.path}?page=${next}` } : {}) } };
  }

  routes() {
    return [
      {
        path: /^\/2\.0\/repositories\/([^/]+)\/([^/]+)\/src\/([^/]+)\/$/,
        query: ['max_depth', 'pagelen', 'page'],
        reply: ([owner, name, ref], seen) => this.values([{ type: 'commit_directory', path: 'docs' }, ...Object.keys(this.at(`${owner}/${name}`, ref).files).map((path) => ({ type: 'commit_file', path, size: 1 }))], seen),
      },
      {
        path: /^\/2\.0\/repositories\/([^/]+)\/([^/]+)\/src\/([^/]+)\/(.+)$/,
        reply: ([owner, name, ref, path]) => {
          const text = this.at(`${owner}/${name}`, ref).files[path];
          if (text === undefined) throw this.notFound();
          return { body: text, headers: { etag: `"${blobId(text)}"` } };
        },
      },
      {
        path: /^\/2\.0\/repositories\/([^/]+)$/,
        query: ['pagelen', 'page'],
        reply: ([workspace], seen) =>
          this.values(
            [...this.repositories.values()].filter(({ owner }) => owner === workspace).map(({ name, branch, project = 'SHOP', fork = false }) => ({ type: 'repository', slug: name, full_name: `${workspace}/${name}`, is_private: true, project: { key: project }, mainbranch: { type: 'branch', name: branch }, parent: fork ? { full_name: 'x/y' } : null })),
            seen,
          ),
      },
    ];
  }
}

export class FakeBitbucketServer extends FakeHost {
  token = 'BBDC-fake0123';

  notFound() {
    return this.refuse(404, { errors: [{ context: null, message: 'Repository does not exist.', exceptionName: 'com.atlassian.bitbucket.repository.NoSuchRepositoryException' }] });
  }

  authorize(header) {
    if (header !== `Bearer ${this.token}`) throw this.refuse(401, { errors: [{ context: null, message: 'Authentication failed.', exceptionName: null }] });
  }

  values(items, seen) {
    const [start, limit] = [Number(seen.query.start), Math.min(2, Number(seen.query.limit))];
    const last = start + limit >= items.length;
    return { body: { values: items.slice(start, start + limit), size: limit, limit, start, isLastPage: last, nextPageStart: last ? null : start + limit } };
  }

  routes() {
    const ref = ({ at }) => at?.replace('refs/heads/', '');
    return [
      {
        path: /^\/rest\/api\/1\.0\/projects\/([^/]+)\/repos\/([^/]+)\/raw\/(.+)$/,
        optional: ['at'],
        reply: ([owner, name, path], seen) => {
          const text = this.at(`${owner}/${name}`, ref(seen.query)).files[path];
          if (text === undefined) throw this.notFound();
          return { body: text };
        },
      },
      { path: /^\/rest\/api\/1\.0\/projects\/([^/]+)\/repos\/([^/]+)\/files$/, query: ['limit', 'start'], optional: ['at'], reply: ([owner, name], seen) => this.values(Object.keys(this.at(`${owner}/${name}`, ref(seen.query)).files), seen) },
      { path: /^\/rest\/api\/1\.0\/projects$/, query: ['limit', 'start'], reply: (_, seen) => this.values([...new Set([...this.repositories.values()].map(({ owner }) => owner))].map((key) => ({ key, id: 1, name: key, public: false })), seen) },
      {
        path: /^\/rest\/api\/1\.0\/projects\/([^/]+)\/repos$/,
        query: ['limit', 'start'],
        reply: ([key], seen) => this.values([...this.repositories.values()].filter(({ owner }) => owner === key).map(({ name, archived = false }) => ({ slug: name, id: 1, name, public: false, archived, project: { key } })), seen),
      },
    ];
  }
}
