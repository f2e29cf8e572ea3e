// A secret is nowhere in clear: not in output, logs, events or API replies, and not in the data folder, even where
// a workflow and a service print theirs.
import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createDemo } from '../lib/demo.mjs';
import * as road from '../golden-path/road.mjs';

const name = 'order-service';
const demo = await createDemo();
let pave;
/** What must not be found: name → text. */
const secrets = {};

const workflow = `name: Leak
on: push
jobs:
  leak:
    runs-on: ubuntu-latest
    env:
      ACCOUNT: \${{ secrets.ECR_REGISTRY }}
    steps:
      - run: echo "plain [$ACCOUNT] and [\${{ secrets.ECR_REGISTRY }}]"
      - run: echo "base64 [$(printf %s "$ACCOUNT" | base64)]"
      - run: for i in $(seq \${#ACCOUNT}); do printf %s "$(printf %s "$ACCOUNT" | cut -c$i)"; sleep 0.05; done; echo " slowly"
      - run: |
          made=$(printf 'made-up-%s' by-the-job-4242)
          echo "::add-mask::$made"
          echo "mask [$made]"
          echo "::warning::said [$ACCOUNT]"
          echo "summary [$ACCOUNT]" >> "$GITHUB_STEP_SUMMARY"
`;

/** The environment of the running service, as the kernel knows it. */
async function serviceEnvironment(environment) {
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const entries = Object.fromEntries(text.split('\0').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
    if (entries.SERVICE_NAME === name && entries.ENVIRONMENT === environment && entries.DATABASE_URL) return entries;
  }
  throw new Error(`${name} does not run in ${environment} with a database`);
}

before(async () => {
  pave = await demo.start();
  await pave.signIn();
  secrets['the session token'] = pave.token;
  const { token } = await pave.post('/api/identity/v1/tokens', { name: 'a token', expiresInSeconds: 3600 });
  secrets['an API token'] = token;
  secrets['the password of the cluster'] = (await readFile(join(pave.data, 'postgres.password'), 'utf8')).trim();
  secrets["a secret of the form's"] = 'form-secret-2718281828';
  secrets['a secret of the workflows'] = 'registry.acme.internal';
  secrets['what a job masked'] = 'made-up-by-the-job-4242';

  const { id } = await pave.post('/api/scaffolder/v2/tasks', {
    templateRef: 'template:default/new-microservice',
    values: road.defaults(name),
    secrets: { note: secrets["a secret of the form's"] },
  });
  await road.taskEnded(pave, id);
  await road.runSucceeded(pave, (await road.runOf(pave, name)).id);
  const folder = await mkdtemp(join(tmpdir(), 'clone-'));
  try {
    await pave.git(folder, 'clone', '--quiet', `${pave.url}/acme-corp/${name}.git`, '.');
    await appendFile(join(folder, 'src/server.ts'), '\nconsole.log(`The database is at ${process.env.DATABASE_URL}`);\n');
    await mkdir(join(folder, '.github/workflows'), { recursive: true });
    await writeFile(join(folder, '.github/workflows/leak.yml'), workflow);
    await pave.git(folder, 'add', '--all');
    await pave.git(folder, 'commit', '--quiet', '--message', 'Tell everything');
    await pave.git(folder, 'push', '--quiet', 'origin', 'main');
    const commit = (await pave.git(folder, 'rev-parse', 'HEAD')).trim();
    await pave.until('both runs of the push', async () => {
      const { items } = await pave.get(`/api/pipelines/v1/runs?repository=acme-corp/${name}&limit=20`);
      const runs = items.filter((run) => run.commit.id === commit);
      return runs.length === 2 && runs.every(({ status }) => status === 'completed');
    });
    await road.answers(pave, name, 'production', commit);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  for (const environment of ['staging', 'production']) {
    const { DATABASE_URL } = await serviceEnvironment(environment);
    secrets[`the database password in ${environment}`] = new URL(DATABASE_URL).password;
  }
});
after(() => demo.remove());

/** Which secrets a text or a file's bytes tell, as they are or as base64. */
function told(bytes) {
  const found = Object.entries(secrets).filter(([, secret]) => [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1)].some((form) => bytes.includes(form)));
  return found.map(([what]) => what);
}

test('the API tells no secret: jobs and their output, events, runs, deployments, infrastructure, tasks', async () => {
  const paths = [
    '/api/events/v1/events?limit=1000',
    '/api/jobs/v1/jobs?limit=200',
    '/api/scaffolder/v2/tasks',
    `/api/scaffolder/v1/provenance?repository=acme-corp/${name}`,
    '/api/pipelines/v1/runs?limit=100',
    '/api/deployments/v1/deployments?limit=100',
    '/api/deployments/v1/services',
    `/api/deployments/v1/services/${name}/releases`,
    '/api/infra/v1/workspaces',
    '/api/infra/v1/runs?limit=100',
    '/api/identity/v1/tokens',
    '/api/identity/v1/session',
    '/api/catalog/entities',
    '/metrics',
  ];
  const items = async (path) => (await pave.get(path)).items;
  for (const { id } of await items('/api/jobs/v1/jobs?limit=200')) paths.push(`/api/jobs/v1/jobs/${id}`, `/api/jobs/v1/jobs/${id}/output?limit=1000`);
  for (const { id } of await items('/api/pipelines/v1/runs?limit=100')) paths.push(`/api/pipelines/v1/runs/${id}`);
  for (const workspace of await items('/api/infra/v1/workspaces')) paths.push(`/api/infra/v1/workspaces/${workspace.name}`);
  for (const { id } of (await pave.get('/api/scaffolder/v2/tasks')).tasks) paths.push(`/api/scaffolder/v2/tasks/${id}`, `/api/scaffolder/v2/tasks/${id}/events`);
  for (const environment of ['staging', 'production']) paths.push(`/api/deployments/v1/services/${name}/environments/${environment}/log?tail=500`);
  for (const path of paths) {
    const { status, text } = await pave.raw('GET', path, { headers: { authorization: `Bearer ${pave.token}` } });
    assert.equal(status, 200, `${path}: ${text}`);
    assert.deepEqual(told(text), [], path);
  }
});

test('what a workflow and a service print of theirs is there, masked', async () => {
  const { items } = await pave.get(`/api/pipelines/v1/runs?repository=acme-corp/${name}&limit=20`);
  const { jobs } = await pave.get(`/api/pipelines/v1/runs/${items.find(({ workflow: { name: title } }) => title === 'Leak').id}`);
  const text = (await pave.get(`/api/jobs/v1/jobs/${jobs[0].jobId}/output?limit=1000`)).lines.map((line) => line.text).join('\n');
  for (const line of ['plain [***] and [***]', 'base64 [***', '*** slowly', 'mask [***]']) assert(text.includes(line), `${line} in\n${text}`);
  assert.match(JSON.stringify(jobs[0].annotations), /said \[\*\*\*\]/);
  const { lines } = await pave.get(`/api/deployments/v1/services/${name}/environments/production/log?tail=500`);
  assert(lines.some((line) => /The database is at \S*\*\*\*/.test(line)), lines.join('\n'));
});

test('no file of the data folder and no log of the server holds a secret', async () => {
  const files = (await readdir(join(pave.data, 'pave'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  assert(files.some((file) => file.endsWith('pave.db')));
  for (const file of [...files, join(pave.data, 'pave.log')]) {
    const bytes = await readFile(file).catch((error) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    assert.deepEqual(told(bytes), [], file);
  }
});

test('the database password is not in the command line of any process', async () => {
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    for (const environment of ['staging', 'production']) assert(!words.includes(secrets[`the database password in ${environment}`]), words);
  }
});
