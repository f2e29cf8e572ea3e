import { Anchor, Box, Button, Checkbox, Group, Text } from '@mantine/core';
import { IconArrowBackUp, IconRocket } from '@tabler/icons-react';
import { AppLink } from '../shell/AppLink';
import { DataTable, type Column } from '../shell/DataTable';
import { Actor, EntityLink } from '../shell/EntityLink';
import { EmptyState } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago, Took } from '../shell/Time';
import { short, type Deployment } from './api';

interface DeploymentTableProps {
  items: Deployment[];
  withService?: boolean;
  picked?: string[];
  onPick?: (id: string) => void;
  /** Offers to go back to a deployment that is no longer live. */
  onRollback?: (deployment: Deployment) => void;
}

const what: Column<Deployment> = {
  key: 'what',
  title: 'Version',
  width: '36%',
  render: (item) => (
    <Box>
      <Group gap={8} wrap="nowrap">
        <Anchor component={AppLink} href={`/deployments/${item.id}`} className="mono" fz="sm" style={{ flex: 'none' }}>
          {short(item.commit)}
        </Anchor>
        <Text fz="sm" className="clip" maw={340}>
          {(item.commitMessage ?? '').split('\n')[0]}
        </Text>
        {item.kind === 'rollback' && (
          <Group gap={4} wrap="nowrap" c="dimmed" fz="xs">
            <IconArrowBackUp size={13} />
            rollback
          </Group>
        )}
      </Group>
      {item.reason && item.state === 'failed' && (
        <Text fz="xs" c="var(--mantine-color-error)" lineClamp={2}>
          {item.reason}
        </Text>
      )}
    </Box>
  ),
};

function columnsOf({ withService, picked, onPick, onRollback }: DeploymentTableProps): Column<Deployment>[] {
  return [
    ...(onPick
      ? [
          {
            key: 'pick',
            title: 'Compare',
            quiet: true,
            width: 44,
            render: (item: Deployment) => (
              <Checkbox
                size="xs"
                checked={picked?.includes(item.id) ?? false}
                onChange={() => onPick(item.id)}
                aria-label={`Compare ${short(item.commit)} in ${item.environment}`}
              />
            ),
          },
        ]
      : []),
    ...(withService
      ? [
          {
            key: 'service',
            title: 'Service',
            render: (item: Deployment) => <EntityLink entityRef={`component:default/${item.service}`} />,
          },
        ]
      : []),
    what,
    { key: 'environment', title: 'Environment', render: (item) => item.environment },
    { key: 'state', title: 'State', render: (item) => <Status status={item.state} /> },
    { key: 'by', title: 'By', render: (item) => <Actor actor={item.actor} /> },
    {
      key: 'took',
      title: 'Took',
      align: 'right',
      render: (item) => (
        <Took from={item.startedAt} to={item.finishedAt} running={!item.finishedAt && !!item.startedAt} />
      ),
    },
    { key: 'when', title: 'When', align: 'right', render: (item) => <Ago time={item.createdAt} /> },
    ...(onRollback
      ? [
          {
            key: 'back',
            title: 'Roll back',
            quiet: true,
            align: 'right' as const,
            render: (item: Deployment) =>
              item.state === 'superseded' && (
                <Button size="compact-xs" variant="subtle" onClick={() => onRollback(item)}>
                  Go back to it
                </Button>
              ),
          },
        ]
      : []),
  ];
}

export function DeploymentTable(props: DeploymentTableProps) {
  if (props.items.length === 0)
    return (
      <EmptyState icon={<IconRocket size={20} />} title="No deployments yet">
        Push to the main branch, or run <code>pave deploy SERVICE --environment ENV</code>.
      </EmptyState>
    );
  return (
    <DataTable
      label="Deployments"
      columns={columnsOf(props)}
      items={props.items}
      rowKey={(item) => item.id}
      rowHref={(item) => `/deployments/${item.id}`}
      minWidth={860}
    />
  );
}
