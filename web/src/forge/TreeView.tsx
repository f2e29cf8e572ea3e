import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { IconFile, IconFolder, IconFolderFilled, IconGitCommit } from '@tabler/icons-react';
import { bytes } from '../api/bytes';
import { AppLink } from '../shell/AppLink';
import { Command } from '../shell/Copy';
import { DataTable, type Column } from '../shell/DataTable';
import { Markdown } from '../shell/Markdown';
import { Section } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { Ago } from '../shell/Time';
import { short } from '../deployments/api';
import { useInfo } from '../identity/api';
import { useCommits, useFile, useTree, type TreeItem } from './api';
import { PathCrumbs } from './PathCrumbs';

interface TreeViewProps {
  owner: string;
  name: string;
  gitRef: string;
  folder: string;
}

const isFolder = (item: TreeItem) => item.type === 'dir' || item.type === 'tree';
const lastPart = (path: string) => path.split('/').at(-1)!;

function LastCommit({ owner, name, gitRef }: Omit<TreeViewProps, 'folder'>) {
  const commit = useCommits(owner, name, gitRef, 1).data?.items[0];
  if (!commit) return null;
  return (
    <Group
      px="md"
      py={10}
      gap={10}
      wrap="nowrap"
      style={{ borderBottom: '1px solid var(--pave-hairline)' }}
      className="sunken"
    >
      <IconGitCommit size={16} color="var(--mantine-color-dimmed)" style={{ flex: 'none' }} />
      <Text fz="sm" fw={550} style={{ flex: 'none' }}>
        {commit.author.name}
      </Text>
      <Text fz="sm" className="clip" style={{ flex: 1 }}>
        {commit.message.split('\n')[0]}
      </Text>
      <Text fz="sm" c="dimmed" className="mono">
        {short(commit.id)}
      </Text>
      <Ago time={commit.timestamp} />
    </Group>
  );
}

function Readme({ owner, name, gitRef, file }: { owner: string; name: string; gitRef: string; file: string }) {
  const text = useFile(owner, name, gitRef, file).data;
  if (text === undefined) return null;
  return (
    <Section title={lastPart(file)}>
      <Markdown text={text} />
    </Section>
  );
}

function EmptyRepository({ owner, name }: { owner: string; name: string }) {
  const base = useInfo().data?.baseUrl ?? location.origin;
  return (
    <EmptyState icon={<IconFolder size={20} />} title="Nothing was pushed yet">
      <Stack gap={6} mt={8} ta="left">
        <Command value={`git remote add origin ${base}/${owner}/${name}.git`} />
        <Command value="git push -u origin main" />
      </Stack>
    </EmptyState>
  );
}

export function TreeView({ owner, name, gitRef, folder }: TreeViewProps) {
  const tree = useTree(owner, name, gitRef, folder);
  const base = `/repositories/${owner}/${name}`;
  const hrefOf = (item: TreeItem) => `${base}/${isFolder(item) ? 'tree' : 'blob'}/${gitRef}/${fullPath(item)}`;
  const fullPath = (item: TreeItem) =>
    folder && !item.path.startsWith(`${folder}/`) ? `${folder}/${item.path}` : item.path;
  const columns: Column<TreeItem>[] = [
    {
      key: 'name',
      title: 'Name',
      render: (item) => (
        <Anchor component={AppLink} href={hrefOf(item)} fz="sm" c="inherit">
          <Group gap={9} wrap="nowrap">
            {isFolder(item) ? (
              <IconFolderFilled size={16} color="var(--pave-busy)" style={{ opacity: 0.75 }} />
            ) : (
              <IconFile size={16} stroke={1.6} color="var(--mantine-color-dimmed)" />
            )}
            {lastPart(item.path)}
          </Group>
        </Anchor>
      ),
    },
    {
      key: 'size',
      title: 'Size',
      align: 'right',
      width: 110,
      render: (item) => (
        <Text span c="dimmed" fz="sm" className="num">
          {isFolder(item) ? '' : bytes(item.size)}
        </Text>
      ),
    },
  ];
  return (
    <Stack gap="md">
      {folder && <PathCrumbs base={base} gitRef={gitRef} path={folder} repository={name} />}
      <Loaded query={tree}>
        {({ items }) => {
          const sorted = [...items].sort(
            (a, b) => Number(isFolder(b)) - Number(isFolder(a)) || a.path.localeCompare(b.path),
          );
          const readme = sorted.find((item) => /^readme(\.md|\.markdown)?$/i.test(lastPart(item.path)));
          return (
            <>
              <Box className="surface" style={{ overflow: 'hidden' }}>
                {items.length > 0 ? (
                  <>
                    <LastCommit owner={owner} name={name} gitRef={gitRef} />
                    <DataTable
                      label="Files"
                      columns={columns}
                      items={sorted}
                      rowKey={(item) => item.path}
                      rowHref={hrefOf}
                      minWidth={320}
                    />
                  </>
                ) : (
                  <EmptyRepository owner={owner} name={name} />
                )}
              </Box>
              {readme && <Readme owner={owner} name={name} gitRef={gitRef} file={fullPath(readme)} />}
            </>
          );
        }}
      </Loaded>
    </Stack>
  );
}
