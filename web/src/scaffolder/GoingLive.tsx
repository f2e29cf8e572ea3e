import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useService } from '../deployments/api';
import { useRuns } from '../pipelines/api';
import { AppLink } from '../shell/AppLink';
import { Section } from '../shell/Page';
import { Status } from '../shell/Status';
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
    <Section title="Going live" actions={<Anchor component={AppLink} href={`/runs/${run.id}`} fz="sm">Open the pipeline</Anchor>}>
      <Stack gap={12}>
        <Group gap={12} wrap="nowrap">
          <StepIcon status={state} />
          <Text fz="sm" style={{ flex: 1 }}>{run.workflow.name} #{run.number}</Text>
          {run.startedAt ? <Took from={run.startedAt} to={run.endedAt} /> : <Text c="dimmed" fz="sm">{run.waitingFor ?? 'Waiting'}</Text>}
        </Group>
        {environments.map((each) => (
          <Group key={each.environment} gap={12} wrap="nowrap">
            <StepIcon status={each.current ? (each.current.health?.status ?? each.current.state) : 'pending'} />
            <Text fz="sm" style={{ flex: 1 }}>{each.environment}</Text>
            {each.current ? (
              <Anchor component={AppLink} href={each.url} fz="sm"><Group gap={5} wrap="nowrap">{each.url.replace(/^https?:\/\//, '')}<IconExternalLink size={13} /></Group></Anchor>
            ) : (
              <Status status="pending">Not yet</Status>
            )}
          </Group>
        ))}
        {environments.length === 0 && <Box><Text c="dimmed" fz="sm">Its environments appear here as soon as the pipeline deploys.</Text></Box>}
      </Stack>
    </Section>
  );
}
