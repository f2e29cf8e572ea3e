import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconHandStop, IconPlayerStop } from '@tabler/icons-react';
import { useJobAction, type Job } from '../api/jobs';
import { notifyError } from '../shell/notify';
import { outputOf } from './api';
import { OutputView } from './OutputView';

function Succeeded({ job }: { job: Job }) {
  return (
    <Alert color="green" icon={<IconCircleCheck size={20} />} title="Done. Everything was created.">
      <Stack gap="sm">
        <OutputView output={outputOf(job)} />
      </Stack>
    </Alert>
  );
}

function Waiting({ job }: { job: Job }) {
  const act = useJobAction(job.id);
  const answer = (choice: 'done' | 'repeat' | 'fail') => () =>
    act.mutate({ verb: 'answer', answer: choice }, { onError: notifyError('Could not answer') });
  return (
    <Alert color="yellow" icon={<IconHandStop size={20} />} title="It needs an answer from you">
      <Stack gap="sm">
        <Text fz="sm">
          {job.waitingFor || 'A step was interrupted, and nobody can tell whether its effect is there.'}
        </Text>
        <Group gap={8}>
          <Button size="xs" variant="default" onClick={answer('done')} loading={act.isPending}>
            It is done, go on
          </Button>
          <Button size="xs" variant="default" onClick={answer('repeat')} loading={act.isPending}>
            Do it again
          </Button>
          <Button
            size="xs"
            variant="default"
            c="var(--mantine-color-error)"
            onClick={answer('fail')}
            loading={act.isPending}
          >
            Stop here
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

/** What became of a task, in one box, with what can be done about it. */
export function TaskOutcome({ job }: { job: Job }) {
  if (job.state === 'succeeded') return <Succeeded job={job} />;
  if (job.state === 'waiting') return <Waiting job={job} />;
  if (job.state === 'failed')
    return (
      <Alert color="red" icon={<IconAlertTriangle size={20} />} title="A step failed">
        <Text fz="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {job.error?.message ?? 'It did not say why; see the output.'}
        </Text>
        <Text fz="sm" c="dimmed" mt={6}>
          What was finished stays. Retry goes on from the step that failed.
        </Text>
      </Alert>
    );
  if (job.state === 'cancelled')
    return (
      <Alert color="gray" icon={<IconPlayerStop size={20} />} title="Cancelled">
        <Text fz="sm">What was finished stays. Retry goes on from where it stopped.</Text>
      </Alert>
    );
  return null;
}
