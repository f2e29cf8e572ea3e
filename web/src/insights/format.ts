import { duration } from '../api/time';

export const percent = (ratio: number | null | undefined) =>
  ratio === null || ratio === undefined ? '–' : `${(ratio * 100).toFixed(ratio === 0 || ratio === 1 ? 0 : 1)} %`;

export const span = (ms: number | null | undefined) => (ms === null || ms === undefined ? '–' : duration(ms));

export function rate(perDay: number): string {
  if (perDay === 0) return '0';
  if (perDay >= 1) return `${perDay.toFixed(1)} / day`;
  if (perDay >= 1 / 7) return `${(perDay * 7).toFixed(1)} / week`;
  return `${(perDay * 30).toFixed(1)} / month`;
}
