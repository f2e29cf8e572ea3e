// Throughput and latency of requests, by wrk, beside a hello world that returns bodies of the same size.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run } from './measure.mjs';

const here = import.meta.dirname;

/** Builds the hello world and starts it: {port, stop()}. */
export async function startHello(folder) {
  const program = join(folder, 'hello');
  execFileSync('cc', ['-O2', '-o', program, resolve(here, 'hello.c'), '-lmicrohttpd']);
  const child = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { port: Number(line), stop: () => child.kill() };
}

/** {rps, p50_ms, p99_ms} of requests [{method, path, body}] sent by connections for some seconds. */
export async function load({ port, host, token, requests, connections, seconds, folder }) {
  const list = join(folder, 'requests.tsv');
  await writeFile(list, requests.map(({ method, path, body }) => `${method}\t${path}\t${body ?? ''}\n`).join(''));
  const headers = [['Host', host], ['Authorization', `Bearer ${token}`], ['Content-Type', 'application/json']].flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const { stdout } = await run('wrk', ['-t', String(Math.min(2, connections)), '-c', String(connections), '-d', `${seconds}s`, '--timeout', '20s', '-s', join(here, 'requests.lua'), ...headers,
    `http://127.0.0.1:${port}`, '--', list]);
  const told = JSON.parse(stdout.slice(stdout.lastIndexOf('\n{') + 1));
  if (told.refused || told.broken) throw new Error(`wrk: ${told.refused} answers were errors and ${told.broken} connections broke, of ${told.requests}, for requests like ${requests[0].path}`);
  return { rps: told.requests / told.seconds, p50_ms: told.p50_ms, p99_ms: told.p99_ms };
}
