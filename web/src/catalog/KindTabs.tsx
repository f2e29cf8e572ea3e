import { Tabs, Text } from '@mantine/core';
import { useFacet } from './facets';
import type { Predicate } from './filters';

const KINDS = ['Component', 'API', 'Resource', 'System', 'Domain', 'Group', 'User', 'Template', 'Location'];

/** The name of many; custom kinds by the rule of thumb. */
export function plural(kind: string): string {
  if (/[^aeiou]y$/i.test(kind)) return `${kind.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/i.test(kind) ? `${kind}es` : `${kind}s`;
}

interface KindTabsProps {
  kind: string;
  /** All filters but the kind. */
  others: Predicate;
  onChange: (kind: string) => void;
}

export function KindTabs({ kind, others, onChange }: KindTabsProps) {
  const all = useFacet('kind', { $all: [] }).data ?? [];
  const counts = useFacet('kind', others).data ?? all;
  const count = (name: string) => counts.find((each) => each.value.toLowerCase() === name.toLowerCase())?.count ?? 0;
  const custom = all.map((each) => each.value).filter((name) => !KINDS.includes(name));
  const known = [...KINDS, ...custom];
  const shown = known.filter(
    (name) => name === kind || name === 'Component' || all.some((each) => each.value === name),
  );
  return (
    <Tabs value={kind} onChange={(next) => next && onChange(next)} className="scroll-tabs">
      <Tabs.List aria-label="Kind">
        {shown.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {plural(name)}{' '}
            <Text span c="dimmed" fz="xs" className="num">
              {count(name).toLocaleString('en')}
            </Text>
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  );
}
