import { Anchor, Button, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { AppLink } from '../shell/AppLink';
import { EntityLink } from '../shell/EntityLink';
import { Section } from '../shell/Page';
import { ErrorState, LoadingRows } from '../shell/States';
import { Status } from '../shell/Status';
import { refOf, titleOf, type EntityPage } from './entity';
import { useFacet } from './facets';
import type { Predicate } from './filters';
import { plural } from './KindTabs';

const STEP = 8;
const SHOWN_MAX = 200;

function useRelated(query: Predicate, limit: number, enabled: boolean) {
  return useQuery({
    queryKey: ['catalog', 'related', query, limit],
    enabled,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      api.post<EntityPage>(
        '/api/catalog/entities/by-query',
        {
          query,
          limit,
          orderBy: [{ field: 'metadata.name', order: 'asc' }],
          fields: [
            'kind',
            'metadata.name',
            'metadata.namespace',
            'metadata.title',
            'metadata.description',
            'spec.type',
            'spec.lifecycle',
            'spec.profile',
          ],
        },
        signal,
      ),
  });
}

interface RelatedCardProps {
  title: string;
  query: Predicate;
  /** What to say where there is none; without it the card is left out. */
  empty?: string;
  /** The same list in the catalog. */
  hrefOf?: (kind: string) => string;
}

/** Entities that stand in a relation to one, by kind: found by a query, so that a thousand cost no more than ten. */
export function RelatedCard({ title, query, empty, hrefOf }: RelatedCardProps) {
  const [picked, setPicked] = useState<string>();
  const [limit, setLimit] = useState(STEP);
  const kinds = useFacet('kind', query);
  const counts = [...(kinds.data ?? [])].sort((a, b) => b.count - a.count);
  const current = counts.find((each) => each.value === picked) ?? counts[0];
  const kind = current?.value ?? '';
  const items = useRelated({ $all: [query, { kind: kind.toLowerCase() }] }, limit, !!current);
  // Where nothing need be said of none, nothing is promised either.
  if (counts.length === 0 && !empty) return null;
  const total = current?.count ?? 0;
  return (
    <Section
      title={title}
      flush
      actions={counts.map((each) => (
        <UnstyledButton
          key={each.value}
          className="chip"
          aria-pressed={each.value === kind}
          onClick={() => {
            setPicked(each.value);
            setLimit(STEP);
          }}
        >
          {plural(each.value)} <span className="num">{each.count.toLocaleString('en')}</span>
        </UnstyledButton>
      ))}
    >
      {kinds.error && !kinds.data ? (
        <ErrorState error={kinds.error} retry={() => void kinds.refetch()} />
      ) : !kinds.data ? (
        <LoadingRows rows={2} />
      ) : counts.length === 0 ? (
        <Text c="dimmed" fz="sm" p="md">
          {empty}
        </Text>
      ) : (
        <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: 'none' }} mih={Math.min(total, STEP) * 40}>
          {(items.data?.items ?? []).map((entity) => (
            <Group key={refOf(entity)} component="li" px="md" h={40} gap="md" wrap="nowrap" className="list-row">
              <span style={{ flex: '0 1 auto', minWidth: 0 }} className="clip">
                <EntityLink entityRef={refOf(entity)} title={titleOf(entity)} fw={550} />
              </span>
              <Text fz="sm" c="dimmed" className="clip" style={{ flex: 1 }} visibleFrom="sm">
                {entity.metadata.description}
              </Text>
              <Text fz="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                {entity.spec?.type}
              </Text>
              {entity.spec?.lifecycle && <Status status={entity.spec.lifecycle} />}
            </Group>
          ))}
        </Stack>
      )}
      {total > Math.min(limit, STEP) && (
        <Group gap="md" px="md" py={8}>
          {total > limit && limit < SHOWN_MAX && (
            <Button
              size="compact-sm"
              variant="subtle"
              color="gray"
              onClick={() => setLimit(Math.min(SHOWN_MAX, limit + 40))}
            >
              Show more
            </Button>
          )}
          {hrefOf && (
            <Anchor component={AppLink} href={hrefOf(kind)} fz="sm">
              All {total.toLocaleString('en')} in the catalog
            </Anchor>
          )}
        </Group>
      )}
    </Section>
  );
}
