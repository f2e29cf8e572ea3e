import { useQuery } from '@tanstack/react-query';
import { api, path, url, type Items } from '../api/client';

export interface Repository {
  owner: string;
  name: string;
  description?: string;
  defaultBranch?: string;
  head?: string | null;
  cloneUrl?: string;
  url?: string;
  createdAt?: string;
  updatedAt?: string;
  pushedAt?: string;
  [key: string]: unknown;
}

export interface Commit {
  id: string;
  message: string;
  author: { name: string; email: string };
  timestamp: string;
}

export interface TreeItem {
  path: string;
  type: 'file' | 'dir' | 'blob' | 'tree' | string;
  size?: number;
}

export interface Branch {
  name: string;
  head: string;
  protected: boolean;
}

const base = (owner: string, name: string) => `/api/forge/v1/repositories/${path(owner, name)}`;

export const useRepositories = () =>
  useQuery({
    queryKey: ['forge', 'list'],
    queryFn: ({ signal }) => api.get<Items<Repository>>('/api/forge/v1/repositories', signal),
  });

export const useRepository = (owner: string, name: string) =>
  useQuery({
    queryKey: ['forge', owner, name],
    queryFn: ({ signal }) => api.get<Repository>(base(owner, name), signal),
  });

export const useCommits = (owner: string, name: string, ref?: string, limit = 30, enabled = true) =>
  useQuery({
    queryKey: ['forge', owner, name, 'commits', ref, limit],
    enabled,
    queryFn: ({ signal }) => api.get<Items<Commit>>(url(`${base(owner, name)}/commits`, { ref, limit }), signal),
  });

export const useTree = (owner: string, name: string, ref: string | undefined, folder: string) =>
  useQuery({
    queryKey: ['forge', owner, name, 'tree', ref, folder],
    enabled: !!ref,
    queryFn: ({ signal }) => api.get<Items<TreeItem>>(url(`${base(owner, name)}/tree`, { ref, path: folder }), signal),
  });

export const useFile = (owner: string, name: string, ref: string | undefined, file: string | undefined) =>
  useQuery({
    queryKey: ['forge', owner, name, 'file', ref, file],
    enabled: !!file && !!ref,
    queryFn: ({ signal }) => api.text(url(`${base(owner, name)}/file`, { ref, path: file }), signal),
  });

export const useBranches = (owner: string, name: string, enabled = true) =>
  useQuery({
    queryKey: ['forge', owner, name, 'branches'],
    enabled,
    retry: false,
    queryFn: ({ signal }) => api.get<Items<Branch>>(`${base(owner, name)}/branches`, signal),
  });
