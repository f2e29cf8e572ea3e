import { Box, Button, Group, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconRocket } from '@tabler/icons-react';
import { useRuns } from '../pipelines/api';
import { LatestRun } from '../pipelines/LatestRun';
import { EmptyState } from '../shell/States';
import { AppLink } from '../shell/AppLink';
import { useService } from './api';
import { EnvironmentCard } from './EnvironmentCard';
import { useHealth } from './health';

/** Where a service runs, and how it is: one card for each environment. */
export function EnvironmentCards({ service, repository }: { service: string; repository?: string }) {
  const query = useService(service);
  const run = useRuns(repository, 1, !!repository).data?.items[0];
  const coming = run && run.status !== 'completed' ? run : undefined;
  const health = useHealth({ service }).data?.items ?? [];
  if (!query.data && !query.isFetched) return null;
  const environments = query.data?.environments ?? [];
  if (environments.every((each) => !each.current))
    return (
      <Stack gap="md">
        {run && !coming && <LatestRun run={run} />}
        <Box className="surface">
          {environments.length === 0 && !repository ? (
            <Group p="md" gap="sm" wrap="nowrap">
              <ThemeIcon variant="default" radius="xl" size={32} c="dimmed">
                <IconRocket size={16} />
              </ThemeIcon>
              <Text c="dimmed" fz="sm">
                Not deployed by Pave. Give it a <code>github.com/project-slug</code> annotation and a deploy workflow,
                and its environments appear here.
              </Text>
            </Group>
          ) : (
            <EmptyState
              icon={<IconRocket size={20} />}
              title={coming ? 'On its way' : 'Nothing is deployed yet'}
              action={
                coming ? (
                  <Button component={AppLink} href={`/runs/${coming.id}`} variant="default">
                    Watch the pipeline
                  </Button>
                ) : (
                  repository && (
                    <Button component={AppLink} href={`/repositories/${repository}`} variant="default">
                      Open the repository
                    </Button>
                  )
                )
              }
            >
              {coming
                ? 'Its pipeline builds the first release and brings it through the environments. They appear here by themselves.'
                : 'Push to the main branch: its deploy workflow builds a release and brings it through the environments.'}
            </EmptyState>
          )}
        </Box>
      </Stack>
    );
  return (
    <Stack gap="md">
      {run && <LatestRun run={run} />}
      <Box style={{ display: 'grid', gap: 16, gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 380px), 1fr))' }}>
        {environments.map((each) => (
          <EnvironmentCard
            key={each.environment}
            service={service}
            repository={repository}
            item={each}
            history={health.find((item) => item.environment === each.environment)}
          />
        ))}
      </Box>
    </Stack>
  );
}
