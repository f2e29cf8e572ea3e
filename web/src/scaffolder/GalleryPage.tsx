import { Anchor, Badge, Box, Button, Group, SegmentedControl, Select, Stack, Text, TextInput, ThemeIcon, Title, VisuallyHidden } from '@mantine/core';
import { IconCode, IconList, IconPuzzle, IconSearch, IconSparkles, IconTemplate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { memo, useDeferredValue, useMemo } from 'react';
import { api, url } from '../api/client';
import { parseRef, refOf, relationsOf, titleOf, type Entity, type EntityPage } from '../catalog/api';
import { StarButton } from '../catalog/StarButton';
import { useStarred } from '../catalog/stored';
import { useMyRefs } from '../identity/api';
import { AppLink } from '../shell/AppLink';
import { Page, Section } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { useUrlState } from '../shell/useUrlState';
import { TaskList } from './TaskList';

// All of an organization's templates, without their steps and forms: some hundreds are searched in the browser.
const TEMPLATES_MAX = 1000;
const FIELDS =
  'kind,metadata.name,metadata.namespace,metadata.title,metadata.description,metadata.tags,spec.type,spec.owner,relations';

const useTemplates = () =>
  useQuery({
    queryKey: ['catalog', 'templates'],
    staleTime: 60_000,
    queryFn: ({ signal }) =>
      api.get<EntityPage>(
        url('/api/catalog/entities/by-query', {
          filter: 'kind=Template',
          limit: TEMPLATES_MAX,
          orderField: 'metadata.name,asc',
          fields: FIELDS,
        }),
        signal,
      ),
  });

const ownerOf = (entity: Entity) => relationsOf(entity, 'ownedBy')[0] ?? (entity.spec?.owner as string | undefined);
const isRecommended = (entity: Entity) => entity.metadata.tags?.includes('recommended') ?? false;

const TemplateCard = memo(function TemplateCard({ entity, onTag }: { entity: Entity; onTag: (tag: string) => void }) {
  const owner = ownerOf(entity);
  const tags = entity.metadata.tags ?? [];
  const title = titleOf(entity);
  return (
    <Box className="surface template-card" p="md" component="article" aria-label={title}>
      <Stack gap={10} h="100%">
        <Group justify="space-between" wrap="nowrap">
          <ThemeIcon variant="light" size={34} radius="md">
            <IconTemplate size={18} stroke={1.7} />
          </ThemeIcon>
          <Group gap={6} wrap="nowrap">
            {isRecommended(entity) && <Badge leftSection={<IconSparkles size={12} />}>Recommended</Badge>}
            <Box className="above">
              <StarButton entityRef={refOf(entity)} name={title} />
            </Box>
          </Group>
        </Group>
        <div>
          <Title order={3} fz={15}>
            <AppLink
              href={`/create/templates/${entity.metadata.namespace ?? 'default'}/${entity.metadata.name}`}
              className="card-link"
            >
              {title}
            </AppLink>
          </Title>
          <Text c="dimmed" fz="sm" mt={3} lineClamp={3}>
            {entity.metadata.description}
          </Text>
        </div>
        <Group gap={6} mt="auto" pt={6}>
          {tags
            .filter((tag) => tag !== 'recommended')
            .slice(0, 4)
            .map((tag) => (
              <button key={tag} type="button" className="tag above" onClick={() => onTag(tag)} aria-label={`Templates with ${tag}`}>
                {tag}
              </button>
            ))}
          {owner && (
            <Text fz="xs" c="dimmed" ml="auto">
              {parseRef(owner, 'group').name}
            </Text>
          )}
        </Group>
      </Stack>
    </Box>
  );
});

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const typeOf = (entity: Entity) => entity.spec?.type || 'other';

// Fewer need no order but one.
const GROUPED_FROM = 7;

/** By category, the recommended first in each. */
function categories(items: Entity[]): [string, Entity[]][] {
  if (items.length > 0 && items.length < GROUPED_FROM)
    return [['templates', [...items].sort((a, b) => Number(isRecommended(b)) - Number(isRecommended(a)))]];
  const groups = new Map<string, Entity[]>();
  for (const entity of items) groups.set(typeOf(entity), [...(groups.get(typeOf(entity)) ?? []), entity]);
  for (const group of groups.values()) group.sort((a, b) => Number(isRecommended(b)) - Number(isRecommended(a)));
  return [...groups].sort((a, b) => b[1].length - a[1].length || a[0].localeCompare(b[0]));
}

function Templates({ all }: { all: Entity[] }) {
  const [state, change] = useUrlState();
  const { starred } = useStarred();
  const mine = useMyRefs();
  const needle = useDeferredValue((state.q ?? '').trim().toLowerCase());
  const owners = useMemo(() => [...new Set(all.map(ownerOf).filter((each): each is string => !!each))].sort(), [all]);
  const types = useMemo(() => [...new Set(all.map(typeOf))].sort(), [all]);
  const tags = useMemo(() => [...new Set(all.flatMap((each) => each.metadata.tags ?? []))].sort(), [all]);
  const items = all.filter((entity) => {
    const words = [titleOf(entity), entity.metadata.name, entity.metadata.description, ...(entity.metadata.tags ?? [])].join(' ').toLowerCase();
    return (
      (!needle || words.includes(needle)) &&
      (!state.type || typeOf(entity) === state.type) &&
      (!state.tag || (entity.metadata.tags ?? []).includes(state.tag)) &&
      (!state.owner || ownerOf(entity) === state.owner) &&
      (state.show !== 'starred' || starred.includes(refOf(entity))) &&
      (state.show !== 'mine' || mine.includes(ownerOf(entity) ?? ''))
    );
  });
  const onTag = useMemo(() => (tag: string) => change({ tag }), []);
  const clear = () => change({ q: undefined, type: undefined, tag: undefined, owner: undefined, show: undefined });
  const filtered = !!(state.q || state.type || state.tag || state.owner || state.show);
  const pick = (name: string, label: string, data: { value: string; label: string }[]) => (
    <Select
      size="xs"
      w={150}
      aria-label={label}
      placeholder={label}
      clearable
      searchable
      data={data}
      value={state[name] ?? null}
      onChange={(value) => change({ [name]: value ?? undefined })}
    />
  );
  return (
    <Stack gap="lg">
      <Group gap={8}>
        <SegmentedControl
          size="xs"
          aria-label="Which templates"
          value={state.show ?? 'all'}
          onChange={(value) => change({ show: value === 'all' ? undefined : value })}
          data={[
            { value: 'all', label: 'All' },
            { value: 'starred', label: 'Starred' },
            { value: 'mine', label: 'Mine' },
          ]}
        />
        {pick('type', 'Category', types.map((value) => ({ value, label: capital(value) })))}
        {pick('tag', 'Tag', tags.map((value) => ({ value, label: value })))}
        {pick('owner', 'Owner', owners.map((value) => ({ value, label: parseRef(value, 'group').name })))}
        <Text fz="sm" c="dimmed" className="num" ml="auto" role="status">
          {items.length} {items.length === 1 ? 'template' : 'templates'}
        </Text>
      </Group>
      {categories(items).map(([type, group]) => (
        <Stack key={type} gap={10} component="section" aria-label={capital(type)}>
          {items.length < GROUPED_FROM ? (
            <VisuallyHidden component="h2">Templates</VisuallyHidden>
          ) : (
            <Title order={2} fz={14}>
              {capital(type)}
            </Title>
          )}
          <Box className="gallery">
            {group.map((entity) => (
              <TemplateCard key={refOf(entity)} entity={entity} onTag={onTag} />
            ))}
          </Box>
        </Stack>
      ))}
      {items.length === 0 && (
        <Box className="surface">
          <EmptyState
            icon={<IconTemplate size={20} />}
            title={filtered ? 'No template matches' : 'No templates yet'}
            action={
              filtered ? (
                <Button variant="default" onClick={clear}>
                  Show all
                </Button>
              ) : (
                <Button component={AppLink} href="/docs/templates" variant="default">
                  How templates work
                </Button>
              )
            }
          >
            {!filtered && (
              <>
                Add a <code>template.yaml</code> to <code>catalog.locations</code> in the configuration.
              </>
            )}
          </EmptyState>
        </Box>
      )}
    </Stack>
  );
}

export function GalleryPage() {
  const [state, change] = useUrlState();
  const templates = useTemplates();
  return (
    <Page
      title="Create"
      description="Pick a template; fill in a form; get something that runs."
      actions={
        <>
          <Button component={AppLink} href="/create/actions" variant="subtle" color="gray" leftSection={<IconPuzzle size={16} />}>
            Actions
          </Button>
          <Button component={AppLink} href="/create/edit" variant="subtle" color="gray" leftSection={<IconCode size={16} />}>
            Editor
          </Button>
          <Button component={AppLink} href="/create/tasks" variant="subtle" color="gray" leftSection={<IconList size={16} />}>
            Runs
          </Button>
          <TextInput
            w={220}
            placeholder="Find a template"
            aria-label="Find a template"
            leftSection={<IconSearch size={15} />}
            value={state.q ?? ''}
            onChange={(event) => change({ q: event.currentTarget.value })}
          />
        </>
      }
    >
      <Loaded query={templates}>{(page) => <Templates all={page.items} />}</Loaded>
      <Section
        title="Recent runs"
        flush
        actions={
          <Anchor component={AppLink} href="/create/tasks" fz="sm">
            All runs
          </Anchor>
        }
      >
        <TaskList />
      </Section>
    </Page>
  );
}
