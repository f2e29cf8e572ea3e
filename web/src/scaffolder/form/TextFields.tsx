// The fields that are written: a name, tags, a secret.
import { PasswordInput, TextInput } from '@mantine/core';
import type { FieldProps } from '@rjsf/utils';
import { useQuery } from '@tanstack/react-query';
import { api, url } from '../../api/client';
import type { Facets } from '../../catalog/api';
import { SearchSelect, type Found } from '../../shell/SearchSelect';
import { change, common, optionsOf } from './options';

export function EntityNamePicker(props: FieldProps) {
  const { id, autoFocus, ...rest } = common(props);
  return (
    <TextInput
      {...rest}
      id={id}
      name={id}
      autoFocus={autoFocus}
      value={(props.formData as string | undefined) ?? ''}
      onChange={(event) => change(props, event.currentTarget.value)}
    />
  );
}

const TAGS_SHOWN = 50;
const tagOf = (text: string) => text.trim().toLowerCase().replace(/\s+/g, '-') || undefined;

function useTags(kinds: string[], counted: boolean, text: string, active: boolean): Found {
  const query = useQuery({
    queryKey: ['catalog', 'facets', 'tags', kinds],
    enabled: active,
    staleTime: 60_000,
    queryFn: ({ signal }) =>
      api.get<Facets>(
        url('/api/catalog/entity-facets', { facet: 'metadata.tags', filter: kinds.map((kind) => `kind=${kind}`).join(',') }),
        signal,
      ),
  });
  const needle = text.toLowerCase();
  const all = [...(query.data?.facets['metadata.tags'] ?? [])]
    .filter((each) => each.value.includes(needle))
    .sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
  return {
    items: all.slice(0, TAGS_SHOWN).map(({ value, count }) => ({
      value,
      label: value,
      hint: counted ? `${count.toLocaleString('en')} ${count === 1 ? 'entity' : 'entities'}` : undefined,
    })),
    pending: active && query.isPending,
    more: Math.max(0, all.length - TAGS_SHOWN),
    error: query.error,
  };
}

export function EntityTagsPicker(props: FieldProps) {
  const { kinds = [], showCounts = false, helperText } = optionsOf(props);
  const { description, placeholder, ...rest } = common(props);
  const values = (props.formData as string[] | undefined) ?? [];
  return (
    <SearchSelect
      {...rest}
      description={helperText ?? description}
      placeholder={placeholder ?? 'Add a tag'}
      multiple
      max={props.schema.maxItems}
      chosen={values.map((value) => ({ value, label: value }))}
      onChange={(next) => change(props, next)}
      useFound={(text, active) => useTags(kinds, showCounts, text, active)}
      free={tagOf}
    />
  );
}

/** It goes to the task as a secret and is kept nowhere: the page forgets it when it is left. */
export function Secret(props: FieldProps) {
  const { id, autoFocus, ...rest } = common(props);
  return (
    <PasswordInput
      {...rest}
      id={id}
      name={id}
      data-autofocus={autoFocus || undefined}
      autoFocus={autoFocus}
      value={(props.formData as string | undefined) ?? ''}
      autoComplete="off"
      visibilityToggleButtonProps={{ 'aria-label': 'Show what is written' }}
      onChange={(event) => change(props, event.currentTarget.value)}
    />
  );
}
