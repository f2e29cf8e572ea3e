// Pull requests of the built-in forge.
import { useMutation, useQuery } from '@tanstack/react-query';
import { api, path, url, type Items } from '../api/client';
import { queryClient } from '../api/query';
import type { Commit } from './api';

export type PullState = 'open' | 'merged' | 'closed';

export interface Pull {
  number: number;
  title: string;
  body?: string;
  state: PullState;
  author: string;
  head: string;
  base: string;
  mergeable?: boolean | null;
  createdAt: string;
  updatedAt?: string;
  mergedAt?: string | null;
  mergedBy?: string | null;
  labels?: string[];
}

export interface PullFile {
  path: string;
  oldPath?: string;
  status: 'added' | 'modified' | 'deleted' | 'renamed' | string;
  additions: number;
  deletions: number;
  diff: string;
}

export interface PullComment {
  id: string | number;
  author: string;
  body: string;
  createdAt: string;
}

export interface Slug {
  owner: string;
  name: string;
}

const base = ({ owner, name }: Slug) => `/api/forge/v1/repositories/${path(owner, name)}/pulls`;
const key = ({ owner, name }: Slug, ...rest: unknown[]) => ['forge', owner, name, 'pulls', ...rest];

export const pullHref = ({ owner, name }: Slug, number: number) => `/repositories/${owner}/${name}/pulls/${number}`;

export const usePulls = (slug: Slug, state: string) =>
  useQuery({
    queryKey: key(slug, 'list', state),
    queryFn: ({ signal }) => api.get<Items<Pull> & { totalItems: number }>(url(base(slug), { state }), signal),
  });

export const usePull = (slug: Slug, number: number) =>
  useQuery({
    queryKey: key(slug, number),
    queryFn: ({ signal }) => api.get<Pull>(`${base(slug)}/${number}`, signal),
  });

export const usePullPart = <T>(slug: Slug, number: number, part: 'files' | 'commits' | 'comments') =>
  useQuery({
    queryKey: key(slug, number, part),
    queryFn: ({ signal }) => api.get<Items<T>>(`${base(slug)}/${number}/${part}`, signal),
  });

export const usePullFiles = (slug: Slug, number: number) => usePullPart<PullFile>(slug, number, 'files');
export const usePullCommits = (slug: Slug, number: number) => usePullPart<Commit>(slug, number, 'commits');
export const usePullComments = (slug: Slug, number: number) => usePullPart<PullComment>(slug, number, 'comments');

export type PullVerb =
  | { verb: 'merge'; body: { method: 'merge' | 'squash' } }
  | { verb: 'close' | 'reopen'; body?: undefined }
  | { verb: 'comments'; body: { body: string } };

export function usePullAction(slug: Slug, number: number) {
  return useMutation({
    mutationFn: ({ verb, body }: PullVerb) => api.post<Pull>(`${base(slug)}/${number}/${verb}`, body ?? {}),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: ['forge', slug.owner, slug.name] }),
  });
}

export function useOpenPull(slug: Slug) {
  return useMutation({
    mutationFn: (pull: { title: string; body: string; head: string; base: string }) =>
      api.post<Pull>(base(slug), pull),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: key(slug) }),
  });
}
