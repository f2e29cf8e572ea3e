import { useMutation, useQuery } from '@tanstack/react-query';
import { api, path, url, type Items } from '../api/client';
import { queryClient } from '../api/query';

export interface Output {
  value: unknown;
  sensitive: boolean;
}

export interface Workspace {
  id: string;
  name: string;
  module: string;
  service?: string;
  environment?: string;
  state?: string;
  outputs?: Record<string, Output>;
  resources?: { address: string; type: string }[];
  serial?: number | null;
  lock?: { who: string; operation: string; created: string } | null;
  updatedAt?: string;
}

export interface InfraRun {
  id: string;
  jobId: string;
  workspace: string;
  operation: 'plan' | 'apply' | 'destroy' | string;
  state: string;
  plan?: { add: number; change: number; destroy: number; changes?: { address: string; action: string }[] } | null;
  actor?: string;
  createdAt: string;
  endedAt?: string | null;
  error?: string | { message: string } | null;
}

export interface Module {
  name: string;
  description?: string;
  path?: string;
  schema?: {
    properties?: Record<string, { type?: string; description?: string; default?: unknown }>;
    required?: string[];
  };
}

export const useModules = () =>
  useQuery({
    queryKey: ['infra', 'modules'],
    queryFn: ({ signal }) => api.get<Items<Module>>('/api/infra/v1/modules', signal),
  });

export const useWorkspaces = (service?: string, enabled = true) =>
  useQuery({
    queryKey: ['infra', 'workspaces', service],
    enabled,
    queryFn: ({ signal }) => api.get<Items<Workspace>>(url('/api/infra/v1/workspaces', { service }), signal),
  });

export const useWorkspace = (name: string) =>
  useQuery({
    queryKey: ['infra', 'workspace', name],
    queryFn: ({ signal }) => api.get<Workspace>(`/api/infra/v1/workspaces/${path(name)}`, signal),
  });

export const useInfraRuns = (filter: { workspace?: string; service?: string; limit?: number }) =>
  useQuery({
    queryKey: ['infra', 'runs', filter],
    queryFn: ({ signal }) => api.get<Items<InfraRun>>(url('/api/infra/v1/runs', filter), signal),
  });

export function useWorkspaceAction(name: string) {
  return useMutation({
    mutationFn: (action: 'plan' | 'apply' | 'destroy' | 'unlock') =>
      action === 'unlock'
        ? api.post<InfraRun>(`/api/infra/v1/workspaces/${path(name)}/unlock`)
        : api.post<InfraRun>(`/api/infra/v1/workspaces/${path(name)}/runs`, { operation: action }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['infra'] }),
  });
}
