import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client';

export interface Action {
  id: string;
  description?: string;
  examples?: { description: string; example: string }[];
  schema?: { input?: Record<string, unknown>; output?: Record<string, unknown> };
}

export const useActions = () =>
  useQuery({
    queryKey: ['scaffolder', 'actions'],
    staleTime: 300_000,
    queryFn: ({ signal }) => api.get<Action[]>('/api/scaffolder/v2/actions', signal),
  });

export interface Extension {
  description?: string;
  schema?: { input?: unknown; arguments?: unknown; output?: unknown };
  examples?: { description?: string; example: string; notes?: string }[];
}

export interface Extensions {
  filters?: Record<string, Extension>;
  globals?: { functions?: Record<string, Extension>; values?: Record<string, Extension & { value?: unknown }> };
}

export const useExtensions = () =>
  useQuery({
    queryKey: ['scaffolder', 'templating-extensions'],
    staleTime: 300_000,
    queryFn: ({ signal }) => api.get<Extensions>('/api/scaffolder/v2/templating-extensions', signal),
  });
