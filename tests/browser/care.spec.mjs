// Taking care of the catalog: registering what exists, what is wrong and how to mend it, where everything comes from.
import AxeBuilder from '@axe-core/playwright';
import { expect, picture, test } from './market.mjs';

async function check(page) {
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`),
  ).toEqual([]);
}

test.describe('registering', () => {
  test.describe.configure({ mode: 'serial' });

  const preview = async (page, target) => {
    await page.goto('/catalog/register');
    await page.getByLabel('Address').fill(target);
    await page.getByRole('button', { name: 'Preview' }).click();
  };
  const file = (page, path) => page.getByRole('region', { name: new RegExp(`/main/${path}$`) });

  test('a preview tells what would be added, what is there from elsewhere, and what is wrong', async ({
    page,
    pave,
  }) => {
    await preview(page, 'https://github.com/market/stock');
    await expect(file(page, 'catalog-info.yaml')).toContainText('Stock');
    await expect(file(page, 'catalog-info.yaml').getByText('There already, from elsewhere')).toBeVisible();
    await expect(file(page, 'shelf/catalog-info.yaml').getByText('New', { exact: true })).toBeVisible();
    await expect(page.getByText('2 would be added. 1 would not.')).toBeVisible();
    await check(page);
    await picture(page, 'register-preview');
    const { items } = await pave.post('/api/catalog/entities/by-refs', { entityRefs: ['component:default/stock'] });
    expect(items).toEqual([null]);
  });

  test('what is wrong in a file is said with its line', async ({ page }) => {
    await preview(page, 'https://github.com/market/stock/blob/main/torn/catalog-info.yaml');
    await expect(page.getByText(/owner/).first()).toBeVisible();
    await expect(page.getByText(/catalog-info\.yaml:6/)).toBeVisible();
    await expect(page.getByRole('button', { name: 'Register', exact: true })).toBeDisabled();
  });

  test('what was previewed is registered, with links to it', async ({ page, pave }) => {
    await preview(page, 'https://github.com/market/stock');
    await file(page, 'catalog-info.yaml').getByRole('checkbox').first().uncheck();
    await page.getByRole('button', { name: 'Register', exact: true }).click();
    await expect(page.getByText('One file is registered')).toBeVisible();
    await pave.until('the catalog has it', () => pave.get('/api/catalog/entities/by-name/component/default/shelf'));
    await page.getByRole('link', { name: 'shelf' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Shelf' })).toBeVisible();
  });

  test('a repository without a file gets a draft of one', async ({ page }) => {
    await preview(page, 'https://github.com/market/bare');
    await expect(page.getByText('No catalog-info.yaml in it yet')).toBeVisible();
    await expect(page.getByRole('region', { name: 'A draft of catalog-info.yaml' })).toContainText('name: bare');
    await check(page);
  });
});

test('an owner nobody knows is mended with one click', async ({ page, pave }) => {
  await page.goto('/catalog/findings?type=owner-unknown');
  const lost = page.getByRole('list', { name: 'Findings' }).getByRole('listitem').filter({ hasText: 'selers' });
  await expect(lost).toContainText('catalog-info.yaml:11');
  await lost.getByRole('button', { name: 'See the proposal' }).click();
  await expect(lost.getByText('sellers', { exact: true })).toBeVisible();
  await picture(page, 'findings-real');
  await lost.getByRole('button', { name: 'Commit', exact: true }).click();
  await expect(page.getByText('Committed', { exact: true }).first()).toBeVisible();
  await pave.until('the owner is known', async () => {
    const entity = await pave.get('/api/catalog/entities/by-name/component/default/lost');
    return entity.spec.owner.endsWith('sellers');
  });
});

const finding = (id, more) => ({
  id,
  type: 'owner-unknown',
  severity: 'error',
  ref: 'component:default/checkout',
  message: 'Its owner group:default/selers is not in the catalog',
  file: 'catalog-info.yaml',
  line: 12,
  pointer: '/spec/owner',
  proposal: null,
  ...more,
});
const proposal = {
  id: 'p1',
  title: 'Name sellers as owner.',
  reason: 'CODEOWNERS names it.',
  before: 'selers',
  after: 'sellers',
  editable: true,
};

async function fakeFindings(page) {
  const all = [
    finding('1', { proposal }),
    finding('2', {
      type: 'reference-broken',
      severity: 'warning',
      message: 'It depends on resource:default/gone, which is not there',
    }),
    finding('3', {
      type: 'orphan',
      severity: 'warning',
      ref: 'api:default/stall-api',
      file: null,
      line: null,
      message: 'Nothing names it any more',
    }),
  ];
  await page.route('**/api/catalog/v1/findings?*', (route) => {
    const query = new URL(route.request().url()).searchParams;
    const items = all
      .filter((each) => !query.get('type') || each.type === query.get('type'))
      .filter((each) => !query.get('ref') || each.ref === query.get('ref'));
    return route.fulfill({
      json: {
        items: query.get('limit') === '0' ? [] : items,
        totalItems: items.length,
        counts: { 'owner-unknown': 1, 'reference-broken': 1, orphan: 1, duplicate: 0 },
      },
    });
  });
}

for (const colorScheme of ['light', 'dark'])
  test.describe(`findings, ${colorScheme}`, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

    test('a proposal is looked at and applied with one click', async ({ page }) => {
      await fakeFindings(page);
      await page.goto('/catalog/findings');
      await page.getByRole('button', { name: 'See the proposal' }).click();
      await expect(page.getByText('CODEOWNERS names it.')).toBeVisible();
      await check(page);
      await picture(page, `${colorScheme}-findings`);
      const asked = page.waitForRequest(
        (request) => request.method() === 'POST' && request.url().endsWith('/findings/1/apply'),
      );
      await page.route('**/findings/1/apply', (route) =>
        route.fulfill({
          status: 201,
          json: { commit: 'a1b2c3d4e5', branch: 'main', url: 'https://github.com/market/checkout/commit/a1b2c3d4e5' },
        }),
      );
      await page.getByRole('button', { name: 'Commit', exact: true }).click();
      expect((await asked).postDataJSON()).toEqual({ mode: 'commit', ref: 'component:default/checkout' });
      await expect(page.getByText('Committed', { exact: true }).first()).toBeVisible();
    });
  });

test('findings are narrowed by kind and owner, in the address', async ({ page }) => {
  await fakeFindings(page);
  await page.goto('/catalog/findings');
  await expect(page.getByText('3 found')).toBeVisible();
  await page.getByRole('button', { name: 'Broken reference 1' }).click();
  await expect(page).toHaveURL(/type=reference-broken/);
  await expect(page.getByText('1 found')).toBeVisible();
  await page.getByRole('combobox', { name: 'Owner' }).click();
  await page.getByRole('option', { name: 'sellers (mine)' }).click();
  await expect(page).toHaveURL(/owner=group%3Adefault%2Fsellers/);
});

test('an entity’s own findings stand on its page, and the home page tells of mine', async ({ page }) => {
  await fakeFindings(page);
  await page.goto('/catalog/default/component/checkout');
  await expect(page.getByText('It depends on resource:default/gone, which is not there')).toBeVisible();
  await page.goto('/');
  await page.getByRole('link', { name: /findings in your catalog entries/ }).click();
  await expect(page).toHaveURL(/\/catalog\/findings/);
});

test('a source is read again on demand, and what it has read is counted', async ({ page }) => {
  await page.goto('/catalog/sources');
  const row = page.getByRole('table', { name: 'Sources' }).getByRole('row').filter({ hasText: 'market/checkout' });
  await expect(row.getByText('Read', { exact: true })).toBeVisible();
  await row.getByRole('button', { name: /Read .* again/ }).click();
  await expect(page.getByText('Reading it again')).toBeVisible();
});

test('the catalog is exported as YAML', async ({ page }) => {
  await page.goto('/catalog/sources');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export' }).click();
  const stream = await (await download).createReadStream();
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toContain('name: checkout');
});

test('sources tell when they were read and what failed', async ({ page }) => {
  const source = (id, more) => ({
    id,
    type: 'url',
    target: `https://github.com/market/${id}/blob/main/catalog-info.yaml`,
    origin: 'registered',
    state: 'ok',
    lastReadAt: new Date(Date.now() - 600_000).toISOString(),
    nextReadAt: new Date(Date.now() + 600_000).toISOString(),
    failures: 0,
    lastError: null,
    entityCount: 3,
    ...more,
  });
  await page.route('**/api/catalog/v1/sources', (route) =>
    route.fulfill({
      json: {
        items: [
          source('good'),
          source('bad', { state: 'failing', failures: 4, lastError: 'HTTP 404', entityCount: 0 }),
          source('file', {
            type: 'file',
            target: '/etc/catalog/*.yaml',
            origin: 'config',
            state: 'new',
            lastReadAt: null,
          }),
        ],
      },
    }),
  );
  await page.goto('/catalog/sources');
  const rows = page.getByRole('table', { name: 'Sources' }).getByRole('row');
  await expect(rows.nth(1)).toContainText('HTTP 404');
  await expect(rows.nth(1)).toContainText('Failing 4×');
  await expect(page.getByText('3 sources, 1 failing')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Export' })).toHaveAttribute('href', /\/export/);
  await check(page);
  await picture(page, 'sources');
});
