import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, url } from '../api/client';
import type { CloudEvent } from '../api/stream';

export type { CloudEvent };

export const useEvents = (
  filter: { type?: string; subject?: string; limit?: number; after?: number; order?: string },
  enabled = true,
) =>
  useQuery({
    queryKey: ['events', 'list', filter],
    enabled,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      api.get<{ items: CloudEvent[]; head: number }>(
        url('/api/events/v1/events', { order: 'desc', limit: 100, ...filter }),
        signal,
      ),
  });
