// A template of 200 lines rendered by Pave and by the package `nunjucks`, in turns, by the CPU time each takes.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import nunjucks from 'nunjucks';
import { median } from './measure.mjs';

const root = resolve(import.meta.dirname, '../..');
const template = join(import.meta.dirname, 'scaffolder/service.yaml.njk');
const values = join(import.meta.dirname, 'scaffolder/values.json');
const rounds = 7;
const times = { parse: 60, compiled: 2000 };

/** The release build of the program that renders. */
function program() {
  if (process.env.PAVE_RENDER) return process.env.PAVE_RENDER;
  const folder = join(root, 'build-release');
  spawnSync('meson', ['setup', folder, root, '--buildtype=release'], { stdio: 'ignore' });
  execFileSync('ninja', ['-C', folder, 'tests/bench/render'], { stdio: ['ignore', 'ignore', 'inherit'] });
  return join(folder, 'tests/bench/render');
}

const ask = (renderer, line) => execFileSync(renderer, [template, values], { input: `${line}\n`, encoding: 'utf8', maxBuffer: 1 << 24 });

function cpu(work, count) {
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) work();
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / count;
}

export function rendering() {
  const renderer = program();
  const text = readFileSync(template, 'utf8');
  const context = JSON.parse(readFileSync(values, 'utf8'));
  const environment = new nunjucks.Environment(null, { autoescape: false, tags: { variableStart: '${{', variableEnd: '}}' } });
  const compiled = new nunjucks.Template(text, environment, 'service', true);
  const theirs = { parse: () => environment.renderString(text, context), compiled: () => compiled.render(context) };
  if (ask(renderer, 'show 1') !== `${theirs.compiled()}\0`) throw new Error('bench: the two do not render the same text');
  return Object.fromEntries(Object.entries(times).map(([what, count]) => {
    cpu(theirs[what], count);
    const measured = Array.from({ length: rounds }, () => ({ pave: Number(ask(renderer, `${what} ${count * 5}`)) / (count * 5), nunjucks: cpu(theirs[what], count) }));
    const [pave, other] = ['pave', 'nunjucks'].map((who) => median(measured.map((round) => round[who])));
    return [what, { pave: pave / 1000, nunjucks: other / 1000, ratio: other / pave }];
  }));
}
