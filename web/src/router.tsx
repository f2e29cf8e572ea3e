import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { Box, Center, Loader } from '@mantine/core';
import { onSignedOut } from './api/client';
import { queryClient } from './api/query';
import { infoQuery, sessionQuery } from './identity/api';
import { NotFound } from './shell/NotFound';
import { Shell } from './shell/Shell';
import { ErrorState } from './shell/States';

const root = createRootRouteWithContext<object>()({ component: Outlet });

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  component: lazyRouteComponent(() => import('./identity/LoginPage'), 'LoginPage'),
});

const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: Shell,
  beforeLoad: async ({ location }) => {
    const [session] = await Promise.all([
      queryClient.ensureQueryData(sessionQuery),
      queryClient.prefetchQuery(infoQuery),
    ]);
    if (!session.user) throw redirect({ to: '/login', search: { next: location.href } as never });
  },
});

type Pages = Record<string, ComponentType<never>>;

// One page: its path, and the module and export that are loaded when somebody goes there.
function page<P extends string, M extends Pages>(path: P, load: () => Promise<M>, name: keyof M & string) {
  return createRoute({
    getParentRoute: () => app,
    path,
    component: lazyRouteComponent(load as unknown as () => Promise<Record<string, ComponentType>>, name),
  });
}

const pages = [
  page('/', () => import('./home/HomePage'), 'HomePage'),
  page('/catalog', () => import('./catalog/CatalogPage'), 'CatalogPage'),
  page('/catalog/register', () => import('./catalog/register/RegisterPage'), 'RegisterPage'),
  page('/catalog/findings', () => import('./catalog/FindingsPage'), 'FindingsPage'),
  page('/catalog/sources', () => import('./catalog/SourcesPage'), 'SourcesPage'),
  page('/catalog/$namespace/$kind/$name', () => import('./catalog/EntityPage'), 'EntityPage'),
  page('/catalog/$namespace/$kind/$name/decommission', () => import('./day2/DecommissionPage'), 'DecommissionPage'),
  page('/catalog/$namespace/$kind/$name/$tab', () => import('./catalog/EntityPage'), 'EntityPage'),
  page('/create', () => import('./scaffolder/GalleryPage'), 'GalleryPage'),
  page('/create/templates/$namespace/$name', () => import('./scaffolder/form/WizardPage'), 'WizardPage'),
  page('/create/tasks', () => import('./scaffolder/TasksPage'), 'TasksPage'),
  page('/create/edit', () => import('./scaffolder/editor/EditorPage'), 'EditorPage'),
  page('/create/actions', () => import('./scaffolder/reference/ActionsPage'), 'ActionsPage'),
  page('/create/tasks/$id', () => import('./scaffolder/TaskPage'), 'TaskPage'),
  page('/approvals', () => import('./day2/ApprovalsPage'), 'ApprovalsPage'),
  page('/upgrades', () => import('./day2/UpgradesPage'), 'UpgradesPage'),
  page('/upgrades/campaigns/$id', () => import('./day2/CampaignPage'), 'CampaignPage'),
  page('/repositories', () => import('./forge/RepositoriesPage'), 'RepositoriesPage'),
  page('/repositories/$owner/$name', () => import('./forge/RepositoryPage'), 'RepositoryPage'),
  page('/repositories/$owner/$name/pulls/$number', () => import('./forge/PullPage'), 'PullPage'),
  page('/repositories/$owner/$name/$', () => import('./forge/RepositoryPage'), 'RepositoryPage'),
  page('/runs', () => import('./pipelines/RunsPage'), 'RunsPage'),
  page('/runs/$id', () => import('./pipelines/RunPage'), 'RunPage'),
  page('/deployments', () => import('./deployments/DeploymentsPage'), 'DeploymentsPage'),
  page('/deployments/$id', () => import('./deployments/DeploymentPage'), 'DeploymentPage'),
  page('/infrastructure', () => import('./infra/InfrastructurePage'), 'InfrastructurePage'),
  page('/infrastructure/$workspace', () => import('./infra/WorkspacePage'), 'WorkspacePage'),
  page('/dora', () => import('./insights/DoraPage'), 'DoraPage'),
  page('/events', () => import('./events/EventsPage'), 'EventsPage'),
  page('/docs', () => import('./docs/DocsPage'), 'DocsPage'),
  page('/docs/$', () => import('./docs/DocsPage'), 'DocsPage'),
  page('/settings', () => import('./identity/SettingsPage'), 'SettingsPage'),
];

export const router = createRouter({
  routeTree: root.addChildren([login, app.addChildren(pages)]),
  context: {},
  scrollRestoration: true,
  defaultPreload: 'intent',
  // Plain strings in the address, as people write them.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(Object.entries(search as Record<string, string>)).toString();
    return text ? `?${text}` : '';
  },
  defaultNotFoundComponent: NotFound,
  defaultPendingComponent: () => (
    <Center h="60vh">
      <Loader aria-label="Loading" />
    </Center>
  ),
  defaultErrorComponent: ({ error }) => (
    <Box maw={640} mx="auto" p={40}>
      <ErrorState error={error} retry={() => location.reload()} />
    </Box>
  ),
});

onSignedOut(() => {
  if (location.pathname === '/login') return;
  queryClient.setQueryData(sessionQuery.queryKey, undefined);
  void router.navigate({ to: '/login', search: { next: location.pathname + location.search } as never });
});
