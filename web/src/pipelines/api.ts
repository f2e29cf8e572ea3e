import { useMutation, useQuery } from '@tanstack/react-query';
import { api, path, url, type Diagnostic, type Items } from '../api/client';
import { queryClient } from '../api/query';

export type RunStatus = 'queued' | 'waiting' | 'in_progress' | 'completed';
export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped' | null;

export interface RunStep {
  number: number;
  name: string;
  status: RunStatus;
  conclusion: Conclusion;
  startedAt?: string | null;
  endedAt?: string | null;
}

export interface Annotation {
  level: 'notice' | 'warning' | 'error' | string;
  message: string;
  file?: string | null;
  line?: number | null;
}

export interface RunJob {
  id: string;
  jobId?: string | null;
  key: string;
  name: string;
  needs?: string[];
  status: RunStatus;
  conclusion: Conclusion;
  environment?: string | null;
  startedAt?: string | null;
  endedAt?: string | null;
  steps?: RunStep[];
  annotations?: Annotation[];
  summary?: string | null;
}

export interface Run {
  id: string;
  number: number;
  repository: string;
  workflow: { name: string; path: string };
  event: string;
  ref: string;
  branch?: string;
  commit: { id: string; message: string; author?: string | { name: string; email?: string } };
  actor?: string;
  status: RunStatus;
  conclusion: Conclusion;
  waitingFor?: string | null;
  createdAt: string;
  startedAt?: string | null;
  endedAt?: string | null;
  errors?: Diagnostic[];
  jobs?: RunJob[];
}

export const useRuns = (repository?: string, limit = 30, enabled = true) =>
  useQuery({
    queryKey: ['pipelines', 'runs', repository, limit],
    enabled,
    queryFn: ({ signal }) => api.get<Items<Run>>(url('/api/pipelines/v1/runs', { repository, limit }), signal),
  });

export const useRun = (id: string) =>
  useQuery({
    queryKey: ['pipelines', 'run', id],
    queryFn: ({ signal }) => api.get<Run>(`/api/pipelines/v1/runs/${path(id)}`, signal),
    refetchInterval: (query) => (query.state.data?.status === 'completed' ? false : 2000),
  });

export function useRunAction(id: string) {
  return useMutation({
    mutationFn: (verb: 'cancel' | 'rerun') => api.post<Run | undefined>(`/api/pipelines/v1/runs/${path(id)}/${verb}`),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['pipelines'] }),
  });
}
