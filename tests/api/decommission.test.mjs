// The reverse of creating, with real git and real Terraform: who needs it, what goes, who is asked, what stays.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { jobEnded, make, refused, startMakers, whatIsThere } from '../lib/makers.mjs';

let makers, ada, bob, home;

before(async () => {
  makers = await startMakers();
  ({ ada, bob } = makers.users);
  home = await mkdtemp(join(tmpdir(), 'pave-git-'));
});
after(async () => {
  await makers?.remove();
  await rm(home, { recursive: true, force: true });
});

const v1 = '/api/scaffolder/v1/decommissions';
const preview = (name) => ada.get(`${v1}/preview?entity=component:default/${name}`);
const ask = (user, name, more = {}) => user.post(v1, { entity: name, confirm: name, reason: 'nobody uses it', ...more });
const gone = { repository: true, entity: false, resources: [] };

test('the owner sees what goes, and afterwards it is gone: infrastructure destroyed, repository archived, catalog cleared', async () => {
  assert.equal((await make(ada, 'make', { name: 'shop' })).status, 'completed');
  const shown = await preview('shop');
  assert.deepEqual([shown.entity, shown.owner, shown.dependants, shown.blocked], ['component:default/shop', 'group:default/team', [], null]);
  assert.deepEqual(
    shown.items.map(({ will, kind, ref }) => [will, kind, ref.replace(/^http.*makers/, '')]),
    [
      ['destroy', 'workspace', 'shop-staging'],
      ['delete', 'secrets', 'service:shop/staging'],
      ['archive', 'repository', 'makers/shop'],
      ['unregister', 'location', '/shop/blob/main/catalog-info.yaml'],
    ],
  );
  await assert.rejects(ask(bob, 'shop', { confirm: 'chop' }), refused(400, /"confirm": "shop"/));
  await assert.rejects(ask(bob, 'shop', { reason: '' }), refused(400, /reason/));

  const { id } = await ask(bob, 'shop');
  const job = await jobEnded(bob, id);
  assert.equal(job.state, 'succeeded', job.error?.message);
  assert.deepEqual(await whatIsThere(ada, 'shop'), gone);
  const done = await ada.get(`${v1}/${id}`);
  assert.deepEqual(done.items.map(({ state }) => state), ['done', 'done', 'done', 'done']);
  assert.deepEqual(done.kept.map(({ ref }) => ref), ['makers/shop']);
  assert.deepEqual((await ada.get(`${v1}?entity=shop`)).items.map((item) => item.id), [id]);
  const { items: told } = await ada.get('/api/events/v1/events?type=dev.pave.scaffolder.decommission&order=desc&limit=2');
  assert.deepEqual(told.map(({ type, actor }) => [type.split('.').at(-1), actor]), [['succeeded', 'user:default/bob'], ['requested', 'user:default/bob']]);
});

test('an archived repository is read, refuses pushes with a sentence, and has a way back', async () => {
  const repository = '/api/forge/v1/repositories/makers/shop';
  assert.equal((await ada.get(repository)).archived, true);
  const work = join(home, 'shop');
  await ada.git(home, 'clone', '-q', `${ada.url}/makers/shop.git`, work);
  await ada.git(work, 'commit', '-q', '--allow-empty', '-m', 'late');
  await assert.rejects(ada.git(work, 'push', '-q', 'origin', 'HEAD:refs/heads/late'), /makers\/shop is archived: it can be read/);
  await assert.rejects(makers.users.cy.post(`/api/forge/v1/repositories/makers/nothing/unarchive`), refused(404));
  await ada.post(`${repository}/unarchive`);
  await ada.git(work, 'push', '-q', 'origin', 'HEAD:refs/heads/late');
  assert.equal((await ada.get(repository)).archived, false);
});

test('whoever is no owner asks, and it waits for one', async () => {
  assert.equal((await make(ada, 'make', { name: 'mill' })).status, 'completed');
  const { id } = await ask(ada, 'mill');
  const approval = await ada.until('its owners are asked', async () => (await bob.get(`/api/scaffolder/v1/approvals?mine=true&state=pending&taskId=${id}`)).items[0], 20);
  assert.deepEqual([approval.owners, approval.message, approval.requestedBy], [['group:default/team'], 'Decommission component:default/mill: nobody uses it', 'user:default/ada']);
  assert.equal((await ada.get(`${v1}/${id}`)).state, 'waiting');
  await assert.rejects(ask(ada, 'mill'), refused(409, /being decommissioned/));
  assert.equal((await whatIsThere(ada, 'mill')).entity, true);
  await bob.post(`/api/scaffolder/v1/approvals/${approval.id}`, { decision: 'reject', reason: 'we use it' });
  const refusedJob = await jobEnded(ada, id);
  assert.equal(refusedJob.error.message, 'Rejected by user:default/bob: we use it');
  assert.deepEqual(await whatIsThere(ada, 'mill'), { repository: true, entity: true, resources: ['terraform_data.first'] });

  const again = (await ask(ada, 'mill', { reason: 'it moved' })).id;
  const second = await ada.until('they are asked anew', async () => (await bob.get(`/api/scaffolder/v1/approvals?mine=true&state=pending&taskId=${again}`)).items[0], 20);
  await makers.server.restart();
  await bob.post(`/api/scaffolder/v1/approvals/${second.id}`, { decision: 'approve' });
  const job = await jobEnded(ada, again);
  assert.equal(job.state, 'succeeded', job.error?.message);
  assert.deepEqual(await whatIsThere(ada, 'mill'), gone);
});

test('what others need is not taken away unless somebody insists', async () => {
  assert.equal((await make(ada, 'make', { name: 'bank' })).status, 'completed');
  assert.equal((await make(ada, 'make', { name: 'till' })).status, 'completed');
  const work = join(home, 'till');
  await ada.git(home, 'clone', '-q', `${ada.url}/makers/till.git`, work);
  await writeFile(join(work, 'catalog-info.yaml'), 'apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: till }\nspec: { type: service, lifecycle: production, owner: team, dependsOn: [component:bank] }\n');
  await ada.git(work, 'commit', '-q', '-am', 'It needs the bank');
  await ada.git(work, 'push', '-q', 'origin', 'HEAD:main');
  await ada.until('the catalog knows', async () => (await preview('bank')).dependants.length === 1, 30);
  const shown = await preview('bank');
  assert.deepEqual([shown.dependants, shown.blocked], [[{ ref: 'component:default/till', relation: 'dependencyOf' }], 'component:default/till needs it']);
  await assert.rejects(ask(bob, 'bank'), refused(409, /component:default\/till needs it/));
  const { id } = await ask(bob, 'bank', { force: true });
  assert.equal((await jobEnded(bob, id)).state, 'succeeded');
  assert.deepEqual(await whatIsThere(ada, 'bank'), gone);
});

test('the command line shows what goes, and does it', async () => {
  const printed = await bob.cli('decommission', 'till', '--yes', '--reason', 'the bank is gone');
  assert.match(printed, /component:default\/till, owned by group:default\/team/);
  assert.match(printed, /destroy +workspace +till-staging/);
  assert.match(printed, /archive +repository +makers\/till/);
  assert.deepEqual(await whatIsThere(ada, 'till'), gone);
  await assert.rejects(bob.cli('decommission', 'till', '--yes', '--reason', 'again'), /till/);
});

test('owning an entity is not owning the repository it lies in', async () => {
  assert.equal((await make(bob, 'make', { name: 'vault' })).status, 'completed');
  const work = join(home, 'vault');
  const component = (name, owner) => `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: ${name} }\nspec: { type: service, lifecycle: production, owner: "${owner}" }\n`;
  await bob.git(home, 'clone', '-q', `${bob.url}/makers/vault.git`, work);
  await mkdir(join(work, 'parts'));
  await writeFile(join(work, 'parts', 'catalog-info.yaml'), component('part', 'user:default/ada'));
  await writeFile(join(work, 'old.yaml'), component('vault', 'user:default/ada'));
  await bob.git(work, 'add', '-A');
  await bob.git(work, 'commit', '-q', '-m', 'A part of another team');
  await bob.git(work, 'push', '-q', 'origin', 'HEAD:main');
  const commit = (await bob.git(work, 'rev-parse', 'HEAD')).stdout?.trim() ?? 'main';
  const { items: [made] } = await bob.get('/api/scaffolder/v1/provenance?repository=makers/vault');
  const url = made.objects.find(({ type }) => type === 'location').ref;
  const kept = (shown) => shown.items.filter(({ foreign }) => foreign).map(({ will, kind, ref }) => [will, kind, ref]);

  await ada.post('/api/catalog/locations', { type: 'url', target: url.replace('catalog-info.yaml', 'parts/catalog-info.yaml') });
  await ada.until('the catalog knows the part', () => preview('part').catch(() => null), 30);
  const part = await preview('part');
  assert.deepEqual(kept(part), [['keep', 'repository', 'makers/vault']]);
  assert.match(part.items.find(({ kind }) => kind === 'repository').reason, /No template made it for this/);
  const { id } = await ask(ada, 'part');
  assert.equal((await jobEnded(ada, id)).state, 'succeeded');

  /* The name of another's entity, from an old descriptor in that one's own repository. */
  const there = (await bob.get('/api/catalog/locations')).find(({ data }) => data.target === url);
  await bob.api('DELETE', `/api/catalog/locations/${there.data.id}`);
  await ada.post('/api/catalog/locations', { type: 'url', target: url.replace('main/catalog-info.yaml', `${commit}/old.yaml`) });
  await ada.until('the catalog shows the impostor', async () => (await preview('vault').catch(() => null))?.owner === 'user:default/ada', 30);
  assert.deepEqual(kept(await preview('vault')), [['keep', 'workspace', 'vault-staging'], ['keep', 'repository', 'makers/vault']]);
  const second = (await ask(ada, 'vault')).id;
  assert.equal((await jobEnded(ada, second)).state, 'succeeded');
  assert.deepEqual(await whatIsThere(bob, 'vault'), { repository: true, entity: false, resources: ['terraform_data.first'] });
  assert.equal((await bob.get('/api/forge/v1/repositories/makers/vault')).archived, false);
});
