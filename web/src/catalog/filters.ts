// What a list of entities is narrowed by: how it stands in the address, and how the server is asked.
import type { UrlState } from '../shell/useUrlState';
import { parseRef } from './entity';

export const FACETS = {
  type: { field: 'spec.type', label: 'Type' },
  owner: { field: 'relations.ownedBy', label: 'Owner' },
  lifecycle: { field: 'spec.lifecycle', label: 'Lifecycle' },
  system: { field: 'relations.partOf', label: 'System' },
  tag: { field: 'metadata.tags', label: 'Tag' },
  namespace: { field: 'metadata.namespace', label: 'Namespace' },
} as const;
export type FacetName = keyof typeof FACETS;
export const FACET_NAMES = Object.keys(FACETS) as FacetName[];

export type View = 'all' | 'owned' | 'starred';

export interface ListFilter {
  kind: string;
  text: string;
  view: View;
  values: Partial<Record<FacetName, string[]>>;
}

/** Several values of one filter in one word of the address. */
export const joinValues = (values: string[]) =>
  values.map((each) => each.replace(/[%,]/g, encodeURIComponent)).join(',');
export const splitValues = (text: string | undefined) =>
  text ? text.split(',').map((each) => each.replace(/%(25|2C)/gi, (code) => decodeURIComponent(code))) : [];

export function filterOf(state: UrlState): ListFilter {
  const values: ListFilter['values'] = {};
  for (const name of FACET_NAMES) {
    const picked = splitValues(state[name]);
    if (picked.length > 0) values[name] = picked;
  }
  const view = state.view === 'owned' || state.view === 'starred' ? state.view : 'all';
  return { kind: state.kind ?? 'Component', text: (state.q ?? '').trim(), view, values };
}

export const NO_FILTERS: UrlState = Object.fromEntries(['q', 'view', ...FACET_NAMES].map((name) => [name, undefined]));

export const isFiltered = (filter: ListFilter) =>
  filter.text !== '' || filter.view !== 'all' || Object.keys(filter.values).length > 0;

/** A predicate as POST by-query and POST entity-facets take it. */
export type Predicate = { [key: string]: unknown };

const named = (ref: string): Predicate => {
  const { kind, namespace, name } = parseRef(ref);
  return { kind, 'metadata.namespace': namespace, 'metadata.name': name };
};

export interface Mine {
  /** The user and all groups. */
  refs: string[];
  starred: string[];
}

/** `without` leaves one filter out: a facet counts what would be found with the others. */
export function predicateOf(filter: ListFilter, mine: Mine, without?: FacetName | 'kind'): Predicate {
  const all: Predicate[] = [];
  if (without !== 'kind') all.push({ kind: filter.kind.toLowerCase() });
  for (const name of FACET_NAMES) {
    const values = filter.values[name];
    if (values && name !== without) all.push({ [FACETS[name].field]: { $in: values } });
  }
  // Owned by nobody in particular, or nothing starred: nothing is found, and not everything.
  if (filter.view === 'owned')
    all.push(mine.refs.length > 0 ? { 'relations.ownedBy': { $in: mine.refs } } : { $any: [] });
  if (filter.view === 'starred') all.push({ $any: mine.starred.map(named) });
  return { $all: all };
}

// As Backstage's own page asks for its text filter.
export const TEXT_FIELDS = ['metadata.name', 'metadata.title', 'spec.profile.displayName'];

export interface Sort {
  field: string;
  order: 'asc' | 'desc';
}
