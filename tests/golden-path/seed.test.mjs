// An organisation's existing documents, put where they belong and otherwise untouched, byte for byte. They are kept beside
// the project, not in it: without them there is nothing to compare, and the test is skipped.
import assert from 'node:assert/strict';
import { access, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { createDemo } from '../lib/demo.mjs';
import * as road from './road.mjs';

const root = resolve(import.meta.dirname, '../..');
const seed = resolve(root, '../shared/seed');
const missing = await access(seed).then(() => false, () => 'the documents are not here');

test("an organisation's own template, workflows, catalog file and module run unchanged", { skip: missing }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'organization-'));
  await cp(join(root, 'examples/acme'), folder, { recursive: true });
  await cp(join(seed, 'templates/new-microservice/template.yaml'), join(folder, 'templates/new-microservice/template.yaml'));
  await cp(join(seed, 'workflows/platform-deploy.yml'), join(folder, 'repositories/platform-workflows/.github/workflows/platform-deploy.yml'));
  await mkdir(join(folder, 'terraform/modules/cloud-infra'));
  await cp(join(seed, 'modules/microservice-infra/main.tf'), join(folder, 'terraform/modules/cloud-infra/main.tf'));
  const demo = await createDemo({ PAVE_ORGANIZATION: folder });
  try {
    const pave = await demo.start();
    await pave.signIn();
    const name = 'order-service';
    await road.taskEnded(pave, await road.create(pave, { ...road.defaults(name), database: 'both', messaging: 'kafka' }));
    await road.isInCatalog(pave, name);
    const first = await road.runSucceeded(pave, (await road.runOf(pave, name)).id);
    await road.answers(pave, name, 'production', first.commit.id);

    const clone = join(folder, 'clone');
    await mkdir(clone);
    await pave.git(clone, 'clone', '--quiet', `${pave.url}/acme-corp/${name}.git`, '.');
    await cp(join(seed, 'order-service'), clone, { recursive: true });
    await pave.git(clone, 'add', '--all');
    await pave.git(clone, 'commit', '--quiet', '--message', 'Our own catalog file and workflow');
    await pave.git(clone, 'push', '--quiet', 'origin', 'main');
    const commit = (await pave.git(clone, 'rev-parse', 'HEAD')).trim();
    await road.runSucceeded(pave, (await road.runOf(pave, name, commit)).id);
    await road.answers(pave, name, 'production', commit);

    const entity = await pave.until('the catalog file after the push', async () => {
      const found = await pave.get(`/api/catalog/entities/by-name/component/default/${name}`);
      return found.spec.system === 'order-management' && found;
    });
    assert.equal(entity.metadata.annotations['pagerduty.com/service-id'], 'P1234AB');
    const related = entity.relations.map(({ type, targetRef }) => `${type} ${targetRef}`);
    for (const relation of ['consumesApi api:default/payment-api', 'dependsOn resource:default/orders-db', 'ownedBy group:default/team-commerce', 'partOf system:default/order-management', 'providesApi api:default/order-api']) {
      assert(related.includes(relation), `${relation} in ${related}`);
    }

    const { schema } = await pave.get('/api/infra/v1/modules/cloud-infra');
    assert.deepEqual(Object.keys(schema.properties).sort(), ['db_enabled', 'db_engine', 'environment', 'service_name', 'team']);
    assert.deepEqual([...schema.required].sort(), ['service_name', 'team']);
    assert.equal(schema.properties.environment.default, 'staging');
    assert.equal(await readFile(join(seed, 'order-service/catalog-info.yaml'), 'utf8'), (await pave.raw('GET', `/api/forge/v1/repositories/acme-corp/${name}/file?ref=main&path=catalog-info.yaml`, { headers: { authorization: `Bearer ${pave.token}` } })).text);
  } finally {
    await demo.remove();
    await rm(folder, { recursive: true, force: true });
  }
});
