import { ActionIcon, Badge, Box, Button, Group, Tabs, Text, Tooltip } from '@mantine/core';
import { IconExternalLink, IconGitBranch, IconPlus, IconRefresh } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { api } from '../api/client';
import { queryClient } from '../api/query';
import { AppLink } from '../shell/AppLink';
import { EntityLink, KindIcon } from '../shell/EntityLink';
import { notifyDone, notifyError } from '../shell/notify';
import { Page } from '../shell/Page';
import { Loaded, LoadingRows } from '../shell/States';
import { Status } from '../shell/Status';
import { refOf, relationsOf, repositoryOf, titleOf, useEntity, type Entity } from './api';
import { EntityProblems } from './EntityProblems';

const Overview = lazy(() => import('./Overview').then((m) => ({ default: m.Overview })));
const PipelinesTab = lazy(() => import('../pipelines/PipelinesTab').then((m) => ({ default: m.PipelinesTab })));
const InfrastructureTab = lazy(() => import('../infra/InfrastructureTab').then((m) => ({ default: m.InfrastructureTab })));
const DeploymentsTab = lazy(() => import('../deployments/DeploymentsTab').then((m) => ({ default: m.DeploymentsTab })));
const EventsTab = lazy(() => import('../events/EventsTab').then((m) => ({ default: m.EventsTab })));
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
  { value: 'pipelines', label: 'Pipelines', show: isComponent, render: (entity) => <PipelinesTab repository={repositoryOf(entity)} /> },
  { value: 'deployments', label: 'Deployments', show: isComponent, render: (entity) => <DeploymentsTab service={entity.metadata.name} repository={repositoryOf(entity)} /> },
  { value: 'infrastructure', label: 'Infrastructure', show: isComponent, render: (entity) => <InfrastructureTab service={refOf(entity)} /> },
  { value: 'events', label: 'Events', show: () => true, render: (entity) => <EventsTab subject={refOf(entity)} /> },
  { value: 'yaml', label: 'YAML', show: () => true, render: (entity) => <YamlTab entity={entity} /> },
];

function RefreshButton({ entity }: { entity: Entity }) {
  const refresh = useMutation({
    mutationFn: () => api.post('/api/catalog/refresh', { entityRef: refOf(entity) }),
    onSuccess: () => {
      notifyDone('Reading it again', 'Changes in its file appear in a moment.');
      void queryClient.invalidateQueries({ queryKey: ['catalog'] });
    },
    onError: notifyError('Could not refresh'),
  });
  return (
    <Tooltip label="Read its file again">
      <ActionIcon variant="default" size={34} onClick={() => refresh.mutate()} loading={refresh.isPending} aria-label="Read its file again">
        <IconRefresh size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

function HeaderActions({ entity }: { entity: Entity }) {
  const repository = repositoryOf(entity);
  const view = entity.metadata.annotations?.['backstage.io/view-url'];
  return (
    <>
      <RefreshButton entity={entity} />
      {entity.kind === 'Template' && (
        <Button component={AppLink} href={`/create/templates/${entity.metadata.namespace ?? 'default'}/${entity.metadata.name}`} leftSection={<IconPlus size={16} />}>Use template</Button>
      )}
      {repository ? (
        <Button component={AppLink} href={`/repositories/${repository}`} variant="default" leftSection={<IconGitBranch size={16} />}>Repository</Button>
      ) : (
        view && /^https?:/.test(view) && <Button component={AppLink} href={view} variant="default" leftSection={<IconExternalLink size={16} />}>Source</Button>
      )}
    </>
  );
}

function HeaderLine({ entity }: { entity: Entity }) {
  const owner = relationsOf(entity, 'ownedBy')[0] ?? entity.spec?.owner;
  const system = relationsOf(entity, 'partOf')[0];
  return (
    <Group gap={16} mt={4}>
      {entity.metadata.description && <Text c="dimmed" w="100%">{entity.metadata.description}</Text>}
      {owner && <Group gap={6}><Text c="dimmed" fz="sm">Owner</Text><EntityLink entityRef={owner} defaultKind="group" /></Group>}
      {system && <Group gap={6}><Text c="dimmed" fz="sm">Part of</Text><EntityLink entityRef={system} defaultKind="system" /></Group>}
      {entity.spec?.lifecycle && <Status status={entity.spec.lifecycle} />}
      {(entity.metadata.tags ?? []).map((tag) => <Badge key={tag}>{tag}</Badge>)}
    </Group>
  );
}

function EntityView({ entity, tab }: { entity: Entity; tab: string }) {
  const navigate = useNavigate();
  const tabs = TABS.filter((each) => each.show(entity));
  const current = tabs.find((each) => each.value === tab) ?? tabs[0]!;
  const namespace = entity.metadata.namespace ?? 'default';
  const base = `/catalog/${namespace}/${entity.kind.toLowerCase()}/${entity.metadata.name}`;
  const type = entity.spec?.type ? `${entity.kind} · ${entity.spec.type}` : entity.kind;
  return (
    <Page
      name={titleOf(entity)}
      title={<Group gap={10}><KindIcon kind={entity.kind} size={22} />{titleOf(entity)}</Group>}
      crumbs={[{ label: 'Catalog', href: `/catalog?kind=${entity.kind}` }, { label: type }]}
      description={<HeaderLine entity={entity} />}
      actions={<HeaderActions entity={entity} />}
    >
      <EntityProblems entity={entity} />
      <Tabs value={current.value} onChange={(value) => void navigate({ to: (value === 'overview' ? base : `${base}/${value}`) as never, replace: true, resetScroll: false })}>
        <Tabs.List mb={20}>
          {tabs.map((each) => <Tabs.Tab key={each.value} value={each.value}>{each.label}</Tabs.Tab>)}
        </Tabs.List>
        {tabs.map((each) => (
          <Tabs.Panel key={each.value} value={each.value}>
            <Suspense fallback={<Box className="surface"><LoadingRows /></Box>}>{each.value === current.value && each.render(entity)}</Suspense>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

export function EntityPage() {
  const { namespace = 'default', kind = 'component', name = '', tab } = useParams({ strict: false }) as Record<string, string | undefined>;
  const query = useEntity({ namespace, kind, name });
  if (!query.data)
    return (
      <Page title={name} crumbs={[{ label: 'Catalog', href: '/catalog' }]}>
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    );
  return <EntityView entity={query.data} tab={tab ?? 'overview'} />;
}
