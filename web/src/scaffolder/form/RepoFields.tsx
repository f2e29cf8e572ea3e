// Which branch, and whose repositories: both of what another field or an option names as the host.
import { Autocomplete, PasswordInput, Text } from '@mantine/core';
import type { FieldProps } from '@rjsf/utils';
import { useBranches, useRepositories } from '../../forge/api';
import { change, common, contextOf, optionsOf } from './options';
import { parseRepoUrl, typeOf, useAutocomplete, useHosts, type RepoUrl } from './repository';

interface TokenProps {
  props: FieldProps;
  host: string;
}

/** The person's own token of a host, where the template wants one. It stays in memory and goes to the task as a secret. */
export function UserToken({ props, host }: TokenProps) {
  const wanted = optionsOf(props).requestUserCredentials;
  const { tokens, setToken } = contextOf(props);
  const type = typeOf(host);
  if (!wanted?.secretsKey || !host || type === 'builtin') return null;
  const key = wanted.secretsKey;
  const scopes = wanted.additionalScopes?.[type.replace(/Cloud|Server/, '')] ?? wanted.additionalScopes?.[type] ?? [];
  return (
    <PasswordInput
      id={`${props.fieldPathId.$id}-token`}
      label={`Your token for ${host}`}
      description={`The template acts with it as you; it is kept nowhere.${scopes.length > 0 ? ` It needs: ${scopes.join(', ')}.` : ''}`}
      value={tokens[key] ?? ''}
      autoComplete="off"
      onChange={(event) => setToken(key, event.currentTarget.value)}
      visibilityToggleButtonProps={{ 'aria-label': 'Show what is written' }}
    />
  );
}

/** The token given for the host, by this field or by another. */
export function useToken(props: FieldProps): string | undefined {
  const { tokens } = contextOf(props);
  const key = optionsOf(props).requestUserCredentials?.secretsKey;
  return key ? tokens[key] || undefined : undefined;
}

// The repository of the form: the field that the options name, the one Backstage looks at, or any that is one.
function repositoryOf(props: FieldProps): RepoUrl {
  const { values } = contextOf(props);
  const name = optionsOf(props).projectFieldName;
  const any = Object.values(values).find((each) => typeof each === 'string' && /^[\w.-]+(:\d+)?\?.*\brepo=/.test(each));
  const value = (name ? values[name] : undefined) ?? values.repoUrl ?? any;
  return parseRepoUrl(typeof value === 'string' ? value : undefined);
}

export function RepoBranchPicker(props: FieldProps) {
  useHosts();
  const at = repositoryOf(props);
  const type = typeOf(at.host);
  const { owner = '', repo = '', project = '', workspace = '', organization = '' } = at;
  const own = useBranches(owner, repo, type === 'builtin' && !!owner && !!repo).data?.items.map((each) => each.name);
  const context = { host: at.host, owner, repository: repo, project: project || owner, workspace, organization };
  const theirs = useAutocomplete(type, 'branches', useToken(props), context, !!repo).data;
  const { id, ...rest } = common(props);
  return (
    <>
      <Autocomplete
        {...rest}
        id={id}
        name={id}
        data={[...new Set(own ?? theirs ?? [])]}
        value={(props.formData as string | undefined) ?? ''}
        onChange={(value) => change(props, value)}
      />
      {!repo && (
        <Text fz="xs" c="dimmed" mt={4}>
          Its branches are offered when the repository is chosen.
        </Text>
      )}
      {repo && type !== 'builtin' && <UserToken props={props} host={at.host} />}
    </>
  );
}

export function RepoOwnerPicker(props: FieldProps) {
  const options = optionsOf(props);
  const hosts = useHosts();
  const host = options.host ?? hosts[0]?.host ?? 'github.com';
  const type = typeOf(host);
  const own = useRepositories().data?.items.map((each) => each.owner) ?? [];
  const theirs = useAutocomplete(type, 'owners', useToken(props), { host }).data ?? [];
  const excluded = new Set((options.excludedOwners ?? []).map((each) => each.toLowerCase()));
  const { id, ...rest } = common(props);
  return (
    <>
      <Autocomplete
        {...rest}
        id={id}
        name={id}
        data={[...new Set(type === 'builtin' ? own : theirs)].filter((each) => !excluded.has(each.toLowerCase()))}
        value={(props.formData as string | undefined) ?? ''}
        onChange={(value) => change(props, value)}
      />
      <UserToken props={props} host={host} />
    </>
  );
}
