import { Progress, Tooltip } from '@mantine/core';
import type { Campaign } from './api';

const PARTS = [
  { name: 'merged', color: 'violet', label: 'merged' },
  { name: 'current', color: 'green', label: 'up to date' },
  { name: 'open', color: 'blue', label: 'pull request open' },
  { name: 'conflicts', color: 'orange', label: 'with conflicts' },
  { name: 'failed', color: 'red', label: 'failed' },
  { name: 'queued', color: 'gray', label: 'waiting' },
] as const;

/** How far a campaign is: one bar, a part for each state, in words on demand. */
export function CampaignBar({ progress, width }: { progress: Campaign['progress']; width: number | string }) {
  const total = Math.max(1, progress.total);
  const words = PARTS.filter(({ name }) => progress[name] > 0).map(({ name, label }) => `${progress[name]} ${label}`);
  return (
    <Tooltip label={words.join(', ') || 'nothing to do'}>
      <Progress.Root size={10} radius="xl" w={width} role="img" aria-label={`Of ${progress.total}: ${words.join(', ')}`}>
        {PARTS.map(({ name, color }) => (
          <Progress.Section key={name} value={(progress[name] / total) * 100} color={color} withAria={false} />
        ))}
      </Progress.Root>
    </Tooltip>
  );
}
