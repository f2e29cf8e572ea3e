// script/install-opentofu against a file server of our own: only what its SHA256SUMS file says is installed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const script = resolve(import.meta.dirname, '../../script/install-opentofu');
const program = '#!/bin/sh\necho "OpenTofu of the test"\n';
const zip = 'import sys, zipfile; archive = zipfile.ZipFile(sys.argv[1], "w"); archive.writestr("LICENSE", "free"); archive.writestr("tofu", sys.argv[2])';

let home, server, archive, sums, asked;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'opentofu-'));
  await run('python3', ['-c', zip, join(home, 'archive'), program]);
  archive = await readFile(join(home, 'archive'));
  server = createServer((request, reply) => {
    const file = request.url.split('/').at(-1);
    asked.push(file);
    const content = file.endsWith('_SHA256SUMS') ? sums(file) : file.endsWith('.zip') ? archive : null;
    reply.writeHead(content === null ? 404 : 200).end(content);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(async () => {
  server.close();
  await rm(home, { recursive: true });
});

let target;
beforeEach(async () => {
  target = join(await mkdtemp(join(home, 'target-')), 'bin');
  asked = [];
  sums = listing(createHash('sha256').update(archive).digest('hex'));
});

/** A release's list, of every architecture. */
const listing = (digest) => (file) =>
  ['amd64', 'arm64'].map((architecture) => `${digest}  ${file.replace('SHA256SUMS', `linux_${architecture}.zip`)}\n`).join('');

async function install(parameters = ['--force'], environment = {}) {
  const { port } = server.address();
  const env = { ...process.env, PAVE_OPENTOFU_URL: `http://127.0.0.1:${port}/release`, PAVE_OPENTOFU_TARGET: target, ...environment };
  return run(script, parameters, { env }).then(() => ({ code: 0, stderr: '' }), ({ code, stderr }) => ({ code, stderr }));
}

test('an archive that is what SHA256SUMS says is installed', async () => {
  assert.equal((await install()).code, 0);
  assert.equal((await run(join(target, 'tofu'))).stdout, 'OpenTofu of the test\n');
  assert.deepEqual(await readdir(target), ['tofu']);
});

test('an archive that is something else is refused, and what was there stays', async () => {
  await mkdir(target);
  await writeFile(join(target, 'tofu'), 'older');
  sums = listing('0'.repeat(64));
  const { code, stderr } = await install();
  assert.equal(code, 1);
  assert.match(stderr, /tofu_\S+\.zip is not what tofu_\S+_SHA256SUMS says it is; nothing was installed/);
  assert.equal(await readFile(join(target, 'tofu'), 'utf8'), 'older');
  assert.deepEqual(await readdir(target), ['tofu']);
});

test('an archive that SHA256SUMS does not list is refused', async () => {
  sums = () => `${'0'.repeat(64)}  something-else.zip\n`;
  const { code, stderr } = await install();
  assert.equal(code, 1);
  assert.match(stderr, /does not list tofu_\S+\.zip; nothing was installed/);
  await assert.rejects(readdir(target), { code: 'ENOENT' });
});

test('a release that cannot be fetched says what to do instead', async () => {
  sums = () => null;
  const { code, stderr } = await install();
  assert.equal(code, 1);
  assert.match(stderr, /_SHA256SUMS could not be fetched from \S+\. Install terraform or tofu by hand/);
  await assert.rejects(readdir(target), { code: 'ENOENT' });
});

test('where terraform is there, nothing is fetched', async () => {
  const tools = await mkdtemp(join(home, 'tools-'));
  await writeFile(join(tools, 'terraform'), '#!/bin/sh\n');
  await chmod(join(tools, 'terraform'), 0o755);
  assert.equal((await install([], { PATH: `${tools}:${process.env.PATH}` })).code, 0);
  assert.deepEqual(asked, []);
  await assert.rejects(readdir(target), { code: 'ENOENT' });
});
