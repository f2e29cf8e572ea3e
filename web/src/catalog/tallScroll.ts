// Scrolling through more rows than a browser can lay out.
//
// Engines stop at 17 to 33 million pixels, and a virtualiser that measures each row holds a million records. Rows of
// one height need neither: the box is at most PHYSICAL_MAX high, small movements are taken as they are, a leap (the
// scroll bar dragged) goes to the same share of the list, and at rest the bar is set to where the list stands.
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';

const PHYSICAL_MAX = 8_000_000;
const REST_MS = 140;

export interface TallScroll {
  /** Height of what is scrolled. */
  height: number;
  first: number;
  last: number;
  /** Where a row stands in what is scrolled. */
  topOf: (index: number) => number;
  /** Brings a row into sight. */
  reveal: (index: number) => void;
  onScroll: () => void;
}

interface Sizes {
  count: number;
  row: number;
  /** Of the part at the top that stays. */
  head: number;
}

export function useTallScroll(box: RefObject<HTMLElement | null>, { count, row, head }: Sizes): TallScroll {
  const logical = count * row;
  const height = Math.min(logical, PHYSICAL_MAX);
  const [view, setView] = useState(600);
  // Where the list stands (top) and where the box is (scrolled): the same unless the list is taller than the box.
  const [top, setTop] = useState(0);
  const scrolled = useRef(0);
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined);
  const room = Math.max(0, logical - view);
  const physicalRoom = Math.max(0, height - view);

  const anchor = useCallback(
    (wanted: number) => {
      const element = box.current;
      if (!element) return;
      const next = Math.min(Math.max(0, wanted), room);
      element.scrollTop = room > 0 ? (next / room) * physicalRoom : 0;
      scrolled.current = element.scrollTop;
      setTop(next);
    },
    [box, room, physicalRoom],
  );

  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    const at = element.scrollTop;
    const moved = at - scrolled.current;
    scrolled.current = at;
    if (logical === height) return setTop(at);
    const edge = at <= 0 || at >= physicalRoom - 1;
    const next =
      Math.abs(moved) < view * 3 ? Math.min(Math.max(0, top + moved), room) : (at / Math.max(1, physicalRoom)) * room;
    setTop(next);
    clearTimeout(rest.current);
    if (edge && next > 1 && next < room - 1) anchor(next);
    else rest.current = setTimeout(() => anchor(next), REST_MS);
  };

  useEffect(() => () => clearTimeout(rest.current), []);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setView(Math.max(row, element.clientHeight - head));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box, row, head]);

  // Another, shorter list: stay within it.
  useLayoutEffect(() => {
    if (top > room) anchor(room);
  }, [room, top, anchor]);

  const first = Math.max(0, Math.floor(top / row));
  const last = Math.min(count - 1, Math.ceil((top + view) / row));
  const shift = logical === height ? 0 : top - scrolled.current;
  return {
    height,
    first,
    last,
    topOf: (index) => index * row - shift,
    reveal: (index) => {
      if (index * row < top) anchor(index * row);
      else if ((index + 1) * row > top + view) anchor((index + 1) * row - view);
    },
    onScroll,
  };
}
