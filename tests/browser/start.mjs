// Starts the demo once for all files and signs in; what the tests need to know goes through the environment.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDemo } from '../lib/demo.mjs';
import { Pave } from '../lib/pave.mjs';

async function running() {
  // An address given by hand is used as it is: for trying things out against a server that runs already.
  const url = process.env.PAVE_BROWSER_URL;
  if (url)
    return {
      pave: new Pave({ url, port: Number(new URL(url).port), data: '', program: process.env.PAVE_PROGRAM ?? 'pave' }),
      remove: async () => {},
    };
  const demo = await createDemo();
  try {
    return { pave: await demo.start(), remove: () => demo.remove() };
  } catch (error) {
    await demo.remove().catch(() => {});
    throw error;
  }
}

export async function signedIn(pave) {
  const reply = await pave.raw('POST', '/api/identity/v1/login', {
    headers: { 'content-type': 'application/json', origin: pave.url },
    body: JSON.stringify({ provider: 'guest' }),
  });
  const [name, value] = String(reply.headers['set-cookie']?.[0]).split(';')[0].split('=');
  return {
    cookies: [
      {
        name,
        value,
        domain: new URL(pave.url).hostname,
        path: '/',
        expires: -1,
        httpOnly: true,
        secure: false,
        sameSite: 'Lax',
      },
    ],
    origins: [],
  };
}

export default async function start() {
  const { pave, remove } = await running();
  const folder = await mkdtemp(join(tmpdir(), 'pave-browser-'));
  const state = join(folder, 'state.json');
  await writeFile(state, JSON.stringify(await signedIn(pave)), { mode: 0o600 });
  process.env.PAVE_TEST_DETAILS = JSON.stringify({
    url: pave.url,
    port: pave.port,
    data: pave.data,
    program: pave.program,
    state,
  });
  return async () => {
    await remove();
    await rm(folder, { recursive: true, force: true });
  };
}
