import { Anchor, Box, Group, Text } from '@mantine/core';
import { short } from '../deployments/api';
import { AppLink } from '../shell/AppLink';
import { DataTable, type Column } from '../shell/DataTable';
import { StepIcon } from '../shell/StepIcon';
import { Ago, Took } from '../shell/Time';
import { Actor } from '../shell/EntityLink';
import type { Run } from './api';

export const stateOf = (each: { status: string; conclusion: string | null }) =>
  each.status === 'completed' ? (each.conclusion ?? 'completed') : each.status;

const columns = (withRepository: boolean): Column<Run>[] => [
  {
    key: 'run',
    title: 'Run',
    width: '46%',
    render: (run) => (
      <Group gap={12} wrap="nowrap">
        <StepIcon status={stateOf(run)} />
        <Box style={{ minWidth: 0 }}>
          <Anchor
            component={AppLink}
            href={`/runs/${run.id}`}
            fz="sm"
            fw={550}
            c="inherit"
            className="clip"
            display="block"
          >
            {run.commit.message.split('\n')[0] || run.workflow.name}
          </Anchor>
          <Text fz="sm" c="dimmed" className="clip">
            {withRepository && `${run.repository} · `}
            {run.workflow.name} #{run.number}
            {run.waitingFor && run.status !== 'completed' ? ` · waits for ${run.waitingFor}` : ''}
          </Text>
        </Box>
      </Group>
    ),
  },
  {
    key: 'commit',
    title: 'Commit',
    render: (run) => (
      <Group gap={8} wrap="nowrap">
        <span className="mono">{short(run.commit.id)}</span>
        <Text span c="dimmed" fz="sm">
          {run.branch}
        </Text>
      </Group>
    ),
  },
  { key: 'by', title: 'By', render: (run) => <Actor actor={run.actor} /> },
  {
    key: 'took',
    title: 'Took',
    align: 'right',
    render: (run) => <Took from={run.startedAt} to={run.endedAt} running={run.status === 'in_progress'} />,
  },
  { key: 'when', title: 'When', align: 'right', render: (run) => <Ago time={run.createdAt} /> },
];

export function RunTable({ runs, withRepository = false }: { runs: Run[]; withRepository?: boolean }) {
  return (
    <DataTable
      label="Pipeline runs"
      columns={columns(withRepository)}
      items={runs}
      rowKey={(run) => run.id}
      rowHref={(run) => `/runs/${run.id}`}
      minWidth={720}
    />
  );
}
