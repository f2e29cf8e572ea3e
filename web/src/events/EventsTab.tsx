import { Box } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import { EmptyState, Loaded } from '../shell/States';
import { useEvents } from './api';
import { EventList } from './EventList';

export function EventsTab({ subject }: { subject: string }) {
  const query = useEvents({ subject, limit: 100 });
  return (
    <Loaded query={query}>
      {({ items }) => (
        <Box className="surface">
          {items.length > 0 ? (
            <EventList items={items} />
          ) : (
            <EmptyState icon={<IconActivity size={20} />} title="Nothing has happened to it yet">
              Changes, pushes, deployments and incidents appear here as they happen.
            </EmptyState>
          )}
        </Box>
      )}
    </Loaded>
  );
}
