import { Box, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useRouter } from '@tanstack/react-router';
import { useCallback, useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { entityHref } from '../shell/EntityLink';
import { ErrorState } from '../shell/States';
import { CatalogRow, ROW_HEIGHT } from './CatalogRow';
import type { CatalogColumn } from './columns';
import { refOf, type Entity } from './entity';
import type { Sort } from './filters';
import { useRows, type ListQuery } from './list';
import { useStarred } from './stored';
import { useTallScroll } from './tallScroll';

const HEAD = 38;
const OVERSCAN = 8;

interface HeadProps {
  columns: CatalogColumn[];
  grid: string;
  sort: Sort;
  onSort: (text: string) => void;
}

function Head({ columns, grid, sort, onSort }: HeadProps) {
  const Arrow = sort.order === 'asc' ? IconArrowUp : IconArrowDown;
  return (
    <div role="rowgroup" className="grid-head">
      <div role="row" aria-rowindex={1} className="grid-head-row" style={{ gridTemplateColumns: grid, height: HEAD }}>
        {columns.map(({ key, title, field }) => {
          const sorted = field === sort.field;
          return (
            <div
              key={key}
              role="columnheader"
              className="grid-cell"
              data-column={key}
              aria-sort={sorted ? (sort.order === 'asc' ? 'ascending' : 'descending') : undefined}
            >
              {field ? (
                <UnstyledButton
                  className="grid-sort"
                  data-sorted={sorted || undefined}
                  onClick={() => onSort(sorted && sort.order === 'asc' ? `-${key}` : key)}
                >
                  {title}
                  {sorted && <Arrow size={13} aria-hidden="true" />}
                </UnstyledButton>
              ) : (
                title
              )}
            </div>
          );
        })}
        <div role="columnheader" className="grid-cell" data-column="star">
          <VisuallyHidden>Star</VisuallyHidden>
        </div>
      </div>
    </div>
  );
}

interface CatalogTableProps {
  label: string;
  columns: CatalogColumn[];
  list: ListQuery;
  total: number;
  onSort: (text: string) => void;
}

/** Rows by the million: only what is seen is in the page, and only its pages are fetched. */
export function CatalogTable({ label, columns, list, total, onSort }: CatalogTableProps) {
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const router = useRouter();
  const { toggle } = useStarred();
  const [active, setActive] = useState(0);
  const scroll = useTallScroll(box, { count: total, row: ROW_HEIGHT, head: HEAD });
  const first = Math.max(0, scroll.first - OVERSCAN);
  const last = Math.min(total - 1, scroll.last + OVERSCAN);
  const rows = useRows(list, total, first, last);
  const grid = `${columns.map((column) => column.width).join(' ')} 40px`;
  const listKey = JSON.stringify(list);

  // Another list begins at its beginning.
  const { reveal } = scroll;
  const shown = useRef(listKey);
  useEffect(() => {
    if (shown.current === listKey) return;
    shown.current = listKey;
    setActive(0);
    reveal(0);
  }, [listKey, reveal]);

  const open = useCallback((entity: Entity) => router.history.push(entityHref(refOf(entity))), [router]);
  const go = (index: number) => {
    const next = Math.min(total - 1, Math.max(0, index));
    setActive(next);
    scroll.reveal(next);
  };
  const page = Math.max(1, scroll.last - scroll.first - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const inner = event.target !== box.current;
    const entity = rows.row(active);
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(active + 1),
      j: () => go(active + 1),
      ArrowUp: () => go(active - 1),
      k: () => go(active - 1),
      PageDown: () => go(active + page),
      PageUp: () => go(active - page),
      Home: () => go(0),
      End: () => go(total - 1),
      s: () => entity && toggle(refOf(entity)),
      ...(inner ? {} : { Enter: () => entity && open(entity) }),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
    if (inner) box.current?.focus({ preventScroll: true });
  };
  const indexes = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  return (
    <Box className="surface" style={{ overflow: 'hidden' }}>
      {rows.error !== undefined && rows.error !== null && <ErrorState error={rows.error} retry={rows.retry} />}
      <div
        ref={box}
        role="grid"
        aria-label={label}
        aria-rowcount={total + 1}
        aria-colcount={columns.length + 1}
        aria-activedescendant={active >= first && active <= last ? `${id}-${active}` : undefined}
        tabIndex={0}
        className="grid-box"
        style={{ height: `min(${HEAD + total * ROW_HEIGHT}px, max(380px, calc(100dvh - var(--grid-above, 300px))))` }}
        onScroll={scroll.onScroll}
        onKeyDown={onKeyDown}
      >
        <Head columns={columns} grid={grid} sort={list.sort} onSort={onSort} />
        <div
          role="rowgroup"
          style={{ height: scroll.height, position: 'relative' }}
          data-stale={rows.stale || undefined}
        >
          {indexes.map((index) => (
            <CatalogRow
              key={index}
              id={`${id}-${index}`}
              index={index}
              top={scroll.topOf(index)}
              entity={rows.row(index)}
              columns={columns}
              grid={grid}
              active={index === active}
              last={index === total - 1}
              onPick={setActive}
              onOpen={open}
            />
          ))}
        </div>
      </div>
    </Box>
  );
}
