import { Box, Stack } from '@mantine/core';
import { IconServerCog } from '@tabler/icons-react';
import { Section } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { useInfraRuns, useWorkspaces } from './api';
import { RunList } from './RunList';
import { WorkspaceTable } from './WorkspaceTable';

export function InfrastructureTab({ service }: { service: string }) {
  const workspaces = useWorkspaces(service);
  const runs = useInfraRuns({ service, limit: 20 });
  return (
    <Loaded query={workspaces}>
      {({ items }) =>
        items.length > 0 ? (
          <Stack gap="md">
            <Section title="Workspaces" flush>
              <WorkspaceTable items={items} />
            </Section>
            <Section title="Runs" flush>
              <Loaded query={runs} rows={3}>
                {(data) => <RunList items={data.items} withWorkspace />}
              </Loaded>
            </Section>
          </Stack>
        ) : (
          <Box className="surface">
            <EmptyState icon={<IconServerCog size={20} />} title="No infrastructure of its own">
              A template provisions it with <code>acme:terraform:apply</code>, or whatever action your organisation has
              defined for it.
            </EmptyState>
          </Box>
        )
      }
    </Loaded>
  );
}
