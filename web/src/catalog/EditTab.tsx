import { Alert, Anchor, Box, Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconAlertTriangle, IconLock } from '@tabler/icons-react';
import { useEffect, useId, useRef, useState } from 'react';
import { ApiError, type Diagnostic } from '../api/client';
import { queryClient } from '../api/query';
import { AppLink } from '../shell/AppLink';
import { CodeEditor, type CodeEditorHandle } from '../shell/CodeEditor';
import { CodeView } from '../shell/CodeView';
import { DiffView } from '../shell/DiffView';
import { merge } from '../shell/merge';
import { ErrorState, Loaded } from '../shell/States';
import { localUrl } from '../shell/urls';
import { safeUrl } from './AboutCard';
import { refOf, titleOf, type Entity } from './entity';
import { Problems } from './Problems';
import { readFileAgain, useCatalogFile, useCheckFile, useWriteFile, type CatalogFile, type WriteMode } from './own';
import { WriteForm, WrittenNote } from './WriteForm';

const isConflict = (error: unknown) => error instanceof ApiError && error.status === 409;

function FileName({ file }: { file: CatalogFile }) {
  const href = safeUrl(file.url);
  const name = file.repository ? `${file.repository.owner}/${file.repository.name} · ${file.path}` : file.path;
  return href ? (
    <Anchor component={AppLink} href={localUrl(href)} fz="sm" className="clip">
      {name}
    </Anchor>
  ) : (
    <Text fz="sm" className="clip">
      {name}
    </Text>
  );
}

interface ConflictProps {
  base: string;
  mine: string;
  theirs: string;
  onTake: (text: string) => void;
}

/** Somebody else was quicker: what they changed, and the ways to go on. */
function Conflict({ base, mine, theirs, onTake }: ConflictProps) {
  const both = merge(base, mine, theirs);
  return (
    <Alert color="yellow" icon={<IconAlertTriangle size={18} />} title="The file has changed since you opened it">
      <Stack gap="sm">
        <Box className="surface" style={{ overflow: 'hidden' }}>
          <DiffView before={base} after={theirs} label="What others changed" />
        </Box>
        <Group gap={8}>
          {both !== null && (
            <Button size="xs" onClick={() => onTake(both)}>
              Bring both changes together
            </Button>
          )}
          <Button size="xs" variant="default" onClick={() => onTake(mine)}>
            Keep my text, undo theirs
          </Button>
          <Button size="xs" variant="default" onClick={() => onTake(theirs)}>
            Take theirs, drop mine
          </Button>
        </Group>
        {both === null && (
          <Text fz="sm">Both changed the same lines, so they cannot be brought together by themselves.</Text>
        )}
      </Stack>
    </Alert>
  );
}

function useWarnOfLoss(dirty: boolean) {
  useEffect(() => {
    if (!dirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [dirty]);
}

/** The lines of a text that something is wrong with. */
export function marksOf(items: Diagnostic[]): Map<number, 'error' | 'warning'> {
  const marks = new Map<number, 'error' | 'warning'>();
  for (const item of items)
    if (item.line && marks.get(item.line) !== 'error')
      marks.set(item.line, item.severity === 'error' ? 'error' : 'warning');
  return marks;
}

function Editor({ entity, file }: { entity: Entity; file: CatalogFile }) {
  const ref = refOf(entity);
  const [base, setBase] = useState(file);
  const [text, setText] = useState(file.content);
  const [view, setView] = useState('edit');
  const [theirs, setTheirs] = useState<CatalogFile>();
  const editor = useRef<CodeEditorHandle>(null);
  const problems = useId();
  const write = useWriteFile(ref);
  const dirty = text !== base.content;
  const [settled] = useDebouncedValue(text, 400);
  const revision = base.revision ?? '';
  const check = useCheckFile(ref, { content: settled, revision, mode: 'pull-request' }, settled !== base.content);
  useWarnOfLoss(dirty);
  const refused = write.error instanceof ApiError ? write.error.diagnostics : [];
  const items = !dirty ? [] : refused.length > 0 && text === write.variables?.content ? refused : (check.data ?? []);
  const errors = items.filter((each) => each.severity === 'error').length;

  const stale = isConflict(write.error) || (dirty && isConflict(check.error));
  useEffect(() => {
    if (!stale) return;
    let gone = false;
    void readFileAgain(ref).then((now) => !gone && setTheirs(now));
    return () => {
      gone = true;
    };
  }, [stale, ref]);
  const take = (next: string) => {
    if (!theirs) return;
    setBase(theirs);
    setText(next);
    setTheirs(undefined);
    write.reset();
  };
  const submit = (mode: WriteMode, message: string) =>
    write.mutate(
      { content: text, message, revision, mode },
      {
        onSuccess: async () => {
          if (mode !== 'commit') return;
          const now = await readFileAgain(ref);
          queryClient.setQueryData(['catalog', 'file', ref], now);
          setBase(now);
          setText(now.content);
        },
      },
    );
  return (
    <Stack gap="md">
      {write.data && <WrittenNote written={write.data} mode={write.variables.mode} />}
      {write.error && !stale && refused.length === 0 && <ErrorState error={write.error} />}
      {stale && theirs && <Conflict base={base.content} mine={text} theirs={theirs.content} onTake={take} />}
      <Box className="surface" style={{ overflow: 'hidden' }}>
        <Group
          justify="space-between"
          px="md"
          py={7}
          gap="md"
          wrap="nowrap"
          style={{ borderBottom: '1px solid var(--pave-hairline)' }}
        >
          <FileName file={base} />
          <SegmentedControl
            size="xs"
            value={view}
            onChange={setView}
            aria-label="Show"
            style={{ flex: 'none' }}
            data={[
              { value: 'edit', label: 'Edit' },
              { value: 'diff', label: 'Changes' },
            ]}
          />
        </Group>
        {view === 'edit' ? (
          <CodeEditor
            value={text}
            onChange={setText}
            label={`${titleOf(entity)}: its file`}
            marks={marksOf(items)}
            handle={editor}
            describedBy={problems}
            height="max(320px, calc(100dvh - 480px))"
          />
        ) : (
          <DiffView before={base.content} after={text} label="Your changes" />
        )}
        <Box id={problems} px="md" py={9} style={{ borderTop: '1px solid var(--pave-hairline)' }} aria-live="polite">
          <Problems
            items={items}
            checking={dirty && (check.isFetching || settled !== text)}
            dirty={dirty}
            onGo={(line, column) => {
              setView('edit');
              requestAnimationFrame(() => editor.current?.goTo(line, column));
            }}
          />
        </Box>
      </Box>
      <WriteForm
        modes={base.modes ?? ['commit', 'pull-request']}
        branch={base.ref}
        message={`Update ${base.path}`}
        disabled={!dirty || errors > 0 || (stale && !!theirs)}
        loading={write.isPending}
        onWrite={submit}
      />
      {base.reason && (
        <Text fz="sm" c="dimmed">
          {base.reason}
        </Text>
      )}
    </Stack>
  );
}

function ReadOnly({ file }: { file: CatalogFile }) {
  return (
    <Stack gap="md">
      <Alert color="gray" icon={<IconLock size={18} />} title="It cannot be changed from here">
        <Text fz="sm">{file.reason ?? 'Its file is not in a repository that can be written to.'}</Text>
      </Alert>
      <Box className="surface" style={{ overflow: 'hidden' }}>
        <Group px="md" py={9} style={{ borderBottom: '1px solid var(--pave-hairline)' }}>
          <FileName file={file} />
        </Group>
        <CodeView text={file.content} label={file.path} />
      </Box>
    </Stack>
  );
}

/** The file an entity came from, to be changed as a commit or as a pull request. */
export function EditTab({ entity }: { entity: Entity }) {
  const query = useCatalogFile(refOf(entity));
  return (
    <Loaded query={query} rows={10}>
      {(file) => (file.editable ? <Editor entity={entity} file={file} /> : <ReadOnly file={file} />)}
    </Loaded>
  );
}
