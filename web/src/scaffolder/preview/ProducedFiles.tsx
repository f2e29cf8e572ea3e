import { Box, Group, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { bytes } from '../../api/bytes';
import { CodeView } from '../../shell/CodeView';
import { CopyIcon } from '../../shell/Copy';
import type { ProducedFile } from '../api';
import { decode, textOf } from './files';
import { FileTree } from './FileTree';

/** The files a run would make: a tree, and what is in them. */
export function ProducedFiles({ files }: { files: ProducedFile[] }) {
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
      <FileTree paths={paths} picked={picked} onPick={setPicked} label="Produced files" />
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
              {text !== null && <CopyIcon value={text} label="Copy the file" />}
            </Group>
          </Group>
          {text === null ? (
            <Text fz="sm" c="dimmed" p="md">
              A binary file.
            </Text>
          ) : (
            <Box style={{ maxHeight: 520, overflow: 'auto' }}>
              <CodeView key={file.path} text={text} label={file.path} />
            </Box>
          )}
        </Box>
      )}
    </Box>
  );
}
