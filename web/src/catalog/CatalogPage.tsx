import { Badge, Box, Button, Group, Tabs, Text } from '@mantine/core';
import { IconLayoutGrid, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { AppLink } from '../shell/AppLink';
import { DataTable, type Column } from '../shell/DataTable';
import { EntityLink, entityHref } from '../shell/EntityLink';
import { Page } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { useUrlState } from '../shell/useUrlState';
import { refOf, relationsOf, titleOf, useEntities, useFacets, type Entity } from './api';
import { CatalogFilters } from './CatalogFilters';
import { RegisterButton } from './RegisterButton';

const KINDS = ['Component', 'API', 'Resource', 'System', 'Domain', 'Group', 'User', 'Template', 'Location'];
const PLURAL: Record<string, string> = { Component: 'Components', API: 'APIs', Resource: 'Resources', System: 'Systems', Domain: 'Domains', Group: 'Groups', User: 'Users', Template: 'Templates', Location: 'Locations' };

const errors = (entity: Entity) => (entity.status?.items ?? []).filter((item) => item.level === 'error').length;

const COLUMNS: Column<Entity>[] = [
  {
    key: 'name',
    title: 'Name',
    width: '44%',
    render: (entity) => (
      <Box maw={520}>
        <Group gap={8} wrap="nowrap">
          <EntityLink entityRef={refOf(entity)} title={titleOf(entity)} fw={550} />
          {errors(entity) > 0 && <Status status="error">{errors(entity)} problem{errors(entity) > 1 ? 's' : ''}</Status>}
        </Group>
        {entity.metadata.description && <Text c="dimmed" fz="sm" className="clip" mt={1} pl={23}>{entity.metadata.description}</Text>}
      </Box>
    ),
  },
  { key: 'type', title: 'Type', render: (entity) => entity.spec?.type ?? <Text span c="dimmed">–</Text> },
  {
    key: 'owner',
    title: 'Owner',
    render: (entity) => {
      const owner = relationsOf(entity, 'ownedBy')[0] ?? entity.spec?.owner;
      return owner ? <EntityLink entityRef={owner} defaultKind="group" /> : <Text span c="dimmed">–</Text>;
    },
  },
  { key: 'lifecycle', title: 'Lifecycle', render: (entity) => (entity.spec?.lifecycle ? <Status status={entity.spec.lifecycle} /> : <Text span c="dimmed">–</Text>) },
  {
    key: 'tags',
    title: 'Tags',
    render: (entity) => (
      <Group gap={4}>
        {(entity.metadata.tags ?? []).slice(0, 3).map((tag) => <Badge key={tag}>{tag}</Badge>)}
      </Group>
    ),
  },
];

function KindTabs({ kind, onChange }: { kind: string; onChange: (kind: string) => void }) {
  const counts = useFacets(['kind'], {}).data?.facets.kind ?? [];
  const count = (name: string) => counts.find((each) => each.value.toLowerCase() === name.toLowerCase())?.count ?? 0;
  const known = [...KINDS, ...counts.map((each) => each.value).filter((name) => !KINDS.includes(name))];
  const shown = known.filter((name) => count(name) > 0 || name === kind || name === 'Component');
  return (
    <Tabs value={kind} onChange={(next) => next && onChange(next)}>
      <Tabs.List aria-label="Kind">
        {shown.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {PLURAL[name] ?? name} <Text span c="dimmed" fz="xs" className="num">{count(name) || ''}</Text>
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  );
}

export function CatalogPage() {
  const [state, change] = useUrlState();
  const [cursors, setCursors] = useState<string[]>([]);
  const kind = state.kind ?? 'Component';
  const query = { kind, type: state.type, owner: state.owner, lifecycle: state.lifecycle, tag: state.tag, q: state.q, limit: 50, cursor: cursors.at(-1) };
  const entities = useEntities(query);
  const filter = (next: Parameters<typeof change>[0]) => {
    setCursors([]);
    change(next);
  };
  const filtered = [state.q, state.type, state.owner, state.lifecycle, state.tag].some(Boolean);
  return (
    <Page
      title="Catalog"
      description="Everything that exists, and who owns it."
      actions={<><RegisterButton /><Button component={AppLink} href="/create" leftSection={<IconPlus size={16} />}>Create</Button></>}
    >
      <KindTabs kind={kind} onChange={(next) => filter({ kind: next, type: undefined, lifecycle: undefined, tag: undefined })} />
      <CatalogFilters state={{ ...state, kind }} change={filter} />
      <Loaded query={entities} rows={8}>
        {(page) =>
          page.items.length > 0 ? (
            <>
              <Box className="surface">
                <DataTable label={PLURAL[kind] ?? kind} columns={COLUMNS} items={page.items} rowKey={refOf} rowHref={(entity) => entityHref(refOf(entity))} />
              </Box>
              <Group justify="space-between">
                <Text c="dimmed" fz="sm" className="num" aria-live="polite">{page.totalItems} found</Text>
                <Group gap={8}>
                  {cursors.length > 0 && <Button size="xs" variant="default" onClick={() => setCursors(cursors.slice(0, -1))}>Previous</Button>}
                  {page.pageInfo.nextCursor && <Button size="xs" variant="default" onClick={() => setCursors([...cursors, page.pageInfo.nextCursor!])}>Next</Button>}
                </Group>
              </Group>
            </>
          ) : (
            <Box className="surface">
              {filtered ? (
                <EmptyState icon={<IconLayoutGrid size={20} />} title="Nothing matches these filters" action={<Button variant="default" onClick={() => filter({ q: undefined, type: undefined, owner: undefined, lifecycle: undefined, tag: undefined })}>Clear filters</Button>} />
              ) : (
                <EmptyState icon={<IconLayoutGrid size={20} />} title={`No ${(PLURAL[kind] ?? kind).toLowerCase()} yet`} action={<Button component={AppLink} href="/create">Create from a template</Button>}>
                  Create one from a template, or register a repository that has a <code>catalog-info.yaml</code>.
                </EmptyState>
              )}
            </Box>
          )
        }
      </Loaded>
    </Page>
  );
}
