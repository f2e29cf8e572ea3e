// A Pave of the template pages' own: the organisation in workshop/, with a template of every field and one that may be edited.
import { resolve } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { startPave } from '../lib/server.mjs';
import { expect, picture, test as base } from './portal.mjs';
import { signedIn } from './start.mjs';

const organization = resolve(import.meta.dirname, 'workshop');
const { PAVE_WORKSHOP_URL: given } = process.env;

/** A server that runs already may be given by hand, for trying things out. */
async function workshopServer() {
  if (!given) return startPave(organization);
  const { Pave } = await import('../lib/pave.mjs');
  const pave = new Pave({
    url: given,
    port: Number(new URL(given).port),
    data: '',
    program: process.env.PAVE_PROGRAM ?? 'pave',
  });
  return { pave, remove: async () => {} };
}

export const test = base.extend({
  workshop: [
    async ({}, use) => {
      const server = await workshopServer();
      try {
        await server.pave.signIn();
        for (const template of ['everything', 'note'])
          await server.pave.until(
            'the catalog is read',
            () => server.pave.get(`/api/catalog/entities/by-name/template/default/${template}`),
            60,
          );
        await use({ pave: server.pave, state: await signedIn(server.pave) });
      } finally {
        await server.remove();
      }
    },
    { scope: 'worker' },
  ],
  baseURL: ({ workshop }, use) => use(workshop.pave.url),
  storageState: ({ workshop }, use) => use(workshop.state),
  pave: ({ workshop }, use) => use(workshop.pave),
});

/** In light and in dark: nothing that axe finds, and a picture to look at. */
export async function check(page, name) {
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme);
    // What is no matter of colour is the same in both.
    const axe = new AxeBuilder({ page });
    const { violations } = await (colorScheme === 'dark' ? axe.withRules(['color-contrast']) : axe).analyze();
    expect(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`),
      `${name} in ${colorScheme}`,
    ).toEqual([]);
    await picture(page, `${colorScheme}-${name}`);
  }
}

export { expect };
