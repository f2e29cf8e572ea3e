import { Box, Group, SegmentedControl, Select } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useEntities } from '../catalog/api';
import { Page, Section } from '../shell/Page';
import { Loaded } from '../shell/States';
import { useUrlState } from '../shell/useUrlState';
import { useDora, useDoraServices } from './api';
import { CountedTable } from './CountedTable';
import { MetricCards } from './MetricCards';
import { ServiceTable } from './ServiceTable';

const DoraCharts = lazy(() => import('./DoraCharts').then((m) => ({ default: m.DoraCharts })));

export function DoraPage() {
  const [state, change] = useUrlState();
  const days = Number(state.days) || 30;
  const query = useDora({ service: state.service, days });
  const services = useDoraServices(days);
  const components = useEntities({ kind: 'Component', type: 'service', limit: 200 }).data?.items ?? [];
  const names = [
    ...new Set([
      ...(services.data?.items ?? []).map((each) => each.service),
      ...components.map((each) => each.metadata.name),
    ]),
  ].sort();
  return (
    <Page
      title="Delivery metrics"
      description="The five DORA metrics of what reached production, counted from the event log. Every number leads to the deployments behind it."
      actions={
        <Group gap={8}>
          <Select
            aria-label="Service"
            placeholder="All services"
            w={210}
            size="xs"
            clearable
            searchable
            data={names}
            value={state.service ?? null}
            onChange={(service) => change({ service: service ?? undefined })}
            styles={{ input: { height: 32 } }}
          />
          <SegmentedControl
            size="xs"
            aria-label="Period"
            value={String(days)}
            onChange={(next) => change({ days: next === '30' ? undefined : next })}
            data={[
              { value: '7', label: '7 days' },
              { value: '30', label: '30 days' },
              { value: '90', label: '90 days' },
            ]}
          />
        </Group>
      }
    >
      <Loaded query={query}>
        {(dora) => (
          <>
            <MetricCards metrics={dora.metrics} days={dora.window.days} />
            <Suspense fallback={<Box h={280} className="surface" />}>
              <DoraCharts series={dora.series} />
            </Suspense>
            {!state.service && (
              <Section title="By service" flush>
                <Loaded query={services} rows={3}>
                  {({ items }) => <ServiceTable items={items} onPick={(service) => change({ service })} />}
                </Loaded>
              </Section>
            )}
            <Section title="The deployments behind the numbers" flush>
              <CountedTable items={dora.deployments} />
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}
