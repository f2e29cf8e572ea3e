import { Badge, Box, Button, Group, Stack, Text, TextInput, ThemeIcon, Title } from '@mantine/core';
import { IconSearch, IconSparkles, IconTemplate } from '@tabler/icons-react';
import { refOf, relationsOf, titleOf, type Entity } from '../catalog/api';
import { parseRef, useEntities } from '../catalog/api';
import { AppLink } from '../shell/AppLink';
import { Page, Section } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { useUrlState } from '../shell/useUrlState';
import { TaskList } from './TaskList';

function TemplateCard({ entity }: { entity: Entity }) {
  const owner = relationsOf(entity, 'ownedBy')[0] ?? entity.spec?.owner;
  const tags = entity.metadata.tags ?? [];
  const recommended = tags.includes('recommended');
  return (
    <Box
      component={AppLink}
      href={`/create/templates/${entity.metadata.namespace ?? 'default'}/${entity.metadata.name}`}
      className="surface template-card"
      p="md"
    >
      <Stack gap={10} h="100%">
        <Group justify="space-between" wrap="nowrap">
          <ThemeIcon variant="light" size={34} radius="md">
            <IconTemplate size={18} stroke={1.7} />
          </ThemeIcon>
          {recommended && <Badge leftSection={<IconSparkles size={12} />}>Recommended</Badge>}
        </Group>
        <div>
          <Title order={2} fz={15}>
            {titleOf(entity)}
          </Title>
          <Text c="dimmed" fz="sm" mt={3} lineClamp={3}>
            {entity.metadata.description}
          </Text>
        </div>
        <Group gap={6} mt="auto" pt={6}>
          {entity.spec?.type && <Badge>{entity.spec.type}</Badge>}
          {tags
            .filter((tag) => tag !== 'recommended')
            .map((tag) => (
              <Badge key={tag}>{tag}</Badge>
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
}

export function GalleryPage() {
  const [state, change] = useUrlState();
  const templates = useEntities({ kind: 'Template', q: state.q, limit: 200 });
  return (
    <Page
      title="Create"
      description="Pick a template; fill in a form; get something that runs."
      actions={
        <TextInput
          w={260}
          placeholder="Find a template"
          aria-label="Find a template"
          leftSection={<IconSearch size={15} />}
          value={state.q ?? ''}
          onChange={(event) => change({ q: event.currentTarget.value })}
        />
      }
    >
      <Loaded query={templates}>
        {(page) =>
          page.items.length > 0 ? (
            <Box style={{ display: 'grid', gap: 16, gridTemplateColumns: 'repeat(auto-fill, minmax(300px, 1fr))' }}>
              {[...page.items]
                .sort(
                  (a, b) =>
                    Number(b.metadata.tags?.includes('recommended') ?? false) -
                    Number(a.metadata.tags?.includes('recommended') ?? false),
                )
                .map((entity) => (
                  <TemplateCard key={refOf(entity)} entity={entity} />
                ))}
            </Box>
          ) : (
            <Box className="surface">
              <EmptyState
                icon={<IconTemplate size={20} />}
                title={state.q ? 'No template matches' : 'No templates yet'}
                action={
                  state.q ? (
                    <Button variant="default" onClick={() => change({ q: undefined })}>
                      Show all
                    </Button>
                  ) : (
                    <Button component={AppLink} href="/docs" variant="default">
                      How templates work
                    </Button>
                  )
                }
              >
                {!state.q && (
                  <>
                    Add a <code>template.yaml</code> to <code>catalog.locations</code> in the configuration.
                  </>
                )}
              </EmptyState>
            </Box>
          )
        }
      </Loaded>
      <Section title="Recent runs" flush>
        <TaskList />
      </Section>
    </Page>
  );
}
