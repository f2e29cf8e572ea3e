// Starts Pave alone, with an organisation of a test's own: a free port, a fresh data folder, no database cluster beside it.
import { spawn } from 'node:child_process';
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Pave } from './pave.mjs';
import { freePort } from './port.mjs';
import { refuseSanitizerReports } from './sanitizers.mjs';

const built = process.env.PAVE_PROGRAM ?? resolve(import.meta.dirname, '../../build/pave');
const nobody = 65534;

/**
 * {pave, pid(), log(), restart(), remove()}: Pave with the organisation in folder, whose app-config.yaml takes its URL from
 * PAVE_BASE_URL. restart() stops it and starts it again on the same data.
 */
export async function startPave(organization, environment = {}) {
  const home = await mkdtemp(join(tmpdir(), 'pave-'));
  const isRoot = process.getuid() === 0;
  const [data, program, config] = [join(home, 'data'), join(home, 'pave'), join(home, 'organization/app-config.yaml')];
  const port = await freePort();
  const url = `http://pave.localhost:${port}`;
  await chmod(home, 0o755);
  await mkdir(data);
  // Nothing of Pave runs as root, and the checkout may be where another user cannot read.
  if (isRoot) await chown(data, nobody, nobody);
  await copyFile(built, program);
  await cp(organization, join(home, 'organization'), { recursive: true });

  let log = '';
  let child, ended;
  const pave = new Pave({ url, port, data, program });
  const start = async () => {
    child = spawn(program, ['serve', '--config', config, '--data', join(data, 'pave'), '--port', String(port), ...(isRoot ? ['--user', 'nobody'] : [])], {
      env: { ...process.env, PAVE_BASE_URL: url, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk) => (log += chunk));
    child.stderr.on('data', (chunk) => (log += chunk));
    ended = new Promise((done) => child.once('exit', done));
    await pave.until('Pave answers', async () => {
      if (child.exitCode !== null) throw Object.assign(new Error(`pave serve ended: ${log}`), { final: true });
      return (await pave.raw('GET', '/healthz')).status === 200;
    }, 60);
  };
  const stop = async () => {
    child.kill('SIGTERM');
    const status = await ended;
    if (status !== 0) console.error(`pave serve ended with ${status}\n${log}`);
  };
  const server = {
    pave,
    pid: () => child.pid,
    log: () => log,
    async restart() {
      await stop();
      await start();
    },
    async remove() {
      await stop();
      refuseSanitizerReports(log);
      if (!process.env.PAVE_KEEP) await rm(home, { recursive: true, force: true });
    },
  };
  try {
    await start();
  } catch (error) {
    await server.remove();
    throw Object.assign(error, { message: `${error.message}\n${log}` });
  }
  return server;
}
