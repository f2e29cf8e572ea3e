import { Badge, Box, Group, Table, Text } from '@mantine/core';
import { isNode, type Node } from '../form/pages';

interface Row {
  name: string;
  depth: number;
  required: boolean;
  schema: Node;
}

const DEPTH_MAX = 5;

function typeOf(schema: Node): string {
  const type = schema.type;
  if (Array.isArray(type)) return type.join(' or ');
  if (type === 'array') return `list of ${isNode(schema.items) ? typeOf(schema.items) : 'anything'}`;
  if (type === 'object' && isNode(schema.additionalProperties) && !schema.properties)
    return `object of ${typeOf(schema.additionalProperties)}`;
  if (typeof type === 'string') return type;
  const choices = [schema.anyOf, schema.oneOf].find(Array.isArray) as unknown[] | undefined;
  if (choices) return [...new Set(choices.filter(isNode).map(typeOf))].join(' or ');
  if (schema.const !== undefined || Array.isArray(schema.enum)) return 'choice';
  return isNode(schema.properties) ? 'object' : 'anything';
}

// What is inside of it: its own properties, those of its items, those of its choices.
function inner(schema: Node): Node[] {
  const choices = [schema.anyOf, schema.oneOf, schema.allOf].filter(Array.isArray).flat().filter(isNode);
  const items = isNode(schema.items) ? inner(schema.items) : [];
  return [...(isNode(schema.properties) ? [schema] : []), ...items, ...choices.flatMap(inner)];
}

export function rowsOf(schema: unknown, depth = 0): Row[] {
  if (!isNode(schema) || depth > DEPTH_MAX) return [];
  const seen = new Set<string>();
  return inner(schema).flatMap((owner) =>
    Object.entries(owner.properties as Node).flatMap(([name, each]): Row[] => {
      if (!isNode(each) || seen.has(name)) return [];
      seen.add(name);
      const required = Array.isArray(owner.required) && owner.required.includes(name);
      return [{ name, depth, required, schema: each }, ...rowsOf(each, depth + 1)];
    }),
  );
}

function choicesOf(schema: Node): unknown[] {
  if (Array.isArray(schema.enum)) return schema.enum;
  if (isNode(schema.items)) return choicesOf(schema.items);
  const choices = [schema.anyOf, schema.oneOf].filter(Array.isArray).flat().filter(isNode);
  return choices.flatMap((each) => (each.const !== undefined ? [each.const] : choicesOf(each)));
}

const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** A JSON Schema as a table that a person reads: names, types, what they mean. */
export function SchemaTable({ schema, label }: { schema: unknown; label: string }) {
  const rows = rowsOf(schema);
  if (rows.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        None.
      </Text>
    );
  return (
    <Table.ScrollContainer minWidth={460} type="native">
      <Table aria-label={label} fz="sm" layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="34%">Name</Table.Th>
            <Table.Th w="22%">Type</Table.Th>
            <Table.Th>Meaning</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row, index) => (
            <Table.Tr key={index}>
              <Table.Td style={{ paddingLeft: 16 + row.depth * 16, verticalAlign: 'top' }}>
                <Group gap={6}>
                  <span className="mono" style={{ overflowWrap: 'anywhere' }}>
                    {row.name}
                  </span>
                  {row.required && <Badge size="xs">required</Badge>}
                </Group>
              </Table.Td>
              <Table.Td style={{ verticalAlign: 'top' }}>{typeOf(row.schema)}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                {typeof row.schema.description === 'string' && <span>{row.schema.description}</span>}
                {typeof row.schema.description !== 'string' && typeof row.schema.title === 'string' && <span>{row.schema.title}</span>}
                {choicesOf(row.schema).length > 0 && (
                  <Box fz="xs" c="dimmed">
                    One of{' '}
                    {choicesOf(row.schema).map((each, at) => (
                      <span key={at}>
                        {at > 0 && ', '}
                        <span className="mono">{shown(each)}</span>
                      </span>
                    ))}
                  </Box>
                )}
                {row.schema.default !== undefined && (
                  <Box fz="xs" c="dimmed">
                    Otherwise <span className="mono">{shown(row.schema.default)}</span>
                  </Box>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
