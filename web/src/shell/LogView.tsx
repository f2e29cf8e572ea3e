import { ActionIcon, Box, Group, Switch, Text, TextInput, Tooltip } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconArrowBarDown, IconDownload, IconSearch, IconTextWrap } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { LogLine } from '../api/jobs';
import { coloured, plainText } from './ansi';

interface LogViewProps {
  lines: LogLine[];
  live?: boolean;
  height?: number | string;
  empty?: string;
  /** Put before a line's number in the address, so that a link leads to the line: "#deploy-L12". */
  anchor?: string;
  /** What the address calls a line, where that is not its place in the list. */
  idOf?: (line: LogLine) => string;
  /** The name of the file these lines can be taken along as. */
  fileName?: string;
}

function download(name: string, lines: readonly { text: string }[]): void {
  const address = URL.createObjectURL(new Blob([lines.map((line) => `${line.text}\n`).join('')], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

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
export function LogView({ lines, live, height = 420, empty = 'No output yet.', anchor = '', idOf, fileName }: LogViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const [term, setTerm] = useState('');
  const [follow, setFollow] = useState(true);
  const [picked, setPicked] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const found = useRef(false);
  const needle = term.trim().toLowerCase();
  const shown = useMemo(() => {
    const all = lines.map((line, index) => ({
      ...line,
      number: index + 1,
      id: idOf?.(line) ?? `${anchor}L${index + 1}`,
      raw: line.text,
      text: plainText(line.text),
    }));
    return needle ? all.filter((line) => line.text.toLowerCase().includes(needle)) : all;
  }, [lines, needle, idOf, anchor]);
  const matches = useMemo(
    () => (needle ? shown.reduce((sum, line) => sum + line.text.toLowerCase().split(needle).length - 1, 0) : 0),
    [shown, needle],
  );
  const [wrap, setWrap] = useLocalStorage({ key: 'pave.log.wrap', defaultValue: true });
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
    // Only until the line has come: afterwards the reader scrolls.
    if (!picked || found.current) return;
    const index = shown.findIndex((line) => line.id === picked);
    if (index < 0) return;
    found.current = true;
    setFollow(false);
    rows.scrollToIndex(index, { align: 'center' });
  }, [shown.length]);

  const pick = (id: string) => {
    setPicked(id);
    found.current = true;
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
        wrap="wrap"
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
            {needle ? `${matches} ${matches === 1 ? 'match' : 'matches'} in ${shown.length} of ${lines.length}` : lines.length} lines
          </Text>
          <Tooltip label={wrap ? 'Do not wrap long lines' : 'Wrap long lines'}>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Wrap long lines" aria-pressed={wrap} onClick={() => setWrap(!wrap)}>
              <IconTextWrap size={15} />
            </ActionIcon>
          </Tooltip>
          {fileName && (
            <Tooltip label="Download">
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label="Download the output"
                disabled={lines.length === 0}
                onClick={() => download(fileName, shown)}
              >
                <IconDownload size={15} />
              </ActionIcon>
            </Tooltip>
          )}
          {!live && lines.length > 30 && (
            <Tooltip label="To the end">
              <ActionIcon variant="subtle" color="gray" size="sm" aria-label="To the end" onClick={toEnd}>
                <IconArrowBarDown size={15} />
              </ActionIcon>
            </Tooltip>
          )}
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
            const { id } = line;
            return (
              <div
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                className="log-line"
                data-picked={picked === id || undefined}
                style={{ position: 'absolute', top: 0, left: 0, right: wrap ? 0 : undefined, whiteSpace: wrap ? undefined : 'pre', transform: `translateY(${row.start}px)` }}
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
                <span className={`log-${line.level}`}>
                  {line.text ? coloured(line.raw, (text) => marked(text, needle)) : ' '}
                </span>
              </div>
            );
          })}
        </div>
      </Box>
    </Box>
  );
}
