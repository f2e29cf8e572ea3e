// A template is worked on: its files, its live form, what is wrong with it, what a run would do. And what there is to look up.
import { resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import { check, expect, test } from './workshop.mjs';

test.use({ contextOptions: { reducedMotion: 'reduce' } });

const folder = resolve(import.meta.dirname, 'workshop/templates/everything');
const files = (page) => page.getByRole('navigation', { name: 'Files', exact: true });

async function sample(page, name) {
  await page.goto('/create/edit');
  await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
  await expect(files(page).getByRole('button', { name: 'template.yaml' })).toBeVisible();
}

test('what is written shows in the form at once, and in what a run would make', async ({ page }) => {
  await page.goto('/create/edit');
  await expect(page.getByRole('button', { name: /^A note/ })).toBeVisible();
  await check(page, 'edit-choice');
  await sample(page, 'A service');
  const text = page.getByRole('textbox', { name: 'template.yaml' });
  await expect(page.getByLabel('Description')).toBeVisible();
  await text.fill((await text.inputValue()).replace('title: Description', 'title: What it is for').replace(/    - id: publish[\s\S]*?  output:/, '  output:'));
  await page.getByLabel('What it is for').fill('To sit on');
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('stool');
  await page.getByRole('combobox', { name: 'Owner' }).click();
  await page.keyboard.type('join');
  await expect(page.getByRole('option', { name: /Joiners/ })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await page.getByText('Where', { exact: true }).click();
  await page.getByRole('combobox', { name: 'Owner' }).fill('workshop');
  await page.keyboard.press('Escape');
  await page.getByRole('combobox', { name: 'Repository' }).fill('stool');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Dry run' }).click();
  await page.getByRole('tab', { name: /Files/ }).click();
  await expect(page.getByRole('region', { name: 'README.md' })).toContainText('To sit on');
  await check(page, 'edit-dry-run');

  await files(page).getByRole('button', { name: 'README.md' }).click();
  await page.getByRole('textbox', { name: 'skeleton/README.md' }).fill('# ${{ values.name }} stands\n');
  await page.getByRole('button', { name: 'Dry run' }).click();
  await page.getByRole('navigation', { name: 'Produced files' }).getByRole('button', { name: /README.md/ }).click();
  await page.getByText('Diff', { exact: true }).click();
  await expect(page.getByRole('region', { name: 'Changes of README.md' })).toContainText('stool stands');
});

test('text that is torn is marked where it is, and the form stays as it was', async ({ page }) => {
  await sample(page, 'A service');
  const text = page.getByRole('textbox', { name: 'template.yaml' });
  await expect(page.getByRole('textbox', { name: 'Name', exact: true })).toBeVisible();
  await text.fill((await text.inputValue()).replace('kind: Template', 'kind: Template\n  torn: [}'));
  await expect(page.getByRole('button', { name: /go to line 3/ }).first()).toBeVisible();
  await expect(text).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('textbox', { name: 'Name', exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Dry run' })).toBeDisabled();
});

test('a schema that is wrong is said to be so where the form would stand, and the text stays', async ({ page }) => {
  await sample(page, 'A service');
  const text = page.getByRole('textbox', { name: 'template.yaml' });
  const whole = await text.inputValue();
  for (const wrong of ['$ref: "#/definitions/nowhere"', 'type: strin', 'enum: nonsense', 'oneOf: 7', 'type: array', 'ui:order: [x]'])
    for (const place of ['title: Description', 'title: The service']) {
      await text.fill(whole.replace(place, (found) => `${found}\n          ${wrong}`.replace(/\n {10}/, place === 'title: Description' ? '\n          ' : '\n      ')));
      await expect(page.getByRole('radiogroup', { name: 'Page of the form' })).toBeVisible();
      await expect(text).toBeVisible();
    }
  await text.fill(whole);
  await expect(page.getByLabel('Description')).toBeVisible();
});

test('a folder of this machine is worked on and taken along', async ({ page }) => {
  await page.goto('/create/edit');
  await page.getByLabel('Open a folder').last().setInputFiles(folder);
  await expect(files(page).getByRole('button', { name: /values\.name.*json/ })).toBeVisible();
  await expect(page.getByLabel('Code')).toBeVisible();
  await page.getByRole('button', { name: 'New file' }).click();
  await page.getByLabel('Path of the new file').fill('skeleton/NEW.md');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'skeleton/NEW.md' }).fill('new');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const packed = await readFile(await (await download).path());
  expect(packed.subarray(0, 4).toString('latin1')).toBe('PK\u0003\u0004');
  expect(packed.includes('skeleton/NEW.md')).toBe(true);
});

test('every action is documented, and can be linked to', async ({ page }) => {
  await page.goto('/create/actions#fetch:template');
  const action = page.getByRole('region', { name: 'fetch:template', exact: true });
  await expect(action).toBeInViewport();
  await expect(action.getByRole('table', { name: 'Input of fetch:template' })).toContainText('targetPath');
  await page.getByRole('textbox', { name: 'Find an action' }).fill('fetch:template:file');
  await expect(action).toHaveCount(0);
  await check(page, 'actions');
  await page.getByRole('textbox', { name: 'Find an action' }).fill('parseRepoUrl');
  await expect(page).toHaveURL(/q=parseRepoUrl/);
  await expect(action).toHaveCount(0);
  await expect(page.getByRole('region', { name: '| parseRepoUrl', exact: true })).toBeVisible();
});

test('templates are found by words, category, owner and stars', async ({ page }) => {
  await page.goto('/create');
  const cards = page.getByRole('article');
  await expect(cards).toHaveCount(2);
  await check(page, 'gallery');
  await page.getByRole('textbox', { name: 'Find a template' }).fill('every construct');
  await expect(cards).toHaveCount(1);
  await page.getByRole('textbox', { name: 'Find a template' }).fill('');
  await page.getByRole('button', { name: 'Templates with wood' }).click();
  await expect(page).toHaveURL(/tag=wood/);
  await expect(cards).toHaveCount(1);
  await page.goto('/create');
  await page.getByRole('button', { name: 'Star A note' }).click();
  await page.getByText('Starred', { exact: true }).click();
  await expect(cards).toHaveText([/A note/]);
});
