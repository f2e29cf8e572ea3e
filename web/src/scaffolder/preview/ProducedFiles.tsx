import { Box, Group, SegmentedControl, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { bytes } from '../../api/bytes';
import { CodeView } from '../../shell/CodeView';
import { CopyIcon } from '../../shell/Copy';
import { DiffView } from '../../shell/DiffView';
import type { ProducedFile } from '../api';
import { decode, textOf } from './files';
import { FileTree } from './FileTree';

interface ProducedFilesProps {
  files: ProducedFile[];
  /** What the run before made: what is different is marked, and can be compared. */
  before?: ProducedFile[];
}

/** The files a run would make: a tree, and what is in them. */
export function ProducedFiles({ files, before }: ProducedFilesProps) {
  const [view, setView] = useState('file');
  const old = useMemo(() => new Map(before?.map((each) => [each.path, each.base64Content])), [before]);
  const differs = (path: string) =>
    before !== undefined && old.get(path) !== files.find((each) => each.path === path)?.base64Content;
  const paths = useMemo(() => files.map((each) => each.path), [files]);
  const [wanted, setPicked] = useState<string>();
  const readme = paths.find((path) => /^readme\.md$/i.test(path));
  const picked = wanted && paths.includes(wanted) ? wanted : (readme ?? [...paths].sort()[0]);
  const file = files.find((each) => each.path === picked);
  const text = useMemo(() => (file ? textOf(file.base64Content) : null), [file]);
  if (files.length === 0)
    return (
      <Text fz="sm" c="dimmed" p="md">
        It would make no files.
      </Text>
    );
  return (
    <Box className="produced">
      <FileTree paths={paths} picked={picked} onPick={setPicked} label="Produced files"
        sign={(path) =>
          differs(path) && (
            <span style={{ marginLeft: 'auto', fontSize: 11, color: 'var(--pave-wait)' }} title="Not as in the run before">
              {old.has(path) ? 'M' : 'A'}
            </span>
          )
        }
      />
      {file && (
        <Box style={{ minWidth: 0 }}>
          <Group justify="space-between" px="md" py={7} wrap="nowrap" className="produced-head">
            <Text fz="sm" className="mono clip" title={file.path}>
              {file.path}
            </Text>
            <Group gap={8} wrap="nowrap">
              <Text fz="xs" c="dimmed" className="num" style={{ whiteSpace: 'nowrap' }}>
                {bytes(decode(file.base64Content).length)}
                {file.executable ? ' · executable' : ''}
              </Text>
              {differs(file.path) && (
                <SegmentedControl
                  size="xs"
                  aria-label="Show as"
                  value={view}
                  onChange={setView}
                  data={[
                    { value: 'file', label: 'File' },
                    { value: 'diff', label: 'Diff' },
                  ]}
                />
              )}
              {text !== null && <CopyIcon value={text} label="Copy the file" />}
            </Group>
          </Group>
          {text === null ? (
            <Text fz="sm" c="dimmed" p="md">
              A binary file.
            </Text>
          ) : (
            <Box style={{ maxHeight: 520, overflow: 'auto' }}>
              {view === 'diff' && differs(file.path) ? (
                <DiffView before={textOf(old.get(file.path) ?? '') ?? ''} after={text} label={`Changes of ${file.path}`} />
              ) : (
                <CodeView key={file.path} text={text} label={file.path} unlinked />
              )}
            </Box>
          )}
        </Box>
      )}
    </Box>
  );
}
