// The golden path as a developer walks it: one form, and a service is live; a push, and it is newer; one click, and it is as before.
import * as road from '../golden-path/road.mjs';
import { environment, expect, picture, test } from './portal.mjs';

const name = 'order-service';
const short = (id) => id.slice(0, 7);
const home = `/catalog/default/component/${name}`;

test.describe.configure({ mode: 'serial' });

let commit; // of the first version

test.describe('signed out', () => {
  test.use({ storageState: { cookies: [], origins: [] } });

  test('a guest is asked in, and comes to the page that was wanted', async ({ page }) => {
    await page.goto('/create');
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Sign in');
    await picture(page, '01-sign-in');
    await page.getByRole('button', { name: 'Enter as guest' }).click();
    await expect(page).toHaveURL(/\/create$/);
    await page.getByRole('link', { name: 'Home', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'The golden path' })).toBeVisible();
    await picture(page, '02-home');
  });
});

test('the form says what is wrong before anything is created', async ({ page, pave }) => {
  await page.goto('/create');
  await page
    .getByRole('link', { name: /Create a New Microservice/ })
    .first()
    .click();
  await page.getByLabel('Service Name').fill('Order Service');
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(page.getByText('Use lower-case letters, digits and dashes')).toBeVisible();
  await expect(page.getByText('This is needed')).toHaveCount(2);
  await picture(page, '03-form-refused');
  const { items } = await pave.get('/api/forge/v1/repositories');
  expect(items.map((each) => each.name)).not.toContain('Order Service');
});

test('one form makes a service, with every step live', async ({ page }) => {
  await page.goto('/create/templates/default/new-microservice');
  await page.getByLabel('Service Name').fill(name);
  await page.getByLabel('Description').fill('Handles order processing and fulfillment');
  await page.getByRole('combobox', { name: 'Owner Team' }).click();
  await page.getByRole('option', { name: /commerce/i }).click();
  await picture(page, '04-form');
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(page.getByLabel('Language').first()).toHaveValue('typescript');
  await page.getByRole('button', { name: 'Review', exact: true }).click();
  await expect(page.getByText('Handles order processing and fulfillment')).toBeVisible();
  await picture(page, '05-review');
  await page.getByRole('button', { name: 'Create', exact: true }).click();

  await expect(page).toHaveURL(/\/create\/tasks\//);
  const steps = page.getByRole('list', { name: 'Steps' }).getByRole('listitem');
  await expect(steps).toHaveCount(4);
  await expect(page.getByRole('log')).toContainText(/\S/);
  await picture(page, '06-running');
  await expect(page.getByText('Done. Everything was created.')).toBeVisible({ timeout: 120_000 });
  for (const step of await steps.all()) await expect(step.getByRole('img', { name: 'Succeeded' })).toBeVisible();
  await picture(page, '07-created');
  await expect(page.getByRole('link', { name: 'Repository', exact: true })).toBeVisible();
  await page.getByRole('link', { name: 'Service in Catalog' }).click();
  await expect(page).toHaveURL(home);
});

test('its page shows owner, origin and two healthy environments', async ({ page, pave }) => {
  await page.goto(home);
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  for (const each of ['staging', 'production'])
    await expect(environment(page, each).getByText('Healthy')).toBeVisible({ timeout: 150_000 });
  await expect(page.getByRole('link', { name: /team-commerce/ }).first()).toBeVisible();
  await expect(page.getByRole('region', { name: 'Created by' }).or(page.getByText('Created by')).first()).toBeVisible();
  await picture(page, '08-service');
  const run = await road.runOf(pave, name);
  await road.runSucceeded(pave, run.id);
  commit = run.commit.id;
  await expect(environment(page, 'production')).toContainText(short(commit));
});

test('its pipeline shows every job, step and line', async ({ page }) => {
  await page.goto(`${home}/pipelines`);
  await page.getByRole('table', { name: 'Pipeline runs' }).getByRole('link').first().click();
  await expect(page).toHaveURL(/\/runs\//);
  await expect(page.getByText('Run E2E tests')).toBeVisible();
  await expect(page.getByRole('log')).toContainText(/\S/);
  await picture(page, '09-pipeline');
});

test('the service answers in the browser', async ({ page }) => {
  await page.goto(home);
  const address = await environment(page, 'production').getByRole('link').first().getAttribute('href');
  await page.goto(address);
  await expect(page.locator('body')).toContainText(`Hello from ${name}`);
});

test('a push with git goes out while one watches', async ({ page, pave }) => {
  await page.goto(home);
  await expect(environment(page, 'production')).toContainText(short(commit));
  const pushed = await road.pushChange(pave, name, 'Good day from');
  await expect(environment(page, 'production')).toContainText(short(pushed), { timeout: 150_000 });
  await road.runSucceeded(pave, (await road.runOf(pave, name, pushed)).id);
  await road.greets(pave, name, 'production', 'Good day from');
  await picture(page, '10-pushed');
});

test('Roll back brings the old version back', async ({ page, pave }) => {
  await page.goto(home);
  await page.getByRole('button', { name: 'Roll back production' }).click();
  await picture(page, '11-roll-back');
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
  await expect(environment(page, 'production')).toContainText(short(commit), { timeout: 90_000 });
  await road.answers(pave, name, 'production', commit);
  await page.getByRole('tab', { name: 'Deployments' }).click();
  await expect(page.getByRole('table', { name: 'Deployments' })).toContainText('rollback');
  await picture(page, '12-rolled-back');
});

test('the metrics count what happened, with the deployments behind them', async ({ page }) => {
  await page.goto(`/dora?service=${name}`);
  await expect(page.getByRole('region', { name: 'Deployment frequency' })).toContainText('3 deployments');
  await expect(page.getByRole('region', { name: 'Change fail rate' })).toContainText('1 of 3');
  await expect(page.getByRole('table', { name: 'Counted deployments' }).getByRole('row')).toHaveCount(4);
  await picture(page, '13-metrics');
});

test('the keyboard finds it from anywhere', async ({ page }) => {
  await page.goto('/events');
  await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type(name);
  await expect(page.getByRole('dialog').getByText(name, { exact: true }).first()).toBeVisible();
  await picture(page, '14-search');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/catalog\/default\/component\//);
});
