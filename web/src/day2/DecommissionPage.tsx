import { Alert, Anchor, Box, Button, Checkbox, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconArchive } from '@tabler/icons-react';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { jobEnded, useJob } from '../api/jobs';
import { AppLink } from '../shell/AppLink';
import { EntityLink } from '../shell/EntityLink';
import { Page, Section } from '../shell/Page';
import { ErrorState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { localUrl } from '../shell/urls';
import { useUrlState } from '../shell/useUrlState';
import {
  useDecommission,
  useDecommissionPreview,
  useStartDecommission,
  type DecommissionItem,
  type DecommissionPreview,
} from './api';

const WORDS: Record<string, { will: string; done: string; tone: string }> = {
  destroy: { will: 'Destroy', done: 'Destroyed', tone: 'failed' },
  delete: { will: 'Delete', done: 'Deleted', tone: 'failed' },
  stop: { will: 'Stop', done: 'Stopped', tone: 'warning' },
  unregister: { will: 'Unregister', done: 'Unregistered', tone: 'warning' },
  revoke: { will: 'Revoke', done: 'Revoked', tone: 'warning' },
  archive: { will: 'Archive', done: 'Archived', tone: 'warning' },
  keep: { will: 'Keep', done: 'Kept', tone: 'succeeded' },
};

const isDone = (state?: string) => state === 'done' || state === 'succeeded' || state === 'kept';

function ItemRow({ item }: { item: DecommissionItem }) {
  const words = WORDS[item.will] ?? { will: item.will, done: item.will, tone: 'quiet' };
  const begun = item.state && item.state !== 'pending';
  return (
    <Group component="li" px="md" py={10} wrap="nowrap" align="flex-start" gap="md">
      <Box w={130} style={{ flex: 'none' }}>
        <Status status={isDone(item.state) ? 'succeeded' : begun ? item.state : words.tone}>
          {isDone(item.state) ? words.done : words.will}
        </Status>
      </Box>
      <Box style={{ minWidth: 0 }}>
        <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
          <Text span c="dimmed" fz="sm">
            {item.kind}{' '}
          </Text>
          {item.url ? (
            <Anchor component={AppLink} href={localUrl(item.url)} fz="sm" underline="always">
              {item.ref}
            </Anchor>
          ) : (
            item.ref
          )}
        </Text>
        {item.reason && (
          <Text fz="sm" c="dimmed">
            {item.reason}
          </Text>
        )}
        {item.warning && (
          <Text fz="sm" c="var(--pave-wait)">
            {item.warning}
          </Text>
        )}
      </Box>
    </Group>
  );
}

function ItemList({ items, label }: { items: DecommissionItem[]; label: string }) {
  return (
    <Box className="surface plain-list" component="ul" aria-label={label}>
      {items.map((item) => (
        <ItemRow key={`${item.kind} ${item.ref} ${item.will}`} item={item} />
      ))}
    </Box>
  );
}

function Dependants({ preview }: { preview: DecommissionPreview }) {
  if (preview.dependants.length === 0) return null;
  return (
    <Alert color="orange" icon={<IconAlertTriangle size={18} />} title="Others need it">
      <Stack gap={4}>
        {preview.dependants.map(({ ref, relation }) => (
          <Group key={`${relation} ${ref}`} gap={8}>
            <EntityLink entityRef={ref} />
            <Text fz="sm" c="dimmed">
              {relation}
            </Text>
          </Group>
        ))}
      </Stack>
    </Alert>
  );
}

function StartForm({ preview, name, onStarted }: { preview: DecommissionPreview; name: string; onStarted: (id: string) => void }) {
  const start = useStartDecommission();
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const [force, setForce] = useState(false);
  const ready = typed === name && reason.trim() && (!preview.blocked || force);
  return (
    <Section title="Decommission it">
      <Stack gap="md">
        <Textarea
          label="Reason"
          description="It is kept in the log, and shown to whoever is asked"
          required
          autosize
          minRows={2}
          maxRows={8}
          maxLength={2000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {preview.blocked && (
          <Checkbox
            label="Do it although others need it"
            checked={force}
            onChange={(event) => setForce(event.currentTarget.checked)}
          />
        )}
        <TextInput
          label={`Type ${name} to confirm`}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        {start.error && <ErrorState error={start.error} />}
        <Group justify="flex-end">
          <Button
            color="red.9"
            leftSection={<IconArchive size={16} />}
            disabled={!ready}
            loading={start.isPending}
            onClick={() =>
              start.mutate(
                { entity: preview.entity, reason: reason.trim(), confirm: typed, force: force || undefined },
                { onSuccess: ({ id }) => onStarted(id) },
              )
            }
          >
            Decommission
          </Button>
        </Group>
      </Stack>
    </Section>
  );
}

function Underway({ id }: { id: string }) {
  const query = useDecommission(id);
  const job = useJob(query.data?.jobId).data;
  return (
    <Loaded query={query}>
      {(there) => (
        <Stack gap="md">
          <Group gap={16}>
            <Status status={job?.state ?? there.state} />
            <Text fz="sm">{there.reason}</Text>
          </Group>
          {job?.error && <Alert color="red">{job.error.message}</Alert>}
          {job?.state === 'waiting' && (
            <Alert color="yellow" title="Waiting for its owner">
              {job.waitingFor}{' '}
              <Anchor component={AppLink} href="/approvals" fz="sm">
                Approvals
              </Anchor>
            </Alert>
          )}
          <ItemList items={there.items} label={jobEnded(job?.state) ? 'What became of it' : 'What goes, and what stays'} />
        </Stack>
      )}
    </Loaded>
  );
}

/** The reverse of creating: what goes, what stays, and who is asked. */
export function DecommissionPage() {
  const { namespace = 'default', kind = 'component', name = '' } = useParams({ strict: false }) as Record<
    string,
    string | undefined
  >;
  const ref = `${kind}:${namespace}/${name}`;
  const navigate = useNavigate();
  const [{ id }] = useUrlState();
  const preview = useDecommissionPreview(ref);
  const base = `/catalog/${namespace}/${kind}/${name}`;
  return (
    <Page
      title={`Decommission ${name}`}
      crumbs={[{ label: 'Catalog', href: '/catalog' }, { label: name, href: base }, { label: 'Decommission' }]}
      description="Deployments stop, infrastructure is destroyed, the repository is archived and kept, and the catalog forgets it."
    >
      {id ? (
        <Underway id={id} />
      ) : (
        <Loaded query={preview}>
          {(there) => (
            <Stack gap="md">
              <Dependants preview={there} />
              {there.owner && (
                <Group gap={8}>
                  <Text fz="sm" c="dimmed">
                    Its owner is asked, unless that is you:
                  </Text>
                  <EntityLink entityRef={there.owner} defaultKind="group" />
                </Group>
              )}
              <ItemList items={there.items} label="What goes, and what stays" />
              <StartForm
                preview={there}
                name={name}
                onStarted={(started) => void navigate({ to: `${base}/decommission` as never, search: { id: started } as never })}
              />
            </Stack>
          )}
        </Loaded>
      )}
    </Page>
  );
}
