import { Badge, Box, Button, Group, Stack, Text, TextInput, Title, UnstyledButton } from '@mantine/core';
import { IconChevronRight, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { Markdown } from '../../shell/Markdown';
import type { Body, OpenApi, Operation } from './openapi';
import { SchemaRow, SchemaView, typeWords } from './SchemaView';
import type { Json } from './values';

const STEP = 100;

const TONES: Record<string, string> = {
  get: 'var(--pave-busy)',
  post: 'var(--pave-good)',
  put: 'var(--pave-wait)',
  patch: 'var(--pave-wait)',
  delete: 'var(--pave-bad)',
};

function Bodies({ root, bodies, name }: { root: Json; bodies: Body[]; name: string }) {
  return bodies.map((body, index) => (
    <Box key={`${body.type}-${index}`}>
      <Text fz="xs" c="dimmed" className="mono">
        {body.type}
      </Text>
      {body.schema !== undefined && <SchemaView root={root} schema={body.schema} name={name} />}
    </Box>
  ));
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Box>
      <Title order={3} fz={12.5} mb={4}>
        {title}
      </Title>
      {children}
    </Box>
  );
}

function OperationDetail({ root, operation }: { root: Json; operation: Operation }) {
  return (
    <Stack gap="md" px="md" pb="md" pt={4}>
      {operation.description && <Markdown text={operation.description} />}
      {operation.parameters.length > 0 && (
        <Part title="Parameters">
          <Box component="ul" className="schema-list" style={{ paddingLeft: 0, borderLeft: 0 }}>
            {operation.parameters.map((each, index) => (
              <SchemaRow
                key={`${each.name}-${index}`}
                root={root}
                name={each.name}
                schema={each.description ? { ...(each.schema as Json), description: each.description } : each.schema}
                required={each.required}
                note={each.place}
              />
            ))}
          </Box>
        </Part>
      )}
      {operation.bodies.length > 0 && (
        <Part title="Request body">
          <Bodies root={root} bodies={operation.bodies} name="body" />
        </Part>
      )}
      <Part title="Responses">
        <Stack gap={8}>
          {operation.answers.map((answer) => (
            <Box key={answer.status}>
              <Group gap={10} wrap="nowrap" align="baseline">
                <span className="mono" style={{ fontWeight: 600 }}>
                  {answer.status}
                </span>
                <Text fz="sm">{answer.description}</Text>
              </Group>
              <Bodies root={root} bodies={answer.bodies} name="body" />
            </Box>
          ))}
        </Stack>
      </Part>
    </Stack>
  );
}

function OperationRow({ root, operation }: { root: Json; operation: Operation }) {
  const [opened, setOpened] = useState(false);
  return (
    <Box component="li" className="list-row">
      <UnstyledButton className="operation" aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <IconChevronRight
          size={14}
          aria-hidden="true"
          style={{ transform: opened ? 'rotate(90deg)' : undefined, flex: 'none' }}
        />
        <span className="mono method" style={{ color: TONES[operation.method] }}>
          {operation.method.toUpperCase()}
        </span>
        <span className="mono operation-path" data-deprecated={operation.deprecated || undefined}>
          {operation.path}
        </span>
        <Text fz="sm" c="dimmed" className="clip operation-summary">
          {operation.summary}
        </Text>
        {operation.deprecated && <Badge>deprecated</Badge>}
      </UnstyledButton>
      {opened && <OperationDetail root={root} operation={operation} />}
    </Box>
  );
}

export function OpenApiView({ api }: { api: OpenApi }) {
  const [term, setTerm] = useState('');
  const [limit, setLimit] = useState(STEP);
  const needle = term.trim().toLowerCase();
  const found = api.operations.filter(
    (each) => !needle || `${each.method} ${each.path} ${each.summary ?? ''} ${each.tag}`.toLowerCase().includes(needle),
  );
  const shown = found.slice(0, limit);
  const tags = [...new Set(shown.map((each) => each.tag))];
  return (
    <Stack gap={0}>
      <Stack gap={10} p="md">
        <Group gap={10}>
          <Text fw={600}>{api.title}</Text>
          {api.version && <Badge>{api.version}</Badge>}
          {api.servers.slice(0, 3).map((server) => (
            <span key={server} className="mono" style={{ overflowWrap: 'anywhere' }}>
              {server}
            </span>
          ))}
        </Group>
        {api.description && <Markdown text={api.description} />}
        {api.operations.length > 8 && (
          <TextInput
            size="xs"
            w={{ base: '100%', xs: 260 }}
            value={term}
            onChange={(event) => setTerm(event.currentTarget.value)}
            placeholder="Find an operation"
            aria-label="Find an operation"
            leftSection={<IconSearch size={15} />}
          />
        )}
      </Stack>
      {tags.map((tag) => (
        <Box key={tag} component="section" aria-label={tag}>
          <Title order={2} fz={12.5} className="sunken definition-head">
            {tag}
          </Title>
          <Box component="ul" className="plain-list">
            {shown
              .filter((each) => each.tag === tag)
              .map((each) => (
                <OperationRow key={each.id} root={api.root} operation={each} />
              ))}
          </Box>
        </Box>
      ))}
      {found.length > limit && (
        <Button variant="subtle" color="gray" size="xs" m="xs" onClick={() => setLimit(limit + STEP)}>
          {found.length - limit} more operations
        </Button>
      )}
      {found.length === 0 && (
        <Text c="dimmed" fz="sm" p="md">
          {needle ? 'No operation has that.' : 'It has no operations.'}
        </Text>
      )}
      {api.schemas.length > 0 && !needle && <Schemas root={api.root} schemas={api.schemas} />}
    </Stack>
  );
}

export function Schemas({ root, schemas }: { root: Json; schemas: [string, unknown][] }) {
  const [limit, setLimit] = useState(STEP);
  return (
    <Box component="section" aria-label="Schemas">
      <Title order={2} fz={12.5} className="sunken definition-head">
        Schemas
      </Title>
      <Box component="ul" className="schema-list" px="md" py="sm" style={{ borderLeft: 0 }}>
        {schemas.slice(0, limit).map(([name, schema]) => (
          <SchemaRow
            key={name}
            root={root}
            name={name}
            schema={schema}
            required={false}
            note={typeWords(root, schema) === name ? undefined : ''}
          />
        ))}
      </Box>
      {schemas.length > limit && (
        <Button variant="subtle" color="gray" size="xs" m="xs" onClick={() => setLimit(limit + STEP)}>
          {schemas.length - limit} more
        </Button>
      )}
    </Box>
  );
}
