import { Anchor, Group, Stack, Text } from '@mantine/core';
import type { Diagnostic } from '../api/client';
import { AppLink } from './AppLink';
import { Dot } from './Status';

/** A diagnostic, and where its place can be looked at. */
export type Placed = Diagnostic & { href?: string };

const place = (item: Diagnostic) =>
  [item.file, item.line || undefined, item.line ? item.column || undefined : undefined]
    .filter((part) => part !== undefined && part !== '')
    .join(':');

/** What is wrong with a person's file: where, what, and how to mend it. */
export function Diagnostics({ items }: { items: Placed[] }) {
  return (
    <Stack gap={8} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
      {items.map((item, index) => (
        <Group key={index} gap={10} wrap="nowrap" align="flex-start" component="li">
          <span style={{ paddingTop: 3 }}>
            <Dot status={item.severity === 'error' ? 'error' : item.severity === 'warning' ? 'warning' : 'skipped'} />
          </span>
          <div>
            <Text fz="sm">{item.message}</Text>
            {place(item) && (
              <Text fz="xs" c="dimmed" className="mono">
                {item.href ? (
                  <Anchor component={AppLink} href={item.href} fz="inherit">
                    {place(item)}
                  </Anchor>
                ) : (
                  place(item)
                )}
              </Text>
            )}
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
