import { Anchor, Box, Group, Text, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import type { CloudEvent } from '../api/stream';
import { AppLink } from '../shell/AppLink';
import { CodeView } from '../shell/CodeView';
import { Actor } from '../shell/EntityLink';
import { Dot } from '../shell/Status';
import { Ago } from '../shell/Time';
import { describe, detailOf, subjectHref } from './describe';

function EventRow({ event, open, onToggle }: { event: CloudEvent; open: boolean; onToggle: () => void }) {
  const { words, state } = describe(event);
  const href = subjectHref(event);
  const detail = detailOf(event);
  return (
    <>
      <Group px="md" py={8} gap={14} wrap="nowrap">
        <UnstyledButton
          onClick={onToggle}
          aria-expanded={open}
          className="num"
          fz="xs"
          c="dimmed"
          w={52}
          ta="right"
          aria-label={`Event ${event.seq}: show everything`}
        >
          {event.seq}
        </UnstyledButton>
        <Dot status={state} still />
        <Text fz="sm" fw={550} w={210} className="clip" title={event.type}>
          {words}
        </Text>
        <Text fz="sm" className="clip" style={{ flex: 1 }}>
          {href ? (
            <Anchor component={AppLink} href={href} fz="sm" c="inherit">
              {event.subject}
            </Anchor>
          ) : (
            event.subject
          )}
        </Text>
        <Text visibleFrom="md" fz="sm" c="dimmed" className="clip" maw={300}>
          {detail}
        </Text>
        <Box visibleFrom="md" w={130} style={{ overflow: 'hidden' }}>
          <Actor actor={event.actor} />
        </Box>
        <Box w={96} ta="right">
          <Ago time={event.time} />
        </Box>
      </Group>
      {open && (
        <Box className="sunken">
          <CodeView text={JSON.stringify(event, null, 2)} label={`Event ${event.seq}`} />
        </Box>
      )}
    </>
  );
}

export function EventList({ items, opened }: { items: CloudEvent[]; opened?: number }) {
  const [open, setOpen] = useState<number | null>(opened ?? null);
  return (
    <Box component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
      {items.map((event, index) => (
        <li key={event.seq} style={{ borderTop: index ? '1px solid var(--pave-hairline)' : undefined }}>
          <EventRow
            event={event}
            open={open === event.seq}
            onToggle={() => setOpen(open === event.seq ? null : event.seq)}
          />
        </li>
      ))}
    </Box>
  );
}
