// The golden path from a shell: the real binary, its exit statuses, and a real git beside it.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createDemo } from '../lib/demo.mjs';
import { Pave } from '../lib/pave.mjs';
import { freePort } from '../lib/port.mjs';
import * as road from './road.mjs';

const run = promisify(execFile);
const name = 'order-service';
const repository = `acme-corp/${name}`;
const form = ['--set', `name=${name}`, '--set', 'owner=team-commerce', '--set', 'description=Handles orders'];

const demo = await createDemo();
let pave, home;
before(async () => {
  pave = await demo.start();
  home = await mkdtemp(join(tmpdir(), 'shell-'));
});
after(async () => {
  await demo.remove();
  await rm(home, { recursive: true, force: true });
});

/** A shell's environment: a home of its own, and no credential but what `pave login` keeps there. */
const shell = (more = {}) => ({ PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: join(home, 'config'), PAVE_URL: pave.url, ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? '', ...more });

/** Runs `pave …`; {status, out, err, chunks}, where chunks tells when each piece of output came. */
function cli(parameters, { env = {}, program = pave.program } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { env: shell(env), stdio: ['ignore', 'pipe', 'pipe'] });
    const result = { out: '', err: '', chunks: [] };
    child.stdout.on('data', (chunk) => {
      result.out += chunk;
      result.chunks.push({ at: performance.now(), text: String(chunk) });
    });
    child.stderr.on('data', (chunk) => (result.err += chunk));
    child.once('error', reject);
    child.once('close', (status) => resolve({ ...result, status, ended: performance.now() }));
  });
}

/** The output of a command that must succeed. */
async function says(...parameters) {
  const { status, out, err } = await cli(parameters);
  assert.equal(status, 0, `pave ${parameters.join(' ')}: ${err}${out}`);
  return out;
}

const saysJson = async (...parameters) => JSON.parse(await says(...parameters, '--json'));

/** The status of a command that must fail, with words on stderr that match. */
async function fails(status, words, ...parameters) {
  const result = await cli(parameters);
  assert.equal(result.status, status, `pave ${parameters.join(' ')}: ${result.err}${result.out}`);
  assert.match(result.err, words);
}

test('every command explains itself with an example, and a wrong one exits with 2', async () => {
  const commands = [...(await says('help')).matchAll(/^ {2}([a-z]+(?: [a-z-]+)?) {2,}\S/gm)].map((match) => match[1]);
  assert(commands.includes('create') && commands.includes('release create'), commands.join());
  for (const command of commands) {
    const help = await says(...command.split(' '), '--help');
    assert.match(help, /Usage:/, command);
    if (!['serve', 'version'].includes(command)) assert.match(help, /Examples:\n {2}\S/, command);
  }
  await fails(2, /there is no command 'creat'\n {2}pave create/, 'creat');
  await fails(2, /--help/, 'create');
  await fails(2, /--nonsense/, 'get', 'components', '--nonsense');
});

test('without a credential a command exits with 3 and says how to sign in; login keeps one', async () => {
  await fails(3, /pave login/, 'whoami');
  await fails(3, /pave login/, 'get', 'components');
  assert.match(await says('login', '--guest'), /as user:default\/guest/);
  assert.match(await says('whoami'), /^user:default\/guest at http/);
  assert.equal((await saysJson('whoami')).user.ref, 'user:default/guest');
  const kept = join(home, 'config/pave/credentials.json');
  assert.equal((await stat(kept)).mode & 0o777, 0o600);
  pave.token = JSON.parse(await readFile(kept, 'utf8')).servers[pave.url].token;
  assert.match(await says('tokens'), /pave on /);
});

test('a form that is filled in wrongly is refused with the field and the reason, and nothing is created', async () => {
  await fails(2, /no parameter 'nme'; it has name, description, owner/, 'create', 'new-microservice', '--set', 'nme=x');
  await fails(2, /the template needs: description, owner/, 'create', 'new-microservice', '--set', `name=${name}`);
  await fails(2, /Service Name \("name"\) must begin with a lower-case letter/, 'create', 'new-microservice', '--set', 'name=Bad_Name', '--set', 'owner=team-commerce', '--set', 'description=x');
  await fails(4, /new-monolith/, 'create', 'new-monolith', ...form);
  assert.deepEqual((await pave.get('/api/scaffolder/v2/tasks')).tasks, []);
});

test('create makes a service and shows each step while it runs', async () => {
  const result = await cli(['create', 'new-microservice', ...form]);
  assert.equal(result.status, 0, result.err + result.out);
  for (const step of ['Scaffold Repository', 'Create Repository', 'Provision Infrastructure', 'Register in Catalog']) {
    assert.match(result.out, new RegExp(`▸ ${step}`));
    assert.match(result.out, new RegExp(`✓ ${step}`));
  }
  assert.match(result.out, /Created\.\n {2}Repository: http.*order-service\.git\n {2}Service in Catalog: http:\/\/pave\.localhost:\d+\/catalog\/default\/component\/order-service/);
  const first = result.chunks.find(({ text }) => text.includes('Create Repository'));
  assert(result.ended - first.at > 1000, 'the first steps are told long before the last ends');
});

test('a name that exists is refused before anything is made, and exits with 1', async () => {
  await fails(1, /order-service exists already; choose another name/, 'create', 'new-microservice', ...form);
  await fails(1, /order-service exists already; choose another name/, 'create', 'new-microservice', ...form, '--json');
});

test('logs -f follows the pipeline to its end', async () => {
  const { id } = await road.runOf(pave, name);
  const { status, out, err } = await cli(['logs', '-f', id]);
  assert.equal(status, 0, err + out);
  assert.match(out, /── .*\n[^]*✓ [^]*success\n$/);
  assert.match(await says('runs', repository), /order-service .* success /);
  assert.match(await says('runs', id), /#1[^]*success/);
  assert.equal((await saysJson('runs', id)).conclusion, 'success');
  await fails(4, /./, 'runs', '01989f2e-0000-7000-8000-000000000000');
});

test('get lists what there is, shows one, and exits with 4 for what is not there', async () => {
  assert.match(await says('get', 'components'), /NAME +TYPE[^]*\norder-service +service +team-commerce/);
  assert.match(await says('get', 'component', name), /kind: Component\n/);
  assert.equal((await saysJson('get', `component:default/${name}`)).metadata.name, name);
  assert((await saysJson('get', 'templates')).some(({ metadata }) => metadata.name === 'new-microservice'));
  const services = await says('get', 'services');
  for (const environment of ['staging', 'production']) assert.match(services, new RegExp(`order-service +${environment} +healthy +[0-9a-f]{7} +healthy`));
  assert.match(await says('get', 'workspaces'), /order-service.*production/);
  assert.match(await says('get', 'repositories'), /acme-corp +order-service/);
  assert.match(await says('get', 'deployments'), /order-service +production +[0-9a-f]{7} +live/);
  for (const thing of ['environments', 'modules', 'groups', 'users', 'entities', 'locations']) assert.match(await says('get', thing), /\n.+\n/, thing);
  await fails(4, /nothing/, 'get', 'component', 'nothing');
  await fails(2, /nothing called 'sandwiches'/, 'get', 'sandwiches');
  assert.match(await says('logs', name, '--environment', 'production'), /\S/);
});

/** Real git, with the credential a person would type. */
const git = (folder, ...parameters) => run('git', ['-C', folder, ...parameters], { env: shell({ GIT_TERMINAL_PROMPT: '0', GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@acme.example', GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@acme.example' }) });
const remote = (token) => pave.url.replace('//', `//token:${token}@`) + `/${repository}.git`;
let first, second;

test('git clones and pushes, deploy and rollback move versions', async () => {
  const clone = join(home, 'clone');
  await git(home, 'clone', '--quiet', remote(pave.token), clone);
  first = (await git(clone, 'rev-parse', 'HEAD')).stdout.trim();
  const file = join(clone, 'src/app.ts');
  await writeFile(file, (await readFile(file, 'utf8')).replace('`Hello from', '`Welcome to'));
  await git(clone, 'commit', '--quiet', '--all', '--message', 'Welcome');
  await git(clone, 'push', '--quiet', 'origin', 'main');
  second = (await git(clone, 'rev-parse', 'HEAD')).stdout.trim();
  const { id } = await road.runOf(pave, name, second);
  await says('logs', '-f', id);
  await road.answers(pave, name, 'production', second);

  assert.match(await says('rollback', name, '--environment', 'production'), new RegExp(`${first.slice(0, 7)} in production: live`));
  await road.answers(pave, name, 'production', first);
  const deployed = await saysJson('deploy', name, '--environment', 'production', '--commit', second.slice(0, 7), '--wait');
  assert.deepEqual([deployed.state, deployed.commit], ['live', second]);
  await road.greets(pave, name, 'production', 'Welcome to');
  assert.match(await says('release', 'list', name), new RegExp(`${second.slice(0, 7)}[^]*${first.slice(0, 7)}`));
  await fails(2, /--environment/, 'deploy', name);
  await fails(2, /no environment moon; there are: staging, production/, 'deploy', name, '--environment', 'moon');
  await fails(4, /nothing/, 'deploy', 'nothing', '--environment', 'staging');
});

test('git gets shallow clones, and is refused a rewritten main, a deleted main and a wrong token', async () => {
  const shallow = join(home, 'shallow');
  await git(home, 'clone', '--quiet', '--depth', '1', remote(pave.token), shallow);
  assert.equal((await git(shallow, 'rev-list', '--count', 'HEAD')).stdout.trim(), '1');
  const clone = join(home, 'clone');
  await git(clone, 'commit', '--quiet', '--amend', '--message', 'Rewritten');
  await assert.rejects(git(clone, 'push', '--force', 'origin', 'main'), /The branch main is protected/);
  await assert.rejects(git(clone, 'push', 'origin', ':main'), /main.*(protected|deleted)/);
  await assert.rejects(git(home, 'ls-remote', remote('wrong')), /Authentication failed|401|403/);
  await assert.rejects(git(home, 'clone', '--quiet', remote('wrong'), join(home, 'stolen')), /Authentication failed|401|403/);
  assert.equal((await pave.get(`/api/forge/v1/repositories/${repository}`)).head, second);
});

test('a scoped token may do what it says and no more, until it is revoked', async () => {
  const reader = (await says('tokens', 'create', 'reader', '--scope', 'catalog.entity.read', '--days', '1')).trim();
  const env = { PAVE_TOKEN: reader };
  assert.equal((await cli(['get', 'components'], { env })).status, 0);
  for (const refused of [['deploy', name, '--environment', 'staging'], ['create', 'new-microservice', ...form], ['get', 'services']]) {
    const { status, err } = await cli(refused, { env });
    assert.equal(status, 3, `${refused}: ${err}`);
  }
  const { items } = await saysJson('tokens');
  await says('tokens', 'revoke', items.find((token) => token.name === 'reader').id);
  assert.equal((await cli(['get', 'components'], { env })).status, 3);
});

test('events tells what happened and follows what happens', async () => {
  assert.match(await says('events', '--type', 'dev.cdevents.service', '--limit', '100'), /dev\.cdevents\.service\.rolledback/);
  const lines = (await says('events', '--json', '--limit', '5')).trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(lines.length, 5);
  const child = spawn(pave.program, ['events', '-f', '--json', '--limit', '1', '--type', 'dev.pave.forge'], { env: shell(), stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = '';
  child.stdout.on('data', (chunk) => (seen += chunk));
  try {
    await pave.until('the event before', () => seen.includes('\n'), 30);
    const clone = join(home, 'clone');
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:refs/heads/side');
    await pave.until('the push among the events', () => seen.includes('refs/heads/side') || seen.split('\n').length > 2, 30);
  } finally {
    child.kill();
  }
});

test('completion scripts are right for their shells', async () => {
  const bash = join(home, 'completion.bash');
  await writeFile(bash, await says('completion', 'bash'));
  const { stdout } = await run('bash', ['-c', 'source "$0"; COMP_WORDS=(pave roll); COMP_CWORD=1; $(complete -p pave | sed "s/.*-F \\([^ ]*\\).*/\\1/"); echo "${COMPREPLY[@]}"', bash]);
  assert.equal(stdout.trim(), 'rollback');
  for (const other of ['zsh', 'fish']) assert.match(await says('completion', other), /rollback/);
  await fails(2, /./, 'completion', 'tcsh');
});

test('what was backed up is all there in a fresh folder', async () => {
  const config = ['--config', join(pave.data, 'software/acme/app-config.yaml')];
  const file = join(home, 'pave.backup');
  assert.match(await says('backup', file, ...config, '--data', join(pave.data, 'pave')), /The key is not in it/);
  const fresh = join(pave.data, 'restored/pave');
  await mkdir(join(pave.data, 'restored'));
  await says('restore', file, ...config, '--data', fresh);
  await fails(1, /./, 'restore', file, ...config, '--data', fresh);
  await copyFile(join(pave.data, 'pave.key'), `${fresh}.key`);
  const root = process.getuid() === 0;
  if (root) await run('chown', ['-R', 'pave:pave', join(pave.data, 'restored')]);

  const port = await freePort();
  const url = `http://pave.localhost:${port}`;
  const child = spawn(pave.program, ['serve', ...config, '--data', fresh, '--port', String(port), ...(root ? ['--user', 'pave'] : [])], { env: { ...shell(), PAVE_BASE_URL: url }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += chunk));
  const ended = new Promise((done) => child.once('exit', done));
  try {
    const restored = new Pave({ url, port, data: fresh, program: pave.program });
    restored.token = pave.token;
    await restored.until(`the restored server: ${log}`, async () => (await restored.raw('GET', '/healthz')).status === 200, 30);
    await road.isInCatalog(restored, name);
    assert.equal((await restored.get(`/api/forge/v1/repositories/${repository}`)).head, second);
    assert.equal((await restored.get(`/api/pipelines/v1/runs?repository=${repository}`)).items.length, 2);
    await git(home, 'clone', '--quiet', remote(pave.token).replace(pave.url.slice(7), url.slice(7)), join(home, 'again'));
    assert.equal((await road.answers(restored, name, 'production', second)).database, 'ok');
    // Services outlive their server on purpose; these have no other owner than this test.
    for (const environment of ['staging', 'production']) await restored.post(`/api/deployments/v1/services/${name}/environments/${environment}/stop`);
  } finally {
    child.kill('SIGTERM');
    assert.equal(await ended, 0, log);
  }
});
