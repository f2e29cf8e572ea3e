import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useService } from '../deployments/api';
import { useRuns } from '../pipelines/api';
import { AppLink } from '../shell/AppLink';
import { Section } from '../shell/Page';
import { StepIcon } from '../shell/StepIcon';
import { Took } from '../shell/Time';

/** What follows a task by itself: the first pipeline and the environments, live, until the service answers. */
export function GoingLive({ repository }: { repository: string }) {
  const service = repository.split('/')[1]!;
  const run = useRuns(repository, 5).data?.items.at(-1);
  const environments = useService(service).data?.environments ?? [];
  if (!run) return null;
  const state = run.status === 'completed' ? run.conclusion : run.status;
  return (
    <Section
      title="Going live"
      actions={
        <Anchor component={AppLink} href={`/runs/${run.id}`} fz="sm">
          Open the pipeline
        </Anchor>
      }
    >
      <Stack gap={12}>
        <Group gap={12} wrap="nowrap">
          <StepIcon status={state} />
          <Text fz="sm" style={{ flex: 1 }}>
            {run.workflow.name} #{run.number}
          </Text>
          {run.startedAt ? (
            <Took from={run.startedAt} to={run.endedAt} />
          ) : (
            <Text c="dimmed" fz="sm">
              {run.waitingFor ?? 'Waiting'}
            </Text>
          )}
        </Group>
        {environments.map((each) => (
          <Group key={each.environment} gap={12} wrap="nowrap">
            <StepIcon status={each.current ? (each.current.health?.status ?? each.current.state) : 'pending'} />
            <Text fz="sm" style={{ flex: 'none' }}>
              {each.environment}
            </Text>
            {each.current ? (
              <Anchor component={AppLink} href={each.url} fz="sm" ml="auto" miw={0} title={each.url}>
                <Group gap={5} wrap="nowrap">
                  <span className="clip">{each.url.replace(/^https?:\/\//, '')}</span>
                  <IconExternalLink size={13} style={{ flex: 'none' }} />
                </Group>
              </Anchor>
            ) : (
              <Text c="dimmed" fz="sm" ml="auto">
                Not yet
              </Text>
            )}
          </Group>
        ))}
        {environments.length === 0 && (
          <Box>
            <Text c="dimmed" fz="sm">
              Its environments appear here as soon as the pipeline deploys.
            </Text>
          </Box>
        )}
      </Stack>
    </Section>
  );
}
