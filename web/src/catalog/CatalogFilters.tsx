import { Button, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { UrlState } from '../shell/useUrlState';
import { parseRef, useFacets, type CatalogFilter } from './api';

const FACETS = {
  type: 'spec.type',
  owner: 'relations.ownedBy',
  lifecycle: 'spec.lifecycle',
  tag: 'metadata.tags',
} as const;
type FacetName = keyof typeof FACETS;
const LABELS: Record<FacetName, string> = { type: 'Type', owner: 'Owner', lifecycle: 'Lifecycle', tag: 'Tag' };

interface FacetProps {
  name: FacetName;
  filter: CatalogFilter;
  onChange: (value: string | undefined) => void;
}

// A facet counts what would be found with the other filters, so its own value is left out.
function FacetSelect({ name, filter, onChange }: FacetProps) {
  const facet = FACETS[name];
  const others = { ...filter, [name]: undefined };
  const values = useFacets([facet], others).data?.facets[facet] ?? [];
  const value = filter[name];
  const options = values.map((each) => ({
    value: each.value,
    label: `${name === 'owner' ? parseRef(each.value, 'group').name : each.value}  ${each.count}`,
  }));
  if (value && !options.some((each) => each.value === value)) options.push({ value, label: value });
  if (options.length === 0) return null;
  return (
    <Select
      data={options}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      placeholder={LABELS[name]}
      aria-label={LABELS[name]}
      size="xs"
      w={name === 'owner' ? 170 : 140}
      clearable
      searchable={options.length > 8}
      styles={{ input: { height: 32 } }}
    />
  );
}

export function CatalogFilters({ state, change }: { state: UrlState; change: (next: UrlState) => void }) {
  const [text, setText] = useState(state.q ?? '');
  const search = useDebouncedCallback((q: string) => change({ q: q || undefined }), 200);
  useEffect(() => setText(state.q ?? ''), [state.q]);
  const filter: CatalogFilter = {
    kind: state.kind,
    type: state.type,
    owner: state.owner,
    lifecycle: state.lifecycle,
    tag: state.tag,
  };
  const active = [state.q, state.type, state.owner, state.lifecycle, state.tag].some(Boolean);
  return (
    <Group gap={8} role="search">
      <TextInput
        value={text}
        size="xs"
        w={240}
        placeholder="Filter by name or text"
        aria-label="Filter by name or text"
        leftSection={<IconSearch size={15} />}
        styles={{ input: { height: 32 } }}
        onChange={(event) => {
          setText(event.currentTarget.value);
          search(event.currentTarget.value);
        }}
      />
      {(Object.keys(FACETS) as FacetName[]).map((name) => (
        <FacetSelect key={name} name={name} filter={filter} onChange={(value) => change({ [name]: value })} />
      ))}
      {active && (
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          onClick={() =>
            change({ q: undefined, type: undefined, owner: undefined, lifecycle: undefined, tag: undefined })
          }
        >
          Clear
        </Button>
      )}
    </Group>
  );
}
