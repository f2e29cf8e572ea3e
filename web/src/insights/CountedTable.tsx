import { Anchor, Group, Text } from '@mantine/core';
import { IconRocket } from '@tabler/icons-react';
import { short } from '../deployments/api';
import { AppLink } from '../shell/AppLink';
import { DataTable, type Column } from '../shell/DataTable';
import { EntityLink } from '../shell/EntityLink';
import { EmptyState } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago } from '../shell/Time';
import type { CountedDeployment } from './api';
import { span } from './format';

const COLUMNS: Column<CountedDeployment>[] = [
  {
    key: 'service',
    title: 'Service',
    render: (item) => <EntityLink entityRef={`component:default/${item.service}`} />,
  },
  {
    key: 'commit',
    title: 'Commit',
    render: (item) => (
      <Anchor component={AppLink} href={`/deployments/${item.deploymentId}`} className="mono" fz="sm">
        {short(item.commit)}
      </Anchor>
    ),
  },
  {
    key: 'counted',
    title: 'Counted as',
    render: (item) => (
      <Group gap={12} wrap="nowrap">
        <Status status={item.failed ? 'failed' : 'success'} hint={item.reason}>
          {item.failed ? 'Failed' : 'Succeeded'}
        </Status>
        {item.rework && (
          <Text span fz="sm" c="dimmed">
            rework
          </Text>
        )}
        {item.kind === 'rollback' && (
          <Text span fz="sm" c="dimmed">
            rollback
          </Text>
        )}
      </Group>
    ),
  },
  {
    key: 'lead',
    title: 'Lead time',
    align: 'right',
    render: (item) => (
      <Text span fz="sm" className="num">
        {span(item.leadTimeMs)}
      </Text>
    ),
  },
  {
    key: 'recovered',
    title: 'Recovered',
    align: 'right',
    render: (item) =>
      item.recoveredAt ? (
        <Ago time={item.recoveredAt} />
      ) : (
        <Text span c="dimmed" fz="sm">
          –
        </Text>
      ),
  },
  { key: 'when', title: 'Finished', align: 'right', render: (item) => <Ago time={item.finishedAt} /> },
  {
    key: 'event',
    title: 'Event',
    align: 'right',
    render: (item) =>
      item.eventSeq ? (
        <Anchor component={AppLink} href={`/events?at=${item.eventSeq}`} fz="sm" className="num">
          {item.eventSeq}
        </Anchor>
      ) : (
        '–'
      ),
  },
];

export function CountedTable({ items }: { items: CountedDeployment[] }) {
  if (items.length === 0)
    return (
      <EmptyState icon={<IconRocket size={20} />} title="No deployments to production in this time">
        Only production counts. Choose a longer period, or deploy something.
      </EmptyState>
    );
  return (
    <DataTable
      label="Counted deployments"
      columns={COLUMNS}
      items={items}
      rowKey={(item) => `${item.deploymentId}-${item.eventSeq}`}
      minWidth={760}
    />
  );
}
