import { Anchor, Box, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { useJobOutput } from '../api/jobs';
import { AppLink } from '../shell/AppLink';
import { LogView } from '../shell/LogView';
import { Markdown } from '../shell/Markdown';
import { Section } from '../shell/Page';
import { Dot } from '../shell/Status';
import { StepIcon } from '../shell/StepIcon';
import { Took } from '../shell/Time';
import type { Annotation, RunJob } from './api';
import { stateOf } from './RunTable';

function Annotations({ items, repository, commit }: { items: Annotation[]; repository: string; commit: string }) {
  return (
    <Section title="Annotations">
      <Stack gap={10}>
        {items.map((item, index) => (
          <Group key={index} gap={10} wrap="nowrap" align="flex-start">
            <span style={{ paddingTop: 2 }}>
              <Dot status={item.level === 'failure' ? 'error' : item.level} />
            </span>
            <div>
              <Text fz="sm" style={{ whiteSpace: 'pre-wrap' }}>
                {item.message}
              </Text>
              {item.file && (
                <Anchor
                  component={AppLink}
                  href={`/repositories/${repository}/blob/${commit}/${item.file}`}
                  fz="xs"
                  className="mono"
                >
                  {item.file}
                  {item.line ? `:${item.line}` : ''}
                </Anchor>
              )}
            </div>
          </Group>
        ))}
      </Stack>
    </Section>
  );
}

interface JobViewProps {
  job: RunJob;
  repository: string;
  commit: string;
}

export function JobView({ job, repository, commit }: JobViewProps) {
  const [picked, setPicked] = useState<number | null>(null);
  const { lines } = useJobOutput(job.jobId ?? undefined);
  const shown = picked === null ? lines : lines.filter((line) => line.step === String(picked));
  const steps = job.steps ?? [];
  const running = job.status !== 'completed';
  return (
    <>
      {(job.annotations ?? []).length > 0 && (
        <Annotations items={job.annotations!} repository={repository} commit={commit} />
      )}
      <Box className="task-grid">
        <Section title={job.name} flush>
          <Box component="ol" m={0} p={8} style={{ listStyle: 'none' }} aria-label="Steps">
            {steps.map((step) => (
              <li key={step.number}>
                <UnstyledButton
                  onClick={() => setPicked(picked === step.number ? null : step.number)}
                  aria-pressed={picked === step.number}
                  w="100%"
                  px={10}
                  py={7}
                  className="row-link"
                  style={{ borderRadius: 8, background: picked === step.number ? 'var(--pave-hover)' : undefined }}
                >
                  <Group gap={11} wrap="nowrap">
                    <StepIcon status={stateOf(step)} />
                    <Text
                      fz="sm"
                      className="clip"
                      style={{ flex: 1 }}
                      c={step.status === 'queued' ? 'dimmed' : undefined}
                    >
                      {step.name}
                    </Text>
                    {step.startedAt && step.conclusion !== 'skipped' && (
                      <Took from={step.startedAt} to={step.endedAt} running={step.status === 'in_progress'} />
                    )}
                  </Group>
                </UnstyledButton>
              </li>
            ))}
            {steps.length === 0 && (
              <Text c="dimmed" fz="sm" p="sm">
                {running ? 'It waits for the jobs it needs.' : 'It had no steps to run.'}
              </Text>
            )}
          </Box>
        </Section>
        <Section
          title={picked === null ? 'Output' : `Output of “${steps.find((step) => step.number === picked)?.name}”`}
          flush
        >
          <LogView
            lines={shown}
            live={running}
            height={560}
            anchor={picked === null ? '' : `step-${picked}-`}
            empty={running ? 'Waiting for the first line…' : 'It printed nothing.'}
          />
        </Section>
      </Box>
      {job.summary && (
        <Section title="Summary">
          <Markdown text={job.summary} />
        </Section>
      )}
    </>
  );
}
