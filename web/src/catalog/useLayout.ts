import { useEffect, useRef, useState } from 'react';
import type { RelationModel } from './relations';

export interface LayoutRequest {
  key: string;
  nodes: string[];
  edges: { id: string; from: string; to: string }[];
  width: number;
  height: number;
}

export interface LayoutReply {
  key: string;
  places: Record<string, { x: number; y: number }>;
}

/** Where the nodes of a model stand; undefined until it is known. The last answer stays while the next is made. */
export function useLayout(model: RelationModel, width: number, height: number): LayoutReply | undefined {
  const worker = useRef<Worker>(undefined);
  const [reply, setReply] = useState<LayoutReply>();
  const key = [...model.nodes.map((node) => node.id), ...model.edges.map((edge) => edge.id)].join('\n');
  useEffect(() => {
    const made = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' });
    made.onmessage = (event: MessageEvent<LayoutReply>) => setReply(event.data);
    worker.current = made;
    return () => made.terminate();
  }, []);
  useEffect(() => {
    worker.current?.postMessage({
      key,
      nodes: model.nodes.map((node) => node.id),
      edges: model.edges.map(({ id, from, to }) => ({ id, from, to })),
      width,
      height,
    } satisfies LayoutRequest);
    // The key says everything that matters of the model.
  }, [key, width, height]);
  return reply;
}
