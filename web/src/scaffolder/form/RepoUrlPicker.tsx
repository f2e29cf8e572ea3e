import { Autocomplete, Group, Select, Stack, Text } from '@mantine/core';
import type { FieldProps } from '@rjsf/utils';
import { useEffect } from 'react';
import { useRepositories } from '../../forge/api';
import { change, common, contextOf, optionsOf, type FieldOptions } from './options';
import { UserToken, useToken } from './RepoFields';
import {
  formatRepoUrl,
  parseRepoUrl,
  partsOf,
  typeOf,
  useAutocomplete,
  useHosts,
  type Part,
  type RepoUrl,
} from './repository';

const ALLOWED: Record<Part, keyof FieldOptions> = {
  organization: 'allowedOrganizations',
  workspace: 'allowedWorkspaces',
  project: 'allowedProjects',
  owner: 'allowedOwners',
  repo: 'allowedRepos',
};

function allowedOf(options: FieldOptions, part: Part): string[] | undefined {
  const list = options[ALLOWED[part]];
  return Array.isArray(list) && list.length > 0 ? (list as string[]) : undefined;
}

// What a host's autocomplete calls the parts.
const RESOURCES: Partial<Record<Part, string>> = { owner: 'owners', workspace: 'workspaces', project: 'projects', repo: 'repositories' };

interface PartProps {
  props: FieldProps;
  at: RepoUrl;
  part: Part;
  label: string;
  hint?: string;
  onChange: (value: string) => void;
}

function PartInput({ props, at, part, label, hint, onChange }: PartProps) {
  const allowed = allowedOf(optionsOf(props), part);
  const { disabled, required, id } = common(props);
  const type = typeOf(at.host);
  const repositories = useRepositories().data?.items ?? [];
  const { owner = '', project = '', workspace = '' } = at;
  const offered = useAutocomplete(type, RESOURCES[part] ?? '', useToken(props), { host: at.host, owner, project, workspace }, !allowed && part in RESOURCES).data;
  const owners = type === 'builtin' && part === 'owner' ? [...new Set(repositories.map((each) => each.owner))] : [];
  const rest = { id: `${id}-${part}`, label, disabled, withAsterisk: required, value: at[part] ?? '' };
  if (allowed)
    return <Select {...rest} data={allowed} value={at[part] || null} onChange={(next) => onChange(next ?? '')} allowDeselect={false} />;
  // Always the same input: one that changed when its choices come would lose what is being typed.
  return <Autocomplete {...rest} data={[...new Set(offered ?? owners)]} onChange={onChange} placeholder={hint} />;
}

/** "github.com?owner=acme-corp&repo=x" in its parts, which are those of its host. */
export function RepoUrlPicker(props: FieldProps) {
  const options = optionsOf(props);
  const known = useHosts();
  const hosts = options.allowedHosts?.length ? options.allowedHosts : known.length > 0 ? known.map((each) => each.host) : ['github.com'];
  const given = parseRepoUrl(props.formData as string | undefined);
  const { setHost, host: picked } = usePickedHost(props, given.host || hosts[0]!);
  const at: RepoUrl = { ...given, host: given.host || picked };
  const { id, label, description, required, disabled, error } = common(props);
  // The only one that is allowed needs no choosing.
  const sole: Partial<RepoUrl> = {};
  for (const { part } of partsOf(at.host)) {
    const allowed = allowedOf(options, part);
    if (allowed && !at[part] && (allowed.length === 1 || part !== 'repo')) sole[part] = allowed[0]!;
  }
  const filled = formatRepoUrl({ ...at, ...sole });
  useEffect(() => {
    if (Object.keys(sole).length > 0 && filled !== props.formData) change(props, filled);
  }, [filled]);
  const set = (next: Partial<RepoUrl>) => {
    const all = { ...at, ...next };
    // Parts that the new host does not have would be sent with it.
    const kept = new Set(partsOf(all.host).map(({ part }) => part));
    const parts = Object.fromEntries(Object.entries(all).filter(([part]) => part === 'host' || kept.has(part as Part)));
    if (next.host) setHost(next.host);
    change(props, formatRepoUrl(parts as RepoUrl));
  };
  return (
    <Stack gap={6} component="fieldset" id={id} m={0} p={0} miw={0} style={{ border: 0 }} tabIndex={-1}>
      <Text component="legend" fz="sm" fw={600} mb={6} p={0}>
        {label}
        {required && (
          <Text span c="var(--mantine-color-error)" aria-hidden="true">
            {' *'}
          </Text>
        )}
      </Text>
      {description && (
        <Text fz="xs" c="dimmed">
          {description}
        </Text>
      )}
      <Group grow align="flex-start" gap={8} preventGrowOverflow={false} className="repo-parts">
        <Select
          label="Host"
          id={`${id}-host`}
          data={hosts.includes(at.host) ? hosts : [...hosts, at.host]}
          value={at.host}
          onChange={(next) => next && set({ host: next })}
          allowDeselect={false}
          disabled={disabled || hosts.length === 1}
        />
        {partsOf(at.host).map((each) => (
          <PartInput key={each.part} props={props} at={at} {...each} onChange={(value) => set({ [each.part]: value.trim() })} />
        ))}
      </Group>
      <UserToken props={props} host={at.host} />
      {error && (
        <Text fz="xs" c="var(--mantine-color-error)" role="alert">
          {error}
        </Text>
      )}
    </Stack>
  );
}

// A host alone is no value yet; which one was picked is kept beside the values.
function usePickedHost(props: FieldProps, first: string) {
  const { hosts, setHost } = contextOf(props);
  const id = props.fieldPathId.$id;
  return { host: hosts[id] ?? first, setHost: (host: string) => setHost(id, host) };
}
