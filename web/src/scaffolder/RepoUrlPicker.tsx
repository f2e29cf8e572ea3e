import { Autocomplete, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import type { WidgetProps } from '@rjsf/utils';
import { useRepositories } from '../forge/api';
import { common, optionsOf } from './pickerOptions';

/** "github.com?owner=acme-corp&repo=x" in its three parts. */
export function RepoUrlPicker(props: WidgetProps) {
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
      <Text component="legend" fz="sm" fw={500} mb={6}>
        {label}
      </Text>
      {description && (
        <Text fz="xs" c="dimmed">
          {description}
        </Text>
      )}
      <Group grow align="flex-start" gap={8}>
        <Select
          label="Host"
          data={hosts}
          value={host || hosts[0]!}
          onChange={(next) => next && set({ host: next })}
          allowDeselect={false}
        />
        <Autocomplete
          label="Owner"
          data={owners}
          value={parts.get('owner') ?? ''}
          onChange={(owner) => set({ owner })}
        />
        <TextInput
          label="Repository"
          value={parts.get('repo') ?? ''}
          onChange={(event) => set({ repo: event.currentTarget.value })}
        />
      </Group>
      {error && (
        <Text fz="xs" c="var(--mantine-color-error)" role="alert">
          {error}
        </Text>
      )}
    </Stack>
  );
}
