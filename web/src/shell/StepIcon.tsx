import { Loader } from '@mantine/core';
import {
  IconCircle,
  IconCircleCheckFilled,
  IconCircleMinus,
  IconCircleXFilled,
  IconClockPause,
} from '@tabler/icons-react';
import { label, toneOf } from './Status';

/** A step's state as one sign of 18 pixels; its name for those who do not see it. */
export function StepIcon({ status, size = 18 }: { status: string | null | undefined; size?: number }) {
  const state = status ?? 'pending';
  const tone = toneOf(state);
  const common = {
    size,
    style: { flex: 'none', color: `var(--pave-${tone})` },
    'aria-label': label(state),
    role: 'img',
  } as const;
  if (tone === 'busy')
    return (
      <Loader
        size={size - 2}
        color="var(--pave-busy)"
        aria-label={label(state)}
        role="img"
        style={{ flex: 'none', margin: 1 }}
      />
    );
  if (tone === 'good') return <IconCircleCheckFilled {...common} />;
  if (tone === 'bad') return <IconCircleXFilled {...common} />;
  if (tone === 'wait') return <IconClockPause {...common} />;
  return state === 'skipped' || state === 'cancelled' ? (
    <IconCircleMinus {...common} />
  ) : (
    <IconCircle {...common} stroke={1.6} />
  );
}
