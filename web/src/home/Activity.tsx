import { Anchor, Box, Group, Text } from '@mantine/core';
import { short, type Deployment } from '../deployments/api';
import type { Run } from '../pipelines/api';
import { stateOf } from '../pipelines/RunTable';
import { AppLink } from '../shell/AppLink';
import { StepIcon } from '../shell/StepIcon';
import { Ago } from '../shell/Time';

interface Row {
  key: string;
  href: string;
  state: string;
  title: string;
  detail: string;
  time: string;
}

type ActivityProps = { kind: 'runs'; runs: Run[] } | { kind: 'deployments'; deployments: Deployment[] };

function rowsOf(props: ActivityProps): Row[] {
  if (props.kind === 'runs')
    return props.runs.map((run) => ({
      key: run.id,
      href: `/runs/${run.id}`,
      state: stateOf(run),
      title: run.commit.message.split('\n')[0] || run.workflow.name,
      detail: `${run.repository.split('/')[1]} · ${run.workflow.name} #${run.number}`,
      time: run.createdAt,
    }));
  return props.deployments.map((item) => ({
    key: item.id,
    href: `/deployments/${item.id}`,
    state: item.state === 'superseded' ? 'succeeded' : item.state,
    title: `${item.service} to ${item.environment}`,
    detail: `${short(item.commit)} · ${item.kind === 'rollback' ? 'rolled back' : (item.commitMessage ?? '').split('\n')[0] || item.kind}`,
    time: item.createdAt,
  }));
}

export function Activity(props: ActivityProps) {
  const rows = rowsOf(props);
  if (rows.length === 0)
    return (
      <Text c="dimmed" fz="sm" p="md">
        {props.kind === 'runs'
          ? 'Pipelines appear here after the first push.'
          : 'Deployments appear here as pipelines make them.'}
      </Text>
    );
  return (
    <Box component="ul" m={0} py={6} px={0} style={{ listStyle: 'none' }}>
      {rows.map((row) => (
        <Group key={row.key} component="li" px="md" py={7} gap={12} wrap="nowrap">
          <StepIcon status={row.state} size={17} />
          <Box style={{ flex: 1, minWidth: 0 }}>
            <Anchor component={AppLink} href={row.href} fz="sm" fw={550} c="inherit" className="clip" display="block">
              {row.title}
            </Anchor>
            <Text fz="xs" c="dimmed" className="clip">
              {row.detail}
            </Text>
          </Box>
          <Ago time={row.time} />
        </Group>
      ))}
    </Box>
  );
}
