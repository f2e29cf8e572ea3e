// One event stream for all tabs of the browser. HTTP/1.1 allows six connections to a host, and each tab's own stream
// would use one up; where there is no SharedWorker the tab holds its own.
import { staleAll, staleBy } from './query';

export interface CloudEvent {
  id: string;
  seq: number;
  type: string;
  source: string;
  subject?: string;
  time: string;
  actor?: string;
  onBehalfOf?: string;
  cause?: string;
  data?: Record<string, unknown>;
}

export type StreamMessage = { kind: 'event'; event: CloudEvent } | { kind: 'open'; again: boolean } | { kind: 'lost' };

type Listener = (message: StreamMessage) => void;
const listeners = new Set<Listener>();
let started = false;

function tell(message: StreamMessage): void {
  if (message.kind === 'event') staleBy(message.event.type);
  // After a gap nobody knows what was missed.
  if (message.kind === 'open' && message.again) staleAll();
  for (const listener of listeners) listener(message);
}

export function openStream(post: Listener): EventSource {
  const source = new EventSource('/api/events/v1/stream');
  let opened = false;
  source.addEventListener('open', () => {
    post({ kind: 'open', again: opened });
    opened = true;
  });
  source.addEventListener('event', (message: MessageEvent<string>) => {
    post({ kind: 'event', event: JSON.parse(message.data) as CloudEvent });
  });
  source.addEventListener('error', () => post({ kind: 'lost' }));
  return source;
}

/** Begins to listen; calling it again does nothing. */
export function startStream(): void {
  if (started) return;
  started = true;
  if (typeof SharedWorker === 'undefined') {
    openStream(tell);
    return;
  }
  const worker = new SharedWorker(new URL('./stream.worker.ts', import.meta.url), {
    type: 'module',
    name: 'pave-events',
  });
  worker.port.onmessage = (message: MessageEvent<StreamMessage>) => tell(message.data);
  worker.onerror = () => openStream(tell);
  worker.port.start();
  addEventListener('pagehide', () => worker.port.postMessage('bye'));
}

export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
