import { Box, Button, Group, Text } from '@mantine/core';
import { IconLayoutGrid, IconPlus, IconStar, IconUsers } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useMyRefs } from '../identity/api';
import { AppLink } from '../shell/AppLink';
import { Page } from '../shell/Page';
import { EmptyState, ErrorState } from '../shell/States';
import { useUrlState } from '../shell/useUrlState';
import { CatalogFilters } from './CatalogFilters';
import { CatalogMenu } from './CatalogMenu';
import { CatalogTable } from './CatalogTable';
import { columnsOf, sortOf } from './columns';
import { filterOf, isFiltered, NO_FILTERS, predicateOf, type ListFilter } from './filters';
import { KindTabs, plural } from './KindTabs';
import { useCount } from './list';
import { SavedViews } from './SavedViews';
import { useStarred } from './stored';

// Rows to be, until it is known how many there are: the page keeps its shape.
const ROWS_BEFORE = 12;

function NothingFound({ filter, clear }: { filter: ListFilter; clear: () => void }) {
  const kinds = plural(filter.kind);
  const others = filter.text !== '' || Object.keys(filter.values).length > 0;
  if (!isFiltered(filter))
    return (
      <EmptyState
        icon={<IconLayoutGrid size={20} />}
        title={`No ${kinds} yet`}
        action={
          <Button component={AppLink} href="/create">
            Create from a template
          </Button>
        }
      >
        Create one from a template, or register a repository that has a <code>catalog-info.yaml</code>.
      </EmptyState>
    );
  const all = (
    <Button variant="default" onClick={clear}>
      Show all {kinds}
    </Button>
  );
  if (filter.view === 'starred' && !others)
    return (
      <EmptyState icon={<IconStar size={20} />} title={`No starred ${kinds}`} action={all}>
        The star at the end of a row, or <kbd>s</kbd> on it, keeps it here. Stars are kept in this browser.
      </EmptyState>
    );
  if (filter.view === 'owned' && !others)
    return (
      <EmptyState icon={<IconUsers size={20} />} title={`You and your groups own no ${kinds}`} action={all}>
        What names you or one of your groups as <code>owner</code> appears here.
      </EmptyState>
    );
  return <EmptyState icon={<IconLayoutGrid size={20} />} title="Nothing matches these filters" action={all} />;
}

export function CatalogPage() {
  const [state, change] = useUrlState();
  const navigate = useNavigate();
  const { starred } = useStarred();
  const mine = { refs: useMyRefs(), starred };
  const filter = filterOf(state);
  const columns = columnsOf(filter.kind);
  const { key: sortKey, ...sort } = sortOf(state.sort, columns);
  const query = predicateOf(filter, mine);
  // All have a name; an order by anything else leaves out what lacks it, and how many those are is said.
  const byName = sort.field === 'metadata.name';
  const everything = useCount({ query, text: filter.text });
  const ordered = useCount({ query, text: filter.text, sort }, !byName);
  const count = byName ? everything : ordered;
  const total = count.data ?? 0;
  const left = byName ? 0 : (everything.data ?? 0) - total;
  const title = columns.find((column) => column.key === sortKey)?.title.toLowerCase();
  return (
    <Page
      title="Catalog"
      description="Everything that exists, and who owns it."
      wide
      actions={
        <>
          <SavedViews
            state={state}
            onShow={(search) => void navigate({ to: '/catalog', search: search as never, resetScroll: false })}
          />
          <CatalogMenu />
          <Button component={AppLink} href="/create" leftSection={<IconPlus size={16} />}>
            Create
          </Button>
        </>
      }
    >
      <KindTabs
        kind={filter.kind}
        others={predicateOf(filter, mine, 'kind')}
        onChange={(kind) =>
          change({ kind, type: undefined, lifecycle: undefined, tag: undefined, system: undefined, sort: undefined })
        }
      />
      <CatalogFilters state={state} mine={mine} change={change} />
      {count.data === undefined && count.error ? (
        <ErrorState error={count.error} retry={() => void count.refetch()} />
      ) : count.data !== 0 ? (
        <CatalogTable
          label={plural(filter.kind)}
          columns={columns}
          list={{ query, text: filter.text, sort }}
          total={count.data ?? ROWS_BEFORE}
          onSort={(next) => change({ sort: next === 'name' ? undefined : next })}
        />
      ) : (
        <Box className="surface">
          <NothingFound filter={filter} clear={() => change(NO_FILTERS)} />
        </Box>
      )}
      <Group justify="space-between" mt={-8} gap={8} mih={20}>
        <Text c="dimmed" fz="sm" className="num" aria-live="polite">
          {count.data === undefined ? '' : `${total.toLocaleString('en')} found`}
          {left > 0 && ` · ${left.toLocaleString('en')} without ${title} are left out of this order`}
        </Text>
      </Group>
    </Page>
  );
}
