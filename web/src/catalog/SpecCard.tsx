import { Anchor, Badge, Box, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { AppLink } from '../shell/AppLink';
import { Section } from '../shell/Page';
import { safeUrl } from './AboutCard';
import type { Entity } from './entity';
import { useKinds } from './own';

// Told elsewhere on the page.
const TOLD = ['owner', 'type', 'lifecycle', 'system', 'domain'];
const DEPTH_MAX = 6;
const ITEMS_MAX = 50;

interface FieldSchema {
  title?: string;
  description?: string;
  properties?: Record<string, FieldSchema>;
  items?: FieldSchema;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown) => value === null || typeof value !== 'object';
const asSchema = (value: unknown): FieldSchema | undefined => (isRecord(value) ? (value as FieldSchema) : undefined);

/** The part of a kind's schema that describes `spec`; a schema may be of the whole entity or of the spec alone. */
function specSchema(schema: unknown): FieldSchema | undefined {
  const whole = asSchema(schema);
  return asSchema(whole?.properties?.spec) ?? whole;
}

function Scalar({ value }: { value: unknown }) {
  const href = safeUrl(value);
  if (href)
    return (
      <Anchor component={AppLink} href={href} fz="sm" style={{ overflowWrap: 'anywhere' }}>
        {href}
      </Anchor>
    );
  const text = value === null ? 'none' : typeof value === 'boolean' ? (value ? 'Yes' : 'No') : String(value);
  return text.includes('\n') ? (
    <Box component="pre" m={0} fz={12} className="mono" style={{ whiteSpace: 'pre-wrap' }}>
      {text}
    </Box>
  ) : (
    <Text span fz="sm" style={{ overflowWrap: 'anywhere' }}>
      {text}
    </Text>
  );
}

function FieldValue({ value, schema, depth }: { value: unknown; schema?: FieldSchema; depth: number }): ReactNode {
  if (isScalar(value)) return <Scalar value={value} />;
  if (depth >= DEPTH_MAX)
    return (
      <Text span fz="xs" className="mono">
        {JSON.stringify(value).slice(0, 500)}
      </Text>
    );
  if (Array.isArray(value)) {
    const items = value.slice(0, ITEMS_MAX);
    if (items.every((each) => isScalar(each) && String(each).length < 40))
      return (
        <Group gap={5}>
          {items.map((each, index) => (
            <Badge key={index}>{String(each)}</Badge>
          ))}
          {value.length > ITEMS_MAX && `and ${value.length - ITEMS_MAX} more`}
        </Group>
      );
    return (
      <Stack gap={10}>
        {items.map((each, index) => (
          <Box key={index} pl={12} style={{ borderLeft: '2px solid var(--pave-hairline)' }}>
            <FieldValue value={each} schema={schema?.items} depth={depth + 1} />
          </Box>
        ))}
      </Stack>
    );
  }
  return <Fields value={value as Record<string, unknown>} schema={schema} depth={depth + 1} />;
}

function Fields({ value, schema, depth }: { value: Record<string, unknown>; schema?: FieldSchema; depth: number }) {
  return (
    <Box component="dl" m={0} className="spec-fields">
      {Object.entries(value).map(([name, each]) => {
        const described = schema?.properties?.[name];
        return (
          <Box key={name} style={{ display: 'contents' }}>
            <Text component="dt" c="dimmed" fz="sm" title={described?.description}>
              {described?.title ?? name}
            </Text>
            <Box component="dd" m={0} style={{ minWidth: 0 }}>
              <FieldValue value={each} schema={described} depth={depth} />
            </Box>
          </Box>
        );
      })}
    </Box>
  );
}

/** What an entity of any kind says in its spec, with the names and words of its kind's schema. */
export function SpecCard({ entity }: { entity: Entity }) {
  const kinds = useKinds().data?.items;
  const kind = kinds?.find((each) => each.kind === entity.kind && each.apiVersion === entity.apiVersion);
  const rest = Object.fromEntries(Object.entries(entity.spec ?? {}).filter(([name]) => !TOLD.includes(name)));
  if (Object.keys(rest).length === 0) return null;
  return (
    <Section title={`${entity.kind} details`}>
      <Fields value={rest} schema={specSchema(kind?.schema)} depth={0} />
    </Section>
  );
}
