import '@xyflow/react/dist/style.css';
import { Box, Text, useComputedColorScheme } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { Background, Controls, MarkerType, ReactFlow, ReactFlowProvider, useReactFlow, type Edge } from '@xyflow/react';
import { useCallback, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { entityHref } from '../shell/EntityLink';
import { entityQuery, parseRef, refOf, titleOf, useTitles, type Entity } from './api';
import { EntityNodeView, NODE_HEIGHT, NODE_WIDTH, type EntityNode } from './GraphNodes';
import { GROUP_STEP, NODES_MAX, relationModel, type GraphFilter, type GraphNode } from './relations';
import { useLayout } from './useLayout';

const NODE_TYPES = { entity: EntityNodeView };
const ZOOM_MIN = 0.55;

type Place = { x: number; y: number };

/** The nearest node in the direction of an arrow key. */
function nextNode(places: Record<string, Place>, from: string, key: string): string | undefined {
  const at = places[from];
  if (!at) return undefined;
  const across = key === 'ArrowLeft' || key === 'ArrowRight';
  const sign = key === 'ArrowLeft' || key === 'ArrowUp' ? -1 : 1;
  let best: { id: string; far: number } | undefined;
  for (const [id, place] of Object.entries(places)) {
    const [dx, dy] = [place.x - at.x, place.y - at.y];
    const [along, beside] = across ? [dx * sign, Math.abs(dy)] : [dy * sign, Math.abs(dx)];
    if (along <= 1) continue;
    const far = along + beside * (across ? 1 : 3);
    if (!best || far < best.far) best = { id, far };
  }
  return best?.id;
}

interface GraphProps {
  entity: Entity;
  filter: GraphFilter;
  height: number | string;
  onTypes?: (types: string[]) => void;
}

function Graph({ entity, filter, height, onTypes }: GraphProps) {
  const self = refOf(entity);
  const [opened, setOpened] = useState<string[]>([]);
  const [limits, setLimits] = useState<Record<string, number>>({});
  const [active, setActive] = useState(self);
  const box = useRef<HTMLDivElement>(null);
  const hint = useId();
  const scheme = useComputedColorScheme('light');
  const router = useRouter();
  const flow = useReactFlow<EntityNode>();

  const loaded = useQueries({ queries: opened.map((ref) => ({ ...entityQuery(parseRef(ref)), retry: false })) });
  const stamp = loaded.map((query) => query.dataUpdatedAt).join();
  const model = useMemo(
    () => relationModel([entity, ...loaded.flatMap((query) => (query.data ? [query.data] : []))], limits, filter),
    [entity, stamp, opened, limits, filter],
  );
  const titles = useTitles(model.nodes.filter((node) => !node.more).map((node) => node.id));
  const layout = useLayout(model, NODE_WIDTH, NODE_HEIGHT);
  const places = layout?.places;

  const types = model.types.join();
  useEffect(() => onTypes?.(types ? types.split(',') : []), [types, onTypes]);

  const press = useCallback((node: GraphNode) => {
    if (node.more) {
      const { group } = node.more;
      setLimits((old) => ({ ...old, [group]: (old[group] ?? 6) + GROUP_STEP }));
    } else setOpened((old) => (old.includes(node.id) ? old.filter((each) => each !== node.id) : [...old, node.id]));
  }, []);

  // What the picture shows anew is brought into sight; a large one stays readable and centres on what was pressed.
  const drawn = useRef('');
  useEffect(() => {
    if (!layout || drawn.current === layout.key) return;
    drawn.current = layout.key;
    const timer = setTimeout(() => {
      void flow.fitView({ padding: 0.1, maxZoom: 1, minZoom: ZOOM_MIN });
      const at = layout.places[active];
      if (at && flow.getZoom() <= ZOOM_MIN + 0.001)
        void flow.setCenter(at.x + NODE_WIDTH / 2, at.y + NODE_HEIGHT / 2, { zoom: 0.8 });
    }, 30);
    return () => clearTimeout(timer);
  }, [layout, active, flow]);

  const focus = (id: string) => {
    setActive(id);
    const at = places?.[id];
    if (at) void flow.setCenter(at.x + NODE_WIDTH / 2, at.y + NODE_HEIGHT / 2, { zoom: Math.max(flow.getZoom(), 0.7) });
    requestAnimationFrame(() =>
      box.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(id)}"]`)?.focus({ preventScroll: true }),
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey || !places) return;
    if (event.key === 'o' && !active.startsWith('+')) {
      event.preventDefault();
      router.history.push(entityHref(active));
    }
    if (!event.key.startsWith('Arrow')) return;
    event.preventDefault();
    const next = nextNode(places, active, event.key);
    if (next) focus(next);
  };

  const shown = model.nodes.filter((node) => places?.[node.id]);
  const tabbable = shown.some((node) => node.id === active) ? active : self;
  const nodes: EntityNode[] = shown.map((node) => {
    const known = titles?.get(node.id);
    return {
      id: node.id,
      type: 'entity',
      position: places![node.id]!,
      width: NODE_WIDTH,
      height: NODE_HEIGHT,
      data: {
        node,
        title: node.id === self ? titleOf(entity) : (known ?? parseRef(node.id).name),
        missing: known === null,
        self: node.id === self,
        tabbable: node.id === tabbable,
        onPress: press,
        onFocus: setActive,
      },
      draggable: false,
      connectable: false,
      focusable: false,
    };
  });
  const there = new Set(nodes.map((node) => node.id));
  const edges: Edge[] = model.edges
    .filter((edge) => there.has(edge.from) && there.has(edge.to))
    .map((edge) => ({
      id: edge.id,
      source: edge.from,
      target: edge.to,
      focusable: false,
      style: edge.from === active || edge.to === active ? { stroke: 'var(--pave-busy)', strokeWidth: 1.6 } : {},
      markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 },
    }));
  return (
    <Box
      h={height}
      pos="relative"
      role="group"
      ref={box}
      aria-label="Relation graph; the list shows the same as text"
      aria-describedby={hint}
      aria-busy={layout ? undefined : true}
      onKeyDown={onKeyDown}
    >
      {nodes.length > 0 && (
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          fitView
          fitViewOptions={{ padding: 0.1, maxZoom: 1, minZoom: ZOOM_MIN }}
          minZoom={0.2}
          maxZoom={1.5}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          disableKeyboardA11y
          zoomOnScroll={false}
          preventScrolling={false}
          colorMode={scheme}
          proOptions={{ hideAttribution: true }}
        >
          <Background gap={18} size={1} color="var(--pave-hairline)" bgColor="transparent" />
          <Controls showInteractive={false} position="bottom-right" />
        </ReactFlow>
      )}
      <Text id={hint} fz={11.5} c="dimmed" className="graph-hint">
        {model.full
          ? `${NODES_MAX} are enough for one picture. Open another entity to go on from there.`
          : 'Click or Enter: show its relations · arrows: move · o: open'}
      </Text>
    </Box>
  );
}

export function RelationGraph(props: GraphProps) {
  return (
    <ReactFlowProvider>
      <Graph key={refOf(props.entity)} {...props} />
    </ReactFlowProvider>
  );
}
