import { Anchor, Box, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconHash, IconPuzzle, IconSearch } from '@tabler/icons-react';
import { memo, useEffect, useMemo, useState } from 'react';
import { CodeView } from '../../shell/CodeView';
import { CopyIcon } from '../../shell/Copy';
import { Markdown } from '../../shell/Markdown';
import { Page } from '../../shell/Page';
import { EmptyState, Loaded } from '../../shell/States';
import { useUrlState } from '../../shell/useUrlState';
import { useActions, useExtensions, type Action, type Extension } from './api';
import { rowsOf, SchemaTable } from './SchemaTable';

function Example({ of, title, text }: { of: string; title?: string; text: string }) {
  return (
    <div>
      <Group justify="space-between" wrap="nowrap" mb={4}>
        <Text fz="sm" c="dimmed">
          {title}
        </Text>
        <CopyIcon value={text} label={`Copy “${title ?? 'the example'}”`} />
      </Group>
      <Box className="surface" style={{ overflow: 'hidden' }}>
        <CodeView text={text} label={`${of}: ${title ?? 'example'}`} unlinked />
      </Box>
    </div>
  );
}

function Head({ id }: { id: string }) {
  return (
    <Group gap={6} wrap="nowrap">
      <Title order={2} fz={16} className="mono" style={{ overflowWrap: 'anywhere' }}>
        {id}
      </Title>
      <Anchor href={`#${id}`} aria-label={`Link to ${id}`} c="dimmed" lh={0}>
        <IconHash size={15} />
      </Anchor>
    </Group>
  );
}

const EXAMPLES_SHOWN = 2;

const ActionCard = memo(function ActionCard({ action }: { action: Action }) {
  const [all, setAll] = useState(false);
  const examples = action.examples ?? [];
  const shown = all ? examples : examples.slice(0, EXAMPLES_SHOWN);
  return (
    <Box component="section" id={action.id} className="surface reference-card" p="lg" aria-label={action.id}>
      <Stack gap="md">
        <div>
          <Head id={action.id} />
          {action.description && <Markdown text={action.description} />}
        </div>
        <div>
          <Title order={3} fz={13} mb={6}>
            Input
          </Title>
          <SchemaTable schema={action.schema?.input} label={`Input of ${action.id}`} />
        </div>
        {rowsOf(action.schema?.output).length > 0 && (
          <div>
            <Title order={3} fz={13} mb={6}>
              Output
            </Title>
            <SchemaTable schema={action.schema?.output} label={`Output of ${action.id}`} />
          </div>
        )}
        {shown.length > 0 && (
          <Stack gap="sm">
            <Title order={3} fz={13}>
              Examples
            </Title>
            {shown.map((each, index) => (
              <Example key={index} of={action.id} title={each.description} text={each.example} />
            ))}
            {examples.length > shown.length && (
              <Anchor component="button" type="button" fz="sm" onClick={() => setAll(true)} ta="left">
                {examples.length - shown.length} more
              </Anchor>
            )}
          </Stack>
        )}
      </Stack>
    </Box>
  );
});

function ExtensionCard({ id, name, extension }: { id: string; name: string; extension: Extension }) {
  return (
    <Box component="section" id={id} className="surface reference-card" p="lg" aria-label={name}>
      <Group gap={6} wrap="nowrap">
        <Title order={3} fz={15} className="mono">
          {name}
        </Title>
        <Anchor href={`#${id}`} aria-label={`Link to ${name}`} c="dimmed" lh={0}>
          <IconHash size={15} />
        </Anchor>
      </Group>
      {extension.description && <Markdown text={extension.description} />}
      {(extension.examples ?? []).map((each, index) => (
        <Example key={index} of={name} title={each.description} text={each.notes ? `${each.example}\n# ${each.notes}` : each.example} />
      ))}
    </Box>
  );
}

function useExtensionList(): { id: string; name: string; extension: Extension }[] {
  const data = useExtensions().data;
  return useMemo(() => {
    const of = (prefix: string, found: Record<string, Extension> | undefined, sign: (name: string) => string) =>
      Object.entries(found ?? {}).map(([name, extension]) => ({ id: `${prefix}-${name}`, name: sign(name), extension }));
    return [
      ...of('filter', data?.filters, (name) => `| ${name}`),
      ...of('function', data?.globals?.functions, (name) => `${name}()`),
      ...of('value', data?.globals?.values, (name) => name),
    ];
  }, [data]);
}

/** What a template's steps may do, and what its expressions may use. */
export function ActionsPage() {
  const [state, change] = useUrlState();
  const actions = useActions();
  const extensions = useExtensionList();
  const needle = (state.q ?? '').trim().toLowerCase();
  const fits = (text: string) => text.toLowerCase().includes(needle);
  const shown = (actions.data ?? []).filter((each) => !needle || fits(`${each.id} ${each.description ?? ''}`));
  const others = extensions.filter((each) => !needle || fits(`${each.name} ${each.extension.description ?? ''}`));
  const loaded = !!actions.data;
  // A link to an action comes before the list does.
  useEffect(() => {
    if (loaded && location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  }, [loaded, extensions.length > 0]);
  return (
    <Page
      title="Actions"
      crumbs={[{ label: 'Create', href: '/create' }]}
      description="What the steps of a template may do, with their input and output, and what expressions may use."
      actions={
        <TextInput
          w={260}
          placeholder="Find an action"
          aria-label="Find an action"
          leftSection={<IconSearch size={15} />}
          value={state.q ?? ''}
          onChange={(event) => change({ q: event.currentTarget.value })}
        />
      }
    >
      <Loaded query={actions} rows={10}>
        {() => (
          <Box className="reference">
            <Box component="nav" aria-label="Actions" className="reference-nav">
              <ul className="plain-list">
                {shown.map((each) => (
                  <li key={each.id}>
                    <a className="tree-row mono" href={`#${each.id}`}>
                      <span className="clip">{each.id}</span>
                    </a>
                  </li>
                ))}
                {others.map((each) => (
                  <li key={each.id}>
                    <a className="tree-row mono" href={`#${each.id}`}>
                      <span className="clip">{each.name}</span>
                    </a>
                  </li>
                ))}
              </ul>
            </Box>
            <Stack gap="md" miw={0}>
              {shown.map((each) => (
                <ActionCard key={each.id} action={each} />
              ))}
              {others.length > 0 && (
                <Title order={2} fz={16} mt="md">
                  In expressions
                </Title>
              )}
              {others.map((each) => (
                <ExtensionCard key={each.id} {...each} />
              ))}
              {shown.length === 0 && others.length === 0 && (
                <Box className="surface">
                  <EmptyState icon={<IconPuzzle size={20} />} title="No action matches" />
                </Box>
              )}
            </Stack>
          </Box>
        )}
      </Loaded>
    </Page>
  );
}
