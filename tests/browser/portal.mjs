// What every browser test needs: the server, a signed-in page that fails on errors in the console, screenshots.
import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { Pave } from '../lib/pave.mjs';

export const details = JSON.parse(process.env.PAVE_TEST_DETAILS ?? '{"url": "http://localhost"}');

const screenshots = resolve(import.meta.dirname, '../../test-results/screenshots');

/** A portal that was just built is tried without building the program again: its files come from a folder. */
async function serveFrom(folder, page) {
  await page.route(
    (url) => !url.pathname.startsWith('/api/'),
    (route) => {
      const { pathname } = new URL(route.request().url());
      const path = resolve(folder, `.${pathname}`);
      return route.fulfill({ path: extname(path) && existsSync(path) ? path : resolve(folder, 'index.html') });
    },
  );
}

export const test = base.extend({
  baseURL: details.url,
  storageState: details.state,
  pave: async ({}, use) => {
    const pave = new Pave(details);
    await pave.signIn();
    await use(pave);
  },
  page: async ({ page }, use) => {
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      // A refused request is the server's business and shown on the page; anything else is a mistake of ours.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        errors.push(message.text());
    });
    if (process.env.PAVE_BROWSER_DIST) await serveFrom(process.env.PAVE_BROWSER_DIST, page);
    await use(page);
    expect(errors, 'errors in the console').toEqual([]);
  },
});

export { expect };

export const picture = (page, name) => page.screenshot({ path: `${screenshots}/${name}.png`, animations: 'disabled' });

/** The card of one environment on a service's page. */
export const environment = (page, name) => page.getByRole('region', { name: `${name} environment` });
