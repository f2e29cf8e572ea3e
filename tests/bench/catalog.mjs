// The catalog at several sizes: from YAML files to answers, beside a hello world on the same machine in the same run and beside what was
// measured of Backstage (recorded once, on a machine like this one; ratios travel better than figures).
import { spawn } from 'node:child_process';
import { chmod, chown, copyFile, mkdir, mkdtemp, open, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pave } from '../lib/pave.mjs';
import { freePort } from '../lib/port.mjs';
import { load, startHello } from './load.mjs';
import { median, memory, run } from './measure.mjs';
import { census, names, write } from './organisation.mjs';

const root = resolve(import.meta.dirname, '../..');
const nobody = 65534;
const isRoot = process.getuid() === 0;
const patience = 20 * 60_000;
const loadSeconds = Number(process.env.PAVE_LOAD_SECONDS ?? 2);

const configuration = (organisation) => `app:
  title: Bench
  baseUrl: \${PAVE_BASE_URL}
organization:
  name: Bench
backend:
  baseUrl: \${PAVE_BASE_URL}
auth:
  providers:
    guest:
      enabled: true
      userEntityRef: user:default/guest
catalog:
  rules:
    - allow: [Component, API, Resource, System, Domain, Group, User, Location]
  locations:
    - type: file
      target: ${organisation}/repositories/**/catalog-info.yaml
    - type: file
      target: ${organisation}/changing/catalog-info.yaml
`;

const changing = (number) => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: changing
  description: Version ${number}
spec:
  type: service
  lifecycle: production
  owner: ${names.team(0)}
  system: ${names.system(0)}
`;

/** Starts the server: {pave, child, stop()}; answers are not waited for. */
async function start(home) {
  const port = await freePort();
  const url = `http://pave.localhost:${port}`;
  const log = await open(join(home, 'log'), 'w');
  const child = spawn(join(home, 'pave'), ['serve', '--config', join(home, 'app-config.yaml'), '--data', join(home, 'data/pave'), '--port', String(port), ...(isRoot ? ['--user', 'nobody'] : [])],
    { env: { ...process.env, PAVE_BASE_URL: url }, stdio: ['ignore', log.fd, log.fd] });
  await log.close();
  const ended = new Promise((done) => child.once('exit', done));
  const pave = new Pave({ url, port, data: home, program: join(home, 'pave') });
  return { pave, child, port, stop: () => (child.kill('SIGTERM'), ended) };
}

/** Asks again and again; what cannot be asked yet is no answer. */
async function until(ask, { child, pave }, every = 20) {
  for (const end = performance.now() + patience; performance.now() < end; await sleep(every)) {
    if (child.exitCode !== null) break;
    const answer = await ask().catch(() => null);
    if (answer) return answer;
  }
  const log = await readFile(join(pave.data, 'log'), 'utf8');
  throw new Error(`pave serve ${child.exitCode === null ? 'does not get there' : 'ended'}:\n${log.slice(-2000)}`);
}

async function entitiesThere(pave) {
  if (!pave.token) await pave.signIn();
  const { facets } = await pave.get('/api/catalog/entity-facets?facet=kind');
  return facets.kind.reduce((sum, { value, count }) => sum + (value === 'Location' ? 0 : count), 0);
}

/** The most memory the server's processes ever held, in MiB. */
async function peakMemory(pid) {
  let kilobytes = 0;
  for (const other of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const status = await readFile(`/proc/${other}/status`, 'utf8').catch(() => '');
    if (Number(other) === pid || Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) === pid) kilobytes += Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return kilobytes / 1024;
}

async function folderMiB(folder) {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes / 1048576;
}

/** One entity changes in its file; how long until it is read changed. */
async function updateLatency(pave, home) {
  const taken = [];
  for (let number = 2; number < 9; number++) {
    await writeFile(join(home, 'organisation/changing/catalog-info.yaml'), changing(number));
    const begun = performance.now();
    await pave.post('/api/catalog/refresh', { entityRef: 'component:default/changing' });
    await pave.until('the change is seen', async () => (await pave.get('/api/catalog/entities/by-name/component/default/changing')).metadata.description === `Version ${number}`, 120);
    taken.push(performance.now() - begun);
  }
  return median(taken);
}

// ---- what is asked ----

const get = (path) => ({ method: 'GET', path: `/api/catalog${path}` });
const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));
const query = (parameters) => new URLSearchParams(parameters).toString();
const services = [['filter', 'kind=component,spec.type=service'], ['orderField', 'metadata.name,asc'], ['limit', '20']];
const textFields = 'metadata.name,metadata.title,metadata.description,spec.profile.displayName';

async function cursors(pave, total) {
  const found = [];
  for (let i = 0; i < 40; i++) {
    const offset = Math.floor((total / 8) * (i / 40));
    const page = await pave.get(`/api/catalog/entities/by-query?${query([...services, ['offset', String(offset)]])}`);
    found.push(page.pageInfo.nextCursor);
  }
  return found;
}

/** The kinds of request, each as a list that is asked round and round. */
async function questions(pave, entities) {
  const kinds = census(entities);
  const component = (i) => names.component((i * 7919) % kinds.components);
  const team = (i) => names.team((i * 31) % kinds.teams);
  const found = await cursors(pave, kinds.components);
  return {
    by_name: times(2000, (i) => get(`/entities/by-name/component/default/${component(i)}`)),
    by_query: times(20, (i) => get(`/entities/by-query?${query([['filter', `kind=component,spec.type=${['service', 'website', 'library'][i % 3]}`], ...services.slice(1)])}`)),
    by_query_deep: times(100, (i) => get(`/entities/by-query?${query([...services, ['offset', String(Math.floor(((kinds.components * 3) / 8) * (i / 100)))]])}`)),
    by_query_cursor: found.filter(Boolean).map((cursor) => get(`/entities/by-query?${query([['cursor', cursor], ['limit', '20']])}`)),
    by_query_by_type: times(20, (i) => get(`/entities/by-query?${query([['filter', 'kind=component'], ['orderField', `spec.type,${i % 2 ? 'asc' : 'desc'}`], ['limit', '20'], ['offset', String(i * 10)]])}`)),
    full_text: times(200, (i) => get(`/entities/by-query?${query([['filter', 'kind=component'], ['orderField', 'metadata.name,asc'], ['limit', '20'], ['fullTextFilterTerm', component(i).slice(i % 5, 9 + (i % 7))], ['fullTextFilterFields', textFields]])}`)),
    facets: times(1, () => get('/entity-facets?facet=kind&facet=spec.type&facet=metadata.tags')),
    facets_filtered: times(100, (i) => get(`/entity-facets?facet=kind&facet=spec.type&facet=metadata.tags&${query([['filter', i % 2 ? `spec.owner=${team(i)}` : `kind=component,metadata.tags=${['java', 'go', 'rust'][i % 3]}`]])}`)),
    owner: times(500, (i) => get(`/entities?${query([['filter', `spec.owner=${team(i)}`], ['limit', '20']])}`)),
    relations_owned_by: times(500, (i) => get(`/entities?${query([['filter', `relations.ownedBy=group:default/${team(i)}`], ['limit', '20']])}`)),
    by_refs_100: times(50, (i) => ({ method: 'POST', path: '/api/catalog/entities/by-refs', body: JSON.stringify({ entityRefs: times(100, (j) => `component:default/${component(i * 100 + j)}`) }) })),
  };
}

const headersOf = (pave) => ({ authorization: `Bearer ${pave.token}`, 'content-type': 'application/json' });

async function meanBytes(pave, requests) {
  const some = requests.slice(0, 20);
  let bytes = 0;
  for (const { method, path, body } of some) {
    const reply = await pave.raw(method, path, { headers: headersOf(pave), body });
    if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`);
    bytes += Buffer.byteLength(reply.text);
  }
  return Math.round(bytes / some.length);
}

// ---- one size ----

async function ask({ pave, port }, { hello, folder, only }, figures) {
  for (const [name, requests] of Object.entries(await questions(pave, figures.entities))) {
    if (only && !only.includes(name)) continue;
    const bytes = await meanBytes(pave, requests);
    const common = { host: pave.host, token: pave.token, folder, seconds: loadSeconds };
    figures[`${name}_bytes`] = bytes;
    for (const connections of [1, 16]) {
      const measured = await load({ ...common, port, requests, connections });
      const plain = await load({ ...common, port: hello.port, requests: [{ ...requests[0], path: `/${bytes}` }], connections });
      for (const key of ['rps', 'p50_ms', 'p99_ms']) figures[`${name}_c${connections}_${key}`] = measured[key];
      figures[`${name}_c${connections}_hello_rps`] = plain.rps;
      figures[`${name}_c${connections}_hello_p50_ms`] = plain.p50_ms;
    }
    console.error(`  ${name}: ${Math.round(figures[`${name}_c16_rps`])} requests/s of ${Math.round(figures[`${name}_c16_hello_rps`])}`);
  }
  figures.hello_c16_rps = figures.by_name_c16_hello_rps;
  figures.hello_c1_rps = figures.by_name_c1_hello_rps;
}

async function prepare(entities) {
  const home = await mkdtemp(join(tmpdir(), 'bench-catalog-'));
  await chmod(home, 0o755);
  await mkdir(join(home, 'data'));
  await mkdir(join(home, 'organisation/changing'), { recursive: true });
  if (isRoot) await chown(join(home, 'data'), nobody, nobody);
  await copyFile(process.env.PAVE_PROGRAM ?? join(root, 'build/pave'), join(home, 'pave'));
  const files = write(join(home, 'organisation/repositories'), entities);
  await writeFile(join(home, 'organisation/changing/catalog-info.yaml'), changing(1));
  await writeFile(join(home, 'app-config.yaml'), configuration(join(home, 'organisation')));
  return { home, files };
}

/** Empties the page cache, where this process may; whether it did. */
const forgetFiles = () => writeFile('/proc/sys/vm/drop_caches', '3').then(() => true, () => false);

async function measure(entities, only) {
  const { home, files } = await prepare(entities);
  const hello = await startHello(home);
  const figures = { entities, files };
  let server;
  try {
    let begun = performance.now();
    server = await start(home);
    await until(async () => (await entitiesThere(server.pave)) >= entities + 1, server, 50);
    figures.ingest_s = (performance.now() - begun) / 1000;
    figures.ingest_per_s = entities / figures.ingest_s;
    figures.ingest_peak_rss_mib = await peakMemory(server.child.pid);
    console.error(`  ingest: ${figures.ingest_s.toFixed(1)} s`);
    await server.stop();
    figures.disk_mib = await folderMiB(join(home, 'data'));

    figures.start_cold = await forgetFiles();
    begun = performance.now();
    server = await start(home);
    await until(() => entitiesThere(server.pave).then((there) => there >= entities), server, 2);
    figures.start_ms = performance.now() - begun;
    figures.start_rss_mib = await memory(server.child.pid);
    await ask(server, { hello, folder: home, only }, figures);
    figures.update_ms = await updateLatency(server.pave, home);
    figures.rss_mib = await memory(server.child.pid);
    await server.stop();
  } finally {
    server?.child.kill('SIGKILL');
    hello.stop();
    if (!process.env.PAVE_KEEP) await run('rm', ['-rf', home]); // half a million folders are much for fs.rm()
  }
  return figures;
}

const sizeOf = (text) => {
  const [, number, unit] = /^(\d+)([km]?)$/i.exec(text) ?? [];
  if (!number) throw new Error(`bench: "${text}" is no size; 1k, 10k, 100k and 1m are`);
  return Number(number) * { '': 1, k: 1000, m: 1e6 }[unit.toLowerCase()];
};

/** One record a size; only: the kinds of request to ask, all where it is not given. */
export async function catalog({ sizes = ['1k', '10k'], only } = {}) {
  const records = [];
  for (const size of sizes) {
    console.error(`catalog of ${size}:`);
    records.push({ size, ...(await measure(sizeOf(size), only)) });
  }
  return records;
}
