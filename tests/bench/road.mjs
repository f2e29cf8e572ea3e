// From Create to healthy in staging, beside the same tools run by hand one after the other: what is left is Pave's own part.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as path from '../golden-path/road.mjs';
import { createDemo } from '../lib/demo.mjs';
import { median, run, seconds } from './measure.mjs';

const acme = resolve(import.meta.dirname, '../../examples/acme');
const rounds = 3;

async function rendered(folder, name) {
  await cp(join(acme, 'templates/new-microservice/skeleton/typescript'), folder, { recursive: true });
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const place = join(file.parentPath, file.name);
    const text = await readFile(place, 'utf8');
    await writeFile(place, text.replaceAll('${{ values.name }}', name).replaceAll('${{ values.description | dump }}', '"d"').replaceAll('${{ values.description }}', 'd').replaceAll('${{ values.owner }}', 'team-commerce'));
  }
}

/** git, terraform for both environments, npm and the service's own start, by hand. */
async function byHand(data, name) {
  const folder = await mkdtemp(join(tmpdir(), 'by-hand-'));
  const source = join(folder, 'service');
  await rendered(source, name);
  await cp(join(acme, 'terraform'), join(folder, 'terraform'), { recursive: true });
  const port = (await readFile(join(data, 'postgres.port'), 'utf8')).trim();
  const environment = {
    ...process.env, TF_IN_AUTOMATION: '1', PGHOST: '127.0.0.1', PGPORT: port, PGUSER: 'acme', TF_VAR_database_port: port,
    PGPASSWORD: (await readFile(join(data, 'postgres.password'), 'utf8')).trim(), npm_config_cache: join(folder, 'npm-cache'),
  };
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@b.c'];
  const times = {};
  times.git = await seconds(async () => {
    await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', join(folder, 'remote.git')]);
    await run('git', ['init', '--quiet', '--initial-branch=main', source]);
    await run('git', ['-C', source, 'add', '--all']);
    await run('git', ['-C', source, ...author, 'commit', '--quiet', '--message', 'initial commit']);
    await run('git', ['-C', source, 'push', '--quiet', join(folder, 'remote.git'), 'main']);
    await run('git', ['clone', '--quiet', join(folder, 'remote.git'), join(folder, 'checkout')]);
  });
  const program = await run('terraform', ['version']).then(() => 'terraform', () => 'tofu');
  times.terraform = await seconds(async () => {
    for (const where of ['staging', 'production']) {
      const module = join(folder, `terraform/modules/microservice-infra`);
      const options = { cwd: module, env: { ...environment, TF_DATA_DIR: join(folder, `tf-${where}`) } };
      const variables = ['-var', `service_name=${name}-hand`, '-var', 'team=team-commerce', '-var', 'db_enabled=true', '-var', `environment=${where}`, `-state=${join(folder, where)}.tfstate`];
      await run(program, ['init', '-input=false'], options);
      await run(program, ['plan', '-input=false', '-out', join(folder, `${where}.plan`), ...variables], options);
      await run(program, ['apply', '-input=false', `-state=${join(folder, where)}.tfstate`, join(folder, `${where}.plan`)], options);
    }
  });
  const checkout = { cwd: join(folder, 'checkout'), env: environment };
  times.npm = await seconds(async () => {
    await cp(join(data, 'npm-cache'), join(folder, 'npm-cache'), { recursive: true });
    await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], checkout);
    await run('npm', ['run', 'build'], checkout);
    await run('npm', ['test'], checkout);
    await run('npm', ['prune', '--omit=dev', '--no-audit', '--no-fund', '--offline'], checkout);
  });
  times.start = await seconds(async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => probe.once('listening', listening));
    const { port: free } = probe.address();
    await new Promise((closed) => probe.close(closed));
    const child = spawn(process.execPath, ['dist/server.js'], { cwd: checkout.cwd, env: { ...environment, PORT: String(free) }, stdio: 'ignore' });
    while (!(await fetch(`http://127.0.0.1:${free}/health`).then((reply) => reply.ok, () => false))) await sleep(5);
    child.kill();
  });
  await rm(folder, { recursive: true, force: true });
  return times;
}

export async function road() {
  const demo = await createDemo();
  const figures = [];
  try {
    const pave = await demo.start();
    await pave.signIn();
    for (let round = 0; round <= rounds; round++) {
      const name = `bench-${round}`;
      let run;
      const whole = await seconds(async () => {
        const task = await path.create(pave, path.defaults(name));
        await path.taskEnded(pave, task);
        run = await path.runOf(pave, name);
        await path.answers(pave, name, 'staging', run.commit.id);
      });
      await path.runSucceeded(pave, run.id);
      const tools = await byHand(pave.data, name);
      if (round > 0) figures.push({ whole, ...tools, hand: tools.git + tools.terraform + tools.npm + tools.start });
    }
  } finally {
    await demo.remove();
  }
  const of = (key) => median(figures.map((figure) => figure[key]));
  return [
    { what: 'Create to healthy in staging', unit: 's', pave: of('whole'), baseline: of('hand'), baselineIs: 'git, terraform, npm and the start by hand' },
    ...['git', 'terraform', 'npm', 'start'].map((key) => ({ what: `  of which by hand: ${key}`, unit: 's', pave: of(key) })),
    { what: "Pave's own part", unit: 's', pave: median(figures.map((figure) => figure.whole - figure.hand)) },
  ];
}
