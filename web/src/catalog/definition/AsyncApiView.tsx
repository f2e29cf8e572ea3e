import { Badge, Box, Group, Stack, Text, Title } from '@mantine/core';
import { Markdown } from '../../shell/Markdown';
import { Schemas } from './OpenApiView';
import { SchemaView } from './SchemaView';
import { isRecord, list, record, refName, resolve, text, type Json } from './values';

interface Message {
  name: string;
  summary?: string;
  payload: unknown;
}

interface Channel {
  name: string;
  description?: string;
  actions: { verb: string; summary?: string; messages: Message[] }[];
}

const messageOf = (root: Json, value: unknown, name?: string): Message => {
  const at = resolve(root, value);
  return {
    name: text(at.name) ?? text(at.title) ?? refName(value) ?? name ?? 'message',
    summary: text(at.summary) ?? text(at.description),
    payload: at.payload,
  };
};

function messagesOf(root: Json, value: unknown): Message[] {
  const at = resolve(root, value);
  const many = list(at.oneOf);
  return many.length > 0 ? many.map((each) => messageOf(root, each)) : value ? [messageOf(root, value)] : [];
}

// In version 2 a channel holds what is published and subscribed; in version 3 operations point at channels.
function channelsOf(root: Json): Channel[] {
  const operations = Object.entries(record(root.operations)).map(
    ([name, each]) => ({ name, ...resolve(root, each) }) as Json,
  );
  return Object.entries(record(root.channels)).map(([key, each]) => {
    const at = resolve(root, each);
    const own = ['publish', 'subscribe'].flatMap((verb) =>
      isRecord(at[verb])
        ? [{ verb, summary: text(at[verb].summary), messages: messagesOf(root, at[verb].message) }]
        : [],
    );
    const messages = Object.entries(record(at.messages)).map(([name, message]) => messageOf(root, message, name));
    const pointing = operations
      .filter((operation) => refName(operation.channel) === key)
      .map((operation) => ({
        verb: text(operation.action) ?? 'operation',
        summary: text(operation.summary) ?? text(operation.name),
        messages,
      }));
    const actions = [...own, ...pointing];
    return {
      name: text(at.address) ?? key,
      description: text(at.description),
      actions: actions.length > 0 || messages.length === 0 ? actions : [{ verb: 'messages', messages }],
    };
  });
}

export const isAsyncApi = (value: unknown): value is Json => isRecord(value) && typeof value.asyncapi !== 'undefined';

export function AsyncApiView({ root }: { root: Json }) {
  const info = record(root.info);
  const channels = channelsOf(root).slice(0, 300);
  const servers = Object.entries(record(root.servers)).flatMap(([name, each]) => {
    const at = resolve(root, each);
    const address = text(at.url) ?? text(at.host);
    return address ? [`${name}: ${address}${text(at.protocol) ? ` (${text(at.protocol)})` : ''}`] : [];
  });
  return (
    <Stack gap={0}>
      <Stack gap={10} p="md">
        <Group gap={10}>
          <Text fw={600}>{text(info.title)}</Text>
          {text(info.version) && <Badge>{text(info.version)}</Badge>}
          {servers.slice(0, 4).map((server) => (
            <span key={server} className="mono">
              {server}
            </span>
          ))}
        </Group>
        {text(info.description) && <Markdown text={text(info.description)!} />}
      </Stack>
      {channels.map((channel) => (
        <Box key={channel.name} component="section" aria-label={channel.name}>
          <Title order={2} fz={12.5} className="sunken definition-head mono">
            {channel.name}
          </Title>
          <Stack gap="md" p="md">
            {channel.description && <Text fz="sm">{channel.description}</Text>}
            {channel.actions.map((action, index) => (
              <Box key={index}>
                <Group gap={10} align="baseline">
                  <span className="mono method">{action.verb.toUpperCase()}</span>
                  <Text fz="sm" c="dimmed">
                    {action.summary}
                  </Text>
                </Group>
                {action.messages.map((message, at) => (
                  <Box key={at} mt={4}>
                    {message.summary && <Text fz="sm">{message.summary}</Text>}
                    <SchemaView root={root} schema={message.payload ?? {}} name={message.name} />
                  </Box>
                ))}
              </Box>
            ))}
          </Stack>
        </Box>
      ))}
      {channels.length === 0 && (
        <Text c="dimmed" fz="sm" p="md">
          It has no channels.
        </Text>
      )}
      {Object.keys(record(record(root.components).schemas)).length > 0 && (
        <Schemas root={root} schemas={Object.entries(record(record(root.components).schemas))} />
      )}
    </Stack>
  );
}
