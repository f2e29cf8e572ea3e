import { Anchor, Box, Button, Group, Stack, Text } from '@mantine/core';
import { useId, useState } from 'react';
import { AppLink } from '../shell/AppLink';
import { DiffView } from '../shell/DiffView';
import { EntityLink } from '../shell/EntityLink';
import { ErrorState } from '../shell/States';
import { Status } from '../shell/Status';
import { localUrl } from '../shell/urls';
import { safeUrl } from './AboutCard';
import { findingWords } from './findings';
import { shortFile } from './OriginCard';
import { useApplyFinding, type Finding, type Proposal, type WriteMode } from './own';
import { WrittenNote } from './WriteForm';

function Place({ finding }: { finding: Finding }) {
  if (!finding.file) return null;
  const words = [shortFile(finding.file), finding.line].filter((each) => each).join(':');
  const href = safeUrl(finding.file);
  return (
    <Text fz="xs" c="dimmed" className="mono" title={finding.file} style={{ overflowWrap: 'anywhere' }}>
      {href ? (
        <Anchor component={AppLink} href={`${localUrl(href)}${finding.line ? `#L${finding.line}` : ''}`} fz="inherit">
          {words}
        </Anchor>
      ) : (
        words
      )}
    </Text>
  );
}

function ProposalView({ id, finding, proposal }: { id: string; finding: Finding; proposal: Proposal }) {
  const apply = useApplyFinding();
  const write = (mode: WriteMode) => apply.mutate({ id: finding.id, ref: finding.ref, mode });
  const pending = (mode: WriteMode) => apply.isPending && apply.variables.mode === mode;
  return (
    <Stack gap="sm" mt="sm" id={id}>
      <Text fz="sm">
        <b>{proposal.title}</b> {proposal.reason}
      </Text>
      {`${proposal.before ?? ''}${proposal.after}`.includes('\n') ? (
        <Box className="surface" style={{ overflow: 'hidden' }}>
          <DiffView before={proposal.before ?? ''} after={proposal.after} label={`Proposal: ${proposal.title}`} />
        </Box>
      ) : (
        <Text fz="sm" className="mono" component="div">
          {finding.pointer && <span style={{ color: 'var(--mantine-color-dimmed)' }}>{finding.pointer} </span>}
          {proposal.before && <del className="gone">{proposal.before}</del>}
          {proposal.before && ' → '}
          <ins className="come">{proposal.after}</ins>
        </Text>
      )}
      {apply.error && <ErrorState error={apply.error} />}
      {apply.data ? (
        <WrittenNote written={apply.data} mode={apply.variables.mode} />
      ) : proposal.editable ? (
        <Group gap={8}>
          <Button size="xs" loading={pending('commit')} disabled={apply.isPending} onClick={() => write('commit')}>
            Commit
          </Button>
          <Button
            size="xs"
            variant="default"
            loading={pending('pull-request')}
            disabled={apply.isPending}
            onClick={() => write('pull-request')}
          >
            Open a pull request
          </Button>
        </Group>
      ) : (
        <Text fz="sm" c="dimmed">
          Its file cannot be changed from here.
        </Text>
      )}
    </Stack>
  );
}

/** One thing that is wrong, and on demand what would mend it. */
export function FindingRow({ finding, withEntity = true }: { finding: Finding; withEntity?: boolean }) {
  const [opened, setOpened] = useState(false);
  const id = useId();
  return (
    <Box component="li" px="md" py="sm" className="list-row">
      <Group gap="md" align="flex-start">
        <Box w={150} style={{ flex: 'none' }}>
          <Status status={finding.severity === 'info' ? 'none' : finding.severity}>{findingWords(finding.type)}</Status>
        </Box>
        <Box style={{ flex: '1 1 260px', minWidth: 0 }}>
          {withEntity && finding.ref && <EntityLink entityRef={finding.ref} fw={550} />}
          <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
            {finding.message}
          </Text>
          <Place finding={finding} />
        </Box>
        {finding.proposal && (
          <Button
            size="compact-sm"
            variant="default"
            aria-expanded={opened}
            aria-controls={opened ? id : undefined}
            onClick={() => setOpened(!opened)}
          >
            {opened ? 'Hide the proposal' : 'See the proposal'}
          </Button>
        )}
      </Group>
      {opened && finding.proposal && <ProposalView id={id} finding={finding} proposal={finding.proposal} />}
    </Box>
  );
}
