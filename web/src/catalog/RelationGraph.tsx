import '@xyflow/react/dist/style.css';
import dagre from '@dagrejs/dagre';
import { Box, Group, Switch, Text, useComputedColorScheme } from '@mantine/core';
import {
  Background,
  Controls,
  Handle,
  MarkerType,
  Position,
  ReactFlow,
  type Edge,
  type Node,
  type NodeProps,
} from '@xyflow/react';
import { useMemo, useState } from 'react';
import { AppLink } from '../shell/AppLink';
import { KindIcon, entityHref } from '../shell/EntityLink';
import { parseRef, refOf, titleOf, useEntitiesByRefs, type Entity } from './api';
import { edgesOf, type GraphEdge } from './relations';

type EntityNode = Node<
  { entityRef: string; title: string; missing: boolean; self: boolean; relation?: string },
  'entity'
>;

const WIDTH = 186;
const HEIGHT = 46;

function EntityNodeView({ data }: NodeProps<EntityNode>) {
  const { kind } = parseRef(data.entityRef);
  return (
    <AppLink href={entityHref(data.entityRef)} style={{ textDecoration: 'none', color: 'inherit' }}>
      <Group
        gap={9}
        wrap="nowrap"
        px={11}
        w={WIDTH}
        h={HEIGHT}
        className="nopan"
        style={{
          background: 'var(--mantine-color-body)',
          borderRadius: 9,
          border: `1px ${data.missing ? 'dashed' : 'solid'} ${data.self ? 'var(--pave-busy)' : 'var(--mantine-color-default-border)'}`,
          boxShadow: data.self
            ? '0 0 0 3px color-mix(in srgb, var(--pave-busy) 16%, transparent)'
            : '0 1px 2px rgb(0 0 0 / 5%)',
        }}
      >
        <KindIcon kind={kind} size={17} />
        <Box style={{ minWidth: 0 }}>
          <Text fz={12.5} fw={550} className="clip" lh={1.3}>
            {data.title}
          </Text>
          <Text fz={11} c="dimmed" lh={1.3}>
            {data.missing ? 'missing' : kind}
            {data.relation && ` · ${data.relation}`}
          </Text>
        </Box>
      </Group>
      <Handle type="target" position={Position.Left} style={{ opacity: 0 }} isConnectable={false} />
      <Handle type="source" position={Position.Right} style={{ opacity: 0 }} isConnectable={false} />
    </AppLink>
  );
}

const NODE_TYPES = { entity: EntityNodeView };

function layout(
  edges: GraphEdge[],
  describe: (ref: string) => EntityNode['data'],
): { nodes: EntityNode[]; edges: Edge[] } {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 110, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  const refs = [...new Set(edges.flatMap((edge) => [edge.from, edge.to]))];
  for (const ref of refs) graph.setNode(ref, { width: WIDTH, height: HEIGHT });
  for (const edge of edges) graph.setEdge(edge.from, edge.to, {}, edge.label);
  dagre.layout(graph);
  return {
    nodes: refs.map((ref) => {
      const { x = 0, y = 0 } = graph.node(ref) as { x?: number; y?: number };
      return {
        id: ref,
        type: 'entity',
        position: { x: x - WIDTH / 2, y: y - HEIGHT / 2 },
        data: describe(ref),
        draggable: false,
        connectable: false,
        focusable: false,
      };
    }),
    edges: edges.map((edge) => ({
      id: `${edge.from}|${edge.label}|${edge.to}`,
      source: edge.from,
      target: edge.to,
      type: 'default',
      focusable: false,
      markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 },
    })),
  };
}

export function RelationGraph({ entity }: { entity: Entity }) {
  const [wide, setWide] = useState(false);
  const scheme = useComputedColorScheme('light');
  const self = refOf(entity);
  const nearRefs = [...new Set((entity.relations ?? []).map((each) => each.targetRef))].sort();
  const near = useEntitiesByRefs(nearRefs).data;
  const nearby = (near ?? []).filter((each): each is Entity => !!each);
  // People and teams relate to too much to be of use one step further out.
  const farther = nearby.filter((each) => each.kind !== 'Group' && each.kind !== 'User');
  const { nodes, edges } = useMemo(() => {
    const found = new Map([entity, ...nearby].map((each) => [refOf(each), each]));
    const own = edgesOf([entity]);
    return layout(edgesOf(wide ? [entity, ...farther] : [entity]), (ref) => ({
      relation: own.find((edge) => ref !== self && (edge.from === ref || edge.to === ref))?.label,
      entityRef: ref,
      title: found.has(ref) ? titleOf(found.get(ref)!) : parseRef(ref).name,
      missing: !!near && nearRefs.includes(ref) && !found.has(ref),
      self: ref === self,
    }));
  }, [entity, near, wide]);
  return (
    <Box h={380} pos="relative" role="group" aria-label="Relation graph; the list shows the same as text">
      <Switch
        size="xs"
        pos="absolute"
        top={10}
        right={12}
        style={{ zIndex: 5 }}
        label="One step further"
        checked={wide}
        onChange={(event) => setWide(event.currentTarget.checked)}
      />
      <ReactFlow
        key={`${self}-${wide}-${nodes.length}`}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        fitView
        fitViewOptions={{ padding: 0.12, maxZoom: 1 }}
        minZoom={0.3}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        colorMode={scheme}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={18} size={1} color="var(--pave-hairline)" bgColor="transparent" />
        <Controls showInteractive={false} position="bottom-right" />
      </ReactFlow>
    </Box>
  );
}
