import { Box, Group, Tabs } from '@mantine/core';
import { useNavigate, useParams } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { KindIcon } from '../shell/EntityLink';
import { Page } from '../shell/Page';
import { Loaded, LoadingRows } from '../shell/States';
import { refOf, repositoryOf, titleOf, useEntity, type Entity } from './api';
import { HeaderActions, HeaderLine } from './EntityHeader';
import { EntityProblems } from './EntityProblems';

const Overview = lazy(() => import('./Overview').then((m) => ({ default: m.Overview })));
const PipelinesTab = lazy(() => import('../pipelines/PipelinesTab').then((m) => ({ default: m.PipelinesTab })));
const InfrastructureTab = lazy(() =>
  import('../infra/InfrastructureTab').then((m) => ({ default: m.InfrastructureTab })),
);
const DeploymentsTab = lazy(() => import('../deployments/DeploymentsTab').then((m) => ({ default: m.DeploymentsTab })));
const EventsTab = lazy(() => import('../events/EventsTab').then((m) => ({ default: m.EventsTab })));
const DefinitionTab = lazy(() => import('./definition/DefinitionTab').then((m) => ({ default: m.DefinitionTab })));
const RelationsCard = lazy(() => import('./RelationsCard').then((m) => ({ default: m.RelationsCard })));
const HistoryTab = lazy(() => import('./HistoryTab').then((m) => ({ default: m.HistoryTab })));
const EditTab = lazy(() => import('./EditTab').then((m) => ({ default: m.EditTab })));
const YamlTab = lazy(() => import('./YamlTab').then((m) => ({ default: m.YamlTab })));

interface TabInfo {
  value: string;
  label: string;
  show: (entity: Entity) => boolean;
  render: (entity: Entity) => React.ReactNode;
}

const isComponent = (entity: Entity) => entity.kind === 'Component';

const TABS: TabInfo[] = [
  { value: 'overview', label: 'Overview', show: () => true, render: (entity) => <Overview entity={entity} /> },
  {
    value: 'definition',
    label: 'Definition',
    show: (entity) => entity.kind === 'API',
    render: (entity) => <DefinitionTab entity={entity} />,
  },
  {
    value: 'pipelines',
    label: 'Pipelines',
    show: isComponent,
    render: (entity) => <PipelinesTab repository={repositoryOf(entity)} />,
  },
  {
    value: 'deployments',
    label: 'Deployments',
    show: isComponent,
    render: (entity) => <DeploymentsTab service={entity.metadata.name} repository={repositoryOf(entity)} />,
  },
  {
    value: 'infrastructure',
    label: 'Infrastructure',
    show: isComponent,
    render: (entity) => <InfrastructureTab service={refOf(entity)} />,
  },
  {
    value: 'relations',
    label: 'Relations',
    show: () => true,
    render: (entity) => <RelationsCard entity={entity} height="max(420px, calc(100dvh - 380px))" />,
  },
  { value: 'history', label: 'History', show: () => true, render: (entity) => <HistoryTab entity={entity} /> },
  { value: 'events', label: 'Events', show: () => true, render: (entity) => <EventsTab subject={refOf(entity)} /> },
  { value: 'edit', label: 'Edit', show: () => true, render: (entity) => <EditTab entity={entity} /> },
  { value: 'yaml', label: 'YAML', show: () => true, render: (entity) => <YamlTab entity={entity} /> },
];

function EntityView({ entity, tab }: { entity: Entity; tab: string }) {
  const navigate = useNavigate();
  const tabs = TABS.filter((each) => each.show(entity));
  const current = tabs.find((each) => each.value === tab) ?? tabs[0]!;
  const namespace = entity.metadata.namespace ?? 'default';
  const base = `/catalog/${namespace}/${entity.kind.toLowerCase()}/${entity.metadata.name}`;
  const type = typeof entity.spec?.type === 'string' ? `${entity.kind} · ${entity.spec.type}` : entity.kind;
  return (
    <Page
      name={titleOf(entity)}
      title={
        <Group gap={10} wrap="nowrap">
          <KindIcon kind={entity.kind} size={22} />
          <span style={{ overflowWrap: 'anywhere', minWidth: 0 }}>{titleOf(entity)}</span>
        </Group>
      }
      crumbs={[{ label: 'Catalog', href: `/catalog?kind=${entity.kind}` }, { label: type }]}
      description={<HeaderLine entity={entity} />}
      actions={<HeaderActions entity={entity} />}
    >
      <EntityProblems entity={entity} />
      <Tabs
        className="scroll-tabs"
        value={current.value}
        onChange={(value) =>
          void navigate({
            to: (value === 'overview' ? base : `${base}/${value}`) as never,
            replace: true,
            resetScroll: false,
          })
        }
      >
        <Tabs.List mb={20}>
          {tabs.map((each) => (
            <Tabs.Tab key={each.value} value={each.value}>
              {each.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map((each) => (
          <Tabs.Panel key={each.value} value={each.value}>
            <Suspense
              fallback={
                <Box className="surface">
                  <LoadingRows />
                </Box>
              }
            >
              {each.value === current.value && each.render(entity)}
            </Suspense>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

export function EntityPage() {
  const {
    namespace = 'default',
    kind = 'component',
    name = '',
    tab,
  } = useParams({ strict: false }) as Record<string, string | undefined>;
  const query = useEntity({ namespace, kind, name });
  if (!query.data)
    return (
      <Page title={name} crumbs={[{ label: 'Catalog', href: '/catalog' }]}>
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    );
  return <EntityView entity={query.data} tab={tab ?? 'overview'} />;
}
