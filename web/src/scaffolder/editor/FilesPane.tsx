import { ActionIcon, Group, Popover, TextInput, Tooltip } from '@mantine/core';
import { IconFilePlus, IconPencil, IconTrash } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { Dot } from '../../shell/Status';
import { FileTree } from '../preview/FileTree';
import type { Folder } from './useFolder';

interface NameFormProps {
  label: string;
  initial?: string;
  taken: (path: string) => boolean;
  onName: (path: string) => void;
}

// A path that stays in the folder.
const isPath = (path: string) =>
  path !== '' && !path.startsWith('/') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

function NameForm({ label, initial = '', taken, onName }: NameFormProps) {
  const [path, setPath] = useState(initial);
  const wrong = !isPath(path.trim()) ? 'A path in the folder' : path !== initial && taken(path.trim()) ? 'There is one already' : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong) onName(path.trim());
  };
  return (
    <form onSubmit={submit}>
      <TextInput
        size="xs"
        label={label}
        placeholder="skeleton/README.md"
        value={path}
        onChange={(event) => setPath(event.currentTarget.value)}
        error={path ? wrong : undefined}
        data-autofocus
      />
    </form>
  );
}

interface FilesPaneProps {
  folder: Folder;
  picked: string | undefined;
  problems: Map<string, 'error' | 'warning'>;
  onPick: (path: string) => void;
}

export function FilesPane({ folder, picked, problems, onPick }: FilesPaneProps) {
  const [asked, setAsked] = useState<'new' | 'rename' | null>(null);
  const taken = (path: string) => folder.files.has(path);
  return (
    <>
      <Group gap={4} px={8} py={6} className="produced-head" wrap="nowrap">
        <Popover opened={asked === 'new'} onChange={(opened) => setAsked(opened ? 'new' : null)} trapFocus shadow="md" width={260}>
          <Popover.Target>
            <Tooltip label="New file">
              <ActionIcon variant="subtle" color="gray" aria-label="New file" onClick={() => setAsked('new')}>
                <IconFilePlus size={16} />
              </ActionIcon>
            </Tooltip>
          </Popover.Target>
          <Popover.Dropdown>
            <NameForm
              label="Path of the new file"
              taken={taken}
              onName={(path) => {
                folder.write(path, '');
                onPick(path);
                setAsked(null);
              }}
            />
          </Popover.Dropdown>
        </Popover>
        <Popover opened={asked === 'rename'} onChange={(opened) => setAsked(opened ? 'rename' : null)} trapFocus shadow="md" width={260}>
          <Popover.Target>
            <Tooltip label="Rename">
              <ActionIcon variant="subtle" color="gray" aria-label="Rename the file" disabled={!picked} onClick={() => setAsked('rename')}>
                <IconPencil size={16} />
              </ActionIcon>
            </Tooltip>
          </Popover.Target>
          <Popover.Dropdown>
            {picked && (
              <NameForm
                key={picked}
                label="Its new path"
                initial={picked}
                taken={taken}
                onName={(path) => {
                  if (path !== picked) folder.rename(picked, path);
                  onPick(path);
                  setAsked(null);
                }}
              />
            )}
          </Popover.Dropdown>
        </Popover>
        <Tooltip label="Delete">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Delete the file"
            disabled={!picked || folder.files.size < 2}
            onClick={() => picked && folder.remove(picked)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Tooltip>
      </Group>
      <FileTree
        label="Files"
        paths={[...folder.files.keys()]}
        picked={picked}
        onPick={onPick}
        sign={(path) => (
          <span style={{ marginLeft: 'auto', display: 'inline-flex', gap: 5 }}>
            {folder.changed.has(path) && (
              <span title="Changed" style={{ fontSize: 11, color: 'var(--pave-wait)' }}>
                M
              </span>
            )}
            {problems.has(path) && <Dot status={problems.get(path) === 'error' ? 'error' : 'warning'} />}
          </span>
        )}
      />
    </>
  );
}
