import { Stack, Text } from '@mantine/core';
import { Confirm } from '../shell/Confirm';
import { notifyDone, notifyError } from '../shell/notify';
import { short, useRollback, type ServiceEnvironment } from './api';

interface RollbackDialogProps {
  service: string;
  item: Pick<ServiceEnvironment, 'environment' | 'current' | 'previous'>;
  /** The deployment to go back to, where it is not the previous one. */
  to?: { deploymentId: string; commit: string };
  opened: boolean;
  onClose: () => void;
}

export function RollbackDialog({ service, item, to, opened, onClose }: RollbackDialogProps) {
  const rollback = useRollback(service, item.environment);
  const target = to ?? item.previous;
  const confirm = () =>
    rollback.mutate(to?.deploymentId, {
      onSuccess: () => {
        notifyDone(`Rolling back ${service}`, `${item.environment} returns to ${short(target?.commit)}.`);
        onClose();
      },
      onError: notifyError('Could not roll back'),
    });
  return (
    <Confirm
      opened={opened}
      title={`Roll back ${service} in ${item.environment}?`}
      action="Roll back"
      loading={rollback.isPending}
      onConfirm={confirm}
      onClose={onClose}
    >
      <Stack gap={8}>
        <Text fz="sm">
          <b>{short(item.current?.commit)}</b> is replaced by <b>{short(target?.commit)}</b>, the same bytes that ran
          before.
        </Text>
        <Text fz="sm" c="dimmed">
          The old version starts first and takes the traffic only when it is healthy. The repository stays as it is.
        </Text>
      </Stack>
    </Confirm>
  );
}
