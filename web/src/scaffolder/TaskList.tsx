import { Anchor } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { AppLink } from '../shell/AppLink';
import { DataTable, type Column } from '../shell/DataTable';
import { Actor } from '../shell/EntityLink';
import { EmptyState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago } from '../shell/Time';
import { useTasks, type Task } from './api';

export const taskTitle = (task: Task) =>
  task.spec.templateInfo?.entity?.metadata?.title ?? task.spec.templateInfo?.entityRef?.split('/').at(-1) ?? 'Task';

export const TASK_COLUMNS: Column<Task>[] = [
  {
    key: 'what',
    title: 'What',
    render: (task) => (
      <Anchor component={AppLink} href={`/create/tasks/${task.id}`} fz="sm" c="inherit" fw={550}>
        {typeof task.spec.parameters?.name === 'string' ? task.spec.parameters.name : taskTitle(task)}
      </Anchor>
    ),
  },
  { key: 'template', title: 'Template', render: taskTitle },
  { key: 'status', title: 'Status', render: (task) => <Status status={task.status} /> },
  { key: 'by', title: 'By', render: (task) => <Actor actor={task.createdBy ?? task.spec.user?.ref} /> },
  { key: 'when', title: 'When', align: 'right', render: (task) => <Ago time={task.createdAt} /> },
];

export function TaskList({ limit = 8 }: { limit?: number }) {
  const query = useTasks({ limit });
  return (
    <Loaded query={query} rows={3}>
      {({ tasks }) =>
        tasks.length > 0 ? (
          <DataTable
            label="Recent runs"
            columns={TASK_COLUMNS}
            items={tasks}
            rowKey={(task) => task.id}
            rowHref={(task) => `/create/tasks/${task.id}`}
          />
        ) : (
          <EmptyState icon={<IconPlus size={20} />} title="Nothing was created yet">
            Choose a template: its run appears here with every step it took.
          </EmptyState>
        )
      }
    </Loaded>
  );
}
