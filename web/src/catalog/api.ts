import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, path, url, type Items } from '../api/client';
import { titleOf, type Entity, type EntityName, type EntityPage } from './entity';

export * from './entity';

export interface CatalogFilter {
  kind?: string;
  type?: string;
  /** Of several, any will do. */
  owner?: string | string[];
  lifecycle?: string;
  tag?: string;
}

export function filterText(filter: CatalogFilter): string {
  const parts: [string, string | string[] | undefined][] = [
    ['kind', filter.kind],
    ['spec.type', filter.type],
    ['relations.ownedBy', filter.owner],
    ['spec.lifecycle', filter.lifecycle],
    ['metadata.tags', filter.tag],
  ];
  return parts.flatMap(([key, value]) => [value ?? []].flat().map((each) => `${key}=${each}`)).join(',');
}

export interface CatalogQuery extends CatalogFilter {
  q?: string;
  sort?: string;
  limit?: number;
  cursor?: string;
}

export function useEntities(query: CatalogQuery, enabled = true) {
  return useQuery({
    queryKey: ['catalog', 'list', query],
    enabled,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      api.get<EntityPage>(
        url(
          '/api/catalog/entities/by-query',
          query.cursor
            ? { cursor: query.cursor, limit: query.limit }
            : {
                limit: query.limit ?? 50,
                orderField: query.sort ?? 'metadata.name,asc',
                filter: filterText(query),
                fullTextFilterTerm: query.q,
                fullTextFilterFields: query.q
                  ? 'metadata.name,metadata.title,metadata.description,metadata.tags,spec.owner'
                  : undefined,
              },
        ),
        signal,
      ),
  });
}

export interface Facets {
  facets: Record<string, { value: string; count: number }[]>;
}

export function useFacets(facets: string[], filter: CatalogFilter) {
  return useQuery({
    queryKey: ['catalog', 'facets', facets, filter],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      api.get<Facets>(url('/api/catalog/entity-facets', { facet: facets, filter: filterText(filter) }), signal),
  });
}

export function entityQuery({ kind, namespace, name }: EntityName) {
  return {
    queryKey: ['catalog', 'entity', `${kind}:${namespace}/${name}`.toLowerCase()],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      api.get<Entity>(`/api/catalog/entities/by-name/${path(kind, namespace, name)}`, signal),
  };
}

export const useEntity = (name: EntityName) => useQuery(entityQuery(name));

/** Titles by reference; null where there is no such entity. What was known stays while more is asked for. */
export function useTitles(refs: string[]): Map<string, string | null> | undefined {
  const sorted = [...refs].sort();
  return useQuery({
    queryKey: ['catalog', 'titles', sorted],
    enabled: refs.length > 0,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const { items } = await api.post<Items<Entity | null>>(
        '/api/catalog/entities/by-refs',
        { entityRefs: sorted, fields: ['kind', 'metadata.name', 'metadata.title', 'spec.profile.displayName'] },
        signal,
      );
      return new Map(sorted.map((ref, index) => [ref, items[index] ? titleOf(items[index]) : null]));
    },
  }).data;
}

/** All entities a filter finds, for pickers. */
export function useEntityOptions(filter: string | string[], enabled = true) {
  return useQuery({
    queryKey: ['catalog', 'options', filter],
    enabled,
    staleTime: 60_000,
    queryFn: ({ signal }) =>
      api.get<EntityPage>(
        url('/api/catalog/entities/by-query', {
          filter,
          limit: 500,
          orderField: 'metadata.name,asc',
          fields: 'kind,metadata.name,metadata.namespace,metadata.title,metadata.description,spec.type,spec.profile',
        }),
        signal,
      ),
  });
}

export interface SearchResult {
  type: string;
  document: {
    title: string;
    text: string;
    location: string;
    kind?: string;
    namespace?: string;
    componentType?: string;
    owner?: string;
  };
}

export function useSearch(term: string) {
  return useQuery({
    queryKey: ['search', term],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      api.get<{ results: SearchResult[] }>(url('/api/search/query', { term, pageLimit: 12 }), signal),
  });
}
