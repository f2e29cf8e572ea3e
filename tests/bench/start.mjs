// Start-up to the first answer, and memory when idle, beside the smallest server Node can be.
import { spawn } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, memory } from './measure.mjs';

const root = resolve(import.meta.dirname, '../..');
const rounds = 5;
const nobody = 65534;

async function timeToAnswer(command, parameters, url, environment = {}) {
  const start = performance.now();
  const child = spawn(command, parameters, { stdio: 'ignore', env: { ...process.env, ...environment } });
  for (;;) {
    const answered = await fetch(url).then((reply) => reply.ok, () => false);
    if (answered) break;
    if (performance.now() - start > 30_000) throw new Error(`${command} does not answer at ${url}`);
    await sleep(1);
  }
  const taken = performance.now() - start;
  await sleep(1000);
  const idle = await memory(child.pid);
  child.kill('SIGTERM');
  await new Promise((ended) => child.once('exit', ended));
  return { taken, idle };
}

export async function start() {
  const data = await mkdtemp(join(tmpdir(), 'bench-'));
  if (process.getuid() === 0) await chown(data, nobody, nobody);
  const figures = { pave: [], node: [] };
  try {
    for (let round = 0; round <= rounds; round++) {
      const port = 20000 + Math.floor(Math.random() * 20000);
      const user = process.getuid() === 0 ? ['--user', 'nobody'] : [];
      const pave = await timeToAnswer(join(root, 'build/pave'),
        ['serve', '--config', join(root, 'tests/bench/app-config.yaml'), '--data', join(data, 'pave'), '--port', String(port), ...user],
        `http://127.0.0.1:${port}/healthz`);
      const source = `require('http').createServer((q, r) => r.end('ok')).listen(${port + 1}, '127.0.0.1')`;
      const node = await timeToAnswer(process.execPath, ['-e', source], `http://127.0.0.1:${port + 1}/`);
      if (round === 0) continue; // warms the caches, makes the data folder
      figures.pave.push(pave);
      figures.node.push(node);
    }
  } finally {
    await rm(data, { recursive: true, force: true });
  }
  const row = (what, unit, key) => ({ what, unit, pave: median(figures.pave.map((f) => f[key])), baseline: median(figures.node.map((f) => f[key])), baselineIs: 'a bare Node HTTP server' });
  return [row('start-up to the first answer', 'ms', 'taken'), row('memory when idle, supervisor included', 'MiB', 'idle')];
}
