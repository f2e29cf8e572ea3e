// A list of any length: its count, and the pages that are looked at. Pages far away are let go.
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { api } from '../api/client';
import { queryClient } from '../api/query';
import type { Entity, EntityPage } from './entity';
import { TEXT_FIELDS, type Predicate, type Sort } from './filters';

export interface ListQuery {
  query: Predicate;
  text: string;
  sort: Sort;
}

export const PAGE = 100;
const KEEP_MS = 30_000;
// What the columns of all kinds show.
const FIELDS = [
  'kind',
  'metadata.name',
  'metadata.namespace',
  'metadata.title',
  'metadata.description',
  'metadata.tags',
  ...['type', 'lifecycle', 'owner', 'system', 'domain', 'subdomainOf', 'parent', 'profile', 'memberOf'].map(
    (name) => `spec.${name}`,
  ),
  'spec.target',
  'spec.targets',
  'status',
];

const ask = (body: object, signal: AbortSignal) => api.post<EntityPage>('/api/catalog/entities/by-query', body, signal);

const textOf = (text: string) => (text ? { fullTextFilter: { term: text, fields: TEXT_FIELDS } } : {});

/** How many there are; `sort` too, since what lacks the field is not in a list that is ordered by it. */
export function useCount({ query, text, sort }: { query: Predicate; text: string; sort?: Sort }, enabled = true) {
  return useQuery({
    queryKey: ['catalog', 'count', query, text, sort?.field],
    enabled,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (await ask({ query, limit: 0, ...textOf(text), ...(sort ? { orderBy: [sort] } : {}) }, signal)).totalItems,
  });
}

const pageKey = (list: ListQuery, index: number) => ['catalog', 'rows', list, index] as const;

// A neighbour's cursor is the quick way and holds the place while others write; an offset is for leaps.
function place(list: ListQuery, index: number): object {
  const before = queryClient.getQueryData<EntityPage>(pageKey(list, index - 1));
  const after = queryClient.getQueryData<EntityPage>(pageKey(list, index + 1));
  const cursor = before?.pageInfo.nextCursor ?? after?.pageInfo.prevCursor;
  if (cursor) return { cursor };
  return {
    query: list.query,
    orderBy: [list.sort],
    offset: index * PAGE,
    totalItems: 'exclude',
    ...textOf(list.text),
  };
}

/** Waits until a quick scroll comes to rest: what flies by is not asked for. */
function useSettled(first: number, last: number): [number, number] {
  const [settled, setSettled] = useState<[number, number]>([first, last]);
  const near = Math.abs(first - settled[0]) <= 1;
  useEffect(() => {
    if (near) setSettled([first, last]);
    else {
      const timer = setTimeout(() => setSettled([first, last]), 80);
      return () => clearTimeout(timer);
    }
  }, [first, last, near]);
  return near ? [first, last] : settled;
}

export interface Rows {
  row: (index: number) => Entity | undefined;
  error: unknown;
  retry: () => void;
  /** Rows of the list before are shown until those of this one are there. */
  stale: boolean;
}

/** The rows from first to last of a list of `total`. */
export function useRows(list: ListQuery, total: number, first: number, last: number): Rows {
  const end = Math.max(0, Math.ceil(total / PAGE) - 1);
  const clamp = (index: number) => Math.min(end, Math.max(0, Math.floor(index / PAGE)));
  const [from, to] = useSettled(clamp(first), clamp(last));
  const indexes = useMemo(() => Array.from({ length: Math.min(8, to - from + 1) }, (_, i) => from + i), [from, to]);
  const results = useQueries({
    queries: indexes.map((index) => ({
      queryKey: pageKey(list, index),
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        ask({ ...place(list, index), limit: PAGE, fields: FIELDS }, signal),
      gcTime: KEEP_MS,
    })),
  });
  const pages = new Map<number, Entity[]>();
  results.forEach((result, i) => result.data && pages.set(indexes[i]!, result.data.items));
  const before = useRef(pages);
  const stale = pages.size === 0 && results.some((result) => result.isPending);
  if (!stale) before.current = pages;
  const shown = stale ? before.current : pages;
  return {
    row: (index) => shown.get(Math.floor(index / PAGE))?.[index % PAGE],
    error: results.find((result) => result.error && !result.data)?.error,
    retry: () => results.forEach((result) => result.error && void result.refetch()),
    stale,
  };
}
