import { Anchor, Box, Collapse, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconChevronRight, IconServerCog } from '@tabler/icons-react';
import { useState } from 'react';
import { jobEnded, useJob, useJobOutput } from '../api/jobs';
import { AppLink } from '../shell/AppLink';
import { Actor } from '../shell/EntityLink';
import { LogView } from '../shell/LogView';
import { EmptyState } from '../shell/States';
import { label } from '../shell/Status';
import { StepIcon } from '../shell/StepIcon';
import { Ago, Took } from '../shell/Time';
import type { InfraRun } from './api';

const SIGN: Record<string, [string, string]> = {
  create: ['+', 'var(--pave-good)'],
  update: ['~', 'var(--pave-wait)'],
  delete: ['−', 'var(--pave-bad)'],
  destroy: ['−', 'var(--pave-bad)'],
  replace: ['±', 'var(--pave-wait)'],
  read: ['←', 'var(--pave-quiet)'],
};

function PlanSummary({ plan }: { plan: NonNullable<InfraRun['plan']> }) {
  if (plan.add + plan.change + plan.destroy === 0)
    return (
      <Text span fz="sm" c="dimmed">
        No changes
      </Text>
    );
  return (
    <Text
      span
      fz="sm"
      className="num"
      aria-label={`${plan.add} to add, ${plan.change} to change, ${plan.destroy} to destroy`}
    >
      <span style={{ color: 'var(--pave-good)' }}>+{plan.add}</span>{' '}
      <span style={{ color: 'var(--pave-wait)' }}>~{plan.change}</span>{' '}
      <span style={{ color: 'var(--pave-bad)' }}>−{plan.destroy}</span>
    </Text>
  );
}

function RunDetails({ run }: { run: InfraRun }) {
  const job = useJob(run.jobId).data;
  const { lines } = useJobOutput(run.jobId);
  const changes = run.plan?.changes ?? [];
  const error = typeof run.error === 'string' ? run.error : run.error?.message;
  return (
    <Stack gap="sm" p="md" className="sunken">
      {error && (
        <Text fz="sm" c="var(--mantine-color-error)" style={{ whiteSpace: 'pre-wrap' }}>
          {error}
        </Text>
      )}
      {changes.length > 0 && (
        <Stack gap={2}>
          {changes.map((change) => {
            const [sign, color] = SIGN[change.action] ?? ['·', 'var(--pave-quiet)'];
            return (
              <Text key={change.address} fz="sm" className="mono">
                <span style={{ color, display: 'inline-block', width: 18 }}>{sign}</span>
                {change.address}
              </Text>
            );
          })}
        </Stack>
      )}
      <Box className="surface" style={{ overflow: 'hidden' }}>
        <LogView lines={lines} live={!jobEnded(job?.state)} height={320} />
      </Box>
    </Stack>
  );
}

export function RunList({ items, withWorkspace }: { items: InfraRun[]; withWorkspace?: boolean }) {
  const [open, setOpen] = useState<string | null>(null);
  if (items.length === 0)
    return (
      <EmptyState icon={<IconServerCog size={20} />} title="No runs yet">
        Plan shows what would change; Apply does it.
      </EmptyState>
    );
  return (
    <Box component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
      {items.map((run, index) => (
        <li key={run.id} style={{ borderTop: index ? '1px solid var(--pave-hairline)' : undefined }}>
          <Group px="md" py={10} gap={12} wrap="nowrap">
            <UnstyledButton
              onClick={() => setOpen(open === run.id ? null : run.id)}
              aria-expanded={open === run.id}
              style={{ flex: 1, minWidth: 0 }}
            >
              <Group gap={12} wrap="nowrap">
                <IconChevronRight
                  size={14}
                  style={{ transform: open === run.id ? 'rotate(90deg)' : undefined, flex: 'none' }}
                />
                <StepIcon status={run.state} />
                <Text fz="sm" fw={550}>
                  {label(run.operation)}
                </Text>
                {run.plan && <PlanSummary plan={run.plan} />}
              </Group>
            </UnstyledButton>
            {withWorkspace && (
              <Anchor component={AppLink} href={`/infrastructure/${run.workspace}`} fz="sm">
                {run.workspace}
              </Anchor>
            )}
            <Actor actor={run.actor} />
            <Took from={run.createdAt} to={run.endedAt} running={!run.endedAt} />
            <Ago time={run.createdAt} />
          </Group>
          <Collapse expanded={open === run.id}>{open === run.id && <RunDetails run={run} />}</Collapse>
        </li>
      ))}
    </Box>
  );
}
