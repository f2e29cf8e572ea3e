import { useEffect, useState } from 'react';
import type { ParseReply } from './parse.worker';

const WAIT_MS = 10_000;

/** A definition as values; undefined until it is read. A text that takes too long is given up. */
export function useParsed(text: string): ParseReply | undefined {
  const [reply, setReply] = useState<{ text: string; reply: ParseReply }>();
  useEffect(() => {
    const worker = new Worker(new URL('./parse.worker.ts', import.meta.url), { type: 'module' });
    const end = (answer: ParseReply) => {
      clearTimeout(timer);
      worker.terminate();
      setReply({ text, reply: answer });
    };
    const timer = setTimeout(() => end({ error: 'It takes too long to read.' }), WAIT_MS);
    worker.onmessage = (event: MessageEvent<ParseReply>) => end(event.data);
    worker.onerror = () => end({ error: 'It could not be read.' });
    worker.postMessage(text);
    return () => {
      clearTimeout(timer);
      worker.terminate();
    };
  }, [text]);
  return reply?.text === text ? reply.reply : undefined;
}
