import { Box, Button, Group, Text } from '@mantine/core';
import { IconLayoutGrid, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { AppLink } from '../shell/AppLink';
import { DataTable } from '../shell/DataTable';
import { entityHref } from '../shell/EntityLink';
import { Page } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { useUrlState } from '../shell/useUrlState';
import { refOf, useEntities } from './api';
import { CatalogFilters } from './CatalogFilters';
import { COLUMNS } from './columns';
import { KindTabs, plural } from './KindTabs';
import { RegisterButton } from './RegisterButton';

export function CatalogPage() {
  const [state, change] = useUrlState();
  const [cursors, setCursors] = useState<string[]>([]);
  const kind = state.kind ?? 'Component';
  const query = {
    kind,
    type: state.type,
    owner: state.owner,
    lifecycle: state.lifecycle,
    tag: state.tag,
    q: state.q,
    limit: 50,
    cursor: cursors.at(-1),
  };
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
      actions={
        <>
          <RegisterButton />
          <Button component={AppLink} href="/create" leftSection={<IconPlus size={16} />}>
            Create
          </Button>
        </>
      }
    >
      <KindTabs
        kind={kind}
        onChange={(next) => filter({ kind: next, type: undefined, lifecycle: undefined, tag: undefined })}
      />
      <CatalogFilters state={{ ...state, kind }} change={filter} />
      <Loaded query={entities} rows={8}>
        {(page) =>
          page.items.length > 0 ? (
            <>
              <Box className="surface">
                <DataTable
                  label={plural(kind)}
                  columns={COLUMNS}
                  items={page.items}
                  rowKey={refOf}
                  rowHref={(entity) => entityHref(refOf(entity))}
                />
              </Box>
              <Group justify="space-between">
                <Text c="dimmed" fz="sm" className="num" aria-live="polite">
                  {page.totalItems} found
                </Text>
                <Group gap={8}>
                  {cursors.length > 0 && (
                    <Button size="xs" variant="default" onClick={() => setCursors(cursors.slice(0, -1))}>
                      Previous
                    </Button>
                  )}
                  {page.pageInfo.nextCursor && (
                    <Button
                      size="xs"
                      variant="default"
                      onClick={() => setCursors([...cursors, page.pageInfo.nextCursor!])}
                    >
                      Next
                    </Button>
                  )}
                </Group>
              </Group>
            </>
          ) : (
            <Box className="surface">
              {filtered ? (
                <EmptyState
                  icon={<IconLayoutGrid size={20} />}
                  title="Nothing matches these filters"
                  action={
                    <Button
                      variant="default"
                      onClick={() =>
                        filter({
                          q: undefined,
                          type: undefined,
                          owner: undefined,
                          lifecycle: undefined,
                          tag: undefined,
                        })
                      }
                    >
                      Clear filters
                    </Button>
                  }
                />
              ) : (
                <EmptyState
                  icon={<IconLayoutGrid size={20} />}
                  title={`No ${plural(kind).toLowerCase()} yet`}
                  action={
                    <Button component={AppLink} href="/create">
                      Create from a template
                    </Button>
                  }
                >
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
