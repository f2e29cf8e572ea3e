// An entity's page: what each kind shows, its relations, its definition, its history, and editing its file.
import AxeBuilder from '@axe-core/playwright';
import { expect, picture, test } from './market.mjs';

const checkout = '/catalog/default/component/checkout';
const api = (name) => `/catalog/default/api/${name}/definition`;

async function check(page) {
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`),
  ).toEqual([]);
}

for (const colorScheme of ['light', 'dark'])
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });
    for (const [name, path] of [
      ['component', checkout],
      ['relations', `${checkout}/relations`],
      ['history', `${checkout}/history`],
      ['edit', `${checkout}/edit`],
      ['api', '/catalog/default/api/stall-api'],
      ['openapi', api('stall-api')],
      ['asyncapi', api('stall-events')],
      ['graphql', api('stall-graph')],
      ['protobuf', api('stall-grpc')],
      ['system', '/catalog/default/system/stalls'],
      ['group', '/catalog/default/group/sellers'],
      ['user', '/catalog/default/user/guest'],
    ])
      test(`${name}: its page can be used by everybody`, async ({ page }) => {
        await page.goto(path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await check(page);
        await picture(page, `${colorScheme}-entity-${name}`);
      });
  });

test('a narrow page needs no scrolling sideways', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ['/catalog', checkout, `${checkout}/edit`, api('stall-api'), '/catalog/default/group/sellers']) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390);
    await picture(page, `narrow-${path.split('/').at(-1)}`);
  }
});

test('its origin says where it came from, down to the line, and when it was read', async ({ page }) => {
  await page.goto('/catalog/default/api/stall-events');
  const origin = page.locator('section', { has: page.getByRole('heading', { name: 'Origin' }) });
  await expect(origin).toContainText(/apis\.yaml:\d+/);
  await expect(origin).toContainText('Configuration');
  await expect(origin.getByText('Read', { exact: true })).toBeVisible();
  await page.goto(checkout);
  await origin.getByRole('link', { name: /catalog-info\.yaml/ }).click();
  await expect(page).toHaveURL(/\/repositories\/market\/checkout\/blob\//);
});

test('a kind of one’s own is told by the fields of its schema', async ({ page }) => {
  await page.goto('/catalog/default/vessel/ferry');
  await expect(page.getByText('Gross tonnage')).toBeVisible();
  await expect(page.getByText('Burns')).toBeVisible();
  await expect(
    page.getByRole('group', { name: /Relation graph/ }).getByRole('button', { name: /^Stalls/ }),
  ).toBeVisible();
  await expect(page.getByRole('link', { name: 'https://engines.example/e1' })).toBeVisible();
  await check(page);
  await picture(page, 'entity-custom');
  await page.goto('/catalog?kind=Vessel');
  await expect(page.getByRole('grid', { name: 'Vessels' })).toContainText('Ferry');
});

test.describe('relations', () => {
  const graph = (page) => page.getByRole('group', { name: /Relation graph/ });
  const node = (page, name) => graph(page).getByRole('button', { name });

  test('a click on an entity in the graph shows its relations, a second one hides them', async ({ page }) => {
    await page.goto(`${checkout}/relations`);
    await node(page, /^Stall API/).click();
    await expect(node(page, /^Stall API/)).toHaveAttribute('aria-expanded', 'true');
    await node(page, /^Stalls system/).click();
    await expect(node(page, /^Stalls system/)).toHaveAttribute('aria-expanded', 'true');
    await node(page, /^Stall API/).click();
    await expect(node(page, /^Stall API/)).toHaveAttribute('aria-expanded', 'false');
  });

  test('direction and type say which relations are shown', async ({ page }) => {
    await page.goto(`${checkout}/relations`);
    await expect(node(page, /^Sellers/)).toBeVisible();
    await page.getByRole('button', { name: 'Owned by', exact: true }).click();
    await expect(node(page, /^Sellers/)).toHaveCount(0);
    await page.getByText('What needs it').click();
    await expect(node(page, /^Stall API/)).toHaveCount(0);
    await expect(node(page, /^Checkout/)).toBeVisible();
  });

  test('the arrow keys move, Enter unfolds, o opens', async ({ page }) => {
    await page.goto(`${checkout}/relations`);
    await node(page, /^Stall API/).waitFor();
    await node(page, /^Checkout/).focus();
    await page.keyboard.press('ArrowRight');
    const focused = graph(page).locator(':focus');
    await expect(focused).toHaveAttribute('aria-expanded', 'false');
    await page.keyboard.press('Enter');
    await expect(focused).toHaveAttribute('aria-expanded', 'true');
    await page.keyboard.press('o');
    await expect(page).not.toHaveURL(/checkout/);
  });

  test('hundreds of neighbours are told as a number, and shown some at a time', async ({ page }) => {
    const relations = Array.from({ length: 900 }, (_, index) => ({
      type: 'ownerOf',
      targetRef: `component:default/thing-${String(index).padStart(3, '0')}`,
    }));
    await page.route('**/entities/by-name/group/default/sellers', (route) =>
      route.fulfill({
        json: {
          apiVersion: 'backstage.io/v1alpha1',
          kind: 'Group',
          metadata: { name: 'sellers', namespace: 'default' },
          spec: { type: 'team', children: [] },
          relations,
        },
      }),
    );
    await page.goto('/catalog/default/group/sellers/relations');
    await node(page, /^\+894 more/).click();
    await expect(node(page, /^\+882 more/)).toBeVisible();
    for (let press = 0; press < 15; press++) await node(page, /more owns/).press('Enter');
    await expect(page.getByText('160 are enough for one picture')).toBeVisible();
    await page.getByText('List', { exact: true }).click();
    await expect(page.getByText('Owns 900')).toBeVisible();
    await page.getByRole('button', { name: '888 more' }).click();
    await expect(page.getByRole('link', { name: 'thing-050' })).toBeVisible();
  });
});

test.describe('definitions', () => {
  test('OpenAPI is told by its operations, down to a schema that holds itself', async ({ page }) => {
    await page.goto(api('stall-api'));
    await page.getByRole('button', { name: /GET \/stalls\/\{id\}/ }).click();
    const stalls = page.getByRole('region', { name: 'Stalls', exact: true });
    await expect(stalls.getByText('Number of the stall')).toBeVisible();
    for (let depth = 0; depth < 3; depth++)
      await stalls.getByRole('button', { name: /^neighbour/, expanded: false }).click();
    await page.getByText('Raw', { exact: true }).click();
    await expect(page.getByRole('region', { name: 'Definition' })).toContainText('openapi: 3.0.3');
  });

  for (const [name, words] of [
    ['stall-events', ['stall/rented', 'StallRented', 'A stall was rented']],
    ['stall-graph', ['Tenant', 'Weekday', 'Somebody who rents']],
    ['stall-grpc', ['Stalls', 'RentRequest', '// Rents stalls.']],
  ])
    test(`${name} is told by what it declares`, async ({ page }) => {
      await page.goto(api(name));
      for (const each of words) await expect(page.getByText(each).first()).toBeVisible();
    });

  test('what is not to be understood is shown as it is', async ({ page }) => {
    await page.goto(api('torn-api'));
    await expect(page.getByText('Shown as it is')).toBeVisible();
    await expect(page.getByRole('region', { name: 'Definition' })).toContainText('unclosed');
  });

  test('a hostile one stays text', async ({ page }) => {
    page.on('dialog', () => {
      throw new Error('a definition ran');
    });
    await page.goto(api('hostile-api'));
    await page.getByRole('button', { name: /svg onload/ }).click();
    for (const each of await page.getByRole('main').getByRole('button', { expanded: false }).all()) await each.click();
    expect(
      await page
        .locator('main')
        .evaluate((main) => main.querySelectorAll('script, iframe, img, [onload], [onmouseover], [onerror]').length),
    ).toBe(0);
    expect(
      await page.locator('a').evaluateAll((all) => all.filter((each) => !/^(https?|mailto):/.test(each.href)).length),
    ).toBe(0);
    await page.goto('/catalog/default/api/hostile-api');
    expect(
      await page.locator('a').evaluateAll((all) => all.filter((each) => !/^(https?|mailto):/.test(each.href)).length),
    ).toBe(0);
  });
});

test.describe('editing', () => {
  test.describe.configure({ mode: 'serial' });
  const editor = (page) => page.getByRole('textbox', { name: 'Checkout: its file' });
  const changed = async (page, change) => editor(page).fill(change(await editor(page).inputValue()));

  test('what is wrong is said with its line while one writes', async ({ page }) => {
    await page.goto(`${checkout}/edit`);
    await expect(editor(page)).toHaveValue(/Takes the money/);
    await changed(page, (text) => text.replace('  lifecycle: production\n', ''));
    await expect(page.getByText(/lifecycle/).last()).toBeVisible();
    await expect(page.getByRole('button', { name: 'Commit to main' })).toBeDisabled();
    await changed(page, (text) => `${text}: [`);
    await page
      .getByRole('button', { name: /go to line/ })
      .first()
      .click();
    await expect(editor(page)).toBeFocused();
    await picture(page, 'edit-problems');
  });

  test('a change is committed to the file and read by the catalog', async ({ page, pave }) => {
    await page.goto(`${checkout}/edit`);
    await changed(page, (text) => text.replace('Takes the money', 'Takes the money, and gives change'));
    await page.getByText('Changes', { exact: true }).click();
    await expect(page.getByText('Added: ')).toHaveCount(1);
    await page.getByLabel('What changed').fill('Say what else it does');
    await page.getByRole('button', { name: 'Commit to main' }).click();
    await expect(page.getByText('Committed', { exact: true })).toBeVisible();
    await pave.until('the catalog has it', async () => {
      const entity = await pave.get('/api/catalog/entities/by-name/component/default/checkout');
      return entity.metadata.description === 'Takes the money, and gives change';
    });
  });

  test('the change stands in its history, with the state before it', async ({ page }) => {
    await page.goto(`${checkout}/history`);
    const changes = page.getByRole('list', { name: 'Changes' }).getByRole('listitem');
    await expect(changes.first()).toContainText('metadata.description');
    await expect(changes.first()).toContainText('and gives change');
    await changes.last().getByRole('button', { name: 'View this state' }).click();
    await expect(page.getByRole('region', { name: 'The entity as it was' })).toContainText('Takes the money');
    await page.getByText('Compared with now').click();
    await expect(page.getByRole('region', { name: 'From then until now' })).toContainText('Added: ');
    await picture(page, 'history-past');
  });

  test('two who change different places of a file are brought together', async ({ page, pave }) => {
    await page.goto(`${checkout}/edit`);
    await changed(page, (text) => text.replace('title: Checkout', 'title: Check-out'));
    const file = await pave.get('/api/catalog/v1/entities/component/default/checkout/file');
    await pave.post('/api/catalog/v1/entities/component/default/checkout/file', {
      content: file.content.replace('type: service', 'type: website'),
      revision: file.revision,
      message: 'It is a website',
      mode: 'commit',
    });
    await page.getByRole('button', { name: 'Commit to main' }).click();
    await expect(page.getByText('The file has changed since you opened it')).toBeVisible();
    await picture(page, 'edit-conflict');
    await page.getByRole('button', { name: 'Bring both changes together' }).click();
    await expect(page.getByRole('textbox', { name: /its file/ })).toHaveValue(/type: website/);
    await page.getByRole('button', { name: 'Commit to main' }).click();
    await expect(page.getByText('Committed', { exact: true })).toBeVisible();
    const after = await pave.get('/api/catalog/v1/entities/component/default/checkout/file');
    expect(after.content).toContain('title: Check-out');
    expect(after.content).toContain('type: website');
  });

  test('a file of the configuration is shown and not changed', async ({ page }) => {
    await page.goto('/catalog/default/system/stalls/edit');
    await expect(page.getByText('It cannot be changed from here')).toBeVisible();
  });
});
