// Starts Acme's Pave for a test, as `script/demo` does: a free port, a fresh data folder, everything real.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Pave } from './pave.mjs';
import { refuseSanitizerReports } from './sanitizers.mjs';
import { freePort } from './port.mjs';

const run = promisify(execFile);
const script = resolve(import.meta.dirname, '../../script/demo');

/** {pave, start(), stop(), remove()}: start() may be called again after stop() or a crash, on the same data. */
export async function createDemo(environment = {}) {
  const data = await mkdtemp(join(tmpdir(), 'pave-'));
  await chmod(data, 0o755);
  const port = await freePort();
  const env = { ...process.env, PAVE_DATA: data, PAVE_PORT: String(port), ...environment };
  const demo = {
    pave: null,
    pid: null,
    async start() {
      const { stdout } = await run(script, ['--start'], { env, maxBuffer: 16 << 20 });
      const details = JSON.parse(stdout.trim().split('\n').at(-1));
      demo.pid = details.pid;
      demo.pave = new Pave(details);
      return demo.pave;
    },
    stop: () => run(script, ['--stop'], { env }),
    async remove() {
      await demo.stop();
      refuseSanitizerReports(await readFile(join(data, 'pave.log'), 'utf8'));
      if (!process.env.PAVE_KEEP) await rm(data, { recursive: true, force: true });
    },
  };
  return demo;
}
