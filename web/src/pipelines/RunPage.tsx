import { Anchor, Box, Button, Group, Stack, Text } from '@mantine/core';
import { IconPlayerStop, IconRefresh } from '@tabler/icons-react';
import { useParams, useRouter } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { short } from '../deployments/api';
import { AppLink } from '../shell/AppLink';
import { Diagnostics } from '../shell/Diagnostics';
import { Actor } from '../shell/EntityLink';
import { notifyError } from '../shell/notify';
import { Page, Section } from '../shell/Page';
import { Loaded } from '../shell/States';
import { label, Status } from '../shell/Status';
import { Ago, Took } from '../shell/Time';
import { useUrlState } from '../shell/useUrlState';
import { useRun, useRunAction, type Run } from './api';
import { JobView } from './JobView';
import { stateOf } from './RunTable';

const JobGraph = lazy(() => import('./JobGraph').then((m) => ({ default: m.JobGraph })));

function Actions({ run }: { run: Run }) {
  const act = useRunAction(run.id);
  const router = useRouter();
  return run.status === 'completed' ? (
    <Button
      variant="default"
      leftSection={<IconRefresh size={16} />}
      loading={act.isPending}
      onClick={() =>
        act.mutate('rerun', {
          onSuccess: (next) => next?.id && router.history.push(`/runs/${next.id}`),
          onError: notifyError('Could not run it again'),
        })
      }
    >
      Run again
    </Button>
  ) : (
    <Button
      variant="default"
      leftSection={<IconPlayerStop size={16} />}
      loading={act.isPending}
      onClick={() => act.mutate('cancel', { onError: notifyError('Could not cancel') })}
    >
      Cancel
    </Button>
  );
}

// The job worth looking at when nobody has picked one: what fails, else what runs, else the last.
function interesting(run: Run): string | undefined {
  const jobs = run.jobs ?? [];
  return (
    jobs.find((job) => job.conclusion === 'failure') ??
    jobs.find((job) => job.status === 'in_progress') ??
    jobs.find((job) => job.status !== 'completed') ??
    jobs.at(-1)
  )?.id;
}

function RunView({ run }: { run: Run }) {
  const [state, change] = useUrlState();
  const [auto, setAuto] = useState(interesting(run));
  const jobs = run.jobs ?? [];
  const picked = jobs.find((job) => job.id === (state.job ?? auto));
  const active = jobs.find((job) => job.status === 'in_progress')?.id;
  useEffect(() => {
    if (active) setAuto(active);
  }, [active]);
  return (
    <Page
      title={run.commit.message.split('\n')[0] || `${run.workflow.name} #${run.number}`}
      name={`${run.workflow.name} #${run.number}`}
      crumbs={[
        { label: 'Pipelines', href: '/runs' },
        { label: run.repository, href: `/repositories/${run.repository}/pipelines` },
        { label: `${run.workflow.name} #${run.number}` },
      ]}
      description={
        <Group gap={16} mt={4}>
          <Status status={stateOf(run)}>
            {run.status === 'waiting' && run.waitingFor ? `Waits for ${run.waitingFor}` : label(stateOf(run))}
          </Status>
          {run.startedAt && <Took from={run.startedAt} to={run.endedAt} running={run.status !== 'completed'} />}
          <Anchor
            component={AppLink}
            href={`/repositories/${run.repository}/tree/${run.commit.id}`}
            className="mono"
            fz="sm"
          >
            {short(run.commit.id)}
          </Anchor>
          <Text fz="sm">
            {run.event} on {run.branch ?? run.ref}
          </Text>
          <Actor actor={run.actor} />
          <Ago time={run.createdAt} />
        </Group>
      }
      actions={<Actions run={run} />}
    >
      {(run.errors ?? []).length > 0 && (
        <Section title="The workflow has mistakes">
          <Diagnostics items={run.errors!} />
        </Section>
      )}
      {jobs.length > 0 && (
        <Box className="surface" style={{ overflow: 'hidden' }}>
          <Suspense fallback={<Box h={150} />}>
            <JobGraph jobs={jobs} picked={picked?.id} onPick={(id) => change({ job: id })} />
          </Suspense>
        </Box>
      )}
      <Stack gap="md">
        {picked && <JobView key={picked.id} job={picked} repository={run.repository} commit={run.commit.id} />}
      </Stack>
      {jobs.length === 0 && run.status !== 'completed' && (
        <Text c="dimmed" fz="sm">
          Its jobs appear when it begins.
        </Text>
      )}
    </Page>
  );
}

export function RunPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  const query = useRun(id);
  if (!query.data)
    return (
      <Page title="Run" crumbs={[{ label: 'Pipelines', href: '/runs' }]}>
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    );
  return <RunView key={id} run={query.data} />;
}
