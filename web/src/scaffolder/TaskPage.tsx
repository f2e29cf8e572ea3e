import { Box, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { IconPlayerStop, IconRefresh } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { jobEnded, useJob, useJobAction, useJobOutput, type Job } from '../api/jobs';
import { Actor } from '../shell/EntityLink';
import { LogView } from '../shell/LogView';
import { notifyError } from '../shell/notify';
import { Page, Section } from '../shell/Page';
import { ErrorState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago, Took } from '../shell/Time';
import { useTask, type Task } from './api';
import { GoingLive } from './GoingLive';
import { ReviewParameters } from './ReviewParameters';
import { StepList } from './StepList';
import { publishedRepository, taskSteps } from './steps';
import { taskTitle } from './TaskList';
import { TaskOutcome } from './TaskOutcome';

function Actions({ job, onRetry }: { job: Job; onRetry: () => void }) {
  const act = useJobAction(job.id);
  if (job.state === 'failed' || job.state === 'cancelled')
    return (
      <Button
        leftSection={<IconRefresh size={16} />}
        loading={act.isPending}
        onClick={() => act.mutate({ verb: 'retry' }, { onSuccess: onRetry, onError: notifyError('Could not retry') })}
      >
        Retry
      </Button>
    );
  if (!jobEnded(job.state))
    return (
      <Button
        variant="default"
        leftSection={<IconPlayerStop size={16} />}
        loading={act.isPending}
        onClick={() => act.mutate({ verb: 'cancel' }, { onError: notifyError('Could not cancel') })}
      >
        Cancel
      </Button>
    );
  return null;
}

function TaskView({ task, job }: { task: Task; job: Job }) {
  const [picked, setPicked] = useState<string | null>(null);
  const [epoch, setEpoch] = useState(0);
  const { lines } = useJobOutput(task.id, epoch + (job.attempt ?? 0) * 1000);
  const ended = jobEnded(job.state);
  const steps = taskSteps(task, job);
  const finished = steps.filter((step) => ['succeeded', 'done', ended ? '' : 'skipped'].includes(step.state)).length;
  const shown = picked ? lines.filter((line) => line.step === picked || line.step?.startsWith(`${picked}/`)) : lines;
  const repository = publishedRepository(job);
  const name = typeof task.spec.parameters?.name === 'string' ? task.spec.parameters.name : undefined;
  return (
    <Page
      title={name ?? taskTitle(task)}
      crumbs={[{ label: 'Create', href: '/create' }, { label: taskTitle(task) }]}
      description={
        <Group gap={16} mt={4}>
          <Status status={job.state} />
          {job.startedAt && <Took from={job.startedAt} to={job.endedAt} running={!ended} />}
          <Actor actor={job.actor ?? task.createdBy} />
          <Ago time={job.createdAt} />
        </Group>
      }
      actions={<Actions job={job} onRetry={() => setEpoch((old) => old + 1)} />}
    >
      <Stack gap="md">
        <Progress
          value={ended && job.state === 'succeeded' ? 100 : (finished / Math.max(1, steps.length)) * 100}
          size={4}
          radius="xl"
          aria-label="Progress"
          color={job.state === 'failed' ? 'red' : job.state === 'succeeded' ? 'green' : undefined}
          animated={job.state === 'running'}
        />
        <div role="status">{(ended || job.state === 'waiting') && <TaskOutcome job={job} />}</div>
      </Stack>
      <Box className="task-grid">
        <Stack gap="md">
          <Section title="Steps" flush>
            <StepList steps={steps} picked={picked} onPick={setPicked} />
          </Section>
          {job.state === 'succeeded' && repository && <GoingLive repository={repository} />}
          <ReviewParameters task={task} />
        </Stack>
        <Section
          title={picked ? `Output of “${steps.find((step) => step.id === picked)?.name}”` : 'Output'}
          flush
          actions={
            picked && (
              <Button size="compact-xs" variant="subtle" onClick={() => setPicked(null)}>
                All steps
              </Button>
            )
          }
        >
          <LogView
            lines={shown}
            live={!ended}
            height={520}
            empty={ended ? 'It printed nothing.' : 'Waiting for the first line…'}
          />
        </Section>
      </Box>
      {job.state === 'queued' && (
        <Text c="dimmed" fz="sm">
          Waiting for a worker.
        </Text>
      )}
    </Page>
  );
}

export function TaskPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  const task = useTask(id);
  const job = useJob(id);
  if (!task.data || !job.data)
    return (
      <Page title="Run" crumbs={[{ label: 'Create', href: '/create' }]}>
        {task.error ? <ErrorState error={task.error} /> : <Loaded query={job}>{() => null}</Loaded>}
      </Page>
    );
  return <TaskView key={id} task={task.data} job={job.data} />;
}
