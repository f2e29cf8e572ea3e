// `pave template test`: a template's own cases, run without a server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

const program = process.env.PAVE_PROGRAM ?? resolve(import.meta.dirname, '../../build/pave');
let folder;

before(async () => (folder = await mkdtemp(join(tmpdir(), 'template-test-'))));
after(() => rm(folder, { recursive: true, force: true }));

const run = (cwd, ...parameters) => new Promise((done) => execFile(program, ['template', 'test', ...parameters], { cwd }, (error, stdout, stderr) => done({ status: error?.code ?? 0, stdout, stderr })));

const template = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: small }
spec:
  type: service
  parameters:
    required: [name]
    properties:
      name: { type: string, pattern: "^[a-z]+$" }
      docs: { type: boolean, default: false }
  steps:
    - id: fetch
      action: fetch:template
      input: { url: ./skeleton, values: { name: "\${{ parameters.name }}", docs: "\${{ parameters.docs }}" } }
    - id: log
      action: debug:log
      input: { message: "made \${{ parameters.name }} with \${{ secrets.token }}" }
    - id: publish
      action: publish:github
      input: { repoUrl: "github.com?owner=acme&repo=\${{ parameters.name }}" }
  output:
    url: \${{ steps.publish.output.remoteUrl }}
`;
const files = {
  'template.yaml': template,
  'skeleton/README.md': '# ${{ values.name }}\n',
  "skeleton/${{ 'docs' if values.docs }}/index.md": 'Read ${{ values.name }}\n',
  'skeleton/run.sh': '#!/bin/sh\n',
};

async function write(cases) {
  const where = await mkdtemp(join(folder, 'case-'));
  for (const [path, content] of Object.entries({ ...files, 'tests/cases.yaml': cases })) {
    await mkdir(dirname(join(where, path)), { recursive: true });
    await writeFile(join(where, path), content);
  }
  return where;
}

test('a case says what files, output and log have to be', async () => {
  const where = await write(`
- name: everything that can be expected
  values: { name: shed, docs: true }
  secrets: { token: hush-hush }
  steps: { publish: { remoteUrl: "https://example.com/shed.git" } }
  expect:
    only: true
    files:
      README.md: "# shed\\n"
      docs/index.md: { contains: [Read, shed], matches: "^Read [a-z]+$" }
      run.sh: { sha256: a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf }
    output: { url: "https://example.com/shed.git" }
    log: ["made shed with ***", "Finished step"]
- name: what is not made
  values: { name: shed }
  expect: { files: { docs/index.md: { absent: true } } }
- name: what is not run puts out an example
  inputs: { name: shed }
  expect: { output: { url: <example> } }
- name: values the form refuses
  values: { name: SHED }
  expect: { error: name }
`);
  const result = await run(where);
  assert.deepEqual(result.stdout.split('\n').filter((line) => /^(not )?ok|^1\.\.|#/.test(line)), ['1..4', 'ok 1 - tests/cases.yaml: everything that can be expected', 'ok 2 - tests/cases.yaml: what is not made', 'ok 3 - tests/cases.yaml: what is not run puts out an example', 'ok 4 - tests/cases.yaml: values the form refuses'], result.stdout);
  assert.equal(result.status, 0);
});

test('what is not as expected fails with a diff', async () => {
  const where = await write(`
- name: wrong
  values: { name: shed }
  expect: { only: true, files: { README.md: "# house\\n", gone.txt: { contains: x }, run.sh: { absent: true } }, output: { url: x } }
- name: should fail
  values: { name: shed }
  expect: { error: never }
- name: should not fail
  values: {}
  expect: { files: {} }
- nothing
`);
  const result = await run(where);
  assert.equal(result.status, 1);
  assert.equal(result.stderr, '4 cases, 4 failed\n');
  for (const line of ['  # -# house', '  # +# shed', '  # gone.txt was not made', '  # run.sh is there, which it should not be', '  # -url: x', '  # it should fail, and did not', '  # a case is an object with name, values and expect']) assert(result.stdout.includes(`${line}\n`), `${line}\n${result.stdout}`);
  const junit = await run(where, '--format', 'junit');
  assert.match(junit.stdout, /<testsuite name="pave template test" tests="4" failures="4">/);
  assert.match(junit.stdout, /<failure>[^<]*gone.txt was not made/);
});

test('a folder is compared, and made anew with --update', async () => {
  const where = await write('{ name: whole, values: { name: shed, docs: true }, expect: { folder: expected/whole } }');
  assert.match((await run(where)).stdout, /there is no folder .*expected\/whole; --update makes it/);
  assert.equal((await run(where, '--update')).status, 0);
  assert.equal(await readFile(join(where, 'tests/expected/whole/docs/index.md'), 'utf8'), 'Read shed\n');
  assert.equal((await run(where)).status, 0);
  await writeFile(join(where, 'skeleton/README.md'), '# The ${{ values.name }}\n');
  await writeFile(join(where, 'skeleton/new.txt'), 'new');
  const changed = await run(where);
  assert.equal(changed.status, 1);
  for (const line of ['-# shed', '+# The shed', 'new.txt was made, but is not in']) assert(changed.stdout.includes(line), changed.stdout);
  assert.equal((await run(where, '--update')).status, 0);
  assert((await stat(join(where, 'tests/expected/whole/new.txt'))).isFile());
});

test('nothing leaves the folder of the template, and nothing is fetched', async () => {
  const where = await write('- { name: out, values: { name: a }, expect: { folder: ../../../outside } }');
  assert.equal((await run(where, '--update')).status, 1);
  const far = await write('- { name: far, values: { name: a }, expect: { error: "no server to fetch it with" } }');
  await writeFile(join(far, 'template.yaml'), template.replace('./skeleton', 'https://example.com/skeleton'));
  assert.equal((await run(far)).status, 0);
});

test('the example passes its own cases', async () => {
  const { status, stderr } = await run(resolve(import.meta.dirname, '../../examples/acme'), '--config', 'app-config.yaml');
  assert.deepEqual([status, stderr], [0, '2 cases, 0 failed\n']);
});
