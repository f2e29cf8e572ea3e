// The fields Backstage's templates name with `ui:field`, as widgets of the form.
import { Group, MultiSelect, PasswordInput, Select, TagsInput, Text, TextInput } from '@mantine/core';
import type { RegistryWidgetsType, WidgetProps } from '@rjsf/utils';
import { parseRef, refOf, titleOf, useEntityOptions, useFacets } from '../catalog/api';
import { useMyRefs } from '../identity/api';
import { KindIcon } from '../shell/EntityLink';
import { common, filterOf, optionsOf } from './pickerOptions';
import { RepoUrlPicker } from './RepoUrlPicker';

function useEntityData(filter: string[]) {
  const entities = useEntityOptions(filter.length ? filter : ['kind']).data?.items ?? [];
  return entities.map((entity) => ({
    value: refOf(entity),
    label: titleOf(entity),
    kind: entity.kind,
    description: entity.metadata.description,
  }));
}

function EntitySelect({
  props,
  filter,
  only,
}: {
  props: WidgetProps;
  filter: string[];
  only?: (ref: string) => boolean;
}) {
  const all = useEntityData(filter);
  const data = only ? all.filter((each) => only(each.value)) : all;
  const value = props.value as string | undefined;
  const { kind, namespace, name } = parseRef(value ?? '', filter[0]?.match(/kind=(\w+)/)?.[1] ?? 'group');
  const canonical = value ? `${kind}:${namespace}/${name}`.toLowerCase() : null;
  const known = data.some((each) => each.value === canonical);
  return (
    <Select
      {...common(props)}
      searchable
      clearable={!props.required}
      placeholder={props.placeholder || 'Search…'}
      nothingFoundMessage="Nothing has that name"
      data={known || !canonical ? data : [...data, { value: canonical, label: name, kind, description: undefined }]}
      value={canonical}
      onChange={(next) => props.onChange(next ?? undefined)}
      autoFocus={props.autofocus}
      renderOption={({ option }) => {
        const item = data.find((each) => each.value === option.value);
        return (
          <Group gap={9} wrap="nowrap">
            <KindIcon kind={item?.kind ?? 'component'} />
            <div style={{ minWidth: 0 }}>
              <Text fz="sm">{option.label}</Text>
              {item?.description && (
                <Text fz="xs" c="dimmed" className="clip">
                  {item.description}
                </Text>
              )}
            </div>
          </Group>
        );
      }}
    />
  );
}

function EntityPicker(props: WidgetProps) {
  return (
    <EntitySelect
      props={props}
      filter={filterOf(
        optionsOf(props),
        optionsOf(props).defaultKind
          ? [optionsOf(props).defaultKind!]
          : ['Component', 'API', 'Resource', 'System', 'Group', 'User'],
      )}
    />
  );
}

function OwnerPicker(props: WidgetProps) {
  return <EntitySelect props={props} filter={filterOf(optionsOf(props), ['Group', 'User'])} />;
}

function MyGroupsPicker(props: WidgetProps) {
  const mine = useMyRefs();
  return <EntitySelect props={props} filter={['kind=Group']} only={(ref) => mine.includes(ref)} />;
}

function OwnedEntityPicker(props: WidgetProps) {
  const mine = useMyRefs();
  const owned = mine.map((ref) => `relations.ownedBy=${ref}`).join(',');
  return (
    <EntitySelect
      props={props}
      filter={filterOf(optionsOf(props), ['Component']).map((each) => (owned ? `${each},${owned}` : each))}
    />
  );
}

function MultiEntityPicker(props: WidgetProps) {
  const data = useEntityData(filterOf(optionsOf(props), ['Component', 'API', 'Resource', 'System']));
  return (
    <MultiSelect
      {...common(props)}
      searchable
      data={data}
      value={(props.value as string[] | undefined) ?? []}
      onChange={(next) => props.onChange(next)}
    />
  );
}

function EntityTagsPicker(props: WidgetProps) {
  const tags = useFacets(['metadata.tags'], {}).data?.facets['metadata.tags'] ?? [];
  return (
    <TagsInput
      {...common(props)}
      data={tags.map((each) => each.value)}
      value={(props.value as string[] | undefined) ?? []}
      placeholder="Add a tag"
      onChange={(next) => props.onChange(next.map((tag) => tag.trim().toLowerCase().replace(/\s+/g, '-')))}
    />
  );
}

function EntityNamePicker(props: WidgetProps) {
  return (
    <TextInput
      {...common(props)}
      value={(props.value as string | undefined) ?? ''}
      autoFocus={props.autofocus}
      onChange={(event) => props.onChange(event.currentTarget.value || undefined)}
    />
  );
}

function Secret(props: WidgetProps) {
  return (
    <PasswordInput
      {...common(props)}
      value={(props.value as string | undefined) ?? ''}
      autoComplete="off"
      onChange={(event) => props.onChange(event.currentTarget.value || undefined)}
    />
  );
}

export const pickers: RegistryWidgetsType = {
  EntityPicker,
  OwnerPicker,
  MyGroupsPicker,
  OwnedEntityPicker,
  MultiEntityPicker,
  EntityTagsPicker,
  EntityNamePicker,
  RepoUrlPicker,
  Secret,
  RepoOwnerPicker: EntityNamePicker,
  RepoBranchPicker: EntityNamePicker,
};
