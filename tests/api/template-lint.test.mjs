// `pave template lint` without a server, and POST /api/scaffolder/v1/lint with one.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { writeOrganization } from '../lib/organization.mjs';
import { startPave } from '../lib/server.mjs';

const program = process.env.PAVE_PROGRAM ?? resolve(import.meta.dirname, '../../build/pave');
let folder;

before(async () => (folder = await mkdtemp(join(tmpdir(), 'template-lint-'))));
after(() => rm(folder, { recursive: true, force: true }));

const run = (cwd, ...parameters) => new Promise((done) => execFile(program, ['template', 'lint', ...parameters], { cwd }, (error, stdout, stderr) => done({ status: error?.code ?? 0, stdout, stderr })));

async function write(files) {
  const where = await mkdtemp(join(folder, 'case-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(where, path)), { recursive: true });
    await writeFile(join(where, path), content);
  }
  return where;
}

const sound = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: sound }
spec:
  type: service
  parameters:
    - title: Page
      required: [name]
      properties:
        name: { type: string, title: Name }
        kind: { type: string, enum: [web, batch], default: web }
  steps:
    - id: fetch
      action: fetch:template
      input:
        url: ./skeleton
        values:
          name: \${{ parameters.name }}
    - id: publish
      if: \${{ parameters.kind == "web" }}
      action: publish:github
      input:
        repoUrl: github.com?owner=a&repo=\${{ parameters.name }}
  output:
    links:
      - { title: Repository, url: "\${{ steps.publish.output.remoteUrl }}" }
`;
const skeleton = { 'skeleton/README.md': '# ${{ values.name | upper }}\n{% for x in range(2) %}${{ x }}${{ loop.index }}{% endfor %}{{ left }}\n' };

/** The findings of sound with a part replaced, "line:column code". */
async function findings(from, to, files = {}) {
  assert(sound.includes(from), from);
  const where = await write({ 'template.yaml': sound.replace(from, to), ...skeleton, ...files });
  const { stdout } = await run(where, '--format', 'json');
  return JSON.parse(stdout).findings;
}
const short = (list) => list.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`);

test('a template that is sound has no findings', async () => {
  const where = await write({ 'deep/er/template.yaml': sound, 'deep/er/skeleton/README.md': skeleton['skeleton/README.md'] });
  assert.deepEqual(await run(where), { status: 0, stdout: '', stderr: '1 templates, 0 errors, 0 warnings\n' });
});

test('each mistake is found where it stands', async () => {
  const cases = [
    ['fetch:template', 'fetch:templat', ['template.yaml:14:15 template-unknown-action']],
    ['id: publish', 'id: fetch', ['template.yaml:19:11 template-duplicate-id', 'template.yaml:26:39 template-undefined']],
    ['type: service', 'kind: service', ['template.yaml:5:3 template-required']],
    ['required: [name]', 'required: [nam]', ['template.yaml:8:18 template-required-name']],
    ['{ type: string, title', '{ type: text, title', ['template.yaml:10:23 template-schema']],
    ['title: Name }', 'title: Name, ui:field: RepoPicker }', ['template.yaml:10:54 template-field']],
    ['parameters.kind ==', 'parameters.kin ==', ['template.yaml:11:15 template-unused-parameter', 'template.yaml:20:15 template-undefined']],
    ['name: ${{ parameters.name }}', 'name: ${{ parameter.name }}', ['template.yaml:18:21 template-undefined']],
    ['name: ${{ parameters.name }}', 'name: ${{ parameters.name | uper }}', ['template.yaml:18:39 template-unknown-filter']],
    ['name: ${{ parameters.name }}', 'name: ${{ parameters.name', ['template.yaml:18:36 template-expression']],
    ['name: ${{ parameters.name }}', 'name: ${{ each.key }}', ['template.yaml:18:21 template-undefined']],
    ['name: ${{ parameters.name }}', 'name: ${{ steps.publish.output.remoteUrl }}', ['template.yaml:18:21 template-undefined']],
    ['parameters.kind == "web"', 'secrets.token', ['template.yaml:11:15 template-unused-parameter', 'template.yaml:20:15 template-undefined']],
    ['output.remoteUrl', 'output.remotUrl', ['template.yaml:26:39 template-undefined']],
    ['url: ./skeleton', 'url: ./skeletons', ['template.yaml:16:14 template-url']],
    ['        url: ./skeleton\n', '        url: ./skeleton\n        vales: {}\n', ['template.yaml:17:9 template-input']],
    ['url: ./skeleton', 'url: 12', ['template.yaml:16:14 template-input']],
    ['          name: ${{', '          nam: ${{', ['skeleton/README.md:1:7 template-undefined', 'template.yaml:18:11 template-unused-value']],
  ];
  for (const [from, to, wanted] of cases) {
    assert.deepEqual(short(await findings(from, to)), wanted, `${from} → ${to}`);
  }
});

test('a finding names line and column, and what was meant', async () => {
  const [unknown] = await findings('fetch:template', 'fetch:templat');
  assert.deepEqual([unknown.line, unknown.column, unknown.severity, unknown.hint], [14, 15, 'error', 'did you mean fetch:template?']);
  const [parameter] = await findings('repo=${{ parameters.name }}', 'repo=${{ parameters.nme }}');
  assert.deepEqual([parameter.line, parameter.column, parameter.hint], [23, 46, 'did you mean name?']);
});

test('files of a skeleton are parsed, and what they read is passed', async () => {
  const files = { 'skeleton/${{ values.folder }}/a.txt': '{% if %}', 'skeleton/b.txt': 'a\n ${{ parameters.name }} ${{ values.other | default("x") }}' };
  assert.deepEqual(short(await findings('title: Name', 'title: Name', files)), ['skeleton/${{ values.folder }}:1:5 template-undefined', 'skeleton/${{ values.folder }}/a.txt:1:7 template-file', 'skeleton/b.txt:2:6 template-undefined']);
});

test('files that load others are read together', async () => {
  const parts = { 'skeleton/parts/head.txt': '${{ title }} ${{ badge("x") }} ${{ values.owner }}', 'skeleton/base.txt': '{% block b %}{% endblock %}{% set kind = 1 %}' };
  const loading = { ...parts, 'skeleton/a/b.txt': '{% extends "base.txt" %}{% block b %}${{ kind }}{% set title = 1 %}{% macro badge(a) %}{% endmacro %}{% include "../parts/head.txt" %}{% include "none.txt" ignore missing %}{% endblock %}' };
  const passing = 'name: ${{ parameters.name }}\n          owner: ${{ parameters.name }}\n        copyWithoutTemplating: [parts/**]';
  assert.deepEqual(short(await findings('name: ${{ parameters.name }}', passing, loading)), []);
  const wrong = { ...loading, 'skeleton/c.txt': 'a\n{% include "./none.txt" %}${{ titel }}' };
  assert.deepEqual(short(await findings('name: ${{ parameters.name }}', passing, wrong)), ['skeleton/c.txt:2:12 template-load', 'skeleton/c.txt:2:31 template-undefined']);
  assert.deepEqual(short(await findings('name: ${{ parameters.name }}', 'name: ${{ parameters.name }}{% include "x" %}')), ['template.yaml:18:42 template-expression']);
});

test('what a template may leave open is no finding', async () => {
  const open = [
    ['name: ${{ parameters.name }}', 'name: ${{ parameters.name }}\n          user: ${{ user.ref }} ${{ context.task.id }} ${{ environment.parameters.x }} ${{ parameters.later | default("") }}', { 'skeleton/x.txt': '${{ values.user }}' }],
    ['- id: publish', '- id: publish\n      each: ${{ parameters.name.split(",") }}\n      name: ${{ each.value }}'],
    ['url: ./skeleton', 'url: ./${{ parameters.kind }}/x', { 'web/a.txt': '${{ values.name }}' }],
  ];
  for (const [from, to, files] of open) assert.deepEqual(short(await findings(from, to, files)), [], to);
});

test('annotations, SARIF and the exit status are for pipelines', async () => {
  const where = await write({ 'template.yaml': sound.replace('fetch:template', 'fetch:nothing'), ...skeleton });
  const github = await run(where, '--format', 'github');
  assert.equal(github.status, 1);
  assert.match(github.stdout, /^::error file=template.yaml,line=14,col=15/m);
  const sarif = JSON.parse((await run(where, '--format', 'sarif')).stdout);
  assert.equal(sarif.runs[0].results[0].ruleId, 'template-unknown-action');
  assert.equal((await run(where, '--format', 'xml')).status, 2);
  assert.equal((await run(where, 'nowhere')).status, 4);
});

test('actions of a configuration are known, and the example is clean', async () => {
  const acme = resolve(import.meta.dirname, '../../examples/acme');
  assert.match((await run(acme)).stdout, /there is no action acme:terraform:apply/);
  assert.deepEqual(await run(acme, '--config', 'app-config.yaml'), { status: 0, stdout: '', stderr: '1 templates, 0 errors, 0 warnings\n' });
});

test('the editor asks a server the same, with files that are not saved', async (t) => {
  const organization = await writeOrganization({ 'app-config.yaml': 'app: { title: House, baseUrl: "${PAVE_BASE_URL}" }\norganization: { name: House }\nbackend: { baseUrl: "${PAVE_BASE_URL}" }\nauth: { providers: { guest: { enabled: true, userEntityRef: user:default/guest } }, admins: [user:default/guest] }\n' });
  const server = await startPave(organization);
  t.after(async () => {
    await server.remove();
    await rm(organization, { recursive: true, force: true });
  });
  await server.pave.signIn();
  const lint = (body) => server.pave.post('/api/scaffolder/v1/lint', body);
  const contents = Object.entries(skeleton).map(([path, text]) => ({ path, base64Content: Buffer.from(text).toString('base64') }));
  const clean = await lint({ template: sound, directoryContents: contents });
  assert.deepEqual(clean.diagnostics, []);
  assert.equal(clean.parameterSchema.steps[0].title, 'Page');
  const wrong = await lint({ template: sound.replace('values.name', 'values.nam').replace('parameters.kind', 'parameters.kin'), directoryContents: contents });
  assert.deepEqual(wrong.diagnostics.map(({ code, line }) => `${line} ${code}`), ['11 template-unused-parameter', '20 template-undefined']);
  assert.equal((await lint({ template: 'a: [' })).diagnostics[0].severity, 'error');
  await assert.rejects(lint({}), ({ status }) => status === 400);
  await assert.rejects(lint({ template: sound, directoryContents: [{ path: '../../x', base64Content: '' }] }), ({ status }) => status === 400);
  const documents = (count) => Array(count).fill(sound).join('---\n');
  assert.deepEqual((await lint({ template: documents(2), directoryContents: contents })).diagnostics, []);
  await assert.rejects(lint({ template: documents(21), directoryContents: contents }), ({ status, body }) => status === 400 && /more than 20 documents/.test(body));
  const many = Array.from({ length: 501 }, (_, at) => ({ path: `skeleton/${at}`, base64Content: '' }));
  await assert.rejects(lint({ template: sound, directoryContents: many }), ({ status, body }) => status === 400 && /more than 500 files/.test(body));
});
