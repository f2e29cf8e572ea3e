import { Box, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** Names and values in two columns; what has no value is left out. */
export function Facts({ items, labelWidth = 120 }: { items: [string, ReactNode][]; labelWidth?: number }) {
  return (
    <Box
      component="dl"
      m={0}
      style={{ display: 'grid', gridTemplateColumns: `${labelWidth}px minmax(0, 1fr)`, rowGap: 9, columnGap: 12 }}
    >
      {items
        .filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false)
        .map(([name, value]) => (
          <Box key={name} style={{ display: 'contents' }}>
            <Text component="dt" c="dimmed" fz="sm">
              {name}
            </Text>
            <Text component="dd" fz="sm" m={0} style={{ overflowWrap: 'anywhere' }}>
              {value}
            </Text>
          </Box>
        ))}
    </Box>
  );
}
