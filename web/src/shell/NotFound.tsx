import { Button } from '@mantine/core';
import { IconMapQuestion } from '@tabler/icons-react';
import { AppLink } from './AppLink';
import { EmptyState } from './States';

export function NotFound() {
  return (
    <EmptyState
      icon={<IconMapQuestion size={22} />}
      title="There is nothing at this address"
      action={<Button component={AppLink} href="/" variant="default">Go home</Button>}
    >
      It may have been renamed or removed. Search (Ctrl or ⌘ K) finds everything that has a name.
    </EmptyState>
  );
}
