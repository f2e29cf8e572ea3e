// The validator in C against ajv, which react-jsonschema-form checks with: the same schema and value through both, the same verdict.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import addInternationalFormats from 'ajv-formats-draft2019';
import { common, draft07, draft2020, formats, internationalFormats } from './jsonschema-cases.mjs';
import { differences } from './jsonschema-differences.mjs';
import { Generator } from './jsonschema-generate.mjs';

const program = join(process.env.PAVE_PROGRAM ? dirname(process.env.PAVE_PROGRAM) : resolve(import.meta.dirname, '../../build'), 'tests/api/jsonschema-lines');
const uri2020 = 'https://json-schema.org/draft/2020-12/schema';
// As the standard of the dialect has it: what stands beside a $ref counts only in 2020-12; and multiples as people count.
const options = { strict: false, logger: false, multipleOfPrecision: 9, ownProperties: true, addUsedSchema: false };
const international = (validator) => addInternationalFormats(validator, { formats: Object.keys(internationalFormats) });
const make = { '07': () => international(addFormats(new Ajv({ ...options, ignoreKeywordsWithRef: true }))), 2020: () => international(addFormats(new Ajv2020(options))) };
const shared = { '07': make['07'](), 2020: make[2020]() };
let child, answers;

before(() => {
  child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  answers = readLines(child.stdout);
});
after(() => child.stdin.end());

async function* readLines(stream) {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    yield* lines;
  }
}

/** What Pave says of each {schema, instance}. */
async function ask(questions) {
  const send = (async () => {
    for (const question of questions) if (!child.stdin.write(`${JSON.stringify(question)}\n`)) await new Promise((done) => child.stdin.once('drain', done));
  })();
  const replies = [];
  for (let i = 0; i < questions.length; i++) replies.push(JSON.parse((await answers.next()).value));
  await send;
  return replies;
}

/** ajv's verdict on each value; undefined where it refuses the schema or gives up. */
function verdicts(draft, schema, instances) {
  try {
    // A name is known to a validator for good.
    const validate = (/"\$(id|anchor|dynamicAnchor)"/.test(JSON.stringify(schema)) ? make[draft]() : shared[draft]).compile(schema);
    return instances.map((instance) => {
      try {
        return validate(instance);
      } catch {
        return undefined;
      }
    });
  } catch (error) {
    return error;
  }
}

const dialect = (draft, schema) => (draft === '2020' && typeof schema === 'object' && !schema.$schema ? { $schema: uri2020, ...schema } : schema);

/** Compares all cases; what differs without a reason is a failure. */
async function compare(draft, cases) {
  const pairs = cases.flatMap(([schema, ...instances]) => {
    const theirs = verdicts(draft, schema, instances);
    return theirs instanceof Error ? [] : instances.map((instance, index) => ({ schema, instance, theirs: theirs[index] }));
  }).filter(({ theirs }) => theirs !== undefined);
  const ours = await ask(pairs.map(({ schema, instance }) => ({ schema: dialect(draft, schema), instance })));
  const differing = pairs.map((pair, index) => ({ draft, ...pair, ours: ours[index].valid, message: ours[index].message })).filter(({ theirs, ours: own }) => theirs !== own);
  const unexplained = differing.filter((each) => !differences.some(({ applies }) => applies(each)));

  assert.deepEqual(unexplained.slice(0, 5).map((each) => JSON.stringify(each).slice(0, 1000)), [], `${unexplained.length} of ${pairs.length} differ`);
  return { pairs: pairs.length, differing: differing.length };
}

const count = (context, { pairs, differing }) => context.diagnostic(`${pairs} pairs, ${differing} listed differences`);

for (const [draft, own] of [['07', draft07], ['2020', draft2020]]) {
  test(`every keyword of ${draft} says what ajv says`, async (context) => {
    const result = await compare(draft, [...common, ...own]);
    assert(result.pairs > 7500);
    count(context, result);
  });

  test(`schemas by chance say what ajv says, in ${draft}`, async (context) => {
    const generator = new Generator(draft === '07' ? 7 : 2020, draft);
    const cases = Array.from({ length: process.env.PAVE_SLOW ? 20000 : 500 }, () => {
      const schema = generator.document();
      return [schema, ...Array.from({ length: 10 }, () => generator.near(schema))];
    });
    const result = await compare(draft, cases);
    assert(result.pairs > 4500, `${result.pairs} pairs`);
    count(context, result);
  });
}

test('every format says what ajv says', async (context) => {
  const cases = Object.entries({ ...formats, ...internationalFormats }).map(([format, values]) => [{ format }, ...values, 1, null]);
  count(context, await compare('07', cases));
});

test('each listed difference is still one', async () => {
  for (const { because, example, verdict } of differences) {
    const { draft = '07', schema, instance } = example;
    const [theirs] = [verdicts(draft, schema, [instance])].flat();
    const [{ valid }] = await ask([{ schema: dialect(draft, schema), instance }]);
    assert.equal(valid, verdict, because);
    assert.notEqual(theirs, verdict, because);
  }
});
