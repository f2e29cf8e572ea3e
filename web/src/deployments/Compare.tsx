import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useCommits, type Commit } from '../forge/api';
import { AppLink } from '../shell/AppLink';
import { Ago } from '../shell/Time';
import { short, shortDigest, type Deployment } from './api';

function Side({ item }: { item: Deployment }) {
  return (
    <Box>
      <Text fz="sm" fw={550}>
        <span className="mono">{short(item.commit)}</span> in {item.environment}
      </Text>
      <Text fz="xs" c="dimmed">
        {item.kind} · <Ago time={item.createdAt} /> · <span className="mono">{shortDigest(item.release)}</span>
      </Text>
    </Box>
  );
}

/** The commits that lie between two deployed versions. */
export function Compare({ deployments, repository }: { deployments: Deployment[]; repository?: string }) {
  const [newer, older] = [...deployments].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  const [owner = '', name = ''] = (repository ?? '').split('/');
  const forward = useCommits(owner, name, newer?.commit, 200, !!repository && !!newer);
  const backward = useCommits(owner, name, older?.commit, 200, !!repository && !!older);
  if (!newer || !older) return null;
  const known = new Set((backward.data?.items ?? []).map((commit) => commit.id));
  const ahead = new Set((forward.data?.items ?? []).map((commit) => commit.id));
  const added = (forward.data?.items ?? []).filter((commit) => !known.has(commit.id));
  const removed = (backward.data?.items ?? []).filter((commit) => !ahead.has(commit.id));
  const list = (title: string, commits: Commit[]) =>
    commits.length > 0 && (
      <Stack gap={4}>
        <Text fz="sm" c="dimmed">
          {title}
        </Text>
        {commits.slice(0, 20).map((commit) => (
          <Group key={commit.id} gap={10} wrap="nowrap">
            <Anchor component={AppLink} href={`/repositories/${repository}/tree/${commit.id}`} className="mono" fz="sm">
              {short(commit.id)}
            </Anchor>
            <Text fz="sm" className="clip">
              {commit.message.split('\n')[0]}
            </Text>
            <Text fz="sm" c="dimmed">
              {commit.author.name}
            </Text>
          </Group>
        ))}
      </Stack>
    );
  return (
    <Stack gap="sm">
      <Group gap="md">
        <Side item={older} />
        <IconArrowRight size={16} />
        <Side item={newer} />
      </Group>
      {newer.commit === older.commit ? (
        <Text fz="sm">The same commit{newer.release === older.release ? ' and the same bytes' : ', built twice'}.</Text>
      ) : null}
      {list('Came with it', added)}
      {list('Went with it', removed)}
      {forward.isSuccess &&
        backward.isSuccess &&
        newer.commit !== older.commit &&
        added.length + removed.length === 0 && (
          <Text fz="sm" c="dimmed">
            The repository does not know these commits any more.
          </Text>
        )}
    </Stack>
  );
}
