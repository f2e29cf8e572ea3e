// The skeletons of the other languages go the whole road too: built by their own tools, tested, in production, in the catalog.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createDemo } from '../lib/demo.mjs';
import * as road from './road.mjs';

const run = promisify(execFile);

// What a machine without the language's tools cannot build.
const languages = [
  { language: 'go', tool: ['/usr/bin/go', 'version'] },
  { language: 'java', tool: ['/usr/bin/javac', '-version'] },
  { language: 'python', tool: ['/usr/bin/python3', '--version'] },
];
for (const entry of languages) {
  const [program, ...parameters] = entry.tool;
  entry.skip = await run(program, parameters).then(() => false, () => `${program} is not installed`);
}

const demo = await createDemo();
const nameOf = (language) => `${language}-service`;
const tasks = {};
let pave;
// All at once: while one waits for its health check another compiles.
before(async () => {
  pave = await demo.start();
  await pave.signIn();
  for (const { language, skip } of languages) {
    if (!skip) tasks[language] = await road.create(pave, { ...road.defaults(nameOf(language)), language, database: 'none' });
  }
});
after(() => demo.remove());

for (const { language, skip } of languages) {
  test(`a service in ${language} is built, tested and live in both environments`, { skip }, async () => {
    const name = nameOf(language);
    await road.taskEnded(pave, tasks[language]);
    await road.isInCatalog(pave, name);
    const { id, commit } = await road.runOf(pave, name);
    await road.runSucceeded(pave, id, 240);
    for (const environment of ['staging', 'production']) {
      await road.answers(pave, name, environment, commit.id);
      await road.greets(pave, name, environment, 'Hello from');
    }
    const { results } = await pave.get(`/api/search/query?term=${name}&types[0]=software-catalog`);
    assert(results.some(({ document }) => document.location === `/catalog/default/component/${name}`), 'it is found by search');
  });
}
