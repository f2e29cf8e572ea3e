import { Anchor, Box, Group, Text } from '@mantine/core';
import { IconGitCommit } from '@tabler/icons-react';
import { short } from '../deployments/api';
import { AppLink } from '../shell/AppLink';
import { CopyIcon } from '../shell/Copy';
import { EmptyState, Loaded } from '../shell/States';
import { Ago } from '../shell/Time';
import { useCommits } from './api';

export function CommitList({ owner, name, gitRef }: { owner: string; name: string; gitRef: string }) {
  const query = useCommits(owner, name, gitRef, 100);
  return (
    <Loaded query={query}>
      {({ items }) => (
        <Box className="surface" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
          {items.length === 0 && <EmptyState icon={<IconGitCommit size={20} />} title="No commits yet" />}
          {items.map((commit, index) => (
            <Group
              key={commit.id}
              component="li"
              px="md"
              py={11}
              gap={12}
              wrap="nowrap"
              style={{ borderTop: index ? '1px solid var(--pave-hairline)' : undefined }}
            >
              <Box style={{ flex: 1, minWidth: 0 }}>
                <Text fz="sm" fw={550} className="clip">
                  {commit.message.split('\n')[0]}
                </Text>
                <Text fz="sm" c="dimmed">
                  {commit.author.name} · <Ago time={commit.timestamp} />
                </Text>
              </Box>
              <Anchor
                component={AppLink}
                href={`/repositories/${owner}/${name}/tree/${commit.id}`}
                className="mono"
                fz="sm"
              >
                {short(commit.id)}
              </Anchor>
              <CopyIcon value={commit.id} label="Copy the commit's id" />
            </Group>
          ))}
        </Box>
      )}
    </Loaded>
  );
}
