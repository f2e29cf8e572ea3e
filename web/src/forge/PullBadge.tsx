import { Badge } from '@mantine/core';
import { IconGitMerge, IconGitPullRequest, IconGitPullRequestClosed } from '@tabler/icons-react';
import type { PullState } from './pulls';

const LOOKS: Record<PullState, { color: string; label: string; icon: typeof IconGitMerge }> = {
  open: { color: 'green', label: 'Open', icon: IconGitPullRequest },
  merged: { color: 'violet', label: 'Merged', icon: IconGitMerge },
  closed: { color: 'gray', label: 'Closed', icon: IconGitPullRequestClosed },
};

export function PullBadge({ state }: { state: PullState }) {
  const { color, label, icon: Icon } = LOOKS[state] ?? LOOKS.open;
  return (
    <Badge
      variant="default"
      leftSection={<Icon size={13} color={`var(--mantine-color-${color}-6)`} aria-hidden="true" />}
      style={{ flex: 'none' }}
    >
      {label}
    </Badge>
  );
}
