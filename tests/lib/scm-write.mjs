// Hosts that are written to: routes are tables of methods, paths and bodies, checked as strictly as the real ones do, over bare repositories that
// git itself pushes to.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeHost } from './scm.mjs';

const backend = join(execFileSync('git', ['--exec-path']).toString().trim(), 'git-http-backend');

/** What is wrong with body by shape {key: 'string!'}: "!" must be there, "?" may be null, "|" parts alternatives; a nested object is a shape. */
export function wrongMembers(body, shape, prefix = '') {
  const wrong = [];
  const kind = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
  for (const key of Object.keys(body)) if (!(key in shape)) wrong.push({ field: prefix + key, problem: 'unknown' });
  for (const [key, wanted] of Object.entries(shape)) {
    const value = body[key];
    if (typeof wanted === 'object') {
      if (kind(value) === 'object') wrong.push(...wrongMembers(value, wanted, `${prefix}${key}.`));
      else if (value !== undefined && value !== null) wrong.push({ field: prefix + key, problem: 'type' });
      continue;
    }
    if (value === undefined) {
      if (wanted.includes('!')) wrong.push({ field: prefix + key, problem: 'missing' });
    } else if (!(value === null && wanted.includes('?')) && !wanted.replace(/[!?]/g, '').split('|').includes(kind(value))) wrong.push({ field: prefix + key, problem: 'type' });
  }
  return wrong;
}

export class WritableHost extends FakeHost {
  folder = mkdtempSync(join(tmpdir(), 'scm-'));
  ids = 100;
  /** Called with each request before it is answered; what it gives is waited for. */
  beforeReply = null;

  async stop() {
    await super.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  id() {
    return (this.ids += 1);
  }

  git(fullName, ...parameters) {
    return execFileSync('git', ['-C', this.bare(fullName), ...parameters], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim();
  }

  bare(fullName) {
    return join(this.folder, `${fullName}.git`);
  }

  makeBare(fullName, branch = 'main') {
    mkdirSync(this.bare(fullName), { recursive: true });
    execFileSync('git', ['init', '--quiet', '--bare', `--initial-branch=${branch}`, this.bare(fullName)]);
    this.git(fullName, 'config', 'http.receivepack', 'true');
  }

  /** Commits files {path: text} of a repository as its owner would. */
  commit(fullName, files, branch = 'main') {
    const stream = [`commit refs/heads/${branch}`, 'committer Owner <owner@example.com> 1700000000 +0000', 'data 4', 'work', this.head(fullName, branch) ? `from refs/heads/${branch}^0` : '', ''];
    const lines = Object.entries(files).flatMap(([path, text]) => [`M 100644 inline ${path}`, `data ${Buffer.byteLength(text)}`, text]);
    execFileSync('git', ['-C', this.bare(fullName), 'fast-import', '--quiet'], { input: `${[...stream.filter(Boolean), ...lines].join('\n')}\n` });
    return this.head(fullName, branch);
  }

  head(fullName, branch) {
    try {
      return this.git(fullName, 'rev-parse', '--verify', '--quiet', `refs/heads/${branch}`);
    } catch {
      return null;
    }
  }

  branches(fullName) {
    return this.git(fullName, 'for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n').filter(Boolean);
  }

  files(fullName, ref) {
    return this.git(fullName, 'ls-tree', '-r', '--name-only', ref).split('\n').filter(Boolean);
  }

  text(fullName, ref, path) {
    return execFileSync('git', ['-C', this.bare(fullName), 'show', `${ref}:${path}`]).toString();
  }

  /** The requests that would change something. */
  get changes() {
    return this.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
  }

  async checked(seen, url) {
    if (/\.git\/(info\/refs|git-receive-pack|git-upload-pack)$/.test(url.pathname)) return this.serveGit(seen, url);
    if (!seen.headers['user-agent']) throw this.fault('no User-Agent', 403, 'Request forbidden by administrative rules.');
    this.checkHeaders(seen);
    const below = decodeURI(url.pathname).startsWith(this.apiPath) ? url.pathname.slice(this.apiPath.length) : null;
    const known = below === null ? [] : this.table().filter(([, path]) => path.test(below));
    const route = known.find(([method]) => method === seen.method);
    if (!route) throw this.fault(`there is no such route: ${seen.method} ${url.pathname}`, 404, 'Not Found');
    this.authorize(seen.headers.authorization);
    const [, path, shape, reply, parameters = []] = route;
    for (const key of url.searchParams.keys()) if (!parameters.includes(key)) throw this.fault(`the parameter ${key} means nothing at ${url.pathname}`, 422, 'Invalid request');
    let body = {};
    if (shape) {
      if (seen.body && seen.headers['content-type'] !== 'application/json') throw this.fault('the body is no JSON', 415, 'Unsupported Media Type');
      body = seen.body ? JSON.parse(seen.body) : {};
      const wrong = wrongMembers(body, shape);
      if (wrong.length) {
        this.faults.push(`${seen.method} ${seen.path}: ${JSON.stringify(wrong)}`);
        throw this.invalid(wrong);
      }
    } else if (seen.body) throw this.fault(`${seen.method} ${seen.path} takes no body`, 422, 'Invalid request');
    const answer = reply(body, ...path.exec(below).slice(1).map(decodeURIComponent), seen);
    if (this.beforeReply) await this.beforeReply(seen);
    return answer;
  }

  /** A refusal of what no good client sends. */
  fault(what, status, message) {
    this.faults.push(what);
    return this.refuse(status, { message });
  }

  checkHeaders() {}

  /** git's smart HTTP by git itself, with basic credentials. */
  async serveGit(seen, url) {
    const [user, password] = Buffer.from(/^Basic (.+)$/.exec(seen.headers.authorization ?? '')?.[1] ?? '', 'base64').toString().split(':');
    if (!this.isGitUser(user, password)) return { status: 401, body: 'Unauthorized', headers: { 'www-authenticate': 'Basic realm="git"' } };
    const child = spawn(backend, {
      env: {
        PATH: process.env.PATH, GIT_PROJECT_ROOT: this.folder, GIT_HTTP_EXPORT_ALL: '1', REMOTE_USER: user, PATH_INFO: decodeURI(url.pathname), QUERY_STRING: url.search.slice(1), REQUEST_METHOD: seen.method,
        CONTENT_TYPE: seen.headers['content-type'] ?? '', CONTENT_LENGTH: String(seen.bytes.length), HTTP_CONTENT_ENCODING: seen.headers['content-encoding'] ?? '', GIT_PROTOCOL: seen.headers['git-protocol'] ?? '',
        GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*',
      },
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    /* It may have answered without reading all of it. */
    child.stdin.on('error', () => {});
    child.stdin.end(seen.bytes);
    await new Promise((done) => child.once('close', done));
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    const headers = Object.fromEntries(all.subarray(0, end).toString().split('\r\n').map((line) => line.split(': ')).map(([name, value]) => [name.toLowerCase(), value]));
    const status = Number(headers.status?.split(' ')[0] ?? 200);
    delete headers.status;
    if (this.beforeReply && url.pathname.endsWith('git-receive-pack')) await this.beforeReply(seen);
    return { status, body: all.subarray(end + 4), headers };
  }
}
