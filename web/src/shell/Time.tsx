import { Text } from '@mantine/core';
import { ago, between, clock, duration, toMs, type Time, useNow } from '../api/time';

export function Ago({ time, c = 'dimmed' }: { time: Time; c?: string }) {
  const now = useNow(30_000);
  if (Number.isNaN(toMs(time)))
    return (
      <Text span c={c} fz="sm">
        –
      </Text>
    );
  return (
    <Text
      component="time"
      dateTime={new Date(toMs(time)).toISOString()}
      title={clock(time)}
      c={c}
      fz="sm"
      className="num"
      style={{ whiteSpace: 'nowrap' }}
    >
      {ago(time, now)}
    </Text>
  );
}

/** When something is due; what is due within the minute, or was already, is soon. */
export function Due({ time, c = 'dimmed' }: { time: Time; c?: string }) {
  const now = useNow(30_000);
  if (!(toMs(time) - now < 60_000)) return <Ago time={time} c={c} />;
  return (
    <Text span c={c} fz="sm" title={clock(time)}>
      soon
    </Text>
  );
}

/** How long something took, counting while it runs. */
export function Took({ from, to, running }: { from: Time; to: Time; running?: boolean }) {
  const live = running ?? (!!from && !to);
  const now = useNow(200, live);
  return (
    <Text span c="dimmed" fz="sm" className="num" style={{ whiteSpace: 'nowrap' }}>
      {duration(between(from, to, now))}
    </Text>
  );
}
