import { Alert, Anchor, Box, Button, Checkbox, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useState } from 'react';
import { jobEnded, useJob, useJobs } from '../api/jobs';
import { AppLink } from '../shell/AppLink';
import { ErrorState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { localUrl } from '../shell/urls';
import { useUndo, useUndoPreview, type UndoItem, type UndoPreview } from './api';

function UndoRow({ item }: { item: UndoItem }) {
  const done = !!item.undoneAt;
  return (
    <Box component="li" px="md" py={10} className="row-line">
      <Group justify="space-between" wrap="nowrap" gap="md" align="flex-start">
        <Box style={{ minWidth: 0 }}>
          <Text fz="sm" fw={550} td={done ? 'line-through' : undefined}>
            {item.will}
          </Text>
          <Text fz="sm" c="dimmed" className="mono" style={{ overflowWrap: 'anywhere' }}>
            {item.url ? (
              <Anchor component={AppLink} href={localUrl(item.url)} fz="inherit" underline="always">
                {item.ref}
              </Anchor>
            ) : (
              item.ref
            )}
          </Text>
          {item.warning && (
            <Text fz="sm" c="var(--pave-wait)">
              {item.warning}
            </Text>
          )}
        </Box>
        <Status status={done ? 'succeeded' : item.possible ? 'waiting' : 'failed'}>
          {done ? 'Gone' : item.possible ? 'Will go' : 'Stays'}
        </Status>
      </Group>
    </Box>
  );
}

function UndoForm({ taskId, preview, onStarted }: { taskId: string; preview: UndoPreview; onStarted: () => void }) {
  const undo = useUndo(taskId);
  const [typed, setTyped] = useState('');
  const [sure, setSure] = useState(false);
  const warned = preview.items.some((item) => item.warning && item.possible);
  const ready = preview.undoable && (!preview.confirm || typed === preview.confirm) && (!warned || sure);
  return (
    <Stack gap="md">
      {preview.reason && (
        <Alert color={preview.undoable ? 'blue' : 'orange'} title={preview.undoable ? 'Mind' : 'It cannot be undone now'}>
          {preview.reason}
        </Alert>
      )}
      {preview.items.length === 0 && (
        <Text fz="sm" c="dimmed">
          It changed nothing outside of its workspace.
        </Text>
      )}
      <Box className="surface plain-list" component="ul" aria-label="What is taken back, in this order">
        {preview.items.map((item) => (
          <UndoRow key={`${item.step} ${item.operation} ${item.kind} ${item.ref}`} item={item} />
        ))}
      </Box>
      {preview.undoable && preview.confirm && (
        <TextInput
          label={`Type ${preview.confirm} to confirm`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
        />
      )}
      {preview.undoable && warned && (
        <Checkbox
          label="I have read the warnings"
          checked={sure}
          onChange={(event) => setSure(event.currentTarget.checked)}
        />
      )}
      {undo.error && <ErrorState error={undo.error} />}
      <Group justify="flex-end">
        <Button
          color="red.9"
          disabled={!ready || preview.items.length === 0}
          loading={undo.isPending}
          onClick={() => undo.mutate(typed || undefined, { onSuccess: onStarted })}
        >
          Undo this run
        </Button>
      </Group>
    </Stack>
  );
}

function Undoing({ id }: { id: string }) {
  const job = useJob(id).data;
  if (!job) return null;
  const ended = jobEnded(job.state);
  return (
    <Alert
      color={job.state === 'failed' ? 'red' : ended ? 'green' : 'blue'}
      icon={<IconArrowBackUp size={18} />}
      title={ended ? (job.state === 'succeeded' ? 'This run was undone' : 'Undoing stopped') : 'Undoing this run'}
    >
      <Stack gap={4}>
        {(job.steps ?? []).map((step) => (
          <Group key={step.id} gap={10}>
            <Status status={step.state} />
            <Text fz="sm">{step.name}</Text>
          </Group>
        ))}
        {job.error && <Text fz="sm">{job.error.message}</Text>}
      </Stack>
    </Alert>
  );
}

/** What a run made, and the way to take it back, last first. */
export function UndoPanel({ taskId, state }: { taskId: string; state: string }) {
  const [opened, { open, close }] = useDisclosure(false);
  const ended = ['failed', 'cancelled', 'succeeded'].includes(state);
  const jobs = useJobs({ kind: 'scaffolder.undo', subject: `task:${taskId}`, limit: 1 }).data?.items ?? [];
  const preview = useUndoPreview(taskId, ended && opened);
  const last = useJob(jobs[0]?.id).data ?? jobs[0];
  if (!ended) return null;
  return (
    <>
      {last && <Undoing id={last.id} />}
      {(!last || last.state === 'failed' || last.state === 'cancelled') && (
        <Group>
          <Button variant="default" size="xs" leftSection={<IconArrowBackUp size={15} />} onClick={open}>
            Undo…
          </Button>
        </Group>
      )}
      <Modal
        opened={opened}
        onClose={close}
        size="lg"
        title={<Text fw={600}>Undo this run</Text>}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Loaded query={preview}>
          {(there) => <UndoForm taskId={taskId} preview={there} onStarted={close} />}
        </Loaded>
      </Modal>
    </>
  );
}
