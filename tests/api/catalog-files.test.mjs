// Catalog files without a server: `pave catalog lint` and `pave catalog readme`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

const program = process.env.PAVE_PROGRAM ?? resolve(import.meta.dirname, '../../build/pave');
let home;

before(async () => (home = await mkdtemp(join(tmpdir(), 'files-'))));
after(() => rm(home, { recursive: true, force: true }));

/** A folder with files {path: text}. */
async function folderOf(files) {
  const folder = await mkdtemp(join(home, 'repository-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** What the program printed in folder, whatever it ended with. */
const pave = (folder, ...parameters) => new Promise((done) => execFile(program, parameters, { cwd: folder }, (error, stdout, stderr) => done({ status: error?.code ?? 0, stdout, stderr })));
const lint = (folder, ...parameters) => pave(folder, 'catalog', 'lint', ...parameters);

const entity = (kind, name, spec, metadata = '') => `apiVersion: backstage.io/v1alpha1\nkind: ${kind}\nmetadata:\n  name: ${name}\n${metadata}spec:\n${Object.entries(spec).map(([key, value]) => `  ${key}: ${value}\n`).join('')}`;
const service = (name, more = {}) => entity('Component', name, { type: 'service', lifecycle: 'production', owner: 'team-a', ...more });
const team = entity('Group', 'team-a', { type: 'team', children: '[]' });

test('what is right is passed over in silence', async () => {
  const folder = await folderOf({ 'catalog-info.yaml': `${service('a')}---\n${team}`, 'deployment.yaml': 'apiVersion: apps/v1\nkind: Deployment\n' });
  assert.deepEqual(await lint(folder), { status: 0, stdout: '', stderr: '1 files, 0 errors, 0 warnings\n' });
});

test('what is wrong is told with file, line, column, and what to do', async () => {
  const folder = await folderOf({
    'a/catalog-info.yaml': entity('component', 'a', { type: 'service' }),
    'b/catalog-info.yaml': `${service('not ok')}---\n${service('b', { system: 'nowhere' })}`,
    'c/catalog-info.yaml': `${service('c').replace('spec:', 'spce:')}`,
    'd/catalog-info.yaml': 'a: [1\n',
    'e/catalog-info.yaml': entity('Component', 'e', { type: 'service', lifecycle: 'x' }),
    'f/catalog-info.yaml': `${team}---\n${service('b')}`,
    'g/catalog-info.yaml': entity('Location', 'g', { targets: '[./h.yaml]' }),
    'h/catalog-info.yaml': entity('API', 'h', { type: 'openapi', lifecycle: 'x', owner: 'team-a', definition: '{$text: ./openapi.yaml}' }),
  });
  const { status, stdout } = await lint(folder);
  const lines = stdout.trim().split('\n');
  const wanted = [
    /^a\/catalog-info\.yaml:2:7: error: No processor recognized the entity component:default\/a as valid.* \(.*Component.*\)$/,
    /^b\/catalog-info\.yaml:4:9: error: "metadata\.name" is not valid; expected .* but found "not ok"$/,
    /^b\/catalog-info\.yaml:18:11: warning: system:default\/nowhere is in none of these files$/,
    /^c\/catalog-info\.yaml:5:1: error: <root> must NOT have additional properties.*\(did you mean spec\?\)$/,
    /^d\/catalog-info\.yaml:\d+:\d+: error: /,
    /^e\/catalog-info\.yaml:6:3: error: \/spec must have required property 'owner' - missingProperty: owner$/,
    /^f\/catalog-info\.yaml:12:9: error: component:default\/b is there twice \(first at b\/catalog-info\.yaml:10\)$/,
    /^g\/catalog-info\.yaml:6:13: warning: the file \.\/h\.yaml does not exist$/,
    /^h\/catalog-info\.yaml:9:23: error: the file \.\/openapi\.yaml, which this stands for, cannot be read/,
  ];
  assert.equal(status, 1);
  assert.equal(lines.length, wanted.length, stdout);
  for (const [index, line] of lines.entries()) assert.match(line, wanted[index]);
  assert(!(await lint(folder, '--no-references')).stdout.includes('nowhere'));
  assert.equal((await lint(folder, 'b/*.yaml', 'f/catalog-info.yaml')).stdout.trim().split('\n').length, 3);
});

test('findings are annotations, SARIF or JSON where others read them', async () => {
  const folder = await folderOf({ 'catalog-info.yaml': service('a', { owner: '""' }) });
  const message = '/spec/owner must NOT have fewer than 1 characters - limit: 1';
  assert.equal((await lint(folder, '--format', 'github')).stdout, `::error file=catalog-info.yaml,line=8,col=10,title=catalog-spec::${message}\n`);
  const json = JSON.parse((await lint(folder, '--format', 'json')).stdout);
  assert.deepEqual([json.errors, json.warnings, json.findings.length], [1, 0, 1]);
  const { code, file, line, column, pointer, severity } = json.findings[0];
  assert.deepEqual([severity, code, json.findings[0].message, file, line, column, pointer], ['error', 'catalog-spec', message, 'catalog-info.yaml', 8, 10, '/spec/owner']);
  const sarif = JSON.parse((await lint(folder, '--format', 'sarif')).stdout);
  assert.equal(sarif.version, '2.1.0');
  const [run] = sarif.runs;
  assert.deepEqual(run.tool.driver.rules, [{ id: 'catalog-spec' }]);
  assert.deepEqual(run.results, [
    { ruleId: 'catalog-spec', level: 'error', message: { text: message }, locations: [{ physicalLocation: { artifactLocation: { uri: 'catalog-info.yaml' }, region: { startLine: 8, startColumn: 10 } } }] },
  ]);
});

test('a folder is searched for what says that it is a descriptor, and skeletons are none', async () => {
  const folder = await folderOf({
    'org/people.yaml': team,
    'k8s/deployment.yaml': 'apiVersion: v1\nkind: List\n',
    'template/skeleton/catalog-info.yaml': service('${{ values.name }}'),
    'template/skeleton/other.yaml': `apiVersion: backstage.io/v1alpha1\n{%- if x %}\n`,
    'node_modules/x/catalog-info.yaml': 'broken: [\n',
    '.hidden/catalog-info.yaml': 'broken: [\n',
  });
  const { status, stderr } = await lint(folder, '.');
  assert.deepEqual([status, stderr], [0, '2 files, 0 errors, 0 warnings\n']);
});

test('kinds of the organisation are known by its configuration', async () => {
  const folder = await folderOf({
    'app-config.yaml': 'app: {title: T, baseUrl: http://localhost}\nbackend: {baseUrl: http://localhost}\ncatalog:\n  kinds:\n    - apiVersion: acme.example/v1\n      kind: Contract\n      schema: {type: object, properties: {spec: {type: object, required: [price], properties: {price: {type: number}}}}}\n',
    'contract.yaml': 'apiVersion: acme.example/v1\nkind: Contract\nmetadata: {name: c}\nspec: {price: much}\n',
  });
  assert.match((await lint(folder, 'contract.yaml')).stdout, /^contract\.yaml:2:7: error: No processor recognized/);
  const { status, stdout } = await lint(folder, '--config', 'app-config.yaml');
  assert.equal(status, 1);
  assert.match(stdout, /^contract\.yaml:4:\d+: error: .*price/);
});

test('without paths it is the repository one stands in', async () => {
  const folder = await folderOf({ '.git/HEAD': 'ref: refs/heads/main\n', 'catalog-info.yaml': service('a b'), 'docs/index.md': '' });
  assert.match((await lint(join(folder, 'docs'))).stdout, /^\.\.\/catalog-info\.yaml:4:9: error: /);
  const { status, stderr } = await lint(folder, 'nothing.yaml');
  assert.deepEqual([status, stderr], [4, 'pave: nothing.yaml: No such file or directory\n']);
});

test('a registry in Markdown names everything with its owner and links', async () => {
  const folder = await folderOf({
    'catalog-info.yaml': `${service('shop-api', { system: 'shop', providesApis: '[orders]' }).replace('  name: shop-api\n', '  name: shop-api\n  title: Shop | API\n  description: Sells\n  links: [{url: "https://shop.example/a b", title: Live}]\n')}---\n${team}`,
    'system.yaml': entity('System', 'shop', { owner: 'team-a', domain: 'retail' }),
  });
  const registry = `# Service registry

## Systems

| Name | Owner | Domain | Description | Links |
|---|---|---|---|---|
| [shop](<system.yaml>) | [team-a](<catalog-info.yaml>) | retail |  |  |

## Components

| Name | Type | Lifecycle | Owner | System | Provides | Consumes | Description | Links |
|---|---|---|---|---|---|---|---|---|
| [shop-api](<catalog-info.yaml>) (Shop \\| API) | service | production | [team-a](<catalog-info.yaml>) | [shop](<system.yaml>) | orders |  | Sells | [Live](<https://shop.example/a%20b>) |

## Groups

| Name | Type | Parent | Members | Description | Links |
|---|---|---|---|---|---|
| [team-a](<catalog-info.yaml>) | team |  |  |  |  |
`;
  assert.deepEqual(await pave(folder, 'catalog', 'readme', '.'), { status: 0, stdout: registry, stderr: '' });
});

test('a registry is kept between its marks in a page that has more, and checked', async () => {
  const folder = await folderOf({ 'catalog-info.yaml': `${service('a')}---\n${team}`, 'README.md': '# Ours\n\n<!-- pave catalog: begin -->\nold\n<!-- pave catalog: end -->\n\nThe end.\n' });
  const readme = (...more) => pave(folder, 'catalog', 'readme', '.', '--output', 'README.md', ...more);
  assert.equal((await readme('--check')).status, 1);
  assert.equal((await readme()).status, 0);
  const text = await readFile(join(folder, 'README.md'), 'utf8');
  assert.match(text, /^# Ours\n\n<!-- pave catalog: begin -->\n# Service registry\n[\s\S]*\n<!-- pave catalog: end -->\n\nThe end\.\n$/);
  assert.equal((await readme('--check')).status, 0);
  assert.equal((await readme()).status, 0);
  assert.equal(await readFile(join(folder, 'README.md'), 'utf8'), text);
  assert.equal((await pave(folder, 'catalog', 'readme', '.', '--output', 'docs.md')).status, 0);
  assert.match(await readFile(join(folder, 'docs.md'), 'utf8'), /^<!-- pave catalog: begin -->/);
});
