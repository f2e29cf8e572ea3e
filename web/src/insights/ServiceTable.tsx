import { Anchor, Text } from '@mantine/core';
import { IconChartHistogram } from '@tabler/icons-react';
import { DataTable, type Column } from '../shell/DataTable';
import { EmptyState } from '../shell/States';
import type { Metrics } from './api';
import { percent, rate, span } from './format';

type Item = { service: string; metrics?: Metrics } & Partial<Metrics>;

const of = (item: Item): Partial<Metrics> => item.metrics ?? item;
const number = (text: string) => (
  <Text span fz="sm" className="num">
    {text}
  </Text>
);

export function ServiceTable({ items, onPick }: { items: Item[]; onPick: (service: string) => void }) {
  const columns: Column<Item>[] = [
    {
      key: 'service',
      title: 'Service',
      render: (item) => (
        <Anchor component="button" type="button" fz="sm" fw={550} c="inherit" onClick={() => onPick(item.service)}>
          {item.service}
        </Anchor>
      ),
    },
    {
      key: 'count',
      title: 'Deployments',
      align: 'right',
      render: (item) => number(String(of(item).deploymentFrequency?.count ?? 0)),
    },
    {
      key: 'rate',
      title: 'Frequency',
      align: 'right',
      render: (item) => number(rate(of(item).deploymentFrequency?.perDay ?? 0)),
    },
    {
      key: 'lead',
      title: 'Lead time',
      align: 'right',
      render: (item) => number(span(of(item).changeLeadTime?.medianMs)),
    },
    {
      key: 'fail',
      title: 'Fail rate',
      align: 'right',
      render: (item) => number(percent(of(item).changeFailRate?.ratio)),
    },
    {
      key: 'recovery',
      title: 'Recovery',
      align: 'right',
      render: (item) => number(span(of(item).failedDeploymentRecoveryTime?.medianMs)),
    },
    {
      key: 'rework',
      title: 'Rework',
      align: 'right',
      render: (item) => number(percent(of(item).deploymentReworkRate?.ratio)),
    },
  ];
  if (items.length === 0)
    return (
      <EmptyState icon={<IconChartHistogram size={20} />} title="Nothing reached production in this time">
        Deploy a service to production, and it is counted here at once.
      </EmptyState>
    );
  return <DataTable label="Metrics by service" columns={columns} items={items} rowKey={(item) => item.service} />;
}
