import { useMutation, useQuery } from '@tanstack/react-query';
import { api, type Items } from '../api/client';
import { queryClient } from '../api/query';

export interface Session {
  user: { ref: string; name: string; displayName?: string; email?: string } | null;
  groups: string[];
  roles: string[];
  providers: string[];
}

export interface AppInfo {
  title: string;
  organization?: string;
  version: string;
  baseUrl: string;
  environments: { name: string; production: boolean }[];
}

export interface Token {
  id: string;
  name: string;
  scopes: string[];
  createdAt: string;
  expiresAt?: string | null;
  lastUsedAt?: string | null;
}

export const sessionQuery = {
  queryKey: ['identity', 'session'],
  queryFn: () => api.get<Session>('/api/identity/v1/session'),
  staleTime: 60_000,
};

export const infoQuery = {
  queryKey: ['app', 'info'],
  queryFn: () => api.get<AppInfo>('/api/app/v1/info'),
  staleTime: Infinity,
};

export const useSession = () => useQuery(sessionQuery);
export const useInfo = () => useQuery(infoQuery);

/** How to call somebody. */
export function nameOf(user: NonNullable<Session['user']>): string {
  const name = user.displayName || user.name;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Everything whose ownership counts as "mine": the user and all groups. */
export function useMyRefs(): string[] {
  const session = useSession().data;
  return session?.user ? [session.user.ref, ...(session.groups ?? [])] : [];
}

export type Credentials = { provider: 'guest' } | { provider: 'password'; username: string; password: string };

export function useLogin() {
  return useMutation({
    mutationFn: (credentials: Credentials) => api.post<unknown>('/api/identity/v1/login', credentials),
    onSuccess: () => queryClient.invalidateQueries(),
  });
}

export function useLogout() {
  return useMutation({
    mutationFn: () => api.post<unknown>('/api/identity/v1/logout'),
    onSuccess: () => {
      queryClient.clear();
      location.assign('/login');
    },
  });
}

export function useTokens() {
  return useQuery({
    queryKey: ['identity', 'tokens'],
    queryFn: () => api.get<Items<Token>>('/api/identity/v1/tokens'),
  });
}

export function useCreateToken() {
  return useMutation({
    mutationFn: (token: { name: string; scopes: string[]; expiresInSeconds: number }) =>
      api.post<Token & { token: string }>('/api/identity/v1/tokens', token),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['identity', 'tokens'] }),
  });
}

export function useDeleteToken() {
  return useMutation({
    mutationFn: (id: string) => api.delete(`/api/identity/v1/tokens/${id}`),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['identity', 'tokens'] }),
  });
}
