import { Anchor, Group, Text } from '@mantine/core';
import { AppLink } from '../shell/AppLink';
import { label } from '../shell/Status';
import { StepIcon } from '../shell/StepIcon';
import { Ago } from '../shell/Time';
import type { Run } from './api';
import { stateOf } from './RunTable';

/** The newest pipeline in one line, while it runs and when it went wrong. */
export function LatestRun({ run }: { run: Run }) {
  const state = stateOf(run);
  if (state === 'success' || state === 'skipped') return null;
  return (
    <Group className="surface" px="md" py={10} gap={12} wrap="nowrap" role="status">
      <StepIcon status={state} />
      <Anchor component={AppLink} href={`/runs/${run.id}`} fz="sm" fw={550} c="inherit">
        {run.workflow.name} #{run.number}
      </Anchor>
      <Text fz="sm" c="dimmed" className="clip" style={{ flex: 1 }}>
        {label(state)}: {run.commit.message.split('\n')[0]}
      </Text>
      <Ago time={run.createdAt} />
    </Group>
  );
}
