// Steps that wait for people: real users, groups within groups, and a server that is started again in between.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Pave } from '../lib/pave.mjs';
import { startPave } from '../lib/server.mjs';

const people = ['ada', 'bob', 'cy', 'dot'];
const person = (name, memberOf) => `
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: ${name} }
spec: { memberOf: [${memberOf}] }
---`;
const group = (name, parent) => `
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: ${name} }
spec: { type: team, children: []${parent ? `, parent: ${parent}` : ''} }
---`;
const template = (name, input, more = '') => `
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: ${name}, title: ${name} }
spec:
  type: service
  parameters: { properties: { what: { type: string, default: a database } } }
  steps:
    - { id: before, action: debug:log, input: { message: before } }
    - { id: ask, name: Ask, action: pave:approval, input: ${JSON.stringify(input)} }
    - { id: after, action: debug:log, input: { message: "\${{ steps.ask.output.approvedBy }} agreed" } }
${more}
  output: { text: [{ title: By, content: "\${{ steps.ask.output.decision }} \${{ steps.ask.output.reason }}" }] }
---`;

const files = {
  'app-config.yaml': `
app: { title: House, baseUrl: "\${PAVE_BASE_URL}" }
organization: { name: House }
backend: { baseUrl: "\${PAVE_BASE_URL}" }
auth:
  admins: [user:default/dot]
  users: [${people.map((name) => `{ name: ${name}, password: ${name}-has-a-password }`).join(', ')}]
catalog:
  rules: [{ allow: [Group, User, Template] }]
  locations: [{ type: file, target: ./catalog.yaml }]
`,
  'catalog.yaml': [
    group('platform'),
    group('databases', 'platform'),
    person('ada', ''),
    person('bob', 'databases'),
    person('cy', 'platform'),
    person('dot', ''),
    template('one', { owners: ['platform'], message: '${{ parameters.what }}' }),
    template('two', { owners: ['group:default/platform'], required: 2 }),
    template('soon', { owners: 'user:default/bob', timeout: '1s' }),
    template('own', { owners: ['user:default/ada'], selfApproval: true }),
    template('nobody', { owners: ['group:default/ghosts'] }),
    template('careful', { owners: ['platform'] }, '    - { id: always, if: "${{ always() }}", action: debug:log, input: { message: always } }'),
  ].join(''),
};

let server, folder;
const users = {};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'house-'));
  await chmod(folder, 0o755);
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  server = await startPave(folder);
  for (const name of people) {
    const reply = await server.pave.raw('POST', '/api/identity/v1/login', {
      headers: { 'content-type': 'application/json', origin: server.pave.url },
      body: JSON.stringify({ username: name, password: `${name}-has-a-password` }),
    });
    assert.equal(reply.status, 200, reply.text);
    users[name] = new Pave(server.pave);
    users[name].token = /=([^;]+)/.exec(reply.headers['set-cookie'][0])[1];
  }
});
after(async () => {
  await server?.remove();
  await rm(folder, { recursive: true, force: true });
});

const refused = (status, message) => (error) => error.status === status && (!message || message.test(JSON.parse(error.body).error.message));
const v1 = '/api/scaffolder/v1/approvals';
const submit = async (name, values = {}) => (await users.ada.post('/api/scaffolder/v2/tasks', { templateRef: `template:default/${name}`, values })).id;
const task = (id) => users.ada.get(`/api/scaffolder/v2/tasks/${id}`);
const ended = (id) => users.ada.until('the task ended', async () => {
  const shown = await task(id);
  return !['open', 'processing'].includes(shown.status) && shown;
}, 20);
const asked = (id) => users.ada.until('somebody is asked', async () => (await users.ada.get(`${v1}?state=pending&taskId=${id}`)).items[0], 20);
const decide = (who, id, decision, reason = '') => users[who].post(`${v1}/${id}`, { decision, reason });
const events = async (id) => (await users.ada.get(`/api/events/v1/events?type=dev.pave.scaffolder.approval&order=desc&limit=50`)).items.filter(({ cause }) => cause === id).map(({ type, actor }) => [type.split('.').at(-1), actor]).reverse();
const lines = async (id) => (await users.ada.get(`/api/scaffolder/v2/tasks/${id}/events`)).map(({ body }) => body.message).join('\n');

test('a step waits without a worker over a restart, and goes on when a member of a group within the group agrees', async () => {
  const id = await submit('one', { what: 'a cluster' });
  const { id: approval, ...shown } = await asked(id);
  assert.deepEqual(
    [shown.taskId, shown.step, shown.stepName, shown.title, shown.message, shown.owners, shown.requestedBy, shown.template, shown.state, shown.decidedBy],
    [id, 'ask', 'Ask', 'one', 'a cluster', ['group:default/platform'], 'user:default/ada', 'template:default/one', 'pending', undefined],
  );
  const waiting = await users.ada.get(`/api/jobs/v1/jobs/${id}`);
  assert.deepEqual([waiting.state, waiting.waitingFor, waiting.steps.find((step) => step.id === 'ask').state], ['waiting', 'Approval by group:default/platform: a cluster', 'waiting']);
  assert.equal((await task(id)).status, 'processing');
  assert.match(await lines(id), /Waiting for the approval of group:default\/platform: a cluster/);

  await server.restart();
  assert.equal((await users.ada.get(`/api/jobs/v1/jobs/${id}`)).state, 'waiting');
  assert.deepEqual((await users.bob.get(`${v1}?mine=true&state=pending&taskId=${id}`)).items.map(({ canDecide }) => canDecide), [true]);
  assert.deepEqual((await users.ada.get(`${v1}?mine=true&taskId=${id}`)).items, []);
  await assert.rejects(decide('ada', approval, 'approve'), refused(403, /not in group:default\/platform/));
  const decided = await decide('bob', approval, 'approve', 'it is in the budget');
  assert.deepEqual([decided.state, decided.decidedBy, decided.reason, decided.canDecide], ['approved', 'user:default/bob', 'it is in the budget', false]);
  const done = await ended(id);
  assert.equal(done.status, 'completed', JSON.stringify(done.error));
  assert.equal(done.output.text[0].content, 'approved it is in the budget');
  assert.match(await lines(id), /user:default\/bob agreed/);
  assert.equal((await lines(id)).match(/info.*: before|^before$/gm).length, 1, 'a finished step has run once');
  assert.deepEqual(await events(id), [['requested', 'user:default/ada'], ['approved', 'user:default/bob']]);
  await assert.rejects(decide('cy', approval, 'reject', 'too late'), refused(409, /approved already, by user:default\/bob/));
});

test('who is asked by an approval answers there, and not as an interrupted step is answered', async () => {
  const id = await submit('one');
  await asked(id);
  await assert.rejects(users.ada.post(`/api/jobs/v1/jobs/${id}/answer`, { answer: 'done', output: { decision: 'approved' } }), refused(409));
  assert.equal((await users.ada.get(`/api/jobs/v1/jobs/${id}`)).state, 'waiting');
  await users.ada.post(`/api/scaffolder/v2/tasks/${id}/cancel`);
  assert.equal((await ended(id)).status, 'cancelled');
  assert.deepEqual((await users.ada.get(`${v1}?taskId=${id}`)).items.map(({ state }) => state), ['cancelled']);
});

test('a rejection fails the step with its reason, and a retry asks anew', async () => {
  const id = await submit('careful');
  const first = await asked(id);
  await assert.rejects(decide('cy', first.id, 'reject'), refused(400, /reason/));
  await assert.rejects(decide('cy', first.id, 'perhaps'), refused(400, /approve or reject/));
  await decide('cy', first.id, 'reject', 'use the shared one');
  const failed = await ended(id);
  assert.deepEqual([failed.status, failed.error.message], ['failed', 'Rejected by user:default/cy: use the shared one']);
  assert.match(await lines(id), /always/);
  await users.ada.post(`/api/scaffolder/v2/tasks/${id}/retry`);
  const second = await asked(id);
  assert.notEqual(second.id, first.id);
  await decide('cy', second.id, 'approve');
  assert.equal((await ended(id)).status, 'completed');
});

test('two of the owners must agree where the step says so, each once', async () => {
  const id = await submit('two');
  const { id: approval } = await asked(id);
  assert.equal((await decide('bob', approval, 'approve')).state, 'pending');
  await assert.rejects(decide('bob', approval, 'approve'), refused(409, /user:default\/bob has decided/));
  assert.equal((await decide('cy', approval, 'approve')).state, 'approved');
  assert.equal((await ended(id)).status, 'completed');
  assert.deepEqual((await events(id)).map(([verb]) => verb), ['requested', 'voted', 'approved']);
});

test('nobody approves their own request unless the step allows it; an administrator may approve those of others', async () => {
  const own = await submit('own');
  assert.equal((await decide('ada', (await asked(own)).id, 'approve')).state, 'approved');
  const id = (await users.cy.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/one', values: {} })).id;
  const { id: approval } = await asked(id);
  await assert.rejects(decide('cy', approval, 'approve'), refused(403, /their own request/));
  assert.equal((await decide('dot', approval, 'approve')).decidedBy, 'user:default/dot');
});

test('what nobody decides in time expires', async () => {
  const id = await submit('soon');
  await asked(id);
  assert.equal((await ended(id)).error.message, 'Nobody approved it in time');
  assert.deepEqual((await users.ada.get(`${v1}?state=decided&taskId=${id}`)).items.map(({ state }) => state), ['expired']);
  assert.deepEqual((await events(id)).map(([verb]) => verb), ['requested', 'expired']);
});

test('a group that is not there is not asked', async () => {
  assert.match((await ended(await submit('nobody'))).error.message, /no group:default\/ghosts in the catalog/);
});

test('a dry run says whom it would ask', async () => {
  const spec = { apiVersion: 'scaffolder.backstage.io/v1beta3', kind: 'Template', metadata: { name: 'x' }, spec: { type: 'service', parameters: {}, steps: [{ id: 'ask', name: 'Ask', action: 'pave:approval', input: { owners: ['platform'], message: 'may it be' } }] } };
  const reply = await users.ada.post('/api/scaffolder/v2/dry-run', { template: spec, values: {}, secrets: {}, directoryContents: [] });
  assert.match(JSON.stringify(reply.log), /Would wait for the approval of group:default\/platform: may it be/);
});

test('the command line lists, approves and rejects', async () => {
  const [first, second] = [await submit('one'), await submit('one')];
  const [approve, reject] = [(await asked(first)).id, (await asked(second)).id];
  assert.match(await users.bob.cli('approvals', '--mine'), new RegExp(`${approve} +pending +one +user:default/ada +group:default/platform`));
  assert.match(await users.bob.cli('approvals', 'approve', approve, '--reason', 'fine'), /approved/);
  assert.match(await users.bob.cli('approvals', 'reject', reject, '--reason', 'not fine'), /rejected/);
  assert.deepEqual([(await ended(first)).status, (await ended(second)).status], ['completed', 'failed']);
});
