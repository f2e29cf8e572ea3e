import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import type { Predicate } from './filters';

export interface FacetValue {
  value: string;
  count: number;
}

/** The values of one field among what a predicate finds, with how often each is there. */
export function useFacet(field: string, query: Predicate, enabled = true) {
  return useQuery({
    queryKey: ['catalog', 'facet', field, query],
    enabled,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (
        await api.post<{ facets: Record<string, FacetValue[]> }>(
          '/api/catalog/entity-facets',
          { facets: [field], query },
          signal,
        )
      ).facets[field] ?? [],
  });
}
