import { Anchor, Box, Button, Group, SegmentedControl, Stack, Switch, Text, Textarea } from '@mantine/core';
import { IconThumbUp } from '@tabler/icons-react';
import { useState } from 'react';
import { AppLink } from '../shell/AppLink';
import { Actor, EntityLink } from '../shell/EntityLink';
import { Markdown } from '../shell/Markdown';
import { Page } from '../shell/Page';
import { EmptyState, ErrorState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago } from '../shell/Time';
import { useUrlState } from '../shell/useUrlState';
import { useApprovals, useDecide, type Approval } from './api';

/** Yes or no, with a reason that is kept. */
export function Decision({ approval }: { approval: Approval }) {
  const decide = useDecide(approval.id);
  const [reason, setReason] = useState('');
  const send = (decision: 'approve' | 'reject') => decide.mutate({ decision, reason: reason.trim() });
  return (
    <Stack gap="sm" mt="sm">
      <Textarea
        aria-label={`Reason for ${approval.title}`}
        placeholder="Why? (needed to reject)"
        autosize
        minRows={1}
        maxRows={6}
        maxLength={2000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      {decide.error && <ErrorState error={decide.error} />}
      <Group gap={8}>
        <Button size="xs" loading={decide.isPending} onClick={() => send('approve')}>
          Approve
        </Button>
        <Button
          size="xs"
          variant="default"
          disabled={decide.isPending || !reason.trim()}
          onClick={() => send('reject')}
        >
          Reject
        </Button>
      </Group>
    </Stack>
  );
}

function Owners({ refs }: { refs: string[] }) {
  return (
    <Group gap={8} component="span" style={{ display: 'inline-flex' }}>
      {refs.map((ref) => (
        <EntityLink key={ref} entityRef={ref} defaultKind="group" />
      ))}
    </Group>
  );
}

function ApprovalRow({ approval, first }: { approval: Approval; first: boolean }) {
  const pending = approval.state === 'pending';
  return (
    <Box component="li" px="md" py={14} style={{ borderTop: first ? undefined : '1px solid var(--pave-hairline)' }}>
      <Group justify="space-between" gap="md" wrap="nowrap" align="flex-start">
        <Box style={{ minWidth: 0 }}>
          <Anchor component={AppLink} href={`/create/tasks/${approval.taskId}`} fz="sm" fw={600} c="inherit">
            {approval.title}
          </Anchor>
          <Group gap={6} fz="sm" c="dimmed" mt={2}>
            {approval.requestedBy && <Actor actor={approval.requestedBy} />}
            <span>
              asked <Ago time={approval.requestedAt} />
            </span>
            <span>·</span>
            {(approval.required ?? 1) > 1 && (
              <span>
                {approval.approvals?.length ?? 0} of {approval.required} have agreed ·
              </span>
            )}
            <Owners refs={approval.owners} />
          </Group>
        </Box>
        <Status status={pending ? 'waiting' : approval.state === 'approved' ? 'succeeded' : 'failed'}>
          {approval.state.charAt(0).toUpperCase() + approval.state.slice(1)}
        </Status>
      </Group>
      {approval.message && (
        <Box mt={8}>
          <Markdown text={approval.message} />
        </Box>
      )}
      {pending && approval.canDecide !== false && <Decision approval={approval} />}
      {!pending && approval.decidedBy && (
        <Group gap={6} fz="sm" mt={8}>
          <Actor actor={approval.decidedBy} />
          {approval.decidedAt && (
            <Text fz="sm" c="dimmed" component="span">
              <Ago time={approval.decidedAt} />
            </Text>
          )}
          {approval.reason && <Text fz="sm">“{approval.reason}”</Text>}
        </Group>
      )}
    </Box>
  );
}

/** Runs that wait for somebody's yes. */
export function ApprovalsPage() {
  const [{ state = 'pending', mine }, change] = useUrlState();
  const query = useApprovals({ state, mine: mine === 'true' || undefined });
  return (
    <Page
      title="Approvals"
      crumbs={[{ label: 'Create', href: '/create' }, { label: 'Approvals' }]}
      description="Steps that wait for the yes of a named owner. They wait for days if need be, and go on by themselves."
    >
      <Group gap="md">
        <SegmentedControl
          size="xs"
          aria-label="State"
          data={[
            { value: 'pending', label: 'Waiting' },
            { value: 'decided', label: 'Decided' },
          ]}
          value={state}
          onChange={(next) => change({ state: next === 'pending' ? undefined : next })}
        />
        <Switch
          size="xs"
          label="Only those I may decide"
          checked={mine === 'true'}
          onChange={(event) => change({ mine: event.currentTarget.checked ? 'true' : undefined })}
        />
      </Group>
      <Loaded query={query}>
        {({ items }) => (
          <Box className="surface">
            {items.length === 0 ? (
              <EmptyState
                icon={<IconThumbUp size={20} />}
                title={state === 'pending' ? 'Nothing waits for an answer' : 'Nothing was decided yet'}
              >
                A template asks with the step <code>pave:approval</code>.
              </EmptyState>
            ) : (
              <Box className="plain-list" component="ul" aria-label="Approvals">
                {items.map((approval, index) => (
                  <ApprovalRow key={approval.id} approval={approval} first={index === 0} />
                ))}
              </Box>
            )}
          </Box>
        )}
      </Loaded>
    </Page>
  );
}
