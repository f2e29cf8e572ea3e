import { Box, Group, Text, UnstyledButton } from '@mantine/core';
import { IconChevronRight, IconFile, IconFolder } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';

interface Folder {
  name: string;
  path: string;
  folders: Map<string, Folder>;
  files: string[];
}

function folderOf(paths: string[]): Folder {
  const root: Folder = { name: '', path: '', folders: new Map(), files: [] };
  for (const path of paths) {
    const parts = path.split('/');
    let at = root;
    for (const part of parts.slice(0, -1)) {
      const next = at.folders.get(part) ?? {
        name: part,
        path: at.path ? `${at.path}/${part}` : part,
        folders: new Map<string, Folder>(),
        files: [],
      };
      at.folders.set(part, next);
      at = next;
    }
    at.files.push(path);
  }
  return root;
}

interface FileTreeProps {
  paths: string[];
  picked: string | undefined;
  onPick: (path: string) => void;
  label: string;
  /** A sign behind a file's name. */
  sign?: (path: string) => ReactNode;
}

interface RowsProps extends Omit<FileTreeProps, 'paths' | 'label'> {
  folder: Folder;
  depth: number;
}

const indent = (depth: number) => ({ paddingLeft: 8 + depth * 14 });

function FolderRow({ folder, depth, ...rest }: RowsProps) {
  const [opened, setOpened] = useState(true);
  return (
    <li>
      <UnstyledButton className="tree-row" style={indent(depth)} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <IconChevronRight size={13} style={{ flex: 'none', transform: opened ? 'rotate(90deg)' : undefined }} aria-hidden="true" />
        <IconFolder size={15} stroke={1.6} aria-hidden="true" style={{ flex: 'none' }} />
        <span className="clip">{folder.name}</span>
      </UnstyledButton>
      {opened && <Rows folder={folder} depth={depth + 1} {...rest} />}
    </li>
  );
}

function Rows({ folder, depth, picked, onPick, sign }: RowsProps) {
  const folders = [...folder.folders.values()].sort((a, b) => a.name.localeCompare(b.name));
  const files = [...folder.files].sort((a, b) => a.localeCompare(b));
  return (
    <ul className="plain-list">
      {folders.map((each) => (
        <FolderRow key={each.path} folder={each} depth={depth} picked={picked} onPick={onPick} sign={sign} />
      ))}
      {files.map((path) => (
        <li key={path}>
          <UnstyledButton
            className="tree-row"
            style={indent(depth + 1)}
            aria-current={picked === path ? 'true' : undefined}
            onClick={() => onPick(path)}
            title={path}
          >
            <IconFile size={15} stroke={1.6} aria-hidden="true" style={{ flex: 'none' }} />
            <span className="clip">{path.split('/').at(-1)}</span>
            {sign?.(path)}
          </UnstyledButton>
        </li>
      ))}
    </ul>
  );
}

/** Files as folders and names. */
export function FileTree({ paths, label, ...rest }: FileTreeProps) {
  return (
    <Box component="nav" aria-label={label} py={6} className="file-tree">
      {paths.length > 0 ? (
        <Rows folder={folderOf(paths)} depth={0} {...rest} />
      ) : (
        <Group px="md" py={6}>
          <Text fz="sm" c="dimmed">
            No files.
          </Text>
        </Group>
      )}
    </Box>
  );
}
