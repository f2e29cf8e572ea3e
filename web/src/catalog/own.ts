// What the catalog offers beyond Backstage's API: origin, history, the file behind an entity, findings, sources, kinds.
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { api, ApiError, path, url, type Diagnostic, type Items } from '../api/client';
import { queryClient } from '../api/query';
import { notifyDone } from '../shell/notify';
import { parseRef } from './entity';
import type { Entity } from './entity';

const ROOT = '/api/catalog/v1';

const entityPath = (ref: string, rest: string) => {
  const { kind, namespace, name } = parseRef(ref);
  return `${ROOT}/entities/${path(kind, namespace, name)}/${rest}`;
};

export type SourceOrigin = 'config' | 'registered' | 'discovery';

export interface Origin {
  ref: string;
  /** "type:target" */
  source?: string | null;
  url?: string | null;
  file?: string | null;
  line?: number | null;
  location?: { id?: string; type: string; target: string; origin: SourceOrigin } | null;
  readAt?: string | null;
  changedAt?: string | null;
  revision?: string | null;
  nextReadAt?: string | null;
  findings?: (Diagnostic & { pointer?: string })[];
}

export const useOrigin = (ref: string) =>
  useQuery({
    queryKey: ['catalog', 'origin', ref],
    queryFn: ({ signal }) => api.get<Origin>(entityPath(ref, 'origin'), signal),
  });

export interface FieldChange {
  path: string;
  before?: unknown;
  after?: unknown;
}

export interface Change {
  id: string;
  at: string;
  change: 'created' | 'updated' | 'deleted';
  actor?: string | null;
  revision?: string | null;
  url?: string | null;
  changes: FieldChange[];
}

const HISTORY_PAGE = 30;

export const useHistory = (ref: string) =>
  useInfiniteQuery({
    queryKey: ['catalog', 'history', ref],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      api.get<Items<Change>>(url(entityPath(ref, 'history'), { limit: HISTORY_PAGE, before: pageParam }), signal),
    getNextPageParam: ({ items }) => (items.length < HISTORY_PAGE ? undefined : items.at(-1)?.id),
  });

export const usePastState = (ref: string, id: string | undefined) =>
  useQuery({
    queryKey: ['catalog', 'history', ref, id],
    enabled: !!id,
    staleTime: Infinity,
    queryFn: ({ signal }) =>
      api.get<{ id: string; at: string; entity: Entity | null }>(
        entityPath(ref, `history/${encodeURIComponent(id!)}`),
        signal,
      ),
  });

export type WriteMode = 'commit' | 'pull-request';

export interface CatalogFile {
  url?: string | null;
  repository?: { owner: string; name: string } | null;
  path: string;
  ref?: string | null;
  revision?: string | null;
  content: string;
  editable: boolean;
  /** What the one who asks may do. */
  modes?: WriteMode[];
  reason?: string | null;
}

export const useCatalogFile = (ref: string) =>
  useQuery({
    queryKey: ['catalog', 'file', ref],
    // An editor is open on it: a refetch must not come between.
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    queryFn: ({ signal }) => api.get<CatalogFile>(entityPath(ref, 'file'), signal),
  });

export interface Written {
  commit: string;
  branch: string;
  url: string;
}

export const readFileAgain = (ref: string) => api.get<CatalogFile>(entityPath(ref, 'file'));

export interface FileChange {
  content: string;
  revision: string;
  message?: string;
  mode: WriteMode;
}

export const useWriteFile = (ref: string) =>
  useMutation({
    mutationFn: (change: FileChange) => api.post<Written>(entityPath(ref, 'file'), change),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['catalog'] }),
  });

/** What the catalog would say of a text as the content of the file. */
export const useCheckFile = (ref: string, change: FileChange, enabled: boolean) =>
  useQuery({
    queryKey: ['catalog', 'check', ref, change.revision, change.content],
    enabled,
    gcTime: 0,
    retry: false,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (
        await api.post<{ diagnostics: Diagnostic[] }>(
          url(entityPath(ref, 'file'), { dryRun: 'true' }),
          { content: change.content, revision: change.revision, mode: change.mode },
          signal,
        )
      ).diagnostics,
  });

export interface Proposal {
  id: string;
  title: string;
  reason: string;
  /** None where something is added. */
  before?: string | null;
  after: string;
  editable: boolean;
}

export interface Finding {
  id: string;
  type: string;
  severity: 'error' | 'warning' | 'info';
  ref?: string | null;
  message: string;
  file?: string | null;
  line?: number | null;
  pointer?: string | null;
  proposal: Proposal | null;
}

export interface FindingsPage extends Items<Finding> {
  totalItems: number;
  counts: Record<string, number>;
}

export interface FindingsFilter {
  type?: string;
  ref?: string;
  owner?: string;
}

const FINDINGS_PAGE = 50;

/** Page by page: for each that is shown a proposal is looked for. */
export const useFindings = (filter: FindingsFilter) =>
  useInfiniteQuery({
    queryKey: ['catalog', 'findings', filter],
    initialPageParam: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) =>
      api.get<FindingsPage>(
        url(`${ROOT}/findings`, { ...filter, limit: FINDINGS_PAGE, offset: pageParam || undefined }),
        signal,
      ),
    getNextPageParam: ({ items }, pages) =>
      items.length < FINDINGS_PAGE ? undefined : pages.reduce((sum, page) => sum + page.items.length, 0),
  });

/** How many there are, without any of them. */
export const findingCounts = (filter: FindingsFilter) => ({
  queryKey: ['catalog', 'findings', 'counts', filter],
  retry: false,
  staleTime: 60_000,
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    api.get<FindingsPage>(url(`${ROOT}/findings`, { ...filter, limit: 0 }), signal),
});

export const useFindingCounts = (filter: FindingsFilter) => useQuery(findingCounts(filter));

export const useApplyFinding = () =>
  useMutation({
    mutationFn: ({ id, ref, mode }: { id: string; ref?: string | null; mode: WriteMode }) =>
      api.post<Written>(`${ROOT}/findings/${encodeURIComponent(id)}/apply`, { mode, ...(ref ? { ref } : {}) }),
    onSuccess: (written, { mode }) => {
      // What is mended leaves the list, and its row with it.
      if (mode === 'commit') notifyDone('Committed', `${written.commit.slice(0, 7)} is on ${written.branch}.`);
      return queryClient.invalidateQueries({ queryKey: ['catalog'] });
    },
  });

export interface Source {
  id: string;
  type: string;
  target: string;
  origin: SourceOrigin;
  state: 'ok' | 'failing' | 'reading' | 'new';
  lastReadAt?: string | null;
  nextReadAt?: string | null;
  failures?: number;
  lastError?: string | null;
  entityCount?: number;
}

export const useSources = () =>
  useQuery({
    queryKey: ['catalog', 'sources'],
    queryFn: ({ signal }) => api.get<Items<Source>>(`${ROOT}/sources`, signal),
  });

export interface Kind {
  apiVersion: string;
  kind: string;
  plural?: string;
  schema?: unknown;
  custom: boolean;
}

export const useKinds = (enabled = true) =>
  useQuery({
    queryKey: ['catalog', 'kinds'],
    enabled,
    staleTime: 300_000,
    queryFn: ({ signal }) => api.get<Items<Kind>>(`${ROOT}/kinds`, signal),
  });

/** A route of a server that does not know it: what it would have shown is left out. */
export const isAbsent = (error: unknown) => error instanceof ApiError && error.status === 404;
