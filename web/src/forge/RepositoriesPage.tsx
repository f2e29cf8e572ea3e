import { Anchor, Box, Button, Group, Text, TextInput } from '@mantine/core';
import { IconGitBranch, IconSearch } from '@tabler/icons-react';
import { AppLink } from '../shell/AppLink';
import { DataTable, type Column } from '../shell/DataTable';
import { Page } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { Ago } from '../shell/Time';
import { useUrlState } from '../shell/useUrlState';
import { useRepositories, type Repository } from './api';

const COLUMNS: Column<Repository>[] = [
  {
    key: 'name',
    title: 'Repository',
    width: '34%',
    render: (item) => (
      <Group gap={8} wrap="nowrap">
        <IconGitBranch size={16} stroke={1.7} color="var(--mantine-color-dimmed)" aria-hidden="true" />
        <Anchor component={AppLink} href={`/repositories/${item.owner}/${item.name}`} fz="sm" c="inherit">
          <Text span c="dimmed" fz="sm">
            {item.owner}/
          </Text>
          <Text span fz="sm" fw={550}>
            {item.name}
          </Text>
        </Anchor>
      </Group>
    ),
  },
  {
    key: 'description',
    title: 'Description',
    render: (item) => (
      <Text c="dimmed" fz="sm" className="clip" maw={420}>
        {item.description}
      </Text>
    ),
  },
  { key: 'branch', title: 'Branch', render: (item) => <span className="mono">{item.defaultBranch}</span> },
  {
    key: 'updated',
    title: 'Last push',
    align: 'right',
    render: (item) => <Ago time={item.pushedAt ?? item.updatedAt ?? item.createdAt} />,
  },
];

export function RepositoriesPage() {
  const [state, change] = useUrlState();
  const query = useRepositories();
  const needle = (state.q ?? '').toLowerCase();
  return (
    <Page
      title="Repositories"
      description="Git repositories of the built-in forge. Clone and push with plain git."
      actions={
        <TextInput
          w={240}
          placeholder="Filter"
          aria-label="Filter repositories"
          leftSection={<IconSearch size={15} />}
          value={state.q ?? ''}
          onChange={(event) => change({ q: event.currentTarget.value })}
        />
      }
    >
      <Loaded query={query}>
        {({ items }) => {
          const shown = items.filter((item) =>
            `${item.owner}/${item.name} ${item.description ?? ''}`.toLowerCase().includes(needle),
          );
          return (
            <Box className="surface">
              {shown.length > 0 ? (
                <DataTable
                  label="Repositories"
                  columns={COLUMNS}
                  items={shown}
                  rowKey={(item) => `${item.owner}/${item.name}`}
                  rowHref={(item) => `/repositories/${item.owner}/${item.name}`}
                />
              ) : (
                <EmptyState
                  icon={<IconGitBranch size={20} />}
                  title={needle ? 'No repository matches' : 'No repositories yet'}
                  action={
                    !needle && (
                      <Button component={AppLink} href="/create">
                        Create a service
                      </Button>
                    )
                  }
                >
                  {!needle && 'A template makes one with its first commit in it.'}
                </EmptyState>
              )}
            </Box>
          );
        }}
      </Loaded>
    </Page>
  );
}
