import { Box, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { bytes } from '../api/bytes';
import { CodeView } from '../shell/CodeView';
import { CopyIcon } from '../shell/Copy';
import { Markdown } from '../shell/Markdown';
import { Loaded } from '../shell/States';
import { useFile } from './api';
import { PathCrumbs } from './PathCrumbs';

interface FileViewProps {
  owner: string;
  name: string;
  gitRef: string;
  file: string;
}

export function FileView({ owner, name, gitRef, file }: FileViewProps) {
  const query = useFile(owner, name, gitRef, file);
  const markdown = /\.(md|markdown)$/i.test(file);
  const [view, setView] = useState('rendered');
  return (
    <Stack gap="md">
      <PathCrumbs base={`/repositories/${owner}/${name}`} gitRef={gitRef} path={file} repository={name} />
      <Loaded query={query}>
        {(text) => (
          <Box className="surface" style={{ overflow: 'hidden' }}>
            <Group justify="space-between" px="md" py={7} style={{ borderBottom: '1px solid var(--pave-hairline)' }}>
              <Text fz="sm" c="dimmed" className="num">
                {text.split('\n').length - 1} lines · {bytes(new Blob([text]).size)}
              </Text>
              <Group gap={8}>
                {markdown && (
                  <SegmentedControl
                    size="xs"
                    value={view}
                    onChange={setView}
                    data={[
                      { value: 'rendered', label: 'Rendered' },
                      { value: 'text', label: 'Text' },
                    ]}
                    aria-label="Show as"
                  />
                )}
                <CopyIcon value={text} label="Copy the file" />
              </Group>
            </Group>
            {text.includes('\u0000') ? (
              <Text p="md" c="dimmed" fz="sm">
                A binary file.
              </Text>
            ) : markdown && view === 'rendered' ? (
              <Box p="lg">
                <Markdown text={text} />
              </Box>
            ) : (
              <CodeView text={text} label={file} />
            )}
          </Box>
        )}
      </Loaded>
    </Stack>
  );
}
