// The fields Backstage's templates name with `ui:field`, as widgets of the form.
import { Autocomplete, Group, MultiSelect, PasswordInput, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { ariaDescribedByIds, type RegistryWidgetsType, type WidgetProps } from '@rjsf/utils';
import { parseRef, refOf, titleOf, useEntityOptions, useFacets } from '../catalog/api';
import { useMyRefs } from '../identity/api';
import { useRepositories } from '../forge/api';
import { KindIcon } from '../shell/EntityLink';

type CatalogFilterOption = Record<string, string | string[]> | Record<string, string | string[]>[];

interface PickerOptions {
  catalogFilter?: CatalogFilterOption;
  allowedKinds?: string[];
  defaultKind?: string;
  allowArbitraryValues?: boolean;
  allowedHosts?: string[];
  allowedOwners?: string[];
}

const optionsOf = (props: WidgetProps) => props.options as PickerOptions;

function filterOf({ catalogFilter, allowedKinds }: PickerOptions, kinds: string[]): string[] {
  const one = (filter: Record<string, string | string[]>) =>
    Object.entries(filter).flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((each) => `${key}=${each}`)).join(',');
  if (catalogFilter) return (Array.isArray(catalogFilter) ? catalogFilter : [catalogFilter]).map(one);
  return (allowedKinds ?? kinds).map((kind) => `kind=${kind}`);
}

function common(props: WidgetProps) {
  return {
    id: props.id,
    name: props.id,
    label: props.hideLabel ? undefined : props.label,
    description: props.options.description ?? props.schema.description,
    required: props.required,
    disabled: props.disabled || props.readonly,
    error: props.rawErrors?.join(' ') || undefined,
    'aria-describedby': ariaDescribedByIds(props.id),
  };
}

function useEntityData(filter: string[]) {
  const entities = useEntityOptions(filter.length ? filter : ['kind']).data?.items ?? [];
  return entities.map((entity) => ({ value: refOf(entity), label: titleOf(entity), kind: entity.kind, description: entity.metadata.description }));
}

function EntitySelect({ props, filter, only }: { props: WidgetProps; filter: string[]; only?: (ref: string) => boolean }) {
  const all = useEntityData(filter);
  const data = only ? all.filter((each) => only(each.value)) : all;
  const value = props.value as string | undefined;
  const { kind, namespace, name } = parseRef(value ?? '', filter[0]?.match(/kind=(\w+)/)?.[1] ?? 'group');
  const canonical = value ? `${kind}:${namespace}/${name}`.toLowerCase() : null;
  const known = data.some((each) => each.value === canonical);
  return (
    <Select
      {...common(props)} searchable clearable={!props.required} placeholder={props.placeholder || 'Search…'} nothingFoundMessage="Nothing has that name"
      data={known || !canonical ? data : [...data, { value: canonical, label: name, kind, description: undefined }]}
      value={canonical} onChange={(next) => props.onChange(next ?? undefined)} autoFocus={props.autofocus}
      renderOption={({ option }) => {
        const item = data.find((each) => each.value === option.value);
        return (
          <Group gap={9} wrap="nowrap">
            <KindIcon kind={item?.kind ?? 'component'} />
            <div style={{ minWidth: 0 }}>
              <Text fz="sm">{option.label}</Text>
              {item?.description && <Text fz="xs" c="dimmed" className="clip">{item.description}</Text>}
            </div>
          </Group>
        );
      }}
    />
  );
}

function EntityPicker(props: WidgetProps) {
  return <EntitySelect props={props} filter={filterOf(optionsOf(props), optionsOf(props).defaultKind ? [optionsOf(props).defaultKind!] : ['Component', 'API', 'Resource', 'System', 'Group', 'User'])} />;
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
  return <EntitySelect props={props} filter={filterOf(optionsOf(props), ['Component']).map((each) => (owned ? `${each},${owned}` : each))} />;
}

function MultiEntityPicker(props: WidgetProps) {
  const data = useEntityData(filterOf(optionsOf(props), ['Component', 'API', 'Resource', 'System']));
  return <MultiSelect {...common(props)} searchable data={data} value={(props.value as string[] | undefined) ?? []} onChange={(next) => props.onChange(next)} />;
}

function EntityTagsPicker(props: WidgetProps) {
  const tags = useFacets(['metadata.tags'], {}).data?.facets['metadata.tags'] ?? [];
  return (
    <TagsInput
      {...common(props)} data={tags.map((each) => each.value)} value={(props.value as string[] | undefined) ?? []} placeholder="Add a tag"
      onChange={(next) => props.onChange(next.map((tag) => tag.trim().toLowerCase().replace(/\s+/g, '-')))}
    />
  );
}

function EntityNamePicker(props: WidgetProps) {
  return <TextInput {...common(props)} value={(props.value as string | undefined) ?? ''} autoFocus={props.autofocus} onChange={(event) => props.onChange(event.currentTarget.value || undefined)} />;
}

function Secret(props: WidgetProps) {
  return <PasswordInput {...common(props)} value={(props.value as string | undefined) ?? ''} autoComplete="off" onChange={(event) => props.onChange(event.currentTarget.value || undefined)} />;
}

/** "github.com?owner=acme-corp&repo=x" in its three parts. */
function RepoUrlPicker(props: WidgetProps) {
  const options = optionsOf(props);
  const [host = '', query = ''] = ((props.value as string | undefined) ?? '').split('?');
  const parts = new URLSearchParams(query);
  const repositories = useRepositories().data?.items ?? [];
  const owners = options.allowedOwners ?? [...new Set(repositories.map((each) => each.owner))];
  const hosts = options.allowedHosts ?? ['github.com'];
  const set = (next: { host?: string; owner?: string; repo?: string }) => {
    const all = { host: host || hosts[0]!, owner: parts.get('owner') ?? '', repo: parts.get('repo') ?? '', ...next };
    props.onChange(`${all.host}?owner=${encodeURIComponent(all.owner)}&repo=${encodeURIComponent(all.repo)}`);
  };
  const { label, description, error } = common(props);
  return (
    <Stack gap={6} component="fieldset" m={0} p={0} style={{ border: 0 }}>
      <Text component="legend" fz="sm" fw={500} mb={6}>{label}</Text>
      {description && <Text fz="xs" c="dimmed">{description}</Text>}
      <Group grow align="flex-start" gap={8}>
        <Select label="Host" data={hosts} value={host || hosts[0]!} onChange={(next) => next && set({ host: next })} allowDeselect={false} />
        <Autocomplete label="Owner" data={owners} value={parts.get('owner') ?? ''} onChange={(owner) => set({ owner })} />
        <TextInput label="Repository" value={parts.get('repo') ?? ''} onChange={(event) => set({ repo: event.currentTarget.value })} />
      </Group>
      {error && <Text fz="xs" c="var(--mantine-color-error)" role="alert">{error}</Text>}
    </Stack>
  );
}

export const pickers: RegistryWidgetsType = {
  EntityPicker, OwnerPicker, MyGroupsPicker, OwnedEntityPicker, MultiEntityPicker, EntityTagsPicker, EntityNamePicker, RepoUrlPicker, Secret,
  RepoOwnerPicker: EntityNamePicker,
  RepoBranchPicker: EntityNamePicker,
};
