import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';

export const useDocs = () =>
  useQuery({
    queryKey: ['docs'],
    staleTime: Infinity,
    queryFn: ({ signal }) =>
      api
        .get<{ path: string; title: string }[] | { items: { path: string; title: string }[] }>(
          '/api/app/v1/docs',
          signal,
        )
        .then((docs) => (Array.isArray(docs) ? docs : docs.items)),
  });

export const useDoc = (page: string | undefined) =>
  useQuery({
    queryKey: ['docs', page],
    enabled: !!page,
    staleTime: Infinity,
    queryFn: ({ signal }) => api.get<{ title: string; html: string }>(`/api/app/v1/docs/${page}`, signal),
  });
