import { Tabs, Text } from '@mantine/core';
import { useFacets } from './api';

const KINDS = ['Component', 'API', 'Resource', 'System', 'Domain', 'Group', 'User', 'Template', 'Location'];
const PLURAL: Record<string, string> = {
  Component: 'Components',
  API: 'APIs',
  Resource: 'Resources',
  System: 'Systems',
  Domain: 'Domains',
  Group: 'Groups',
  User: 'Users',
  Template: 'Templates',
  Location: 'Locations',
};

export const plural = (kind: string) => PLURAL[kind] ?? kind;

export function KindTabs({ kind, onChange }: { kind: string; onChange: (kind: string) => void }) {
  const counts = useFacets(['kind'], {}).data?.facets.kind ?? [];
  const count = (name: string) => counts.find((each) => each.value.toLowerCase() === name.toLowerCase())?.count ?? 0;
  const known = [...KINDS, ...counts.map((each) => each.value).filter((name) => !KINDS.includes(name))];
  const shown = known.filter((name) => count(name) > 0 || name === kind || name === 'Component');
  return (
    <Tabs value={kind} onChange={(next) => next && onChange(next)}>
      <Tabs.List aria-label="Kind">
        {shown.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {plural(name)}{' '}
            <Text span c="dimmed" fz="xs" className="num">
              {count(name) || ''}
            </Text>
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  );
}
