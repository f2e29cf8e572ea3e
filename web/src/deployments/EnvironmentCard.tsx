import { ActionIcon, Anchor, Box, Button, Group, Stack, Text, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowBackUp, IconExternalLink, IconFileText } from '@tabler/icons-react';
import { AppLink } from '../shell/AppLink';
import { Status } from '../shell/Status';
import { Ago } from '../shell/Time';
import { short, type ServiceEnvironment } from './api';
import { HealthStrip } from './HealthStrip';
import type { HealthHistory } from './health';
import { RollbackDialog } from './RollbackDialog';
import { ServiceLog } from './ServiceLog';

interface EnvironmentCardProps {
  service: string;
  repository?: string;
  item: ServiceEnvironment;
  history?: HealthHistory;
}

const statusOf = (item: ServiceEnvironment) => item.current?.health?.status ?? item.current?.state ?? 'stopped';

function Version({ item, repository }: { item: ServiceEnvironment; repository?: string }) {
  const current = item.current!;
  return (
    <Stack gap={2}>
      <Group gap={8} wrap="nowrap">
        <Anchor
          component={AppLink}
          href={
            repository ? `/repositories/${repository}/tree/${current.commit}` : `/deployments/${current.deploymentId}`
          }
          className="mono"
          fz="sm"
          style={{ flex: 'none' }}
        >
          {short(current.commit)}
        </Anchor>
        <Text fz="sm" className="clip">
          {(current.commitMessage ?? '').split('\n')[0]}
        </Text>
      </Group>
      <Text fz="sm" c="dimmed">
        Since <Ago time={current.since} />
        {current.restarts > 0 && ` · ${current.restarts} restart${current.restarts > 1 ? 's' : ''}`}
        {typeof current.health?.latencyMs === 'number' &&
          ` · answers in ${current.health.latencyMs < 10 ? current.health.latencyMs.toFixed(1) : Math.round(current.health.latencyMs)} ms`}
      </Text>
    </Stack>
  );
}

export function EnvironmentCard({ service, repository, item, history }: EnvironmentCardProps) {
  const [asking, ask] = useDisclosure(false);
  const [reading, read] = useDisclosure(false);
  const host = item.url.replace(/^https?:\/\//, '');
  return (
    <Box className="surface" component="section" aria-label={`${item.environment} environment`}>
      <Group
        justify="space-between"
        px="md"
        py={11}
        style={{ borderBottom: '1px solid var(--pave-hairline)' }}
        wrap="nowrap"
      >
        <Group gap={10} wrap="nowrap">
          <Text fw={620} fz={14}>
            {item.environment.charAt(0).toUpperCase() + item.environment.slice(1)}
          </Text>
          {item.current ? (
            <Status status={statusOf(item)} hint={item.current.health?.error} />
          ) : (
            <Text c="dimmed" fz="sm">
              Nothing deployed
            </Text>
          )}
        </Group>
        <Group gap={6} wrap="nowrap">
          <Tooltip label="What it prints">
            <ActionIcon
              variant="subtle"
              color="gray"
              onClick={read.open}
              disabled={!item.current}
              aria-label={`Log of ${service} in ${item.environment}`}
            >
              <IconFileText size={16} />
            </ActionIcon>
          </Tooltip>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconArrowBackUp size={15} />}
            onClick={ask.open}
            disabled={!item.previous}
            aria-label={`Roll back ${item.environment}`}
          >
            Roll back
          </Button>
        </Group>
      </Group>
      <Stack gap={14} p="md">
        {item.current ? (
          <>
            <Anchor component={AppLink} href={item.url} fz="sm">
              <Group gap={6} wrap="nowrap">
                <span className="clip">{host}</span>
                <IconExternalLink size={14} style={{ flex: 'none' }} />
              </Group>
            </Anchor>
            <Version item={item} repository={repository} />
            {item.current.health?.error && (
              <Text fz="sm" c="var(--mantine-color-error)">
                {item.current.health.error}
              </Text>
            )}
            <HealthStrip history={history} />
          </>
        ) : (
          <Text c="dimmed" fz="sm">
            It comes here when the deploy workflow reaches {item.environment}.
          </Text>
        )}
      </Stack>
      <RollbackDialog service={service} item={item} opened={asking} onClose={ask.close} />
      <ServiceLog service={service} environment={item.environment} opened={reading} onClose={read.close} />
    </Box>
  );
}
