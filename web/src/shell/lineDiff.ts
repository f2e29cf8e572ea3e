// Which lines of a text changed.
export interface DiffLine {
  kind: 'same' | 'added' | 'removed';
  text: string;
  before?: number;
  after?: number;
}

// Beyond this the middle is told as removed and added as a whole.
const CELLS_MAX = 4_000_000;

/** The lines of both texts in one list. Lines in common are found by the longest common subsequence. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const split = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
  const [a, b] = [split(before), split(after)];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const same = (i: number, j: number): DiffLine => ({ kind: 'same', text: a[i]!, before: i + 1, after: j + 1 });
  const lines: DiffLine[] = [];
  for (let i = 0; i < head; i++) lines.push(same(i, i));
  const [n, m] = [a.length - head - tail, b.length - head - tail];
  let [i, j] = [0, 0];
  if (n * m <= CELLS_MAX) {
    const width = m + 1;
    const longest = new Uint32Array((n + 1) * width);
    for (let x = n - 1; x >= 0; x--)
      for (let y = m - 1; y >= 0; y--)
        longest[x * width + y] =
          a[head + x] === b[head + y]
            ? longest[(x + 1) * width + y + 1]! + 1
            : Math.max(longest[(x + 1) * width + y]!, longest[x * width + y + 1]!);
    while (i < n && j < m) {
      if (a[head + i] === b[head + j]) lines.push(same(head + i++, head + j++));
      else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!)
        lines.push({ kind: 'removed', text: a[head + i]!, before: head + i++ + 1 });
      else lines.push({ kind: 'added', text: b[head + j]!, after: head + j++ + 1 });
    }
  }
  for (; i < n; i++) lines.push({ kind: 'removed', text: a[head + i]!, before: head + i + 1 });
  for (; j < m; j++) lines.push({ kind: 'added', text: b[head + j]!, after: head + j + 1 });
  for (let k = tail; k > 0; k--) lines.push(same(a.length - k, b.length - k));
  return lines;
}

/** Only what changed, with `around` lines about it; null where lines are left out. */
export function hunks(lines: DiffLine[], around = 3): (DiffLine | null)[] {
  const near = new Set<number>();
  lines.forEach((line, index) => {
    if (line.kind !== 'same')
      for (let i = Math.max(0, index - around); i <= Math.min(lines.length - 1, index + around); i++) near.add(i);
  });
  const shown: (DiffLine | null)[] = [];
  lines.forEach((line, index) => {
    if (near.has(index)) shown.push(line);
    else if (shown.length === 0 || shown.at(-1) !== null) shown.push(null);
  });
  return shown;
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

/** The lines of a unified diff of one file; null before each hunk that does not begin at its first line. */
export function parseUnified(diff: string): (DiffLine | null)[] {
  const lines: (DiffLine | null)[] = [];
  let [before, after] = [0, 0];
  for (const text of diff.replace(/\n$/, '').split('\n')) {
    const hunk = HUNK.exec(text);
    if (hunk) {
      [before, after] = [Number(hunk[1]), Number(hunk[2])];
      if (before > 1 || after > 1) lines.push(null);
    } else if (before === 0 && after === 0) {
      continue;
    } else if (text.startsWith('+')) {
      lines.push({ kind: 'added', text: text.slice(1), after: after++ });
    } else if (text.startsWith('-')) {
      lines.push({ kind: 'removed', text: text.slice(1), before: before++ });
    } else if (text.startsWith(' ') || text === '') {
      lines.push({ kind: 'same', text: text.slice(1), before: before++, after: after++ });
    }
  }
  return lines;
}
