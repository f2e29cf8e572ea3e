import { Anchor, Box, Grid, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { EnvironmentCards } from '../deployments/EnvironmentCards';
import { ProvenanceCard } from '../scaffolder/ProvenanceCard';
import { AppLink } from '../shell/AppLink';
import { EntityLink } from '../shell/EntityLink';
import { Facts } from '../shell/Facts';
import { Section } from '../shell/Page';
import { relationsOf, refOf, repositoryOf, type Entity } from './api';
import { RelationLists } from './RelationLists';

const RelationGraph = lazy(() => import('./RelationGraph').then((m) => ({ default: m.RelationGraph })));

function AboutCard({ entity }: { entity: Entity }) {
  const annotations = entity.metadata.annotations ?? {};
  const repository = repositoryOf(entity);
  const owner = relationsOf(entity, 'ownedBy')[0] ?? entity.spec?.owner;
  const view = annotations['backstage.io/view-url'];
  const links = entity.metadata.links ?? [];
  const profile = entity.spec?.profile;
  return (
    <Section title="About">
      <Stack gap="md">
        <Facts
          labelWidth={96}
          items={[
            ['Owner', owner && <EntityLink entityRef={owner} defaultKind="group" />],
            ['System', relationsOf(entity, 'partOf').map((ref) => <EntityLink key={ref} entityRef={ref} />)[0]],
            ['Type', entity.spec?.type],
            ['Lifecycle', entity.spec?.lifecycle],
            ['Email', profile?.email],
            [
              'Repository',
              repository && (
                <Anchor component={AppLink} href={`/repositories/${repository}`} fz="sm">
                  {repository}
                </Anchor>
              ),
            ],
            [
              'Defined in',
              view && /^https?:/.test(view) && (
                <Anchor component={AppLink} href={view} fz="sm">
                  {view.split('/').at(-1)}
                </Anchor>
              ),
            ],
            [
              'On call',
              annotations['pagerduty.com/service-id'] && (
                <span className="mono">{annotations['pagerduty.com/service-id']}</span>
              ),
            ],
            [
              'Reference',
              <span key="ref" className="mono">
                {refOf(entity)}
              </span>,
            ],
          ]}
        />
        {links.length > 0 && (
          <Stack gap={6}>
            {links.map((link) => (
              <Anchor key={link.url} component={AppLink} href={link.url} fz="sm">
                <Group gap={6}>
                  <IconExternalLink size={14} />
                  {link.title ?? link.url}
                </Group>
              </Anchor>
            ))}
          </Stack>
        )}
      </Stack>
    </Section>
  );
}

function RelationsCard({ entity }: { entity: Entity }) {
  const [view, setView] = useState('graph');
  const any = (entity.relations ?? []).length > 0;
  return (
    <Section
      title="Relations"
      flush
      actions={
        any && (
          <SegmentedControl
            size="xs"
            value={view}
            onChange={setView}
            data={[
              { value: 'graph', label: 'Graph' },
              { value: 'list', label: 'List' },
            ]}
            aria-label="Show relations as"
          />
        )
      }
    >
      {!any ? (
        <Text c="dimmed" fz="sm" p="md">
          It stands alone. Relations come from <code>owner</code>, <code>system</code>, <code>dependsOn</code> and its
          APIs in catalog-info.yaml.
        </Text>
      ) : view === 'graph' ? (
        <Suspense fallback={<Box h={340} />}>
          <RelationGraph entity={entity} />
        </Suspense>
      ) : (
        <RelationLists entity={entity} />
      )}
    </Section>
  );
}

export function Overview({ entity }: { entity: Entity }) {
  const component = entity.kind === 'Component';
  const definition = typeof entity.spec?.definition === 'string' ? entity.spec.definition : undefined;
  const crowd = entity.kind === 'Group' || entity.kind === 'User';
  return (
    <Stack gap="md">
      {component && <EnvironmentCards service={entity.metadata.name} repository={repositoryOf(entity)} />}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack gap="md">
            <AboutCard entity={entity} />
            <ProvenanceCard entityRef={refOf(entity)} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8 }}>
          {crowd ? (
            <Section title="Relations" flush>
              <RelationLists entity={entity} />
            </Section>
          ) : (
            <RelationsCard entity={entity} />
          )}
        </Grid.Col>
      </Grid>
      {definition && (
        <Section title="Definition" flush>
          <Box
            component="pre"
            m={0}
            p="md"
            className="log"
            mah={520}
            style={{ overflow: 'auto' }}
            tabIndex={0}
            role="region"
            aria-label="Definition"
          >
            {definition}
          </Box>
        </Section>
      )}
    </Stack>
  );
}
