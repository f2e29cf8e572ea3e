import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { createApp, greeting } from './app.js';

const server = createApp().listen(0);
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
after(() => server.close());

test('it greets', async () => {
  const response = await fetch(base);
  assert.equal(response.status, 200);
  assert.equal(((await response.json()) as { message: string }).message, greeting());
});

test('it is healthy without a database', async () => {
  assert.equal((await fetch(`${base}/health`)).status, 200);
});

test('a path nobody knows is a 404', async () => {
  assert.equal((await fetch(`${base}/nowhere`)).status, 404);
});
