import { lineDiff } from './lineDiff';

/** Brings two changes of one text together; null where both changed the same place. */
export function merge(base: string, mine: string, theirs: string): string | null {
  const lines = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
  const [b, m, t] = [lines(base), lines(mine), lines(theirs)];
  // For each line of the base that is still there, where it is now.
  const kept = (now: string) => {
    const places = new Map<number, number>();
    for (const line of lineDiff(base, now)) if (line.kind === 'same') places.set(line.before! - 1, line.after! - 1);
    return places;
  };
  const [inMine, inTheirs] = [kept(mine), kept(theirs)];
  const merged: string[] = [];
  let [i, j, k] = [0, 0, 0];
  // What lies between two lines that all three have.
  const between = (toB: number, toM: number, toT: number): boolean => {
    const [was, one, other] = [b.slice(i, toB), m.slice(j, toM), t.slice(k, toT)].map((part) => part.join('\n'));
    if (one !== was && other !== was && one !== other) return false;
    const pick = one === was ? t.slice(k, toT) : m.slice(j, toM);
    merged.push(...pick);
    return true;
  };
  for (let at = 0; at < b.length; at++) {
    const [atMine, atTheirs] = [inMine.get(at), inTheirs.get(at)];
    if (atMine === undefined || atTheirs === undefined) continue;
    if (!between(at, atMine, atTheirs)) return null;
    merged.push(b[at]!);
    [i, j, k] = [at + 1, atMine + 1, atTheirs + 1];
  }
  if (!between(b.length, m.length, t.length)) return null;
  return merged.length > 0 ? `${merged.join('\n')}\n` : '';
}
