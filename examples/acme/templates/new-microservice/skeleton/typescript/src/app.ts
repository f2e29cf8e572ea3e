import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Database } from './database.js';

const service = process.env.SERVICE_NAME ?? '${{ values.name }}';
const version = process.env.VERSION ?? 'development';
const environment = process.env.ENVIRONMENT ?? 'local';

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Healthy means: able to do its work, database included. */
async function health(response: ServerResponse, database: Database | undefined): Promise<void> {
  try {
    await database?.ping();
    send(response, 200, { status: 'ok', version, database: database ? 'ok' : 'none' });
  } catch (error) {
    send(response, 503, { status: 'failing', version, database: String(error) });
  }
}

export function greeting(): string {
  return `Hello from ${service}`;
}

export function createApp(database?: Database): Server {
  return createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path === '/health') void health(response, database);
    else if (path === '/') send(response, 200, { message: greeting(), service, environment, version });
    else send(response, 404, { error: `There is nothing at ${path}` });
  });
}
