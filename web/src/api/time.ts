// Times and durations as people read them.
import { useEffect, useState } from 'react';

export type Time = string | number | null | undefined;

export const toMs = (time: Time): number => (typeof time === 'number' ? time : time ? Date.parse(time) : NaN);

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });

export function ago(time: Time, now = Date.now()): string {
  const seconds = Math.round((toMs(time) - now) / 1000);
  const size = Math.abs(seconds);
  if (Number.isNaN(seconds)) return '–';
  // The page's clock ticks seldom: what has just happened may lie a little ahead of it.
  if (size < 10 || (seconds > 0 && seconds < 60)) return 'just now';
  if (size < 60) return relative.format(seconds, 'second');
  if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), 'hour');
  if (size < 86_400 * 30) return relative.format(Math.round(seconds / 86_400), 'day');
  return new Date(toMs(time)).toLocaleDateString('en', { year: 'numeric', month: 'short', day: 'numeric' });
}

const two = (big: number, bigUnit: string, small: number, smallUnit: string) =>
  small ? `${big} ${bigUnit} ${small} ${smallUnit}` : `${big} ${bigUnit === 'm' ? 'min' : bigUnit}`;

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return '–';
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 600) return two(Math.floor(seconds / 60), 'm', Math.floor(seconds % 60), 's');
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86_400 * 2) return two(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'm');
  return `${Math.round(seconds / 86_400)} days`;
}

export function between(from: Time, to: Time, now = Date.now()): number | undefined {
  const start = toMs(from);
  if (Number.isNaN(start)) return undefined;
  const end = toMs(to);
  return (Number.isNaN(end) ? now : end) - start;
}

export const clock = (time: Time) =>
  new Date(toMs(time)).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'medium' });

/** The time now, again every `ms` while `running`. */
export function useNow(ms: number, running = true): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), ms);
    return () => clearInterval(timer);
  }, [ms, running]);
  return now;
}
