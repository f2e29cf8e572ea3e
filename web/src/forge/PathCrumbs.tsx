import { Anchor, Group, Text } from '@mantine/core';
import { AppLink } from '../shell/AppLink';

interface PathCrumbsProps {
  base: string;
  gitRef: string;
  path: string;
  repository: string;
}

export function PathCrumbs({ base, gitRef, path, repository }: PathCrumbsProps) {
  const parts = path.split('/');
  return (
    <Group gap={5} component="nav" aria-label="Path">
      <Anchor component={AppLink} href={`${base}/tree/${gitRef}`} fz="sm" fw={550}>
        {repository}
      </Anchor>
      {parts.map((part, index) => (
        <Group key={index} gap={5}>
          <Text span c="dimmed" fz="sm" aria-hidden="true">
            /
          </Text>
          {index < parts.length - 1 ? (
            <Anchor component={AppLink} href={`${base}/tree/${gitRef}/${parts.slice(0, index + 1).join('/')}`} fz="sm">
              {part}
            </Anchor>
          ) : (
            <Text span fz="sm" fw={550}>
              {part}
            </Text>
          )}
        </Group>
      ))}
    </Group>
  );
}
