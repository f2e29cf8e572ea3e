// What every browser test needs: the server, a signed-in page that fails on errors in the console, screenshots.
import { resolve } from 'node:path';
import { test as base, expect } from '@playwright/test';
import { Pave } from '../lib/pave.mjs';

export const details = JSON.parse(process.env.PAVE_TEST_DETAILS ?? '{"url": "http://localhost"}');

const screenshots = resolve(import.meta.dirname, '../../test-results/screenshots');

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
    await use(page);
    expect(errors, 'errors in the console').toEqual([]);
  },
});

export { expect };

export const picture = (page, name) => page.screenshot({ path: `${screenshots}/${name}.png`, animations: 'disabled' });

/** The card of one environment on a service's page. */
export const environment = (page, name) => page.getByRole('region', { name: `${name} environment` });
