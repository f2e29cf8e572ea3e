import { Group, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight } from '@mantine/spotlight';
import { useMantineColorScheme } from '@mantine/core';
import { IconArrowRight, IconMoon, IconPlus, IconSearch, IconSun } from '@tabler/icons-react';
import { useRouter } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useSearch } from '../catalog/api';
import { KindIcon } from './EntityLink';
import { searchStore, useSelectFirst } from './spotlight';

interface Action {
  id: string;
  label: string;
  hint?: string;
  icon: ReactNode;
  run: () => void;
}

const PAGES: [label: string, href: string, words: string][] = [
  ['Home', '/', 'start overview'],
  ['Catalog', '/catalog', 'components services apis'],
  ['Findings', '/catalog/findings', 'catalog problems owners gaps broken references'],
  ['Sources', '/catalog/sources', 'catalog locations discovery export'],
  ['Register what exists', '/catalog/register', 'catalog import add existing component'],
  ['Repositories', '/repositories', 'git code forge'],
  ['Pipelines', '/runs', 'workflow ci runs'],
  ['Deployments', '/deployments', 'releases environments rollback'],
  ['Infrastructure', '/infrastructure', 'terraform workspaces'],
  ['Delivery metrics', '/dora', 'dora lead time'],
  ['Events', '/events', 'audit log'],
  ['Docs', '/docs', 'help documentation'],
  ['API tokens', '/settings', 'settings token theme'],
];

const matches = (term: string, ...texts: string[]) => texts.join(' ').toLowerCase().includes(term.trim().toLowerCase());

function Item({ action }: { action: Action }) {
  return (
    <Spotlight.Action onClick={action.run}>
      <Group gap={12} wrap="nowrap" w="100%">
        {action.icon}
        <Text fz="sm" fw={500} style={{ whiteSpace: 'nowrap' }}>
          {action.label}
        </Text>
        {action.hint && (
          <Text fz="xs" c="dimmed" className="clip" style={{ flex: 1 }}>
            {action.hint}
          </Text>
        )}
      </Group>
    </Spotlight.Action>
  );
}

/** ⌘K: everything that has a name, and everything one can do. */
export function Search() {
  const [term, setTerm] = useState('');
  const [settled] = useDebouncedValue(term.trim(), 120);
  const found = useSearch(settled).data?.results ?? [];
  const router = useRouter();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const go = (href: string) => () => router.history.push(href);

  const entities: Action[] = (
    settled ? found : found.filter((each) => each.document.kind === 'Component').slice(0, 5)
  ).map(({ document }) => ({
    id: document.location,
    label: document.title,
    hint: [document.kind, document.componentType !== 'other' ? document.componentType : '', document.text]
      .filter(Boolean)
      .join(' · '),
    icon: <KindIcon kind={document.kind ?? 'component'} />,
    run: go(document.location),
  }));
  const templates = entities.length && settled ? found.filter((each) => each.document.kind === 'Template') : [];
  const actions: Action[] = [
    {
      id: 'create',
      label: 'Create a new service',
      hint: 'From a template',
      icon: <IconPlus size={16} />,
      run: go('/create'),
    },
    ...templates.map(({ document }) => ({
      id: `run-${document.location}`,
      label: `Run “${document.title}”`,
      icon: <IconPlus size={16} />,
      run: go(document.location.replace(/^\/catalog\/([^/]+)\/template\//, '/create/templates/$1/')),
    })),
    {
      id: 'theme',
      label: colorScheme === 'dark' ? 'Use the light theme' : 'Use the dark theme',
      icon: colorScheme === 'dark' ? <IconSun size={16} /> : <IconMoon size={16} />,
      run: () => setColorScheme(colorScheme === 'dark' ? 'light' : 'dark'),
    },
  ].filter((action) => matches(term, action.label));
  const pages: Action[] = PAGES.filter(([label, , words]) => matches(term, label, words)).map(([label, href]) => ({
    id: href,
    label,
    icon: <IconArrowRight size={16} color="var(--mantine-color-dimmed)" />,
    run: go(href),
  }));
  const groups: [string, Action[]][] = [
    ['Catalog', entities],
    ['Do', actions],
    ['Go to', pages],
  ];
  useSelectFirst(groups.flatMap(([, items]) => items.map((item) => item.id)).join());
  const empty = groups.every(([, items]) => items.length === 0);

  return (
    <Spotlight.Root
      store={searchStore}
      query={term}
      onQueryChange={setTerm}
      shortcut={['mod + K', '/']}
      scrollable
      maxHeight={460}
      size={620}
      radius="lg"
      onSpotlightClose={() => setTerm('')}
      transitionProps={{ duration: 90 }}
      returnFocus
      title="Search"
      closeOnActionTrigger
    >
      <Spotlight.Search
        placeholder="Find a service, an owner, an API, or something to do…"
        leftSection={<IconSearch size={17} />}
        aria-label="Search"
      />
      <Spotlight.ActionsList>
        {groups.map(
          ([label, items]) =>
            items.length > 0 && (
              <Spotlight.ActionsGroup key={label} label={label}>
                {items.map((action) => (
                  <Item key={action.id} action={action} />
                ))}
              </Spotlight.ActionsGroup>
            ),
        )}
        {empty && <Spotlight.Empty>Nothing has that name. Try fewer letters.</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
