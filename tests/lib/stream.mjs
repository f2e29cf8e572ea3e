// Follows the log as a browser does: one stream, taken up again where it broke.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Follows every event from now on, over restarts of demo.pave. */
export function followEvents(demo) {
  const seen = [];
  let stopped = false;
  let open = null;
  let connections = 0;

  const connect = (last) =>
    new Promise((ended) => {
      const { pave } = demo;
      const headers = { host: pave.host, accept: 'text/event-stream', authorization: `Bearer ${pave.token}`, 'last-event-id': String(last) };
      open = request({ host: '127.0.0.1', port: pave.port, path: '/api/events/v1/stream', headers }, (reply) => {
        let text = '';
        connections++;
        reply.setEncoding('utf8');
        reply.on('data', (chunk) => {
          const parts = (text + chunk).split('\n\n');
          text = parts.pop();
          for (const part of parts) {
            const id = /^id: ?(\d+)$/m.exec(part);
            if (id) seen.push(Number(id[1]));
          }
        });
        reply.on('error', ended);
        reply.on('close', ended);
      });
      open.on('error', ended);
      open.end();
    });

  (async () => {
    while (!stopped) {
      await connect(seen.at(-1) ?? 0);
      await sleep(100);
    }
  })();

  return {
    /** Every event of the log was told, once, in its order. */
    async isComplete() {
      const { head } = await demo.pave.get('/api/events/v1/events?limit=1');
      await demo.pave.until(`event ${head}`, () => seen.at(-1) >= head, 10);
      assert.deepEqual(seen.slice(0, head), Array.from({ length: head }, (_, i) => i + 1));
      assert(connections > 1, 'the stream was taken up again');
    },
    stop() {
      stopped = true;
      open?.destroy();
    },
  };
}
