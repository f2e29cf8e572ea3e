import { Box, Group, Text } from '@mantine/core';
import { ago, clock, toMs } from '../api/time';
import type { HealthHistory } from './health';

const BUCKETS = 48;

interface Bucket {
  from: number;
  ok: number;
  bad: number;
}

const DAY = 24 * 3600_000;

// The last day, or as long as there are checks, but not under a minute for a bar.
function windowOf(history: HealthHistory): number {
  const oldest = Math.min(...history.checks.map((check) => toMs(check.t)), Date.now());
  return Math.min(DAY, Math.max(BUCKETS * 60_000, Date.now() - oldest));
}

// A bar is as bad as the worst check in it.
function bucketsOf(history: HealthHistory, length: number): Bucket[] {
  const span = length / BUCKETS;
  const start = Date.now() - length;
  const buckets = Array.from({ length: BUCKETS }, (_, index) => ({ from: start + index * span, ok: 0, bad: 0 }));
  for (const check of history.checks) {
    const bucket = buckets[Math.max(0, Math.min(BUCKETS - 1, Math.floor((toMs(check.t) - start) / span)))];
    if (!bucket) continue;
    if (check.ok) bucket.ok += 1;
    else bucket.bad += 1;
  }
  return buckets;
}

function tone(bucket: Bucket): string {
  if (bucket.bad > 0) return bucket.ok > bucket.bad ? 'var(--pave-wait)' : 'var(--pave-bad)';
  return bucket.ok > 0 ? 'var(--pave-good)' : 'var(--pave-hairline)';
}

const told = (bucket: Bucket) =>
  `${clock(bucket.from)}: ${bucket.ok + bucket.bad === 0 ? 'not running' : bucket.bad === 0 ? 'all checks passed' : `${bucket.bad} of ${bucket.ok + bucket.bad} checks failed`}`;

export function HealthStrip({ history }: { history?: HealthHistory }) {
  if (!history) return null;
  const length = windowOf(history);
  const buckets = bucketsOf(history, length);
  const uptime =
    history.uptime === null || history.uptime === undefined ? null : history.uptime * (history.uptime <= 1 ? 100 : 1);
  return (
    <div>
      <Group
        gap={2}
        wrap="nowrap"
        h={24}
        role="img"
        aria-label={`Health since ${ago(Date.now() - length)}${uptime === null ? '' : `, ${uptime.toFixed(2)} % of checks passed`}`}
      >
        {buckets.map((bucket) => (
          <Box
            key={bucket.from}
            title={told(bucket)}
            h={22}
            style={{ flex: 1, borderRadius: 2, background: tone(bucket), opacity: 0.9 }}
          />
        ))}
      </Group>
      <Group justify="space-between" mt={4}>
        <Text fz="xs" c="dimmed">
          {ago(Date.now() - length)}
        </Text>
        <Text fz="xs" c="dimmed" className="num">
          {uptime === null ? 'No checks yet' : `${uptime.toFixed(uptime === 100 ? 0 : 2)} % of checks passed`}
        </Text>
        <Text fz="xs" c="dimmed">
          Now
        </Text>
      </Group>
    </div>
  );
}
