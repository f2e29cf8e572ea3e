// A Pave of the catalog pages' own: the organisation in market/, with a repository that may be edited.
import { resolve } from 'node:path';
import { startPave } from '../lib/server.mjs';
import { expect, picture, test as base } from './portal.mjs';
import { signedIn } from './start.mjs';

const organization = resolve(import.meta.dirname, 'market');
const { PAVE_MARKET_URL: given } = process.env;

/** A server that runs already may be given by hand, for trying things out. */
async function marketServer() {
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
  market: [
    async ({}, use) => {
      const server = await marketServer();
      try {
        await server.pave.signIn();
        await server.pave.until(
          'the catalog is read',
          () => server.pave.get('/api/catalog/entities/by-name/component/default/checkout'),
          60,
        );
        await use({ pave: server.pave, state: await signedIn(server.pave) });
      } finally {
        await server.remove();
      }
    },
    { scope: 'worker' },
  ],
  baseURL: ({ market }, use) => use(market.pave.url),
  storageState: ({ market }, use) => use(market.state),
  pave: ({ market }, use) => use(market.pave),
});

export { expect, picture };
