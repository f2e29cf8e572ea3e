// The fields that choose entities of the catalog.
import type { FieldProps } from '@rjsf/utils';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, url } from '../../api/client';
import { parseRef, refOf, titleOf, useTitles, type Entity, type EntityPage } from '../../catalog/api';
import { useMyRefs, useSession } from '../../identity/api';
import { KindIcon } from '../../shell/EntityLink';
import { SearchSelect, type Choice, type Found } from '../../shell/SearchSelect';
import { change, common, filterOf, optionsOf, type FieldOptions } from './options';

const SHOWN = 25;
const SEARCHED = 'metadata.name,metadata.title,spec.profile.displayName';
const READ =
  'kind,metadata.name,metadata.namespace,metadata.title,metadata.description,spec.type,spec.profile.displayName';

const choiceOf = (entity: Entity): Choice => ({
  value: refOf(entity),
  label: titleOf(entity),
  hint: entity.metadata.description,
  icon: <KindIcon kind={entity.kind} />,
});

/** What the catalog has for a text, the first of them. */
function useEntitySearch(filter: string[], text: string, active: boolean): Found {
  const query = useQuery({
    queryKey: ['catalog', 'search-options', filter, text],
    enabled: active,
    staleTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      api.get<EntityPage>(
        url('/api/catalog/entities/by-query', {
          filter,
          limit: SHOWN,
          orderField: 'metadata.name,asc',
          fields: READ,
          fullTextFilterTerm: text,
          fullTextFilterFields: text ? SEARCHED : undefined,
        }),
        signal,
      ),
  });
  const items = query.data?.items ?? [];
  return {
    items: items.map(choiceOf),
    pending: active && !query.error && (query.isPlaceholderData || !query.data),
    more: Math.max(0, (query.data?.totalItems ?? 0) - items.length),
    error: query.error,
  };
}

const namespaceOf = ({ defaultNamespace }: FieldOptions) => (defaultNamespace === false ? undefined : defaultNamespace);

/** A whole reference of what was written, where that is one; else the text as it is. */
function written(text: string, options: FieldOptions, defaultKind?: string): string {
  const kind = options.defaultKind ?? defaultKind;
  if (!/^([A-Za-z][\w.-]*:)?([\w.-]+\/)?[\w.-]+$/.test(text) || (!kind && !text.includes(':'))) return text;
  const ref = parseRef(text, kind, namespaceOf(options) ?? 'default');
  return `${ref.kind}:${ref.namespace}/${ref.name}`.toLowerCase();
}

// A template may give "team-a" for what the catalog calls "group:default/team-a".
const canonical = (value: string, options: FieldOptions, kinds: string[]) =>
  written(value, options, options.defaultKind ?? (kinds.length > 0 ? kinds[0] : undefined));

interface EntityFieldProps {
  props: FieldProps;
  filter: string[];
  kinds: string[];
  multiple?: boolean;
  free?: boolean;
  /** Nothing is asked for until this is known. */
  ready?: boolean;
}

function EntityField({ props, filter, kinds, multiple, free = true, ready = true }: EntityFieldProps) {
  const options = optionsOf(props);
  const given = props.formData as unknown;
  const values = (Array.isArray(given) ? given : [given]).filter((each): each is string => typeof each === 'string' && !!each);
  const refs = values.map((value) => canonical(value, options, kinds));
  const titles = useTitles(refs.filter((ref) => /^[^:]+:[^/]+\/.+$/.test(ref)));
  const chosen = values.map((value, index) => {
    const ref = refs[index]!;
    const { kind, namespace, name } = parseRef(ref, kinds[0] ?? 'component');
    const plain = namespace === (namespaceOf(options) ?? 'default') && options.defaultNamespace !== false ? name : `${namespace}/${name}`;
    return { value: ref, label: titles?.get(ref) ?? (ref.includes(':') ? plain : value), icon: ref.includes(':') ? <KindIcon kind={kind} /> : undefined };
  });
  const arbitrary = free && (options.allowArbitraryValues ?? true);
  // What must be chosen and is the only one is chosen already.
  const sole = useEntitySearch(filter, '', ready && !arbitrary && !!props.required && values.length === 0);
  const only = !sole.pending && sole.items.length === 1 ? sole.items[0]!.value : undefined;
  useEffect(() => {
    if (only && !arbitrary && props.required && values.length === 0) change(props, multiple ? [only] : only);
  }, [only]);
  return (
    <SearchSelect
      {...common(props)}
      chosen={chosen}
      multiple={multiple}
      max={props.schema.maxItems}
      autoSelect={options.autoSelect ?? true}
      onChange={(next) => change(props, multiple ? next : next[0])}
      useFound={(text, active) => useEntitySearch(filter, text, active && ready)}
      free={arbitrary ? (text) => written(text, options, kinds.length === 1 ? kinds[0] : undefined) : undefined}
    />
  );
}

export function EntityPicker(props: FieldProps) {
  const options = optionsOf(props);
  const kinds = options.allowedKinds ?? (options.defaultKind ? [options.defaultKind] : []);
  return <EntityField props={props} filter={filterOf(options, [])} kinds={kinds} />;
}

export function MultiEntityPicker(props: FieldProps) {
  const options = optionsOf(props);
  const kinds = options.allowedKinds ?? (options.defaultKind ? [options.defaultKind] : []);
  return <EntityField props={props} filter={filterOf(options, [])} kinds={kinds} multiple />;
}

export function OwnerPicker(props: FieldProps) {
  const options = optionsOf(props);
  const kinds = options.allowedKinds ?? ['Group', 'User'];
  return <EntityField props={props} filter={filterOf(options, kinds)} kinds={kinds} />;
}

export function OwnedEntityPicker(props: FieldProps) {
  const options = optionsOf(props);
  const mine = useMyRefs();
  const owned = mine.map((ref) => `relations.ownedBy=${ref}`).join(',');
  const filters = filterOf(options, []);
  const filter = filters.length > 0 ? filters.map((each) => `${each},${owned}`) : [owned];
  const kinds = options.allowedKinds ?? (options.defaultKind ? [options.defaultKind] : []);
  return <EntityField props={props} filter={filter} kinds={kinds} ready={mine.length > 0} />;
}

export function MyGroupsPicker(props: FieldProps) {
  const user = useSession().data?.user?.ref;
  const groups = (useSession().data?.groups ?? []).filter((ref) => ref.startsWith('group:'));
  const names = groups.map((ref) => `metadata.name=${parseRef(ref, 'group').name}`);
  // Groups are transitive here, so the session's own list says it, not the direct relation alone.
  const filter = [['kind=Group', ...(names.length > 0 ? names : [`relations.hasMember=${user ?? ''}`])].join(',')];
  return <EntityField props={props} filter={filter} kinds={['Group']} free={false} ready={!!user} />;
}
