import { Anchor, Text } from '@mantine/core';
import { AppLink } from '../shell/AppLink';
import { DataTable, type Column } from '../shell/DataTable';
import { EntityLink } from '../shell/EntityLink';
import { Status } from '../shell/Status';
import { Ago } from '../shell/Time';
import type { Workspace } from './api';

const COLUMNS: Column<Workspace>[] = [
  {
    key: 'name',
    title: 'Workspace',
    render: (item) => (
      <Anchor component={AppLink} href={`/infrastructure/${item.name}`} fz="sm" fw={550} c="inherit">
        {item.name}
      </Anchor>
    ),
  },
  { key: 'module', title: 'Module', render: (item) => <span className="mono">{item.module}</span> },
  {
    key: 'service',
    title: 'Service',
    render: (item) => (item.service ? <EntityLink entityRef={item.service} /> : '–'),
  },
  { key: 'environment', title: 'Environment', render: (item) => item.environment ?? '–' },
  {
    key: 'state',
    title: 'State',
    render: (item) => (
      <Status status={item.lock ? 'locked' : item.state}>{item.lock ? `Locked by ${item.lock.who}` : undefined}</Status>
    ),
  },
  {
    key: 'resources',
    title: 'Resources',
    align: 'right',
    render: (item) => (
      <Text span className="num" fz="sm">
        {item.resources?.length ?? '–'}
      </Text>
    ),
  },
  { key: 'updated', title: 'Updated', align: 'right', render: (item) => <Ago time={item.updatedAt} /> },
];

export function WorkspaceTable({ items }: { items: Workspace[] }) {
  return (
    <DataTable
      label="Workspaces"
      columns={COLUMNS}
      items={items}
      rowKey={(item) => item.name}
      rowHref={(item) => `/infrastructure/${item.name}`}
      minWidth={760}
    />
  );
}
