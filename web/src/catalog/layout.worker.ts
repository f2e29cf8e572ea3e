// Lays a graph out in layers, beside the page: a large one must not hold up a click.
import dagre from '@dagrejs/dagre';
import type { LayoutReply, LayoutRequest } from './useLayout';

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<LayoutRequest>) => void) | null;
  postMessage: (reply: LayoutReply) => void;
};

scope.onmessage = ({ data }) => {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 12, ranksep: 96, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of data.nodes) graph.setNode(id, { width: data.width, height: data.height });
  for (const { id, from, to } of data.edges) graph.setEdge(from, to, {}, id);
  dagre.layout(graph);
  const places: LayoutReply['places'] = {};
  for (const id of data.nodes) {
    const { x = 0, y = 0 } = graph.node(id) as { x?: number; y?: number };
    places[id] = { x: x - data.width / 2, y: y - data.height / 2 };
  }
  scope.postMessage({ key: data.key, places });
};
