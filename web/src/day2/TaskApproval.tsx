import { Alert, Group, Text } from '@mantine/core';
import { IconHourglass } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { EntityLink } from '../shell/EntityLink';
import { Markdown } from '../shell/Markdown';
import { Ago } from '../shell/Time';
import { Decision } from './ApprovalsPage';
import { useApprovals } from './api';

/** Whom a run waits for; for those who may decide, the question itself. Children: where it waits for something else. */
export function TaskApproval({ taskId, children }: { taskId: string; children: ReactNode }) {
  const pending = useApprovals({ state: 'pending', taskId }).data?.items;
  if (!pending) return null;
  if (pending.length === 0) return children;
  return pending.map((approval) => (
    <Alert key={approval.id} color="yellow" icon={<IconHourglass size={18} />} title={`Waiting for approval: ${approval.title}`}>
      <Group gap={8} fz="sm">
        <Text fz="sm" component="span">
          Asked <Ago time={approval.requestedAt} /> of
        </Text>
        {approval.owners.map((ref) => (
          <EntityLink key={ref} entityRef={ref} defaultKind="group" />
        ))}
      </Group>
      {approval.message && <Markdown text={approval.message} />}
      {approval.canDecide !== false && <Decision approval={approval} />}
    </Alert>
  ));
}
