import { useMutation, useQuery } from '@tanstack/react-query';
import { api, path, url, type Items } from '../api/client';
import { queryClient } from '../api/query';

export interface Health {
  status: 'healthy' | 'unhealthy' | 'starting' | 'crashed' | 'stopped' | string;
  lastCheckAt?: string | null;
  latencyMs?: number | null;
  error?: string | null;
}

export interface Current {
  deploymentId: string;
  release: string;
  commit: string;
  commitMessage?: string;
  state: string;
  since: string;
  restarts: number;
  health?: Health | null;
}

export interface ServiceEnvironment {
  environment: string;
  production: boolean;
  url: string;
  current: Current | null;
  previous: { deploymentId: string; release: string; commit: string } | null;
}

export interface Service {
  service: string;
  environments: ServiceEnvironment[];
}

export type DeploymentState = 'queued' | 'starting' | 'verifying' | 'live' | 'superseded' | 'failed' | 'stopped';

export interface Deployment {
  id: string;
  service: string;
  environment: string;
  release: string;
  commit: string;
  commitMessage?: string;
  kind: 'deploy' | 'rollback';
  state: DeploymentState;
  reason?: string | null;
  actor?: string;
  createdAt: string;
  startedAt?: string | null;
  finishedAt?: string | null;
  jobId?: string | null;
}

export interface Release {
  digest: string;
  commit: string;
  message?: string;
  tags?: string[];
  size?: number;
  createdAt: string;
}

export const useServices = () =>
  useQuery({
    queryKey: ['deployments', 'services'],
    queryFn: ({ signal }) => api.get<Items<Service>>('/api/deployments/v1/services', signal),
    refetchInterval: 20_000,
  });

/** One service; null where nothing was ever deployed. */
export const useService = (service: string, enabled = true) =>
  useQuery({
    queryKey: ['deployments', 'service', service],
    enabled,
    refetchInterval: 10_000,
    queryFn: async ({ signal }) => {
      const all = await api.get<Items<Service>>('/api/deployments/v1/services', signal);
      return all.items.find((each) => each.service === service) ?? null;
    },
  });

export const useDeployments = (filter: { service?: string; environment?: string; limit?: number }, enabled = true) =>
  useQuery({
    queryKey: ['deployments', 'list', filter],
    enabled,
    queryFn: ({ signal }) => api.get<Items<Deployment>>(url('/api/deployments/v1/deployments', filter), signal),
  });

export const useReleases = (service: string) =>
  useQuery({
    queryKey: ['deployments', 'releases', service],
    queryFn: ({ signal }) => api.get<Items<Release>>(`/api/deployments/v1/services/${path(service)}/releases`, signal),
  });

export const useServiceLog = (service: string, environment: string, enabled: boolean) =>
  useQuery({
    queryKey: ['deployments', 'log', service, environment],
    enabled,
    refetchInterval: 3000,
    queryFn: ({ signal }) =>
      api.get<{ lines: (string | { t?: string; text: string })[] }>(
        `/api/deployments/v1/services/${path(service)}/environments/${path(environment)}/log?tail=300`,
        signal,
      ),
  });

const refresh = () => queryClient.invalidateQueries({ queryKey: ['deployments'] });

export function useRollback(service: string, environment: string) {
  return useMutation({
    mutationFn: (to?: string) =>
      api.post<Deployment>(
        `/api/deployments/v1/services/${path(service)}/environments/${path(environment)}/rollback`,
        to ? { to } : {},
      ),
    onSettled: refresh,
  });
}

export function useDeploy() {
  return useMutation({
    mutationFn: (request: { service: string; environment: string; release: string }) =>
      api.post<Deployment>('/api/deployments/v1/deployments', request),
    onSettled: refresh,
  });
}

export const short = (commit: string | null | undefined) => (commit ? commit.slice(0, 7) : '–');
export const shortDigest = (digest: string | null | undefined) =>
  digest ? digest.replace(/^sha256:/, '').slice(0, 12) : '–';
