import { Progress, Tooltip } from '@mantine/core';
import type { Campaign } from './api';

const PARTS = [
  { name: 'merged', color: 'violet', label: 'merged' },
  { name: 'current', color: 'green', label: 'up to date' },
  { name: 'open', color: 'blue', label: 'open' },
  { name: 'conflicts', color: 'orange', label: 'with conflicts' },
  { name: 'failed', color: 'red', label: 'failed' },
  { name: 'queued', color: 'gray', label: 'waiting' },
] as const;

/** "2 open, 1 with conflicts". */
export const campaignWords = (progress: Campaign['progress']) =>
  PARTS.filter(({ name }) => progress[name] > 0)
    .map(({ name, label }) => `${progress[name]} ${label}`)
    .join(', ') || 'nothing to do';

/** How far a campaign is: one bar, a part for each state, in words on demand. */
export function CampaignBar({ progress, width }: { progress: Campaign['progress']; width: number | string }) {
  const total = Math.max(1, progress.total);
  const words = campaignWords(progress);
  return (
    <Tooltip label={words}>
      <Progress.Root size={10} radius="xl" w={width} role="img" aria-label={`Of ${progress.total}: ${words}`}>
        {PARTS.map(({ name, color }) => (
          <Progress.Section key={name} value={(progress[name] / total) * 100} color={color} withAria={false} />
        ))}
      </Progress.Root>
    </Tooltip>
  );
}
