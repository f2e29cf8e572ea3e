// A template's form as a person fills it in: every field, conditions over the pages, secrets, prefill, the review.
import { check, expect, test } from './workshop.mjs';

const FORM = '/create/templates/default/everything';

const next = (page) => page.getByRole('button', { name: 'Next' }).click();
const on = (page, title) => expect(page.locator('[aria-current=step]')).toHaveText(new RegExp(title));
const field = (page, name) => page.getByRole('combobox', { name });

/** Types into a picker and takes the first match, waiting for nothing but what can be seen. */
async function pick(page, name, text, label) {
  await field(page, name).click();
  await page.keyboard.type(text);
  await expect(page.getByRole('option', { name: label })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
}

async function basics(page, name = 'bench') {
  await page.goto(FORM);
  await expect(page.getByLabel('Name')).toBeFocused();
  await page.keyboard.type(name);
  await pick(page, 'Owner', 'join', /Joiners/);
  await expect(field(page, 'Owner')).toHaveValue('Joiners');
}

async function repository(page) {
  await on(page, 'Repository');
  await field(page, 'Owner').fill('workshop');
  await page.keyboard.press('Escape');
  await field(page, 'Repository').fill('shop');
}

async function details(page) {
  await on(page, 'Details');
  await page.getByLabel('Label').fill('left');
}

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('a form with every field is filled in, looked over and run', async ({ page, pave }) => {
  await basics(page);
  await expect(page.getByText('What it is, and whose.')).toBeVisible();
  await page.getByLabel('Code').fill('nonsense');
  await next(page);
  await expect(page.getByText('Three letters, then two digits')).toBeVisible();
  await page.getByLabel('Code').fill('abc12');
  await pick(page, 'My group', 'paint', /Painters/);
  await check(page, 'wizard-basics');
  await next(page);

  await on(page, 'Related');
  await pick(page, 'System', 'furn', /Furniture/);
  await pick(page, 'Uses', 'cha', /Chair/);
  await pick(page, 'Uses', 'tab', /Table/);
  await page.keyboard.press('Escape');
  await pick(page, 'One of mine', 'cha', /Chair/);
  await field(page, 'Any reference').click();
  await page.keyboard.type('not-there-yet');
  await expect(page.getByRole('option', { name: /Use “not-there-yet”/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await pick(page, 'Tags', 'wo', /wood.*2 entities/);
  await page.keyboard.type('New Tag');
  await page.keyboard.press('Enter');
  await expect(page.getByText('new-tag')).toBeVisible();
  await page.keyboard.press('Escape');
  await check(page, 'wizard-related');
  await next(page);

  await repository(page);
  await field(page, 'Branch').click();
  await page.getByRole('option', { name: 'main' }).click();
  await check(page, 'wizard-repository');
  await next(page);

  await details(page);
  await page.getByRole('button', { name: 'Add to Drawers' }).click();
  await page.getByLabel('Label').nth(1).fill('right');
  await page.getByRole('button', { name: 'Move up' }).nth(1).click();
  await expect(page.getByLabel('Label').first()).toHaveValue('right');
  await page.getByLabel('mon').check();
  await page.getByLabel('wed').check();
  await page.getByLabel('Due').fill('2030-02-03');
  await expect(page.getByText('This form has no field “SomebodysOwnField”')).toBeVisible();
  await expect(page.getByLabel('Which wood')).toHaveCount(0);
  await page.getByRole('combobox', { name: 'Wood', exact: true }).click();
  await page.getByRole('option', { name: 'other' }).click();
  await page.getByLabel('Which wood').fill('ash');
  await check(page, 'wizard-details');
  await next(page);

  await on(page, 'Secrets');
  await page.getByLabel('Signing key').fill('a secret key');
  await page.getByLabel('Password', { exact: true }).fill('hunter22');
  await page.getByLabel('PIN').fill('1234');
  await check(page, 'wizard-secrets');
  await page.getByRole('button', { name: 'Look it over' }).click();

  await on(page, 'Review');
  const review = page.getByRole('region', { name: 'What was filled in' });
  for (const text of ['abc12', 'Web service', 'Chair', 'not-there-yet', 'right', '<not shown>', '2030-02-03', 'Drawers'])
    await expect(review).toContainText(new RegExp(text, 'i'));
  for (const hidden of ['a secret key', 'hunter22', '1234', "nobody's business"]) await expect(review).not.toContainText(hidden);
  await check(page, 'wizard-review');

  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('tab', { name: /Files/ }).click();
  await expect(page.getByRole('region', { name: 'README.md' })).toContainText('Made for group:default/joiners, as a web.');
  await page.getByRole('tab', { name: 'Log' }).click();
  await expect(page.getByRole('log')).toContainText('bench of group:default/joiners');
  await expect(page.locator('main')).not.toContainText('a secret key');

  const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/v2/tasks'));
  await page.getByRole('button', { name: 'Make it' }).click();
  const body = (await sent).postDataJSON();
  expect(body.secrets).toEqual({ key: 'a secret key' });
  expect(body.values).toMatchObject({
    name: 'bench',
    owner: 'group:default/joiners',
    group: 'group:default/painters',
    kind: 'web',
    public: false,
    partOf: 'system:default/furniture',
    uses: ['component:default/chair', 'component:default/table'],
    mine: 'component:default/chair',
    anything: 'component:default/not-there-yet',
    tags: ['wood', 'new-tag'],
    repoUrl: 'github.com?owner=workshop&repo=shop',
    branch: 'main',
    hours: ['mon', 'wed'],
    drawers: [{ label: 'right', depth: 4 }, { label: 'left', depth: 4 }],
    box: { width: 2, height: 1 },
    wood: 'other',
    which: 'ash',
    place: 'here',
    key: '********',
  });
  for (const hidden of ['domain', 'schedule', 'memory', 'experiment']) expect(body.values).not.toHaveProperty(hidden);
  await expect(page).toHaveURL(/\/create\/tasks\//);
  await expect(page.getByText('Done. Everything was created.')).toBeVisible();
  const task = await pave.get(`/api/scaffolder/v2/tasks/${page.url().split('/').at(-1)}`);
  expect(JSON.stringify(task)).not.toContain('a secret key');
  expect(await page.evaluate(() => sessionStorage.getItem('pave.form.template:default/everything'))).toBeNull();
});

test('pages and fields come and go with what other pages say, and take their values along', async ({ page }) => {
  await basics(page);
  const steps = page.locator('.mantine-Stepper-step');
  await expect(steps).toHaveText([/Basics/, /Related/, /Repository/, /Details/, /Secrets/, /Review/]);
  await expect(page.getByLabel('Sign at the door')).toHaveCount(0);
  await page.getByLabel('Public').check();
  await expect(steps).toHaveText([/Basics/, /Related/, /Domain/, /Repository/, /Details/, /Secrets/, /Review/]);
  await page.getByLabel('Batch job').check();
  await expect(page.getByLabel('Public')).toHaveCount(0);
  await expect(page.getByLabel('Schedule')).toHaveValue('@daily');
  await expect(page.getByLabel('Sign at the door')).toBeVisible();
  await expect(steps.filter({ hasText: 'Domain' })).toHaveCount(0);
  await next(page);
  await next(page);
  await repository(page);
  await next(page);
  await details(page);
  await expect(page.getByLabel('Memory of the job')).toHaveValue('512');
  await next(page);
  await page.getByLabel('Signing key').fill('long enough');
  await page.getByRole('button', { name: 'Look it over' }).click();
  await on(page, 'Review');
  await page.route('**/v2/tasks', (route) => route.fulfill({ status: 400, json: { errors: [{ property: 'instance.code', message: 'is taken' }] } }));
  const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/v2/tasks'));
  await page.getByRole('button', { name: 'Make it' }).click();
  const { values } = (await sent).postDataJSON();
  expect(values).toMatchObject({ kind: 'batch', schedule: '@daily', memory: 512 });
  expect(values).not.toHaveProperty('public');
  // What the server refuses stands at the field it is about.
  await on(page, 'Basics');
  await expect(page.getByText('is taken')).toBeVisible();
});

test('a reload and a step back lose nothing but the secrets', async ({ page }) => {
  await basics(page, 'stool');
  await next(page);
  await on(page, 'Related');
  await page.reload();
  await on(page, 'Related');
  await page.goBack();
  await on(page, 'Basics');
  await expect(page.getByLabel('Name')).toHaveValue('stool');
  await expect(field(page, 'Owner')).toHaveValue('Joiners');
  await next(page);
  await next(page);
  await repository(page);
  await next(page);
  await details(page);
  await next(page);
  await page.getByLabel('Signing key').fill('never kept anywhere');
  await page.getByLabel('Password', { exact: true }).fill('hunter22');
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }) + JSON.stringify({ ...localStorage }) + location.href);
  expect(kept).toContain('stool');
  expect(kept).not.toContain('never kept anywhere');
  expect(kept).not.toContain('hunter22');
  await page.reload();
  await on(page, 'Secrets');
  await expect(page.getByLabel('Signing key')).toHaveValue('');
});

test('a link fills the form in, but for what is secret', async ({ page }) => {
  const data = encodeURIComponent(JSON.stringify({ name: 'linked', kind: 'batch', owner: 'smiths', key: 'sent in a link', password: 'too' }));
  await page.goto(`${FORM}?formData=${data}`);
  await expect(page.getByLabel('Name')).toHaveValue('linked');
  await expect(page.getByLabel('Batch job')).toBeChecked();
  await expect(field(page, 'Owner')).toHaveValue('Smiths');
  await expect(page).not.toHaveURL(/formData/);
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  expect(kept).not.toContain('sent in a link');
  expect(kept).not.toContain('too');
});

test('a repository has the parts of its host, and its host asks for a token of one’s own', async ({ page }) => {
  await basics(page);
  await next(page);
  await next(page);
  await on(page, 'Repository');
  await next(page);
  await expect(page.getByText('This is needed')).toBeVisible();
  await field(page, 'Host').click();
  await page.getByRole('option', { name: 'gitlab.workshop.example' }).click();
  await expect(page.getByLabel('Your token for gitlab.workshop.example').first()).toBeVisible();
  await expect(page.getByText('It needs: write_repository.').first()).toBeVisible();
  await field(page, 'Group').fill('wood/chairs');
  await next(page);
  await expect(page.getByText('Incomplete: the repository is missing')).toBeVisible();
  await check(page, 'wizard-gitlab');
});

test('a field of a flag is shown where the flag is on', async ({ page }) => {
  await page.goto('/create');
  await page.evaluate(() => localStorage.setItem('featureFlags', JSON.stringify({ experiments: 1 })));
  await page.goto(FORM);
  await expect(page.getByLabel('Experiment')).toBeVisible();
});

test('what is typed and entered before the answer came is chosen when it comes', async ({ page }) => {
  await page.goto(FORM);
  let answer;
  const held = new Promise((resolve) => (answer = resolve));
  await page.route('**/api/catalog/entities/by-query?*fullTextFilterTerm=smi*', async (route) => {
    await held;
    await route.continue();
  });
  await field(page, 'Owner').click();
  await page.keyboard.type('smi');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  answer();
  await expect(field(page, 'Owner')).toHaveValue('Smiths');
});
