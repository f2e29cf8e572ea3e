// The catalog's table: filters that live in the address, stars, views, the keyboard, and a million rows.
import AxeBuilder from '@axe-core/playwright';
import { expect, picture, test } from './portal.mjs';

const filter = (page, name) => page.getByRole('search', { name: 'Catalog' }).getByRole('button', { name, exact: true });
const LIST = '**/api/catalog/entities/by-query';
const FACETS = '**/api/catalog/entity-facets';
const table = (page, name = 'Components') => page.getByRole('grid', { name });
const rows = (page) =>
  page
    .getByRole('grid')
    .getByRole('row')
    .filter({ has: page.getByRole('gridcell') });

const numbered = (index) => ({
  kind: 'Component',
  metadata: { name: `service-${String(index).padStart(7, '0')}`, namespace: 'default', description: `Row ${index}` },
  spec: { type: 'service', lifecycle: 'production', owner: `team-${index % 97}` },
});

/** A catalog of `total` components that answers as the server does; what was asked is kept. */
async function fakeCatalog(page, total) {
  const asked = [];
  await page.route(LIST, (route) => {
    const body = route.request().postDataJSON();
    const limit = body.limit ?? 200;
    const offset = body.cursor ? Number(atob(body.cursor)) : (body.offset ?? 0);
    if (limit > 0) asked.push({ offset, cursor: !!body.cursor });
    const count = Math.max(0, Math.min(limit, total - offset));
    const pageInfo = {
      ...(offset + count < total && { nextCursor: btoa(String(offset + count)) }),
      ...(offset > 0 && { prevCursor: btoa(String(Math.max(0, offset - limit))) }),
    };
    const items = Array.from({ length: count }, (_, index) => numbered(offset + index));
    return route.fulfill({ json: { items, totalItems: body.totalItems === 'exclude' ? 0 : total, pageInfo } });
  });
  return asked;
}

const inSight = (page, index) =>
  expect(page.getByRole('row').filter({ hasText: numbered(index).metadata.name })).toBeInViewport();

test('a million rows scroll to the middle and to the end with few of them in the page', async ({ page }) => {
  const total = 1_000_000;
  const asked = await fakeCatalog(page, total);
  await page.goto('/catalog');
  await expect(page.getByText('1,000,000 found')).toBeVisible();
  await inSight(page, 0);
  const grid = table(page);
  await expect(grid).toHaveAttribute('aria-rowcount', String(total + 1));

  await grid.evaluate((box) => (box.scrollTop = box.scrollHeight / 2));
  await expect(rows(page).nth(12)).toContainText(/service-0(49|50)\d{4}/);
  await expect(rows(page).nth(12)).toBeInViewport();
  await grid.evaluate((box) => (box.scrollTop = box.scrollHeight));
  await inSight(page, total - 1);
  expect(await rows(page).count()).toBeLessThan(60);

  await grid.focus();
  await page.keyboard.press('Home');
  await inSight(page, 0);
  await page.keyboard.press('End');
  await inSight(page, total - 1);
  expect(asked.length).toBeLessThan(24);
  await picture(page, 'catalog-million');
});

test('scrolling on walks the list by cursor and passes every row', async ({ page }) => {
  const asked = await fakeCatalog(page, 1_000_000);
  await page.goto('/catalog');
  await inSight(page, 0);
  await table(page).hover();
  const seen = new Set();
  for (let step = 0; step < 60; step++) {
    await page.mouse.wheel(0, 400);
    for (const index of await rows(page).evaluateAll((all) => all.map((row) => Number(row.ariaRowIndex))))
      seen.add(index);
  }
  const last = Math.max(...seen);
  expect(last).toBeGreaterThan(300);
  expect(seen.size).toBe(last - 1);
  expect(asked.filter((each) => each.offset > 0).every((each) => each.cursor)).toBe(true);
});

test('the filters stand in the address, and reloading shows the same', async ({ page }) => {
  await page.goto('/catalog?kind=API');
  await filter(page, 'Type').click();
  await page.getByRole('option', { name: /openapi/ }).click();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/type=openapi/);
  await expect(page.getByText('2 found')).toBeVisible();
  await page.getByRole('textbox', { name: 'Filter by name or title' }).fill('order');
  await expect(page.getByText('1 found')).toBeVisible();
  await page.reload();
  await expect(page.getByText('1 found')).toBeVisible();
  await expect(filter(page, 'Type: openapi')).toBeVisible();
  await page.getByRole('button', { name: 'Clear', exact: true }).click();
  await expect(page.getByText('3 found')).toBeVisible();
});

test('a filter counts what the other filters leave', async ({ page }) => {
  await page.goto('/catalog?kind=API&owner=group:default/team-commerce');
  await filter(page, 'Type').click();
  await expect(page.getByRole('option', { name: 'openapi 1' })).toBeVisible();
  await expect(page.getByRole('option', { name: 'grpc 1' })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'APIs 2' })).toBeVisible();
});

test('a click on a column orders by it, and a second one the other way round', async ({ page }) => {
  await page.goto('/catalog?kind=Resource');
  await page.getByRole('columnheader', { name: 'Owner' }).getByRole('button').click();
  await expect(page).toHaveURL(/sort=owner/);
  await expect(page.getByRole('columnheader', { name: 'Owner' })).toHaveAttribute('aria-sort', 'ascending');
  await page.getByRole('columnheader', { name: 'Owner' }).getByRole('button').click();
  await expect(page).toHaveURL(/sort=-owner/);
  await expect(page.getByRole('columnheader', { name: 'Owner' })).toHaveAttribute('aria-sort', 'descending');
});

test('stars are kept, and can be looked at alone', async ({ page }) => {
  await page.goto('/catalog?kind=API');
  await rows(page).first().hover();
  await page.getByRole('button', { name: 'Star Inventory API' }).click();
  await page.getByText('Starred 1').click();
  await expect(page.getByText('1 found')).toBeVisible();
  await page.reload();
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Star Inventory API' }).click();
  await expect(page.getByText('No starred APIs')).toBeVisible();
});

test('a view is saved under a name and shown again', async ({ page }) => {
  await page.goto('/catalog?kind=API&type=grpc');
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Save this view…' }).click();
  await page.getByLabel('Name of the view').fill('Remote calls');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.goto('/catalog');
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Remote calls', exact: true }).click();
  await expect(page).toHaveURL(/type=grpc/);
  await expect(page.getByText('1 found')).toBeVisible();
});

test('the keyboard alone finds a row, stars it and opens it', async ({ page }) => {
  await page.goto('/catalog?kind=API');
  await rows(page).first().waitFor();
  await table(page, 'APIs').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('s');
  await expect(page.getByRole('button', { name: 'Star Order API' })).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/catalog\/default\/api\/order-api$/);
});

test('what the server refuses is said, and asked again on demand', async ({ page }) => {
  await page.route(LIST, (route) =>
    route.fulfill({ status: 400, json: { error: { name: 'InputError', message: 'No such order' } } }),
  );
  await page.goto('/catalog');
  await expect(page.getByText('No such order')).toBeVisible();
  await page.unroute(LIST);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText(/\d+ found/)).toBeVisible();
});

for (const [view, words] of [
  ['/catalog?view=owned&kind=User', 'You and your groups own no Users'],
  ['/catalog?view=starred', 'No starred Components'],
  ['/catalog?q=nothing-has-this-name', 'Nothing matches these filters'],
])
  test(`${view} says why it is empty`, async ({ page }) => {
    await page.goto(view);
    await expect(page.getByText(words)).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((each) => each.id)).toEqual([]);
  });

test('a filter’s list can be used by everybody, and finds among thousands', async ({ page }) => {
  const values = Array.from({ length: 5000 }, (_, index) => ({
    value: `group:default/team-${index}`,
    count: 5000 - index,
  }));
  await page.route(FACETS, (route) => {
    const [facet] = route.request().postDataJSON().facets;
    return facet === 'relations.ownedBy' ? route.fulfill({ json: { facets: { [facet]: values } } }) : route.continue();
  });
  await page.goto('/catalog');
  await filter(page, 'Owner').click();
  await expect(page.getByRole('option')).toHaveCount(100);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((each) => each.id)).toEqual([]);
  await page.keyboard.type('team-4321');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/owner=group/);
});
