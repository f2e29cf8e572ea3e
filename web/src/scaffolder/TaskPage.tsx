import { Box, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { IconPlayerStop, IconRefresh, IconRotate } from '@tabler/icons-react';
import { useParams, useRouter } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { jobEnded, useJob, useJobAction, useJobOutput, type Job, type LogLine } from '../api/jobs';
import { parseRef } from '../catalog/api';
import { TaskApproval } from '../day2/TaskApproval';
import { UndoPanel } from '../day2/UndoPanel';
import { Actor } from '../shell/EntityLink';
import { LogView } from '../shell/LogView';
import { notifyError } from '../shell/notify';
import { Page, Section } from '../shell/Page';
import { ErrorState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago, Took } from '../shell/Time';
import { useTask, type Task } from './api';
import { handOver } from './form/values';
import { GoingLive } from './GoingLive';
import { ReviewParameters } from './ReviewParameters';
import { StepList } from './StepList';
import { publishedRepository, taskSteps } from './steps';
import { taskTitle } from './TaskList';
import { TaskOutcome } from './TaskOutcome';

function StartOver({ task }: { task: Task }) {
  const router = useRouter();
  const template = task.spec.templateInfo?.entityRef;
  if (!template) return null;
  const { namespace, name } = parseRef(template, 'template');
  return (
    <Button
      variant="default"
      leftSection={<IconRotate size={16} />}
      onClick={() => {
        handOver(template, task.spec.parameters ?? {});
        router.history.push(`/create/templates/${namespace}/${name}`);
      }}
    >
      Start over
    </Button>
  );
}

function Actions({ task, job, onRetry }: { task: Task; job: Job; onRetry: () => void }) {
  const act = useJobAction(job.id);
  if (job.state === 'failed' || job.state === 'cancelled')
    return (
      <>
        <StartOver task={task} />
        <Button
          leftSection={<IconRefresh size={16} />}
          loading={act.isPending}
          onClick={() => act.mutate({ verb: 'retry' }, { onSuccess: onRetry, onError: notifyError('Could not retry') })}
        >
          Retry
        </Button>
      </>
    );
  if (job.state === 'succeeded') return <StartOver task={task} />;
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

// A line is called by its step and its place in it, so that a link leads to it whatever is shown.
function useLineIds(lines: LogLine[]): (line: LogLine) => string {
  return useMemo(() => {
    const counts = new Map<string, number>();
    const ids = new Map<number, string>();
    for (const line of lines) {
      const step = line.step?.split(/[/[]/)[0] || 'run';
      const count = (counts.get(step) ?? 0) + 1;
      counts.set(step, count);
      ids.set(line.n, `${step}:${count}`);
    }
    return (line: LogLine) => ids.get(line.n) ?? '';
  }, [lines]);
}

function TaskView({ task, job }: { task: Task; job: Job }) {
  const [picked, setPicked] = useState<string | null>(null);
  const [epoch, setEpoch] = useState(0);
  const { lines } = useJobOutput(task.id, epoch + (job.attempt ?? 0) * 1000);
  const ended = jobEnded(job.state);
  const steps = taskSteps(task, job);
  const finished = steps.filter((step) => ['succeeded', 'done', ended ? '' : 'skipped'].includes(step.state)).length;
  const shown = picked ? lines.filter((line) => line.step === picked || /^[/[:]/.test(line.step?.startsWith(picked) ? line.step.slice(picked.length) : '')) : lines;
  const idOf = useLineIds(lines);
  const repository = publishedRepository(job);
  const name = typeof task.spec.parameters?.name === 'string' ? task.spec.parameters.name : undefined;
  return (
    <Page
      title={name ?? taskTitle(task)}
      crumbs={[{ label: 'Create', href: '/create' }, { label: 'Runs', href: '/create/tasks' }, { label: taskTitle(task) }]}
      description={
        <Group gap={16} mt={4}>
          <Status status={job.state} />
          {job.startedAt && <Took from={job.startedAt} to={job.endedAt} running={!ended} />}
          <Actor actor={job.actor ?? task.createdBy} />
          <Ago time={job.createdAt} />
        </Group>
      }
      actions={<Actions task={task} job={job} onRetry={() => setEpoch((old) => old + 1)} />}
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
        <div role="status">
          {ended && <TaskOutcome job={job} />}
          {job.state === 'waiting' && (
            <TaskApproval taskId={task.id}>
              <TaskOutcome job={job} />
            </TaskApproval>
          )}
        </div>
        <UndoPanel taskId={task.id} state={job.state} />
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
            idOf={idOf}
            fileName={`${name ?? 'run'}-${task.id.slice(0, 8)}.log`}
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
