import { Badge, Box, Group, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import type { CSSProperties, ReactNode } from 'react';
import { UnifiedDiff } from './DiffView';

const COLORS: Record<string, string> = {
  added: 'green',
  modified: 'blue',
  deleted: 'red',
  renamed: 'blue',
  conflict: 'orange',
  kept: 'gray',
};

function Sign({ status }: { status: string }) {
  return (
    <span className="dot" aria-hidden="true" style={{ '--tone': `var(--mantine-color-${COLORS[status] ?? 'gray'}-6)` } as CSSProperties} />
  );
}

export interface ChangedFile {
  path: string;
  oldPath?: string;
  status: string;
  diff?: string | null;
  reason?: string;
}

interface FileDiffProps {
  file: ChangedFile;
  closed?: boolean;
  right?: ReactNode;
}

/** One changed file: its name, what became of it, and on demand its lines. */
export function FileDiff({ file, closed, right }: FileDiffProps) {
  const [opened, { toggle }] = useDisclosure(!closed);
  const Chevron = opened ? IconChevronDown : IconChevronRight;
  return (
    <Box className="surface" style={{ overflow: 'hidden' }} component="section" aria-label={file.path}>
      <Group px="md" py={9} gap={10} wrap="nowrap">
        <UnstyledButton onClick={toggle} aria-expanded={opened} style={{ flex: 1, minWidth: 0 }}>
          <Group gap={8} wrap="nowrap">
            <Chevron size={15} aria-hidden="true" style={{ flex: 'none' }} />
            <Text fz="sm" className="mono clip">
              {file.oldPath && file.oldPath !== file.path ? `${file.oldPath} → ${file.path}` : file.path}
            </Text>
          </Group>
        </UnstyledButton>
        {right}
        <Badge variant="default" leftSection={<Sign status={file.status} />}>
          {file.status}
        </Badge>
      </Group>
      {opened && (
        <Box style={{ borderTop: '1px solid var(--pave-hairline)' }}>
          {file.reason && (
            <Text fz="sm" c="dimmed" px="md" pt="sm">
              {file.reason}
            </Text>
          )}
          {file.diff ? (
            <UnifiedDiff diff={file.diff} label={`Changes of ${file.path}`} />
          ) : (
            <Text fz="sm" c="dimmed" p="md">
              There are no lines to show.
            </Text>
          )}
        </Box>
      )}
    </Box>
  );
}
