import '@xyflow/react/dist/style.css';
import dagre from '@dagrejs/dagre';
import { Box, Group, Text, useComputedColorScheme, UnstyledButton } from '@mantine/core';
import { Handle, Position, ReactFlow, type Edge, type Node, type NodeProps } from '@xyflow/react';
import { StepIcon } from '../shell/StepIcon';
import { Took } from '../shell/Time';
import type { RunJob } from './api';
import { stateOf } from './RunTable';

type JobNode = Node<{ job: RunJob; picked: boolean; onPick: (id: string) => void }, 'job'>;

const WIDTH = 236;
const HEIGHT = 52;

function JobNodeView({ data: { job, picked, onPick } }: NodeProps<JobNode>) {
  // A job of a reusable workflow is named "caller / job": the caller tells more.
  const [title, ...rest] = job.name.split(' / ');
  const below = [rest.join(' / '), title?.includes(job.environment ?? '\n') ? '' : job.environment]
    .filter(Boolean)
    .join(' · ');
  return (
    <>
      <Handle type="target" position={Position.Left} style={{ opacity: 0 }} isConnectable={false} />
      <UnstyledButton
        onClick={() => onPick(job.id)}
        aria-pressed={picked}
        w={WIDTH}
        h={HEIGHT}
        px={12}
        className="nopan"
        style={{
          background: 'var(--mantine-color-body)',
          borderRadius: 9,
          border: `1px solid ${picked ? 'var(--pave-busy)' : 'var(--mantine-color-default-border)'}`,
          boxShadow: picked
            ? '0 0 0 3px color-mix(in srgb, var(--pave-busy) 16%, transparent)'
            : '0 1px 2px rgb(0 0 0 / 5%)',
        }}
      >
        <Group gap={10} wrap="nowrap">
          <StepIcon status={stateOf(job)} />
          <Box style={{ minWidth: 0, flex: 1 }}>
            <Text fz={13} fw={550} className="clip" lh={1.35}>
              {title}
            </Text>
            {below && (
              <Text fz={11.5} c="dimmed" lh={1.3} className="clip">
                {below}
              </Text>
            )}
          </Box>
          {job.startedAt && <Took from={job.startedAt} to={job.endedAt} running={job.status === 'in_progress'} />}
        </Group>
      </UnstyledButton>
      <Handle type="source" position={Position.Right} style={{ opacity: 0 }} isConnectable={false} />
    </>
  );
}

const NODE_TYPES = { job: JobNodeView };

interface JobGraphProps {
  jobs: RunJob[];
  picked?: string;
  onPick: (id: string) => void;
}

export function JobGraph({ jobs, picked, onPick }: JobGraphProps) {
  const scheme = useComputedColorScheme('light');
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 64 });
  graph.setDefaultEdgeLabel(() => ({}));
  const keys = new Map(jobs.map((job) => [job.key, job.id]));
  // A job called from a reusable workflow has a key of its own under its caller's: "deploy-staging / build-and-deploy".
  const idsOf = (key: string) =>
    keys.has(key)
      ? [keys.get(key)!]
      : jobs
          .filter(
            (job) => job.key.startsWith(`${key}/`) || job.key.startsWith(`${key} /`) || job.key.startsWith(`${key}.`),
          )
          .map((job) => job.id);
  for (const job of jobs) graph.setNode(job.id, { width: WIDTH, height: HEIGHT });
  const edges: Edge[] = jobs.flatMap((job) =>
    (job.needs ?? []).flatMap((need) =>
      idsOf(need).map((source) => ({
        id: `${source}-${job.id}`,
        source,
        target: job.id,
        focusable: false,
        animated: job.status === 'in_progress',
      })),
    ),
  );
  for (const edge of edges) graph.setEdge(edge.source, edge.target);
  dagre.layout(graph);
  const nodes: JobNode[] = jobs.map((job) => {
    const { x = 0, y = 0 } = graph.node(job.id) as { x?: number; y?: number };
    return {
      id: job.id,
      type: 'job',
      position: { x: x - WIDTH / 2, y: y - HEIGHT / 2 },
      data: { job, picked: job.id === picked, onPick },
      draggable: false,
      focusable: false,
    };
  });
  const height = Math.min(
    360,
    Math.max(
      120,
      Math.max(...nodes.map((node) => node.position.y)) -
        Math.min(...nodes.map((node) => node.position.y)) +
        HEIGHT +
        64,
    ),
  );
  return (
    <Box h={height} className="sunken" role="group" aria-label="Jobs">
      <ReactFlow
        key={jobs.length}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        fitView
        fitViewOptions={{ padding: 0.16, maxZoom: 1 }}
        minZoom={0.3}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        panOnDrag={jobs.length > 4}
        colorMode={scheme}
        proOptions={{ hideAttribution: true }}
      />
    </Box>
  );
}
