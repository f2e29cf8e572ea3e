import '@mantine/charts/styles.css';
import { BarChart, LineChart } from '@mantine/charts';
import { Box, Grid, Text, VisuallyHidden } from '@mantine/core';
import { Section } from '../shell/Page';
import type { Dora } from './api';
import { span } from './format';

const day = (date: string) =>
  new Date(`${date.slice(0, 10)}T00:00:00Z`).toLocaleDateString('en', {
    month: 'short',
    day: 'numeric',
    timeZone: 'UTC',
  });

export function DoraCharts({ series }: { series: Dora['series'] }) {
  const bars = series.map((each) => ({
    date: day(each.date),
    Succeeded: Math.max(0, each.deployments - each.failed),
    Failed: each.failed,
  }));
  const lines = series.map((each) => ({ date: day(each.date), 'Lead time': each.leadTimeMedianMs }));
  const total = series.reduce((sum, each) => sum + each.deployments, 0);
  const axis = { tickLine: 'none' as const, gridAxis: 'x' as const, strokeDasharray: '3 3' };
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Section title="Deployments to production">
          <Box aria-hidden="true">
            <BarChart
              h={210}
              data={bars}
              dataKey="date"
              type="stacked"
              withLegend
              series={[
                { name: 'Succeeded', color: 'var(--pave-busy)' },
                { name: 'Failed', color: 'var(--pave-bad)' },
              ]}
              {...axis}
              yAxisProps={{ allowDecimals: false, width: 32 }}
              barChartProps={{ accessibilityLayer: false }}
              barProps={{ radius: 2, maxBarSize: 26, isAnimationActive: false }}
            />
          </Box>
          <VisuallyHidden>
            {total} deployments in {series.length} days.
          </VisuallyHidden>
        </Section>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Section title="Change lead time, median of each day">
          <Box aria-hidden="true">
            <LineChart
              h={210}
              data={lines}
              dataKey="date"
              series={[{ name: 'Lead time', color: 'var(--pave-busy)' }]}
              connectNulls
              withDots
              dotProps={{ r: 2.5 }}
              curveType="monotone"
              {...axis}
              valueFormatter={(value) => span(value)}
              yAxisProps={{ width: 64 }}
              lineChartProps={{ accessibilityLayer: false }}
              lineProps={{ isAnimationActive: false }}
            />
          </Box>
          <VisuallyHidden>
            <Text>The numbers are in the table below.</Text>
          </VisuallyHidden>
        </Section>
      </Grid.Col>
    </Grid>
  );
}
