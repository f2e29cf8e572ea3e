import { Box, Group, Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { label } from '../shell/Status';
import { StepIcon } from '../shell/StepIcon';
import { Took } from '../shell/Time';
import type { TaskStep } from './steps';

interface StepListProps {
  steps: TaskStep[];
  picked: string | null;
  onPick: (id: string | null) => void;
}

export function StepList({ steps, picked, onPick }: StepListProps) {
  return (
    <Box component="ol" m={0} p={8} style={{ listStyle: 'none' }} aria-label="Steps">
      {steps.map((step) => (
        <li key={step.id}>
          <UnstyledButton
            onClick={() => onPick(picked === step.id ? null : step.id)}
            aria-pressed={picked === step.id}
            w="100%"
            px={10}
            py={9}
            className="row-link"
            style={{ borderRadius: 8, background: picked === step.id ? 'var(--pave-hover)' : undefined }}
          >
            <Group gap={12} wrap="nowrap" align="flex-start">
              <Box pt={1}>
                <StepIcon status={step.state} />
              </Box>
              <Box style={{ flex: 1, minWidth: 0 }}>
                <Text fz="sm" fw={550} c={step.state === 'pending' ? 'dimmed' : undefined}>
                  {step.name}
                </Text>
                <Text fz="xs" c="dimmed" className="mono clip">
                  {step.action}
                </Text>
                {step.error && (
                  <Text fz="xs" c="var(--mantine-color-error)" mt={4} style={{ overflowWrap: 'anywhere' }}>
                    {step.error}
                  </Text>
                )}
              </Box>
              {step.startedAt && step.state !== 'skipped' && (
                <Took from={step.startedAt} to={step.endedAt} running={step.state === 'running'} />
              )}
            </Group>
          </UnstyledButton>
          {step.parts.length > 0 && (
            <Box pl={42} pr={10} pb={6} role="group" aria-label={`Parts of ${step.name}`}>
              {step.parts.map((part) => (
                <Group key={part.id} gap={8} wrap="nowrap" py={2} className="step-part">
                  <span aria-hidden="true" style={{ lineHeight: 0 }}>
                    <StepIcon status={part.state} size={14} />
                  </span>
                  <Text fz="xs" className="clip" style={{ flex: 1 }} title={part.error ?? part.id}>
                    {part.name}
                    <VisuallyHidden>: {label(part.state)}</VisuallyHidden>
                  </Text>
                  {part.startedAt && <Took from={part.startedAt} to={part.endedAt} running={part.state === 'running'} />}
                </Group>
              ))}
            </Box>
          )}
        </li>
      ))}
    </Box>
  );
}
