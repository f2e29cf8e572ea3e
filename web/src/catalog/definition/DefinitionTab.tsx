import { Alert, Box, Group, SegmentedControl, Text } from '@mantine/core';
import { IconFileOff, IconInfoCircle } from '@tabler/icons-react';
import { useState } from 'react';
import { CodeView } from '../../shell/CodeView';
import { CopyIcon } from '../../shell/Copy';
import { EmptyState, LoadingRows } from '../../shell/States';
import type { Entity } from '../entity';
import { AsyncApiView, isAsyncApi } from './AsyncApiView';
import { openApiOf } from './openapi';
import { OpenApiView } from './OpenApiView';
import { SourceView } from './SourceView';
import type { Language } from './tokens';
import { useParsed } from './useParsed';

const LANGUAGES: Record<string, Language> = { graphql: 'graphql', grpc: 'proto', proto: 'proto', protobuf: 'proto' };

function NotUnderstood({ text, why }: { text: string; why: string }) {
  return (
    <>
      <Alert color="gray" icon={<IconInfoCircle size={18} />} m="md" title="Shown as it is">
        <Text fz="sm">{why}</Text>
      </Alert>
      <CodeView text={text} label="Definition" />
    </>
  );
}

function DocumentView({ text }: { text: string }) {
  const parsed = useParsed(text);
  if (!parsed) return <LoadingRows rows={8} />;
  if (parsed.error) return <NotUnderstood text={text} why={parsed.error} />;
  const api = openApiOf(parsed.value);
  if (api) return <OpenApiView api={api} />;
  if (isAsyncApi(parsed.value)) return <AsyncApiView root={parsed.value} />;
  return <NotUnderstood text={text} why="It is neither an OpenAPI nor an AsyncAPI document." />;
}

/** An API's definition, rendered by its type. Everything in it is text to us: none of it becomes markup. */
export function DefinitionTab({ entity }: { entity: Entity }) {
  const [view, setView] = useState('rendered');
  const definition = entity.spec?.definition;
  const type = String(entity.spec?.type ?? '').toLowerCase();
  if (typeof definition !== 'string' || definition.trim() === '')
    return (
      <Box className="surface">
        <EmptyState icon={<IconFileOff size={20} />} title="It has no definition">
          Write it into <code>spec.definition</code>, or name its file with <code>$text</code>.
        </EmptyState>
      </Box>
    );
  const language = LANGUAGES[type];
  const known = language || /openapi|asyncapi|swagger/.test(type);
  return (
    <Box className="surface" style={{ overflow: 'hidden' }}>
      <Group justify="space-between" px="md" py={7} style={{ borderBottom: '1px solid var(--pave-hairline)' }}>
        <Text fz="sm" c="dimmed">
          {type || 'API'}
        </Text>
        <Group gap={8}>
          {known && (
            <SegmentedControl
              size="xs"
              value={view}
              onChange={setView}
              aria-label="Show as"
              data={[
                { value: 'rendered', label: 'Rendered' },
                { value: 'raw', label: 'Raw' },
              ]}
            />
          )}
          <CopyIcon value={definition} label="Copy the definition" />
        </Group>
      </Group>
      {!known || view === 'raw' ? (
        <CodeView text={definition} label="Definition" plain={!known} />
      ) : language ? (
        <SourceView text={definition} language={language} />
      ) : (
        <DocumentView text={definition} />
      )}
    </Box>
  );
}
