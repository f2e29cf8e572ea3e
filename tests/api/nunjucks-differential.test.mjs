// The same templates through Pave's Nunjucks and through the package `nunjucks`, byte for byte.
// PAVE_DIFFERENCES=FILE lists all that differ.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { dirname, join, posix, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import nunjucks from 'nunjucks';
import { context, generated, handPicked } from './nunjucks-corpus.mjs';
import { differences } from './nunjucks-differences.mjs';
import { context as loadingContext, files, loading, loadingEverywhere } from './nunjucks-loading.mjs';

const build = dirname(process.env.PAVE_PROGRAM ?? resolve(import.meta.dirname, '../../build/pave'));
const slow = Boolean(process.env.PAVE_SLOW);

/* ---- Pave's ---- */

let renderer;
const waiting = [];

before(() => {
  renderer = spawn(join(build, 'tests/api/nunjucks-lines'), { stdio: ['pipe', 'pipe', 'inherit'] });
  createInterface({ input: renderer.stdout }).on('line', (line) => waiting.shift().resolve(JSON.parse(line)));
  renderer.on('exit', (code, signal) => waiting.splice(0).forEach(({ reject, question }) => reject(new Error(`ended with ${code ?? signal} at ${question}`))));
});
after(() => renderer.stdin.end());

function ours(question) {
  const line = JSON.stringify(question);
  const answer = new Promise((resolve, reject) => waiting.push({ resolve, reject, question: line }));
  renderer.stdin.write(`${line}\n`);
  return answer;
}

/* ---- nunjucks' ---- */

const environments = new Map();
const Files = nunjucks.Loader.extend({
  getSource: (name) => (Object.hasOwn(files, name) ? { src: files[name], path: name, noCache: true } : null),
  resolve: (from, to) => posix.join(posix.dirname(from), to),
});

function environment(options, templates) {
  const key = JSON.stringify([options, Boolean(templates)]);
  if (!environments.has(key)) environments.set(key, new nunjucks.Environment(templates ? [new Files()] : [], { autoescape: false, ...options }));
  return environments.get(key);
}

function theirs({ template, options, context, templates }) {
  try {
    return { output: environment(options).renderString(template, structuredClone(context)) };
  } catch (error) {
    return { error: error.message };
  }
}

/** With a callback: some errors in templates that are loaded are thrown later on, at nobody. */
async function theirsLoading({ template, options, context, templates }) {
  let answer = { error: 'nothing came out' };
  let answered = false;
  const answers = (error, output) => {
    answered = true;
    answer = error ? { error: error.message } : { output };
  };
  try {
    environment(options, templates).renderString(template, structuredClone(context), { path: 'main' }, answers);
  } catch (error) {
    answers(error);
  }
  for (let turn = 0; turn < 5 && !answered; turn++) await new Promise(setImmediate);
  return answer;
}

/* ---- the comparison ---- */

const show = ({ error, output }) => (error === undefined ? JSON.stringify(output) : `refused: ${error.trim().replace(/\s+/g, ' ')}`);

async function compare(t, cases, given = { context }) {
  const differing = [];
  const used = new Map();
  let failing = 0;
  let count = 0;
  let batch = [];
  const judge = async () => {
    const answers = await Promise.all(batch.map((item) => ours({ ...item, ...given })));
    for (const [index, item] of batch.entries()) {
      const wanted = given.templates ? await theirsLoading({ ...item, ...given }) : theirs({ ...item, ...given });
      const got = answers[index];
      failing += wanted.error !== undefined;
      if (wanted.error === undefined ? wanted.output === got.output : got.error !== undefined) continue;
      const known = differences.find(({ matches }) => matches(item, wanted, got));
      if (known) used.set(known.why, (used.get(known.why) ?? 0) + 1);
      else differing.push(`${JSON.stringify(item.template)} ${JSON.stringify({ ...item.options, tags: undefined })}\n    nunjucks: ${show(wanted)}\n    Pave:     ${show(got)}`);
    }
    count += batch.length;
    batch = [];
  };
  for (const item of cases) if (batch.push(item) === 200) await judge();
  await judge();
  t.diagnostic(`${count} templates, ${failing} of them refused by both`);
  for (const [why, times] of used) t.diagnostic(`${times}: ${why}`);
  if (process.env.PAVE_DIFFERENCES) await appendFile(process.env.PAVE_DIFFERENCES, `${differing.join('\n')}\n`);
  assert.deepEqual(differing.slice(0, 10), [], `${differing.length} of ${count} templates differ`);
  return { count, failing };
}

test('every filter, test, method, operator and statement does what nunjucks does', async (t) => {
  const { count, failing } = await compare(t, handPicked());
  assert(count > 15000 && failing < count / 2);
});

test('templates that nobody thought of come out as nunjucks prints them', async (t) => {
  await compare(t, generated(20240601, slow ? 200_000 : 6000));
});

test('templates that load others come out as nunjucks prints them', async (t) => {
  const braces = (item) => ({ ...item, options: { ...item.options, tags: { variableStart: '{{', variableEnd: '}}', ...item.options.tags } } });
  await compare(t, [...loading(), ...loadingEverywhere()].map(braces), { context: loadingContext, templates: files });
});
