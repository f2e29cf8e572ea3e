import { Button, Group, SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { UrlState } from '../shell/useUrlState';
import { FacetFilter } from './FacetFilter';
import { FACET_NAMES, filterOf, joinValues, NO_FILTERS, predicateOf, type FacetName, type Mine } from './filters';

interface CatalogFiltersProps {
  state: UrlState;
  mine: Mine;
  change: (next: UrlState) => void;
}

// What some kinds never have is not offered for them.
const HIDDEN: Record<string, FacetName[]> = {
  system: ['lifecycle', 'system'],
  domain: ['lifecycle', 'system'],
  group: ['owner', 'lifecycle', 'system'],
  user: ['type', 'owner', 'lifecycle', 'system'],
  location: ['owner', 'lifecycle', 'system'],
  template: ['lifecycle', 'system'],
};

export function CatalogFilters({ state, mine, change }: CatalogFiltersProps) {
  const [text, setText] = useState(state.q ?? '');
  const search = useDebouncedCallback((q: string) => change({ q: q || undefined }), 200);
  useEffect(() => setText(state.q ?? ''), [state.q]);
  const filter = filterOf(state);
  const hidden = HIDDEN[filter.kind.toLowerCase()] ?? [];
  const names = FACET_NAMES.filter((name) => !hidden.includes(name) || filter.values[name]);
  const active = filter.text || Object.keys(filter.values).length > 0;
  return (
    <Group gap={8} role="search" aria-label="Catalog">
      <SegmentedControl
        size="xs"
        value={filter.view}
        onChange={(view) => change({ view: view === 'all' ? undefined : view })}
        aria-label="Whose"
        data={[
          { value: 'all', label: 'All' },
          { value: 'owned', label: 'Owned by me' },
          { value: 'starred', label: mine.starred.length > 0 ? `Starred ${mine.starred.length}` : 'Starred' },
        ]}
      />
      <TextInput
        value={text}
        size="xs"
        w={{ base: '100%', xs: 210 }}
        placeholder="Filter by name or title"
        aria-label="Filter by name or title"
        leftSection={<IconSearch size={15} />}
        styles={{ input: { height: 32 } }}
        onChange={(event) => {
          setText(event.currentTarget.value);
          search(event.currentTarget.value);
        }}
      />
      {names.map((name) => (
        <FacetFilter
          key={name}
          name={name}
          picked={filter.values[name] ?? []}
          others={predicateOf(filter, mine, name)}
          counted={!filter.text}
          onChange={(values) => change({ [name]: joinValues(values) || undefined })}
        />
      ))}
      {active && (
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          onClick={() => {
            setText('');
            change({ ...NO_FILTERS, view: state.view });
          }}
        >
          Clear
        </Button>
      )}
    </Group>
  );
}
