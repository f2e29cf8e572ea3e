import { ActionIcon, Anchor, Box, Button, Group, Text, Tooltip } from '@mantine/core';
import { IconDownload, IconFileImport, IconRefresh, IconTrash } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { queryClient } from '../api/query';
import { AppLink } from '../shell/AppLink';
import { Confirm } from '../shell/Confirm';
import { DataTable, type Column } from '../shell/DataTable';
import { notifyDone, notifyError } from '../shell/notify';
import { Page } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago, Due } from '../shell/Time';
import { localUrl } from '../shell/urls';
import { safeUrl } from './AboutCard';
import { refOf, type EntityPage } from './entity';
import { useSources, type Source } from './own';

const STATES: Record<Source['state'], [status: string, words: string]> = {
  ok: ['success', 'Read'],
  failing: ['failed', 'Failing'],
  reading: ['running', 'Reading'],
  new: ['waiting', 'New'],
};
const ORIGINS: Record<Source['origin'], string> = {
  config: 'Configuration',
  registered: 'Registered',
  discovery: 'Discovery',
};
const SHOWN = 100;
const EXPORT = '/api/catalog/v1/export?format=yaml';

const stale = () => queryClient.invalidateQueries({ queryKey: ['catalog'] });

/** A source is read again through the entity that stands for it. */
async function refreshSource({ type, target, origin }: Source): Promise<void> {
  const { items } = await api.post<EntityPage>('/api/catalog/entities/by-query', {
    query: { kind: 'location', 'spec.type': type, 'spec.target': target },
    limit: 1,
    fields: ['kind', 'metadata.name', 'metadata.namespace'],
  });
  if (items[0]) await api.post('/api/catalog/refresh', { entityRef: refOf(items[0]) });
  else if (origin === 'registered') await api.post('/api/catalog/locations?onConflict=refresh', { type, target });
  else throw new Error('Nothing in the catalog stands for it yet; it is read by itself on its schedule.');
}

function useRefresh() {
  return useMutation({
    mutationFn: refreshSource,
    onSuccess: () => {
      notifyDone('Reading it again');
      void stale();
    },
    onError: notifyError('Could not refresh'),
  });
}

function useRemove() {
  return useMutation({
    mutationFn: (source: Source) => api.delete(`/api/catalog/locations/${encodeURIComponent(source.id)}`),
    onSuccess: () => {
      notifyDone('Taken out of the catalog');
      void stale();
    },
    onError: notifyError('Could not take it out'),
  });
}

function Target({ source }: { source: Source }) {
  const href = safeUrl(source.target);
  return (
    <Box maw={480}>
      {href ? (
        <Anchor component={AppLink} href={localUrl(href)} fz="sm" style={{ overflowWrap: 'anywhere' }}>
          {source.target}
        </Anchor>
      ) : (
        <Text className="mono" style={{ overflowWrap: 'anywhere' }}>
          {source.target}
        </Text>
      )}
      {source.lastError && (
        <Text fz="xs" c="var(--pave-bad)" style={{ overflowWrap: 'anywhere' }}>
          {source.lastError}
        </Text>
      )}
    </Box>
  );
}

function columns(refresh: (source: Source) => void, remove: (source: Source) => void): Column<Source>[] {
  return [
    { key: 'target', title: 'Source', render: (source) => <Target source={source} /> },
    { key: 'origin', title: 'Through', render: (source) => ORIGINS[source.origin] ?? source.origin },
    {
      key: 'state',
      title: 'State',
      render: (source) => {
        const [status, words] = STATES[source.state] ?? ['none', source.state];
        const times = source.failures && source.state === 'failing' ? ` ${source.failures}×` : '';
        return (
          <Status status={status}>
            {words}
            {times}
          </Status>
        );
      },
    },
    {
      key: 'count',
      title: 'Entities',
      align: 'right',
      render: (source) => <span className="num">{source.entityCount?.toLocaleString('en') ?? '–'}</span>,
    },
    { key: 'last', title: 'Read', render: (source) => <Ago time={source.lastReadAt} /> },
    { key: 'next', title: 'Read next', render: (source) => <Due time={source.nextReadAt} /> },
    {
      key: 'actions',
      title: 'Actions',
      quiet: true,
      align: 'right',
      render: (source) => (
        <Group gap={4} wrap="nowrap" justify="flex-end">
          <Tooltip label="Read it again">
            <ActionIcon
              variant="subtle"
              color="gray"
              onClick={() => refresh(source)}
              aria-label={`Read ${source.target} again`}
            >
              <IconRefresh size={16} />
            </ActionIcon>
          </Tooltip>
          {source.origin === 'registered' && (
            <Tooltip label="Take it out">
              <ActionIcon
                variant="subtle"
                color="gray"
                onClick={() => remove(source)}
                aria-label={`Take ${source.target} out`}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      ),
    },
  ];
}

/** Where entities come from: when each source was read, and what is wrong with it. */
export function SourcesPage() {
  const query = useSources();
  const refresh = useRefresh();
  const remove = useRemove();
  const [leaving, setLeaving] = useState<Source>();
  const [limit, setLimit] = useState(SHOWN);
  return (
    <Page
      title="Sources"
      crumbs={[{ label: 'Catalog', href: '/catalog' }, { label: 'Sources' }]}
      description="Where the catalog reads from. Each source is read by itself: one that fails holds up no other."
      wide
      actions={
        <>
          <Button
            component="a"
            href={EXPORT}
            download="catalog.yaml"
            variant="default"
            leftSection={<IconDownload size={16} />}
          >
            Export
          </Button>
          <Button component={AppLink} href="/catalog/register" leftSection={<IconFileImport size={16} />}>
            Register
          </Button>
        </>
      }
    >
      <Loaded query={query} rows={8}>
        {({ items }) => {
          // What fails is what one came for.
          const sorted = [...items].sort((a, b) => Number(b.state === 'failing') - Number(a.state === 'failing'));
          const failing = items.filter((each) => each.state === 'failing').length;
          return items.length === 0 ? (
            <Box className="surface">
              <EmptyState icon={<IconFileImport size={20} />} title="No sources yet">
                Register a repository, or name files, locations and providers under <code>catalog</code> in the
                configuration.
              </EmptyState>
            </Box>
          ) : (
            <>
              <Box className="surface">
                <DataTable
                  label="Sources"
                  columns={columns(refresh.mutate, setLeaving)}
                  items={sorted.slice(0, limit)}
                  rowKey={(source) => source.id}
                  minWidth={820}
                />
              </Box>
              <Group justify="space-between" mih={26}>
                <Text c="dimmed" fz="sm" className="num">
                  {items.length.toLocaleString('en')} sources
                  {failing > 0 && `, ${failing.toLocaleString('en')} failing`}
                </Text>
                {items.length > limit && (
                  <Button size="xs" variant="default" onClick={() => setLimit(limit + 400)}>
                    Show more
                  </Button>
                )}
              </Group>
            </>
          );
        }}
      </Loaded>
      <Confirm
        opened={!!leaving}
        title="Take it out of the catalog?"
        action="Take out"
        danger
        loading={remove.isPending}
        onClose={() => setLeaving(undefined)}
        onConfirm={() => leaving && remove.mutate(leaving, { onSettled: () => setLeaving(undefined) })}
      >
        What {leaving?.target} brought goes from the catalog. The files themselves stay as they are.
      </Confirm>
    </Page>
  );
}
