// An organisation written by a test itself, and the people who sign in to it.
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Pave } from './pave.mjs';

/** A folder that holds files ({path: text}), readable by the user Pave runs as. */
export async function writeOrganization(files) {
  const folder = await mkdtemp(join(tmpdir(), 'house-'));
  await chmod(folder, 0o755);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** A client that is signed in with a name and a password of auth.users. */
export async function signedIn(pave, username, password = `${username}-has-a-password`) {
  const client = new Pave(pave);
  const headers = { 'content-type': 'application/json', origin: pave.url };
  const reply = await pave.raw('POST', '/api/identity/v1/login', { headers, body: JSON.stringify({ username, password }) });
  if (reply.status !== 200) throw new Error(`${username} cannot sign in: ${reply.status} ${reply.text}`);
  client.token = /=([^;]+)/.exec(reply.headers['set-cookie'][0])[1];
  return client;
}
