import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { api, path, url, type Diagnostic, type Items } from '../api/client';
import type { Job } from '../api/jobs';

export interface ParameterPage {
  title?: string;
  description?: string;
  when?: unknown;
  schema: Record<string, unknown>;
}

export interface ParameterSchema {
  title: string;
  description?: string;
  steps: ParameterPage[];
  presentation?: { buttonLabels?: { backButtonText?: string; createButtonText?: string; reviewButtonText?: string } };
}

export interface TaskLink {
  title?: string;
  icon?: string;
  url?: string;
  entityRef?: string;
}

export interface Task {
  id: string;
  spec: {
    steps: { id: string; name: string; action: string }[];
    parameters: Record<string, unknown>;
    user?: { ref?: string };
    templateInfo?: {
      entityRef: string;
      entity?: { metadata?: { title?: string; name?: string } };
    };
  };
  status: 'open' | 'processing' | 'completed' | 'failed' | 'cancelled' | 'skipped' | string;
  createdAt: string;
  lastHeartbeatAt?: string;
  createdBy?: string;
}

export interface ProvenanceObject {
  type: 'repository' | 'file' | 'entity' | 'workspace' | 'location' | string;
  ref: string;
  url?: string | null;
  detail?: unknown;
}

export interface Provenance {
  id: string;
  taskId: string;
  template: string;
  templateVersion?: string;
  inputs: Record<string, unknown>;
  actor?: string;
  createdAt: string;
  objects: ProvenanceObject[];
}

export function useParameterSchema(namespace: string, name: string) {
  return useQuery({
    queryKey: ['scaffolder', 'schema', namespace, name],
    queryFn: ({ signal }) =>
      api.get<ParameterSchema>(
        `/api/scaffolder/v2/templates/${path(namespace)}/template/${path(name)}/parameter-schema`,
        signal,
      ),
  });
}

export interface TaskInput {
  values: Record<string, unknown>;
  secrets?: Record<string, string>;
}

export function useCreateTask() {
  return useMutation({
    // Its variables hold the secrets: they are not kept.
    gcTime: 0,
    mutationFn: (task: TaskInput & { templateRef: string }) =>
      api.post<{ id: string }>('/api/scaffolder/v2/tasks', task),
  });
}

export interface Effect {
  step?: string;
  action: string;
  operation: 'create' | 'update' | 'delete' | string;
  kind: string;
  ref: string;
  url?: string | null;
  detail?: unknown;
  /** A unified diff, where the thing exists already. */
  diff?: string | null;
}

export interface ProducedFile {
  path: string;
  base64Content: string;
  executable?: boolean;
}

export interface DryRun {
  log: { body: { message: string; stepId?: string; status?: string } }[];
  directoryContents: ProducedFile[];
  output?: TaskOutput;
  steps?: { id: string; name: string; action: string }[];
  effects?: Effect[];
  diagnostics?: Diagnostic[];
}

/** What a run would do, from the same code, without doing it. */
export const usePreview = () =>
  useMutation({
    gcTime: 0,
    mutationFn: (task: TaskInput & { templateRef: string }) => api.post<DryRun>('/api/scaffolder/v1/preview', task),
  });

export const useDryRun = () =>
  useMutation({
    gcTime: 0,
    mutationFn: (body: TaskInput & { template: unknown; directoryContents: ProducedFile[] }) =>
      api.post<DryRun>('/api/scaffolder/v2/dry-run', body),
  });

export interface TaskFilter {
  limit?: number;
  offset?: number;
  createdBy?: string;
  status?: string;
  templateRef?: string;
  /** "desc:created_at", as the API has it. */
  order?: string;
}

export function useTasks(filter: TaskFilter) {
  const { limit = 20, offset = 0 } = filter;
  return useQuery({
    queryKey: ['scaffolder', 'tasks', filter],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      api.get<{ tasks: Task[]; totalTasks?: number }>(
        url('/api/scaffolder/v2/tasks', { ...filter, limit, offset }),
        signal,
      ),
  });
}

export function useTask(id: string) {
  return useQuery({
    queryKey: ['scaffolder', 'task', id],
    queryFn: ({ signal }) => api.get<Task>(`/api/scaffolder/v2/tasks/${id}`, signal),
  });
}

export function useProvenance(filter: { entity?: string; repository?: string }, enabled = true) {
  return useQuery({
    queryKey: ['scaffolder', 'provenance', filter],
    enabled,
    queryFn: ({ signal }) => api.get<Items<Provenance>>(url('/api/scaffolder/v1/provenance', filter), signal),
  });
}

export interface TaskOutput {
  links?: TaskLink[];
  text?: { title?: string; content: string }[];
}

export const outputOf = (job: Job | undefined): TaskOutput => (job?.output ?? {}) as TaskOutput;
