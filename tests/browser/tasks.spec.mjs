// What templates made: the list of runs, and a run's page with its steps and its log.
import { check, expect, test } from './workshop.mjs';

test.use({ contextOptions: { reducedMotion: 'reduce' } });
test.describe.configure({ mode: 'serial' });

const values = (name, more) => ({
  name,
  owner: 'group:default/joiners',
  kind: 'batch',
  repoUrl: 'github.com?owner=workshop&repo=shop',
  drawers: [{ label: 'left' }],
  box: { height: 1 },
  key: '********',
  ...more,
});

let bench; // the id of a run that went well

async function run(pave, name, more, secrets = { key: 'a secret key' }) {
  const { id } = await pave.post('/api/scaffolder/v2/tasks', { templateRef: 'template:default/everything', values: values(name, more), secrets });
  await pave.until('the run is over', async () => ['completed', 'failed'].includes((await pave.get(`/api/scaffolder/v2/tasks/${id}`)).status));
  return id;
}

test('a run shows each round of a loop, and its log is searched and linked to', async ({ page, pave }) => {
  bench = await run(pave, 'bench', { hours: ['mon', 'wed'], owner: '\u001b[32mgreen\u001b[0m' });
  await page.goto(`/create/tasks/${bench}`);
  await expect(page.getByText('Done. Everything was created.')).toBeVisible();
  await expect(page.getByText('bench', { exact: true }).first()).toBeVisible();
  await expect(page.getByRole('group', { name: 'Parts of Tell each day' }).locator('.step-part')).toHaveText([/0: Succeeded/, /1: Succeeded/]);
  const log = page.getByRole('log');
  await expect(log).toContainText('with ***');
  await expect(page.locator('body')).not.toContainText('a secret key');
  await expect(log.locator('.ansi-green').first()).toHaveText('green');
  await check(page, 'run');

  await page.getByLabel('Search the output').fill('Open on');
  await expect(page.getByText('2 matches in 2 of')).toBeVisible();
  await log.getByRole('link', { name: /Line/ }).first().click();
  await expect(page).toHaveURL(/#tell:\d+$/);
  await page.reload();
  await expect(page.locator('.log-line[data-picked]')).toContainText('Open on mon');

  await page.getByRole('button', { name: /Tell each day/ }).click();
  await expect(log).not.toContainText('Beginning step Make the files');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the output' }).click();
  expect((await download).suggestedFilename()).toMatch(/^bench-.*\.log$/);
});

test('a run is started over from its inputs, but for its secrets', async ({ page }) => {
  await page.goto(`/create/tasks/${bench}`);
  await page.getByRole('button', { name: 'Start over' }).click();
  await expect(page).toHaveURL(/\/create\/templates\/default\/everything/);
  await expect(page.getByLabel('Name')).toHaveValue('bench');
  await expect(page.getByLabel('Batch job')).toBeChecked();
});

test('a run that failed says why, and can be tried again', async ({ page, pave }) => {
  await page.goto(`/create/tasks/${await run(pave, 'broken')}`);
  await expect(page.getByText('A step failed')).toBeVisible();
  await expect(page.getByText(/cannot be resolved to a value/).first()).toBeVisible();
  await page.getByRole('button', { name: 'Retry' }).click();
  await expect(page.getByText('A step failed')).toBeVisible();
  await check(page, 'run-failed');
});

test('the list of runs is filtered, in the address, and follows what happens', async ({ page, pave }) => {
  await page.goto('/create/tasks');
  const rows = page.getByRole('table', { name: 'Runs' }).getByRole('row');
  await expect(rows.filter({ hasText: 'bench' }).first()).toBeVisible();
  await check(page, 'runs');
  await run(pave, 'stool', { hours: ['tue'] });
  await expect(rows.filter({ hasText: 'stool' }).first()).toContainText('Completed');
  await page.getByRole('combobox', { name: 'Order' }).click();
  await page.getByRole('option', { name: 'Oldest first' }).click();
  await expect(page).toHaveURL(/order=asc/);
  await expect(rows.nth(1)).toContainText('bench');
  await page.getByRole('combobox', { name: 'Status' }).click();
  await page.getByRole('option', { name: 'Cancelled' }).click();
  await expect(page.getByText('No run is like that')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByRole('combobox', { name: 'Template' }).click();
  await page.getByRole('option', { name: 'A note' }).click();
  await expect(page.getByText('No run is like that')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByText('Mine', { exact: true }).click();
  await expect(page).toHaveURL(/whose=mine/);
  await expect(rows.filter({ hasText: 'stool' }).first()).toBeVisible();
});
