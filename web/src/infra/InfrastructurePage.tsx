import { Box, Button, Stack, Text } from '@mantine/core';
import { IconServerCog } from '@tabler/icons-react';
import { AppLink } from '../shell/AppLink';
import { DataTable, type Column } from '../shell/DataTable';
import { Page, Section } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { useModules, useWorkspaces, type Module } from './api';
import { WorkspaceTable } from './WorkspaceTable';

const MODULE_COLUMNS: Column<Module>[] = [
  {
    key: 'name',
    title: 'Module',
    render: (item) => (
      <Stack gap={1}>
        <Text fz="sm" fw={550}>
          {item.name}
        </Text>
        <Text fz="sm" c="dimmed">
          {item.description}
        </Text>
      </Stack>
    ),
  },
  {
    key: 'inputs',
    title: 'Inputs',
    render: (item) => (
      <Text fz="sm" className="mono">
        {Object.keys(item.schema?.properties ?? {})
          .map((name) => (item.schema?.required?.includes(name) ? `${name}*` : name))
          .join(', ') || '–'}
      </Text>
    ),
  },
];

export function InfrastructurePage() {
  const workspaces = useWorkspaces();
  const modules = useModules();
  return (
    <Page
      title="Infrastructure"
      description="Terraform workspaces: one for each service and environment, with state, lock and history kept by Pave."
    >
      <Loaded query={workspaces}>
        {({ items }) => (
          <Box className="surface">
            {items.length > 0 ? (
              <WorkspaceTable items={items} />
            ) : (
              <EmptyState
                icon={<IconServerCog size={20} />}
                title="No workspaces yet"
                action={
                  <Button component={AppLink} href="/create">
                    Create a service
                  </Button>
                }
              >
                A template that provisions infrastructure makes them.
              </EmptyState>
            )}
          </Box>
        )}
      </Loaded>
      <Section title="Modules" flush>
        <Loaded query={modules} rows={2}>
          {({ items }) =>
            items.length > 0 ? (
              <DataTable label="Modules" columns={MODULE_COLUMNS} items={items} rowKey={(item) => item.name} />
            ) : (
              <EmptyState icon={<IconServerCog size={20} />} title="No modules">
                Name a folder of Terraform modules in <code>infra.modules</code> of the configuration.
              </EmptyState>
            )
          }
        </Loaded>
      </Section>
    </Page>
  );
}
