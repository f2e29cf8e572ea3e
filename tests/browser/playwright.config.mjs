// The portal in a real browser, against Acme's Pave on a free port with fresh data.
import { resolve } from 'node:path';
import { defineConfig } from '@playwright/test';

const results = resolve(import.meta.dirname, '../../test-results');

export default defineConfig({
  testDir: import.meta.dirname,
  testMatch: '*.spec.mjs',
  outputDir: `${results}/browser`,
  globalSetup: './start.mjs',
  // One server and one story: the pages are looked at after the golden path has filled them.
  workers: 1,
  fullyParallel: false,
  timeout: 180_000,
  // What fails once and passes then is listed as flaky, and is to be mended, but holds nobody up.
  retries: 1,
  expect: { timeout: 20_000 },
  reporter: [['list'], ['json', { outputFile: `${results}/browser.json` }]],
  use: {
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: process.env.PAVE_CHROMIUM ?? '/usr/bin/chromium' },
    screenshot: 'only-on-failure',
  },
});
