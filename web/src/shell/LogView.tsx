import { Box, Group, Switch, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { LogLine } from '../api/jobs';

interface LogViewProps {
  lines: LogLine[];
  live?: boolean;
  height?: number | string;
  empty?: string;
  /** Put before a line's number in the address, so that a link leads to the line: "#deploy-L12". */
  anchor?: string;
}

// Colours that programs print are not shown; their codes would be noise.
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;

function marked(text: string, term: string): React.ReactNode {
  if (!term) return text;
  const parts: React.ReactNode[] = [];
  const low = text.toLowerCase();
  let at = 0;
  for (let hit = low.indexOf(term); hit >= 0; hit = low.indexOf(term, at)) {
    parts.push(text.slice(at, hit), <mark key={hit}>{text.slice(hit, hit + term.length)}</mark>);
    at = hit + term.length;
  }
  return [...parts, text.slice(at)];
}

/** Lines of output: live, searchable, each with a number one can link to. Only what is seen is in the page. */
export function LogView({ lines, live, height = 420, empty = 'No output yet.', anchor = '' }: LogViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const [term, setTerm] = useState('');
  const [follow, setFollow] = useState(true);
  const [picked, setPicked] = useState(() => location.hash.slice(1));
  const needle = term.trim().toLowerCase();
  const shown = useMemo(() => {
    const all = lines.map((line, index) => ({ ...line, number: index + 1, text: line.text.replace(ANSI, '') }));
    return needle ? all.filter((line) => line.text.toLowerCase().includes(needle)) : all;
  }, [lines, needle]);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => box.current,
    estimateSize: () => 20,
    overscan: 30,
  });

  // Long lines are measured only when they are drawn: the end is where it is after that.
  const toEnd = () => {
    rows.scrollToIndex(shown.length - 1, { align: 'end' });
    requestAnimationFrame(() => requestAnimationFrame(() => box.current?.scrollTo({ top: box.current.scrollHeight })));
  };
  // Once more after the end, for the last lines.
  const followed = useRef(false);
  useEffect(() => {
    if (live) followed.current = true;
    if (follow && followed.current && !needle && shown.length > 0) toEnd();
  }, [shown.length, follow, live, needle]);

  useEffect(() => {
    const index = shown.findIndex((line) => `${anchor}L${line.number}` === picked);
    if (picked && index >= 0) rows.scrollToIndex(index, { align: 'center' });
    // Only when lines first arrive: afterwards the reader scrolls.
  }, [shown.length > 0]);

  const pick = (id: string) => {
    setPicked(id);
    history.replaceState(history.state, '', `#${id}`);
  };
  const scrolled = () => {
    const element = box.current;
    if (element && followed.current) setFollow(element.scrollHeight - element.scrollTop - element.clientHeight < 40);
  };
  return (
    <Box>
      <Group
        px={10}
        py={6}
        gap={10}
        style={{ borderBottom: '1px solid var(--pave-hairline)' }}
        justify="space-between"
        wrap="nowrap"
      >
        <TextInput
          size="xs"
          variant="unstyled"
          value={term}
          onChange={(event) => setTerm(event.currentTarget.value)}
          placeholder="Search the output"
          aria-label="Search the output"
          leftSection={<IconSearch size={14} />}
          w={240}
        />
        <Group gap={14} wrap="nowrap">
          <Text fz="xs" c="dimmed" className="num">
            {needle ? `${shown.length} of ${lines.length}` : lines.length} lines
          </Text>
          {live && (
            <Switch
              size="xs"
              label="Follow"
              checked={follow}
              onChange={(event) => setFollow(event.currentTarget.checked)}
            />
          )}
        </Group>
      </Group>
      <Box
        ref={box}
        className="log"
        h={shown.length === 0 ? 90 : height}
        style={{ overflow: 'auto' }}
        onScroll={scrolled}
        tabIndex={0}
        role="log"
        aria-label="Output"
        aria-live="off"
      >
        {shown.length === 0 && (
          <Text c="dimmed" fz="sm" p="md">
            {needle ? 'No line has that.' : empty}
          </Text>
        )}
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map((row) => {
            const line = shown[row.index]!;
            const id = `${anchor}L${line.number}`;
            return (
              <div
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                className="log-line"
                data-picked={picked === id || undefined}
                style={{ position: 'absolute', top: 0, left: 0, right: 0, transform: `translateY(${row.start}px)` }}
              >
                <a
                  className="log-no"
                  href={`#${id}`}
                  tabIndex={-1}
                  aria-label={`Line ${line.number}`}
                  onClick={(event) => {
                    event.preventDefault();
                    pick(id);
                  }}
                >
                  {line.number}
                </a>
                <span className={`log-${line.level}`}>{marked(line.text, needle) || ' '}</span>
              </div>
            );
          })}
        </div>
      </Box>
    </Box>
  );
}
