import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { api, path, type Diagnostic } from '../../api/client';
import { queryClient } from '../../api/query';
import type { WriteMode, Written } from '../../catalog/own';
import type { ProducedFile } from '../api';

export interface TemplateFiles {
  templateRef: string;
  location?: string | null;
  editable: boolean;
  reason?: string | null;
  directoryContents: ProducedFile[];
}

const filesPath = (namespace: string, name: string) => `/api/scaffolder/v1/templates/${path(namespace, name)}/files`;

export const useTemplateFiles = (namespace: string, name: string, enabled: boolean) =>
  useQuery({
    queryKey: ['scaffolder', 'files', namespace, name],
    enabled,
    // An editor is open on them: a refetch must not come between.
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    queryFn: ({ signal }) => api.get<TemplateFiles>(filesPath(namespace, name), signal),
  });

export const useSaveFiles = (namespace: string, name: string) =>
  useMutation({
    mutationFn: (change: { files: { path: string; base64Content: string | null }[]; message: string; mode: WriteMode }) =>
      api.post<Written>(filesPath(namespace, name), change),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['catalog'] }),
  });

/** What the server has to say of a template's text and the files beside it. */
export const useLint = (template: string, files: ProducedFile[], version: number, enabled: boolean) =>
  useQuery({
    queryKey: ['scaffolder', 'lint', version],
    enabled,
    gcTime: 0,
    retry: false,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (await api.post<{ diagnostics: Diagnostic[] }>('/api/scaffolder/v1/lint', { template, directoryContents: files }, signal))
        .diagnostics,
  });
