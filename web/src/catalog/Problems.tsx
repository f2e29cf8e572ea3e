import { Group, Stack, Text, UnstyledButton } from '@mantine/core';
import type { Diagnostic } from '../api/client';
import { Dot } from '../shell/Status';

interface ProblemsProps {
  items: Diagnostic[];
  checking: boolean;
  dirty: boolean;
  onGo: (line: number, column?: number, file?: string) => void;
  /** They are in several files. */
  named?: boolean;
}

const placeOf = ({ file, line, column }: Diagnostic, named: boolean | undefined) =>
  [named ? file : undefined, line, column].filter(Boolean).join(':');

/** What is wrong with a text while it is written; each leads to its line. */
export function Problems({ items, checking, dirty, onGo, named }: ProblemsProps) {
  if (items.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {!dirty ? 'Nothing changed yet.' : checking ? 'Checking…' : 'No problems.'}
      </Text>
    );
  return (
    <Stack gap={6} component="ul" m={0} p={0} mah={180} style={{ listStyle: 'none', overflowY: 'auto' }}>
      {items.map((item, index) => (
        <Group key={index} component="li" gap={10} wrap="nowrap" align="flex-start">
          <span style={{ paddingTop: 2 }}>
            <Dot status={item.severity === 'error' ? 'error' : 'warning'} />
          </span>
          {item.line ? (
            <UnstyledButton
              fz="sm"
              className="mono problem-line"
              onClick={() => onGo(item.line!, item.column, item.file)}
              aria-label={`${placeOf(item, named)}: go to line ${item.line}`}
            >
              {placeOf(item, named)}
            </UnstyledButton>
          ) : null}
          <div>
            <Text fz="sm">{item.message}</Text>
            {item.hint && (
              <Text fz="xs" c="dimmed">
                {item.hint}
              </Text>
            )}
          </div>
        </Group>
      ))}
    </Stack>
  );
}
