// What becomes of what was made: changes proposed, upgrades, approvals, the way back, the end.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { writeOrganization } from '../lib/organization.mjs';
import { startPave } from '../lib/server.mjs';
import { expect, picture, test as base } from './portal.mjs';
import { signedIn } from './start.mjs';

const template = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: sail, title: Sail, description: A mill's sail }
spec:
  type: service
  owner: group:default/millers
  parameters:
    - title: The sail
      required: [name]
      properties: { name: { type: string, title: Name } }
  steps:
    - { id: fetch, action: fetch:template, input: { url: ./skeleton, values: { name: '\${{ parameters.name }}' } } }
    - { id: publish, action: publish:github, input: { repoUrl: 'github.com?owner=mill&repo=\${{ parameters.name }}', defaultBranch: main } }
    - { id: register, action: catalog:register, input: { repoContentsUrl: '\${{ steps.publish.output.repoContentsUrl }}' } }
`;

// It asks first, and its last step cannot work.
const gate = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: gate, title: Gate, description: A gate that breaks }
spec:
  type: service
  owner: group:default/millers
  parameters: [{ title: The gate, required: [name], properties: { name: { type: string, title: Name } } }]
  steps:
    - { id: ask, name: Ask the millers, action: 'pave:approval', input: { owners: ['group:default/millers'], selfApproval: true, message: 'Another **gate**, for \${{ parameters.name }}' } }
    - { id: fetch, action: fetch:template, input: { url: ../sail/skeleton, values: { name: '\${{ parameters.name }}' } } }
    - { id: publish, action: publish:github, input: { repoUrl: 'github.com?owner=mill&repo=\${{ parameters.name }}', defaultBranch: main } }
    - { id: register, action: catalog:register, input: { repoContentsUrl: '\${{ steps.publish.output.repoContentsUrl }}' } }
    - { id: break, name: Hang the gate, action: fs:rename, input: { files: [{ from: not-there, to: anywhere }] } }
`;

const files = {
  'app-config.yaml': `
app: { title: Mill, baseUrl: "\${PAVE_BASE_URL}" }
organization: { name: Mill }
backend: { baseUrl: "\${PAVE_BASE_URL}" }
auth:
  providers: { guest: { enabled: true, userEntityRef: user:default/guest } }
  admins: [user:default/guest]
catalog:
  rules: [{ allow: [Component, Group, User, Template, Location] }]
  locations:
    - { type: file, target: ./people.yaml }
    - { type: url, target: 'https://github.com/mill/templates/blob/main/sail/template.yaml' }
    - { type: url, target: 'https://github.com/mill/templates/blob/main/gate/template.yaml' }
forge:
  hosts: { github.com: builtin }
  repositories: [{ owner: mill, name: templates, folder: ./templates }]
`,
  'people.yaml': `
{ apiVersion: backstage.io/v1alpha1, kind: Group, metadata: { name: millers }, spec: { type: team, children: [] } }
---
{ apiVersion: backstage.io/v1alpha1, kind: User, metadata: { name: guest }, spec: { memberOf: [millers] } }
`,
  'templates/catalog-info.yaml': `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: templates }
spec: { type: library, lifecycle: production, owner: group:default/millers }
`,
  'templates/sail/template.yaml': template,
  'templates/gate/template.yaml': gate,
  'templates/sail/skeleton/catalog-info.yaml': `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: "\${{ values.name }}" }
spec: { type: service, lifecycle: production, owner: group:default/millers }
`,
  'templates/sail/skeleton/README.md': '# ${{ values.name }}\n\nA sail of four.\n',
};

const test = base.extend({
  mill: [
    async ({}, use) => {
      const organization = await writeOrganization(files);
      const server = await startPave(organization);
      try {
        await server.pave.signIn();
        for (const name of ['sail', 'gate'])
          await server.pave.until('the template is read', () =>
            server.pave.get(`/api/catalog/entities/by-name/template/default/${name}`),
          );
        await use({ pave: server.pave, state: await signedIn(server.pave) });
      } finally {
        await server.remove();
        await rm(organization, { recursive: true, force: true });
      }
    },
    { scope: 'worker' },
  ],
  baseURL: ({ mill }, use) => use(mill.pave.url),
  storageState: ({ mill }, use) => use(mill.state),
  pave: ({ mill }, use) => use(mill.pave),
});

/** Changes a file of a repository with git, on a branch that is made where it is not there. */
async function push(pave, repository, branch, file, change) {
  const home = await mkdtemp(join(tmpdir(), 'pave-git-'));
  try {
    const work = join(home, 'work');
    await pave.git(home, 'clone', '-q', `${pave.url}/${repository}.git`, work);
    if (branch !== 'main') await pave.git(work, 'checkout', '-q', '-b', branch);
    const before = await readFile(join(work, file), 'utf8').catch(() => '');
    await writeFile(join(work, file), change(before));
    await pave.git(work, 'add', '-A');
    await pave.git(work, 'commit', '-q', '-m', `Change ${file}`);
    await pave.git(work, 'push', '-q', 'origin', branch);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function canBeUsedByEverybody(page) {
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)).toEqual([]);
}

const ended = (pave, id) =>
  pave.until('the task has ended', async () => {
    const { status } = await pave.get(`/api/scaffolder/v2/tasks/${id}`);
    return ['completed', 'failed', 'cancelled'].includes(status) && status;
  });

/** A repository made by the template. */
async function make(pave, name) {
  const { id } = await pave.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/sail', values: { name } });
  expect(await ended(pave, id)).toBe('completed');
  return id;
}

test('a change is proposed, looked at, spoken about and merged', async ({ page, pave }) => {
  await make(pave, 'linen');
  await push(pave, 'mill/linen', 'better-words', 'NOTES.md', () => '# Notes\n\nWhat whoever is on call should know.\n');
  await page.goto('/repositories/mill/linen/pulls');
  await page.getByRole('button', { name: 'New pull request' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('From').click();
  await page.getByRole('option', { name: 'better-words' }).click();
  await dialog.getByLabel('Title').fill('Notes for those on call');
  await dialog.getByLabel('Description').fill('They **asked** for it.');
  await dialog.getByRole('button', { name: 'Open pull request' }).click();

  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Notes for those on call');
  await expect(page.getByRole('article').first()).toContainText('They asked for it.');
  await page.getByRole('tab', { name: 'Files' }).click();
  await expect(page.getByRole('region', { name: 'Changes of NOTES.md' })).toContainText('on call should know');
  await picture(page, 'pull-files');
  await canBeUsedByEverybody(page);
  await page.getByRole('tab', { name: 'Conversation' }).click();
  await page.getByLabel('Comment', { exact: true }).fill('Good.');
  await page.getByRole('button', { name: 'Comment' }).click();
  await expect(page.getByRole('article').nth(1)).toContainText('Good.');
  await picture(page, 'pull');
  await canBeUsedByEverybody(page);
  await page.getByRole('button', { name: 'Merge', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('Merged');
  await page.goto('/repositories/mill/linen/pulls?state=merged');
  await expect(page.getByRole('list', { name: 'Pull requests' })).toContainText('Notes for those on call');
});

test('who is behind a template is seen, and a campaign brings the change to all', async ({ page, pave }) => {
  await make(pave, 'canvas');
  await make(pave, 'hemp');
  await push(pave, 'mill/hemp', 'main', 'README.md', (text) => text.replace('of four', 'of our own'));
  await push(pave, 'mill/templates', 'main', 'sail/skeleton/README.md', (text) => text.replace('of four', 'of six'));
  await pave.until('the change of the template is seen', async () => {
    const { counts } = await pave.get('/api/scaffolder/v1/upgrades?template=template:default/sail');
    return counts.behind >= 2;
  });

  await page.goto('/upgrades');
  const table = page.getByRole('table', { name: 'Repositories and their templates' });
  const row = (name) => table.getByRole('row').filter({ hasText: `mill/${name}` });
  await expect(row('canvas')).toContainText('Behind');
  await row('canvas').getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('dialog').getByRole('region', { name: 'Changes of README.md' })).toContainText('of six');
  await picture(page, 'upgrade-preview');
  await page.getByRole('dialog').getByRole('button', { name: 'Not now' }).click();
  await picture(page, 'upgrades');
  await canBeUsedByEverybody(page);

  await page.getByRole('button', { name: /^Upgrade all/ }).click();
  const items = page.getByRole('table', { name: 'Repositories of the campaign' });
  const item = (name) => items.getByRole('row').filter({ hasText: `mill/${name}` });
  await expect(item('canvas')).toContainText('Open');
  await expect(item('hemp')).toContainText('Conflicts');
  await picture(page, 'campaign');
  await canBeUsedByEverybody(page);

  await item('canvas').getByRole('link', { name: /^#/ }).click();
  await page.getByRole('button', { name: 'Merge', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('Merged');
  await page.goto('/upgrades');
  await expect(row('canvas')).toContainText(/Merged|Up to date/);
});

test('a run waits for a yes, breaks, and is taken back', async ({ page, pave }) => {
  const { id } = await pave.post('/api/scaffolder/v2/tasks', {
    templateRef: 'template:default/gate',
    values: { name: 'floodgate' },
  });
  await page.goto('/approvals');
  const asked = page.getByRole('list', { name: 'Approvals' }).getByRole('listitem');
  await expect(asked).toContainText('Another gate, for floodgate');
  await picture(page, 'approvals');
  await canBeUsedByEverybody(page);
  await asked.getByRole('link', { name: 'Gate' }).click();
  const question = page.getByRole('alert').filter({ hasText: 'Waiting for approval' });
  await question.getByRole('textbox').fill('The old one leaks.');
  await picture(page, 'approval');
  await canBeUsedByEverybody(page);
  await question.getByRole('button', { name: 'Approve' }).click();

  await page.getByRole('button', { name: 'Undo…' }).click();
  const goes = page.getByRole('list', { name: 'What is taken back, in this order' });
  await expect(goes).toContainText('mill/floodgate');
  await picture(page, 'undo');
  await canBeUsedByEverybody(page);
  await page.getByRole('button', { name: 'Undo this run' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'This run was undone' })).toBeVisible();
  await picture(page, 'undone');
  await expect(pave.get('/api/forge/v1/repositories/mill/floodgate')).rejects.toThrow(/404/);

  await page.goto('/approvals?state=decided');
  await expect(asked).toContainText('The old one leaks.');
  expect((await pave.get(`/api/scaffolder/v2/tasks/${id}`)).status).toBe('failed');
});

test('a component is decommissioned: its repository is kept and closed, the catalog forgets it', async ({ page, pave }) => {
  await make(pave, 'jute');
  await pave.until('the component is read', () => pave.get('/api/catalog/entities/by-name/component/default/jute'));
  await page.goto('/catalog/default/component/jute');
  await page.getByRole('button', { name: 'More of this component' }).click();
  await page.getByRole('menuitem', { name: 'Decommission…' }).click();
  const goes = page.getByRole('list', { name: 'What goes, and what stays' });
  await expect(goes).toContainText('mill/jute');
  await page.getByLabel('Reason').fill('Hemp is stronger.');
  await page.getByLabel('Type jute to confirm').fill('jute');
  await picture(page, 'decommission');
  await canBeUsedByEverybody(page);
  await page.getByRole('button', { name: 'Decommission', exact: true }).click();
  await expect(page.getByRole('list', { name: 'What became of it' })).toContainText('Archivedrepository mill/jute');
  await picture(page, 'decommissioned');
  expect((await pave.get('/api/forge/v1/repositories/mill/jute')).archived).toBe(true);
  await expect(pave.get('/api/catalog/entities/by-name/component/default/jute')).rejects.toThrow(/404/);
});
