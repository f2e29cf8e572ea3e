import { ActionIcon, Box, CopyButton, Group, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';

export function CopyIcon({ value, label = 'Copy' }: { value: string; label?: string }) {
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : label}>
          <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={label}>
            {copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** A command to take along. */
export function Command({ value }: { value: string }) {
  return (
    <Group className="surface sunken" gap={8} wrap="nowrap" px={12} py={6} justify="space-between">
      <Box className="mono" style={{ overflowX: 'auto', whiteSpace: 'pre' }} tabIndex={0}>
        {value}
      </Box>
      <CopyIcon value={value} label="Copy command" />
    </Group>
  );
}
