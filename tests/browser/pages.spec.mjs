// Every page: no error in the console, nothing that axe finds, in light and dark.
import AxeBuilder from '@axe-core/playwright';
import { expect, picture, test } from './portal.mjs';

const name = 'order-service';
const service = `/catalog/default/component/${name}`;

const PAGES = [
  '/',
  '/catalog',
  '/catalog?kind=Group',
  '/catalog/register',
  '/catalog/findings',
  '/catalog/sources',
  '/catalog/default/api/order-api/definition',
  service,
  `${service}/pipelines`,
  `${service}/deployments`,
  `${service}/infrastructure`,
  `${service}/events`,
  `${service}/relations`,
  `${service}/history`,
  `${service}/edit`,
  `${service}/yaml`,
  '/catalog/default/group/team-commerce',
  '/create',
  '/create/templates/default/new-microservice',
  '/create/tasks',
  '/create/edit',
  '/create/actions?q=fetch:template',
  '/repositories',
  `/repositories/acme-corp/${name}`,
  `/repositories/acme-corp/${name}/blob/main/catalog-info.yaml`,
  `/repositories/acme-corp/${name}/commits/main`,
  '/runs',
  '/deployments',
  '/infrastructure',
  `/infrastructure/${name}-staging`,
  '/upgrades',
  '/approvals',
  '/dora',
  '/events',
  '/docs',
  '/settings',
  '/there-is-no-such-page',
];

const titleOf = (path) => path.replace(/\W+/g, '-').replace(/^-|-$/g, '') || 'home';

async function settled(page) {
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready);
}

async function check(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`),
  ).toEqual([]);
}

for (const colorScheme of ['light', 'dark']) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

    for (const path of PAGES)
      test(`${path} can be used by everybody`, async ({ page }) => {
        await page.goto(path);
        await settled(page);
        await check(page);
        await picture(page, `${colorScheme}-${titleOf(path)}`);
      });

    test('a run and a pipeline can be used by everybody', async ({ page, pave }) => {
      const { tasks } = await pave.get('/api/scaffolder/v2/tasks?limit=1&offset=0');
      const { items } = await pave.get('/api/pipelines/v1/runs?limit=1');
      for (const path of [`/create/tasks/${tasks[0].id}`, `/runs/${items[0].id}`]) {
        await page.goto(path);
        await settled(page);
        await check(page);
      }
    });

    test('search can be used by everybody', async ({ page }) => {
      await page.goto('/');
      await settled(page);
      await page.keyboard.press('Control+k');
      await page.keyboard.type('order');
      await page.getByRole('dialog').waitFor();
      await check(page);
    });
  });
}

test('the wizard can be walked with the keyboard alone', async ({ page }) => {
  await page.goto('/create/templates/default/new-microservice');
  await expect(page.getByLabel('Service Name')).toBeFocused();
  await page.keyboard.type('keyboard-service');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Made without a mouse');
  await page.keyboard.press('Tab');
  await page.keyboard.type('commerce');
  await expect(page.getByRole('option', { name: /Commerce/ })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: 'Owner Team' })).toHaveValue('Commerce');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Next' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Language').first()).toBeVisible();
});

test('a filter lives in the address', async ({ page }) => {
  await page.goto('/catalog');
  await settled(page);
  await page.getByRole('textbox', { name: 'Filter by name or title' }).fill('order');
  await expect(page).toHaveURL(/q=order/);
  await page.reload();
  await expect(page.getByRole('textbox', { name: 'Filter by name or title' })).toHaveValue('order');
});
