import { createApp } from './app.js';
import { openDatabase } from './database.js';

const port = Number(process.env.PORT ?? 8080);
const database = openDatabase(process.env.DATABASE_URL);
const server = createApp(database);

server.listen(port, process.env.HOST ?? '127.0.0.1', () => console.log(`listening on ${port}`));

// Requests under way are answered before the process ends.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    server.close(async () => {
      await database?.end();
      process.exit(0);
    });
    server.closeIdleConnections();
  });
}
