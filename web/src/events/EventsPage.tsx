import { Box, Button, Group, Select, Switch, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconActivity } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { listen } from '../api/stream';
import { Page } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { useUrlState } from '../shell/useUrlState';
import { useEvents } from './api';
import { EventList } from './EventList';

const TYPES = [
  { value: 'dev.cdevents.service.', label: 'Deployments' },
  { value: 'dev.pave.deployments.', label: 'Deployment problems' },
  { value: 'dev.cdevents.pipelinerun.', label: 'Pipelines' },
  { value: 'dev.pave.catalog.', label: 'Catalog' },
  { value: 'dev.pave.forge.', label: 'Repositories' },
  { value: 'dev.pave.scaffolder.', label: 'Templates' },
  { value: 'dev.pave.infra.', label: 'Infrastructure' },
  { value: 'dev.pave.jobs.', label: 'Jobs' },
  { value: 'dev.pave.identity.', label: 'Sign-in and tokens' },
];

const QUEUE = 'dev.pave.jobs.';

function useConnected(): boolean {
  const [connected, setConnected] = useState(true);
  useEffect(() => listen((message) => message.kind !== 'event' && setConnected(message.kind === 'open')), []);
  return connected;
}

export function EventsPage() {
  const [state, change] = useUrlState();
  const [subject, setSubject] = useState(state.subject ?? '');
  const [limit, setLimit] = useState(100);
  const at = state.at ? Number(state.at) : undefined;
  const query = useEvents({
    type: state.type,
    subject: state.subject,
    limit,
    ...(at ? { after: at - 1, order: 'asc' } : {}),
  });
  const connected = useConnected();
  // Every job of the queue tells of itself; that drowns what it was for.
  const withJobs = state.jobs === 'yes' || !!at || (state.type ?? '').startsWith(QUEUE);
  const search = useDebouncedCallback((value: string) => change({ subject: value || undefined }), 250);
  return (
    <Page
      title="Events"
      description="What happened, in the order it was committed. Everything else in Pave is counted from here."
      actions={<Status status={connected ? 'live' : 'waiting'}>{connected ? 'Live' : 'Connecting…'}</Status>}
    >
      <Group gap={8} role="search">
        <Select
          size="xs"
          w={190}
          data={TYPES}
          placeholder="All kinds"
          aria-label="Kind of event"
          clearable
          value={state.type ?? null}
          onChange={(type) => change({ type: type ?? undefined, at: undefined })}
          styles={{ input: { height: 32 } }}
        />
        <TextInput
          size="xs"
          w={320}
          value={subject}
          placeholder="Subject, such as component:default/order-service"
          aria-label="Subject"
          styles={{ input: { height: 32 } }}
          onChange={(event) => {
            setSubject(event.currentTarget.value);
            search(event.currentTarget.value);
          }}
        />
        <Switch
          size="xs"
          label="The queue's too"
          checked={withJobs}
          onChange={(event) => change({ jobs: event.currentTarget.checked ? 'yes' : undefined })}
        />
        {at && (
          <Button size="xs" variant="default" onClick={() => change({ at: undefined })}>
            From event {at} on: show the latest
          </Button>
        )}
      </Group>
      <Loaded query={query} rows={10}>
        {({ items: all, head }) => {
          const items = withJobs ? all : all.filter((event) => !event.type.startsWith(QUEUE));
          return (
            <>
              <Box className="surface">
                {items.length > 0 ? (
                  <EventList key={at ?? 0} items={items} opened={at} />
                ) : (
                  <EmptyState icon={<IconActivity size={20} />} title="No such events">
                    Take a filter away, or wait: this list is live.
                  </EmptyState>
                )}
              </Box>
              <Group justify="space-between">
                <Text c="dimmed" fz="sm" className="num">
                  {head} events in the log
                </Text>
                {all.length >= limit && limit < 1000 && (
                  <Button size="xs" variant="default" onClick={() => setLimit(limit + 200)}>
                    Show older
                  </Button>
                )}
              </Group>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
