import { Box, Text, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import { isRecord, list, record, refName, resolve, text, type Json } from './values';

const MEMBERS_MAX = 200;
const ENUM_MAX = 12;

/** A schema's type in a few words: "array of Order", "string (date-time)". */
export function typeWords(root: Json, schema: unknown): string {
  const named = refName(schema);
  const at = resolve(root, schema);
  if (named && !at.enum) return named;
  const type = list(at.type).length > 0 ? list(at.type).map(String).join(' or ') : text(at.type);
  if (type === 'array' || at.items) return `array of ${isRecord(at.items) ? typeWords(root, at.items) : 'anything'}`;
  for (const [key, joint] of [
    ['oneOf', ' or '],
    ['anyOf', ' or '],
    ['allOf', ' and '],
  ] as const) {
    const parts = list(at[key]);
    if (parts.length > 0)
      return parts
        .slice(0, 6)
        .map((part) => refName(part) ?? text(resolve(root, part).type) ?? 'object')
        .join(joint);
  }
  const format = text(at.format);
  return `${type ?? (at.properties ? 'object' : 'anything')}${format ? ` (${format})` : ''}`;
}

function rulesOf(schema: Json): string[] {
  const rules: string[] = [];
  const said = (key: string, words: string) => {
    const value = schema[key];
    if (typeof value === 'number' || typeof value === 'string') rules.push(`${words} ${value}`);
  };
  said('minimum', 'at least');
  said('maximum', 'at most');
  said('minLength', 'length from');
  said('maxLength', 'length to');
  said('pattern', 'matches');
  if (schema.default !== undefined) rules.push(`default ${JSON.stringify(schema.default)?.slice(0, 80)}`);
  const values = list(schema.enum);
  if (values.length > 0)
    rules.push(
      `one of ${values
        .slice(0, ENUM_MAX)
        .map((each) => JSON.stringify(each))
        .join(', ')}${values.length > ENUM_MAX ? ' …' : ''}`,
    );
  if (schema.const !== undefined) rules.push(`always ${JSON.stringify(schema.const)}`);
  if (schema.deprecated === true) rules.push('deprecated');
  if (schema.readOnly === true) rules.push('read only');
  return rules;
}

/** Members to unfold: properties, of the items where it is a list, of all parts where it is made of some. */
function membersOf(root: Json, schema: unknown, seen = new Set<Json>()): [string, unknown, boolean][] {
  const at = resolve(root, schema);
  if (seen.has(at)) return [];
  seen.add(at);
  if (isRecord(at.items)) return membersOf(root, at.items, seen);
  const required = list(at.required);
  const own = Object.entries(record(at.properties)).map(
    ([name, each]) => [name, each, required.includes(name)] as [string, unknown, boolean],
  );
  const parts = [...list(at.allOf), ...list(at.oneOf), ...list(at.anyOf)];
  const rest = isRecord(at.additionalProperties)
    ? [['any other name', at.additionalProperties, false] as [string, unknown, boolean]]
    : [];
  return [...own, ...parts.flatMap((part) => membersOf(root, part, seen)), ...rest].slice(0, MEMBERS_MAX);
}

interface RowProps {
  root: Json;
  name: string;
  schema: unknown;
  required: boolean;
  /** Unfolded from the start. */
  open?: boolean;
  note?: string;
}

/** One member: what it is, and on demand what it is made of. A schema that holds itself unfolds as far as one clicks. */
export function SchemaRow({ root, name, schema, required, open = false, note }: RowProps) {
  const [opened, setOpened] = useState(open);
  const at = resolve(root, schema);
  const members = membersOf(root, schema);
  const words = (
    <>
      <span className="mono schema-name">{name}</span>
      <Text span fz="xs" c="dimmed">
        {typeWords(root, schema)}
        {note && ` · ${note}`}
      </Text>
      {required && (
        <Text span fz="xs" c="var(--pave-wait)">
          required
        </Text>
      )}
    </>
  );
  const said = text(record(schema).description) ?? text(at.description);
  return (
    <Box component="li" className="schema-row">
      {members.length > 0 ? (
        <UnstyledButton className="schema-head" aria-expanded={opened} onClick={() => setOpened(!opened)}>
          <IconChevronRight
            size={13}
            aria-hidden="true"
            style={{ transform: opened ? 'rotate(90deg)' : undefined, flex: 'none' }}
          />
          {words}
        </UnstyledButton>
      ) : (
        <div className="schema-head schema-leaf">{words}</div>
      )}
      {said && (
        <Text fz="xs" c="dimmed" pl={19} style={{ overflowWrap: 'anywhere' }}>
          {said.slice(0, 1000)}
        </Text>
      )}
      {rulesOf(at).map((rule) => (
        <Text key={rule} fz="xs" c="dimmed" pl={19} className="mono" style={{ overflowWrap: 'anywhere' }}>
          {rule}
        </Text>
      ))}
      {opened && members.length > 0 && <SchemaMembers root={root} members={members} />}
    </Box>
  );
}

function SchemaMembers({ root, members }: { root: Json; members: [string, unknown, boolean][] }) {
  return (
    <Box component="ul" className="schema-list">
      {members.map(([name, each, required], index) => (
        <SchemaRow key={`${name}-${index}`} root={root} name={name} schema={each} required={required} />
      ))}
    </Box>
  );
}

export function SchemaView({ root, schema, name = 'body' }: { root: Json; schema: unknown; name?: string }) {
  return (
    <Box component="ul" className="schema-list" style={{ paddingLeft: 0, borderLeft: 0 }}>
      <SchemaRow root={root} name={name} schema={schema} required={false} open />
    </Box>
  );
}
