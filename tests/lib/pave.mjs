// A client of a running Pave for tests: the HTTP API, the services behind it, git and the command line.
import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where a Pave runs: {url, port, data, program}. */
export class Pave {
  constructor({ url, port, data, program }) {
    Object.assign(this, { url, port, data, program });
    this.host = new URL(url).host;
    this.token = null;
  }

  /** One request, sent to the loopback address with any Host: node resolves no *.localhost. */
  raw(method, path, { host = this.host, headers = {}, body } = {}) {
    return new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port: this.port, method, path, headers: { host, ...headers } }, (reply) => {
        const chunks = [];
        reply.on('data', (chunk) => chunks.push(chunk));
        reply.on('error', reject);
        reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, text: Buffer.concat(chunks).toString() }));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** A call of the API; throws with the server's own words unless it succeeded. */
  async api(method, path, body) {
    const headers = { accept: 'application/json' };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const reply = await this.raw(method, path, { headers, body: body === undefined ? undefined : JSON.stringify(body) });
    if (reply.status >= 400) throw Object.assign(new Error(`${method} ${path}: ${reply.status} ${reply.text}`), { status: reply.status, body: reply.text });
    return reply.text ? JSON.parse(reply.text) : null;
  }

  get(path) {
    return this.api('GET', path);
  }

  post(path, body = {}) {
    return this.api('POST', path, body);
  }

  /** Signs in as the demo's guest, as Backstage's own frontend does. */
  async signIn() {
    this.token = (await this.get('/api/auth/guest/refresh')).backstageIdentity.token;
  }

  /** What a deployed service answers, as a browser would ask it. */
  async service(name, environment, path = '/') {
    const reply = await this.raw('GET', path, { host: `${name}.${environment}.localhost:${this.port}` });
    return { ...reply, json: reply.headers['content-type']?.includes('json') ? JSON.parse(reply.text) : null };
  }

  /** Asks until the answer is truthy. Errors count as no answer until the time is over; refused ones end it at once. */
  async until(what, ask, seconds = 120) {
    const end = Date.now() + seconds * 1000;
    for (let last; ; ) {
      try {
        const answer = await ask();
        if (answer) return answer;
      } catch (error) {
        if (error.final) throw error;
        last = error;
      }
      if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s${last ? `; last: ${last.message}` : ''}`);
      await sleep(100);
    }
  }

  /** The command line, signed in. */
  async cli(...parameters) {
    const { stdout } = await run(this.program, parameters, {
      env: { ...process.env, PAVE_URL: this.url, PAVE_TOKEN: this.token ?? '' },
      maxBuffer: 64 << 20,
    });
    return stdout;
  }

  /** Real git, with the token as a person would give it. */
  async git(folder, ...parameters) {
    const credentials = Buffer.from(`token:${this.token}`).toString('base64');
    const { stdout } = await run('git', ['-C', folder, ...parameters], {
      env: {
        ...process.env,
        GIT_TERMINAL_PROMPT: '0',
        GIT_CONFIG_COUNT: '3',
        GIT_CONFIG_KEY_0: `http.${this.url}/.extraHeader`,
        GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
        GIT_CONFIG_KEY_1: 'user.name',
        GIT_CONFIG_VALUE_1: 'Guest Developer',
        GIT_CONFIG_KEY_2: 'user.email',
        GIT_CONFIG_VALUE_2: 'guest@acme.example',
      },
      maxBuffer: 64 << 20,
    });
    return stdout;
  }
}
