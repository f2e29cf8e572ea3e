// The command line's page is the program's own help: script/write-cli-docs writes it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const program = process.env.PAVE_PROGRAM ?? resolve(import.meta.dirname, '../../build/pave');

test('every command and every option is on its page', async () => {
  const page = await readFile(resolve(import.meta.dirname, '../../docs/cli.md'), 'utf8');
  const { stdout } = await run(program, ['help']);
  const commands = [...stdout.matchAll(/^ {2}([a-z][a-z -]*[a-z]) {2}/gm)].map(([, name]) => name);
  assert(commands.length > 15, `${commands.length} commands`);
  for (const command of commands) {
    assert(page.includes(`\n## pave ${command}\n`), `docs/cli.md tells of pave ${command}; run script/write-cli-docs`);
    const { stdout: help } = await run(program, ['help', ...command.split(' ')]);
    for (const [, option] of help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)) {
      if (option !== '--help') assert(page.includes(option), `docs/cli.md tells of ${command} ${option}; run script/write-cli-docs`);
    }
  }
});
