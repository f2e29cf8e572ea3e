import { Box, Button, Group, SegmentedControl, Select, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { titleOf, refOf, useEntities } from '../catalog/api';
import { useSession } from '../identity/api';
import { AppLink } from '../shell/AppLink';
import { DataTable } from '../shell/DataTable';
import { Page } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { useUrlState } from '../shell/useUrlState';
import { useTasks } from './api';
import { TASK_COLUMNS } from './TaskList';

const PAGE = 25;
const STATUSES = [
  { value: 'open', label: 'Queued' },
  { value: 'processing', label: 'Running' },
  { value: 'completed', label: 'Completed' },
  { value: 'failed', label: 'Failed' },
  { value: 'cancelled', label: 'Cancelled' },
];
const ORDERS = [
  { value: 'desc:created_at', label: 'Newest first' },
  { value: 'asc:created_at', label: 'Oldest first' },
  { value: 'asc:status', label: 'By status' },
  { value: 'asc:created_by', label: 'By person' },
];

/** Every run of a template, live: whose, of what, how it went. */
export function TasksPage() {
  const [state, change] = useUrlState();
  const me = useSession().data?.user?.ref;
  const templates = useEntities({ kind: 'Template', limit: 200 }).data?.items ?? [];
  const at = Math.max(0, Number(state.page ?? 1) - 1 || 0);
  const query = useTasks({
    limit: PAGE,
    offset: at * PAGE,
    status: state.status,
    templateRef: state.template,
    createdBy: state.whose === 'mine' ? me : undefined,
    order: state.order ?? 'desc:created_at',
  });
  const filter = (next: Record<string, string | undefined>) => change({ page: undefined, ...next });
  const filtered = !!(state.status || state.template || state.whose);
  return (
    <Page
      title="Runs"
      crumbs={[{ label: 'Create', href: '/create' }]}
      description="What templates made, and what became of it."
    >
      <Group gap={8}>
        <SegmentedControl
          size="xs"
          aria-label="Whose"
          value={state.whose ?? 'all'}
          onChange={(value) => filter({ whose: value === 'all' ? undefined : value })}
          data={[
            { value: 'all', label: 'All' },
            { value: 'mine', label: 'Mine' },
          ]}
        />
        <Select
          size="xs"
          w={150}
          aria-label="Status"
          placeholder="Any status"
          clearable
          data={STATUSES}
          value={state.status ?? null}
          onChange={(value) => filter({ status: value ?? undefined })}
        />
        <Select
          size="xs"
          w={230}
          aria-label="Template"
          placeholder="Any template"
          clearable
          searchable
          data={templates.map((each) => ({ value: refOf(each), label: titleOf(each) }))}
          value={state.template ?? null}
          onChange={(value) => filter({ template: value ?? undefined })}
        />
        <Select
          size="xs"
          w={150}
          ml="auto"
          aria-label="Order"
          allowDeselect={false}
          data={ORDERS}
          value={state.order ?? 'desc:created_at'}
          onChange={(value) => filter({ order: value === 'desc:created_at' ? undefined : (value ?? undefined) })}
        />
      </Group>
      <Loaded query={query} rows={8}>
        {({ tasks, totalTasks = tasks.length }) => (
          <>
            <Box className="surface" style={{ overflow: 'hidden' }}>
              {tasks.length > 0 ? (
                <DataTable
                  label="Runs"
                  columns={TASK_COLUMNS}
                  items={tasks}
                  rowKey={(task) => task.id}
                  rowHref={(task) => `/create/tasks/${task.id}`}
                />
              ) : (
                <EmptyState
                  icon={<IconPlus size={20} />}
                  title={filtered ? 'No run is like that' : 'Nothing was created yet'}
                  action={
                    filtered ? (
                      <Button variant="default" onClick={() => filter({ status: undefined, template: undefined, whose: undefined })}>
                        Show all
                      </Button>
                    ) : (
                      <Button component={AppLink} href="/create">
                        Choose a template
                      </Button>
                    )
                  }
                />
              )}
            </Box>
            {totalTasks > PAGE && (
              <Group justify="space-between">
                <Text fz="sm" c="dimmed" className="num">
                  {at * PAGE + 1}–{Math.min(totalTasks, (at + 1) * PAGE)} of {totalTasks.toLocaleString('en')}
                </Text>
                <Group gap={8}>
                  <Button size="xs" variant="default" disabled={at === 0} onClick={() => change({ page: at > 1 ? String(at) : undefined })}>
                    Previous
                  </Button>
                  <Button
                    size="xs"
                    variant="default"
                    disabled={(at + 1) * PAGE >= totalTasks}
                    onClick={() => change({ page: String(at + 2) })}
                  >
                    Next
                  </Button>
                </Group>
              </Group>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}
