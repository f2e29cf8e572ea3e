// The shared side of stream.ts: one EventSource, many tabs.
interface Scope {
  onconnect: ((event: MessageEvent) => void) | null;
}

const ports = new Set<MessagePort>();
let source: EventSource | undefined;
let opened = false;
let retry: ReturnType<typeof setTimeout> | undefined;

function post(message: unknown): void {
  for (const port of ports) port.postMessage(message);
}

function open(): void {
  source = new EventSource('/api/events/v1/stream');
  source.addEventListener('open', () => {
    post({ kind: 'open', again: opened });
    opened = true;
  });
  source.addEventListener('event', (message: MessageEvent<string>) => {
    post({ kind: 'event', event: JSON.parse(message.data) });
  });
  source.addEventListener('error', () => {
    post({ kind: 'lost' });
    // The browser gives up after an HTTP error (signed out, server starting): then we try ourselves.
    if (source?.readyState === EventSource.CLOSED && ports.size > 0) {
      clearTimeout(retry);
      retry = setTimeout(open, 3000);
    }
  });
}

function leave(port: MessagePort): void {
  ports.delete(port);
  if (ports.size > 0) return;
  clearTimeout(retry);
  source?.close();
  source = undefined;
}

(self as unknown as Scope).onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  ports.add(port);
  port.onmessage = (message) => {
    if (message.data === 'bye') leave(port);
  };
  if (!source || source.readyState === EventSource.CLOSED) open();
};
