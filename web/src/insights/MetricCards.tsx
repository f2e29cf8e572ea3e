import { Box, Group, Text, Tooltip } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import type { Metrics } from './api';
import { percent, rate, span } from './format';

interface Card {
  name: string;
  value: string;
  detail: string;
  meaning: string;
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;

function cardsOf(metrics: Metrics, days: number): Card[] {
  const { deploymentFrequency, changeLeadTime, changeFailRate, failedDeploymentRecoveryTime, deploymentReworkRate } =
    metrics;
  return [
    {
      name: 'Deployment frequency',
      value: rate(deploymentFrequency.perDay),
      detail: `${plural(deploymentFrequency.count, 'deployment')} on ${deploymentFrequency.daysWithDeployments} of ${days} days`,
      meaning: 'How often a version reaches production.',
    },
    {
      name: 'Change lead time',
      value: span(changeLeadTime.medianMs),
      detail: changeLeadTime.count ? `median; nine of ten within ${span(changeLeadTime.p90Ms)}` : 'no change yet',
      meaning: 'From the commit to production.',
    },
    {
      name: 'Change fail rate',
      value: percent(changeFailRate.ratio),
      detail: `${changeFailRate.failed} of ${plural(changeFailRate.total, 'deployment')}`,
      meaning: 'Deployments that failed, were rolled back, or broke the service.',
    },
    {
      name: 'Failed deployment recovery',
      value: span(failedDeploymentRecoveryTime.medianMs),
      detail: failedDeploymentRecoveryTime.count
        ? `median of ${failedDeploymentRecoveryTime.count}`
        : 'nothing to recover from',
      meaning: 'From a failed deployment to the next good one.',
    },
    {
      name: 'Deployment rework rate',
      value: percent(deploymentReworkRate.ratio),
      detail: `${deploymentReworkRate.rework} of ${plural(deploymentReworkRate.total, 'deployment')}`,
      meaning: 'Deployments that were not planned: rollbacks, and repairs after a failure.',
    },
  ];
}

export function MetricCards({ metrics, days }: { metrics: Metrics; days: number }) {
  return (
    <Box className="surface metric-cards">
      {cardsOf(metrics, days).map((card) => (
        <Box key={card.name} p="md" component="section" aria-label={card.name}>
          <Group gap={5} wrap="nowrap" c="dimmed">
            <Text fz={12.5} fw={500}>
              {card.name}
            </Text>
            <Tooltip label={card.meaning} multiline maw={240}>
              <IconInfoCircle size={14} aria-hidden="true" style={{ flex: 'none' }} />
            </Tooltip>
          </Group>
          <Text
            fz={24}
            fw={620}
            lts="-0.02em"
            className="num"
            mt={6}
            style={{ whiteSpace: 'nowrap' }}
            data-metric={card.name}
          >
            {card.value}
          </Text>
          <Text fz="xs" c="dimmed" mt={2}>
            {card.detail}
          </Text>
        </Box>
      ))}
    </Box>
  );
}
