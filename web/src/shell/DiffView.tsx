import { Box, Text, VisuallyHidden } from '@mantine/core';
import { useMemo } from 'react';
import { hunks, lineDiff, parseUnified, type DiffLine } from './lineDiff';

const SIGNS = { same: ' ', added: '+', removed: '-' } as const;
const WORDS = { same: '', added: 'Added: ', removed: 'Removed: ' } as const;

/** Lines with their numbers and signs; null where lines are left out. */
function DiffLines({ lines, label }: { lines: (DiffLine | null)[]; label: string }) {
  if (lines.every((line) => line === null))
    return (
      <Text c="dimmed" fz="sm" p="md">
        No line is different.
      </Text>
    );
  return (
    <Box
      component="pre"
      m={0}
      py={8}
      className="log"
      style={{ overflowX: 'auto' }}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      {lines.map((line, index) =>
        line ? (
          <div key={index} className="diff-line" data-kind={line.kind}>
            <span className="log-no" aria-hidden="true">
              {line.after ?? line.before}
            </span>
            <span aria-hidden="true">{SIGNS[line.kind]}</span>
            <code style={{ fontFamily: 'inherit' }}>
              {line.kind !== 'same' && <VisuallyHidden>{WORDS[line.kind]}</VisuallyHidden>}
              {line.text}
              {'\n'}
            </code>
          </div>
        ) : (
          <div key={index} className="diff-gap" aria-hidden="true">
            ⋯
          </div>
        ),
      )}
    </Box>
  );
}

/** What changed between two texts, line by line. */
export function DiffView({ before, after, label }: { before: string; after: string; label: string }) {
  const lines = useMemo(() => hunks(lineDiff(before, after)), [before, after]);
  return <DiffLines lines={lines} label={label} />;
}

/** A unified diff, as git and the server write it. */
export function UnifiedDiff({ diff, label }: { diff: string; label: string }) {
  const lines = useMemo(() => parseUnified(diff), [diff]);
  return <DiffLines lines={lines} label={label} />;
}
