import { Box, Button, CloseButton, Combobox, Group, Text, useCombobox } from '@mantine/core';
import { IconCheck, IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { useFacet } from './facets';
import { parseRef } from './entity';
import { FACETS, type FacetName, type Predicate } from './filters';

// More than anybody reads; the search above them finds the rest.
const SHOWN_MAX = 100;

const REFS: Partial<Record<FacetName, string>> = { owner: 'group', system: 'system' };

/** A value as people read it: a team by its name. */
export function valueLabel(name: FacetName, value: string): string {
  const kind = REFS[name];
  if (!kind) return value;
  const ref = parseRef(value, kind);
  const space = ref.namespace === 'default' ? '' : `${ref.namespace}/`;
  return ref.kind === kind ? `${space}${ref.name}` : `${ref.kind}:${space}${ref.name}`;
}

interface FacetFilterProps {
  name: FacetName;
  picked: string[];
  /** All other filters. */
  others: Predicate;
  /** The text filter is not counted by the server: then no numbers are better than wrong ones. */
  counted: boolean;
  onChange: (values: string[]) => void;
}

export function FacetFilter({ name, picked, others, counted, onChange }: FacetFilterProps) {
  const [search, setSearch] = useState('');
  const [opened, setOpened] = useState(false);
  const combobox = useCombobox({
    opened,
    onOpenedChange: setOpened,
    onDropdownOpen: () => combobox.focusSearchInput(),
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      combobox.focusTarget();
      setSearch('');
    },
  });
  const facet = useFacet(FACETS[name].field, others, opened);
  const label = FACETS[name].label;
  const find = `Find ${/^[aeiou]/i.test(label) ? 'an' : 'a'} ${label.toLowerCase()}`;
  const needle = search.trim().toLowerCase();
  const known = (facet.data ?? []).filter((each) => name !== 'system' || each.value.startsWith('system:'));
  const gone = picked
    .filter((value) => !known.some((each) => each.value === value))
    .map((value) => ({ value, count: 0 }));
  const found = [...gone, ...known]
    .filter((each) => !needle || valueLabel(name, each.value).toLowerCase().includes(needle))
    .sort((a, b) => Number(picked.includes(b.value)) - Number(picked.includes(a.value)) || b.count - a.count);
  const text = picked.map((value) => valueLabel(name, value)).join(', ');
  const toggle = (value: string) =>
    onChange(picked.includes(value) ? picked.filter((each) => each !== value) : [...picked, value]);
  return (
    <Combobox
      store={combobox}
      width={270}
      position="bottom-start"
      shadow="md"
      onOptionSubmit={toggle}
      withinPortal={false}
    >
      <Group gap={0} wrap="nowrap" className="facet" data-active={picked.length > 0 || undefined}>
        <Combobox.Target targetType="button">
          <Button
            size="xs"
            h={30}
            variant="transparent"
            c={picked.length ? 'inherit' : 'dimmed'}
            px={10}
            rightSection={picked.length ? null : <IconChevronDown size={13} />}
            onClick={() => combobox.toggleDropdown()}
            aria-label={text ? `${label}: ${text}` : label}
            styles={{ section: { marginLeft: 6 }, label: { fontWeight: 450 } }}
          >
            {label}
            {text && (
              <Text span fz="inherit" fw={600} className="clip" maw={170} ml={5}>
                {text}
              </Text>
            )}
          </Button>
        </Combobox.Target>
        {picked.length > 0 && (
          <CloseButton size="xs" mr={5} onClick={() => onChange([])} aria-label={`Clear ${label.toLowerCase()}`} />
        )}
      </Group>
      <Combobox.Dropdown>
        <Combobox.Search
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
            combobox.selectFirstOption();
          }}
          placeholder={find}
          aria-label={find}
          role="combobox"
          aria-expanded={opened}
        />
        <Combobox.Options mah={300} style={{ overflowY: 'auto' }} aria-label={label} aria-multiselectable="true">
          {found.slice(0, SHOWN_MAX).map(({ value, count }) => (
            <Combobox.Option key={value} value={value} active={picked.includes(value)}>
              <Group gap={8} wrap="nowrap">
                <Box w={14} lh={0}>
                  {picked.includes(value) && <IconCheck size={14} />}
                </Box>
                <Text span fz="sm" className="clip" style={{ flex: 1 }} title={value}>
                  {valueLabel(name, value)}
                </Text>
                {counted && (
                  <Text span fz="xs" c="dimmed" className="num">
                    {count.toLocaleString('en')}
                  </Text>
                )}
              </Group>
            </Combobox.Option>
          ))}
          {found.length === 0 && (
            <Combobox.Empty>
              {facet.isPending ? 'Counting…' : facet.error ? 'Could not be read' : 'None'}
            </Combobox.Empty>
          )}
        </Combobox.Options>
        {found.length > SHOWN_MAX && (
          <Combobox.Footer>
            <Text fz="xs" c="dimmed">
              {(found.length - SHOWN_MAX).toLocaleString('en')} more: type to find them
            </Text>
          </Combobox.Footer>
        )}
      </Combobox.Dropdown>
    </Combobox>
  );
}
