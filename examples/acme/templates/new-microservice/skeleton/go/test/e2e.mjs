// Asks the deployed service, from outside: npm run test:e2e -- --base-url https://…
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { 'base-url': { type: 'string' } } });
assert(values['base-url'], 'usage: npm run test:e2e -- --base-url URL');

const health = await fetch(new URL('/health', values['base-url']));
assert.equal(health.status, 200, `health answered ${health.status}: ${await health.clone().text()}`);
const { version } = await health.json();
const commit = process.env.GITHUB_SHA;
if (commit) assert(commit.startsWith(version), `version ${version} answers, ${commit} was deployed`);

const home = await fetch(new URL('/', values['base-url']));
assert.equal(home.status, 200, `/ answered ${home.status}`);
console.log(`${values['base-url']} is healthy and runs ${version}`);
