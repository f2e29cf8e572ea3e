import { Alert, Box, Button, Group, SegmentedControl, Stack, Tabs, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconDownload, IconLock, IconPlayerPlay } from '@tabler/icons-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { ApiError, type Diagnostic } from '../../api/client';
import { marksOf } from '../../catalog/EditTab';
import { Problems } from '../../catalog/Problems';
import { WriteForm, WrittenNote } from '../../catalog/WriteForm';
import { CodeEditor, type CodeEditorHandle } from '../../shell/CodeEditor';
import { DiffView } from '../../shell/DiffView';
import { Page } from '../../shell/Page';
import { ErrorState } from '../../shell/States';
import { useDryRun, type DryRun } from '../api';
import { DryRunView } from '../preview/DryRunView';
import { useLint, useSaveFiles, type TemplateFiles } from './api';
import { FilesPane } from './FilesPane';
import { LiveForm, useLiveForm } from './LiveForm';
import { parseTemplate, templatePath } from './template';
import { useFolder, type Files, type Folder } from './useFolder';
import { zip } from './zip';

interface WorkbenchProps {
  title: string;
  files: Files;
  /** Where a template of the catalog comes from; without it the files are the browser's own. */
  source?: TemplateFiles & { namespace: string; name: string };
  onClose: () => void;
}

function useWarnOfLoss(dirty: boolean) {
  useEffect(() => {
    if (!dirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [dirty]);
}

function download(name: string, folder: Folder): void {
  const address = URL.createObjectURL(zip(folder.bytes()));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${name.toLowerCase().replace(/[^a-z0-9.-]+/g, '-')}.zip`;
  link.click();
  URL.revokeObjectURL(address);
}

function Save({ source, folder, errors }: { source: NonNullable<WorkbenchProps['source']>; folder: Folder; errors: number }) {
  const save = useSaveFiles(source.namespace, source.name);
  if (!source.editable)
    return (
      <Alert color="gray" icon={<IconLock size={18} />} title="It cannot be saved from here">
        <Text fz="sm">{source.reason ?? 'Its files are not in a repository that can be written to.'} Download it instead.</Text>
      </Alert>
    );
  return (
    <Stack gap="sm">
      {save.data && <WrittenNote written={save.data} mode={save.variables.mode} />}
      {save.error && <ErrorState error={save.error} />}
      <WriteForm
        modes={['commit', 'pull-request']}
        message={`Update ${source.name}`}
        disabled={folder.changed.size === 0 || errors > 0}
        loading={save.isPending}
        onWrite={(mode, message) => save.mutate({ files: folder.changes(), message, mode }, { onSuccess: () => folder.saved() })}
      />
    </Stack>
  );
}

// The server calls the template template.yaml, and knows the other files from where it lies.
function placeOf(file: string | undefined, main: string | undefined): string | undefined {
  if (!file || !main || file === 'template.yaml') return main;
  return main.slice(0, main.lastIndexOf('/') + 1) + file;
}

interface EditorProps {
  folder: Folder;
  base: Files;
  picked: string | undefined;
  items: Diagnostic[];
  checking: boolean;
  /** Why the server did not check it. */
  unchecked: unknown;
  onPick: (path: string) => void;
}

function Editor({ folder, base, picked, items, checking, unchecked, onPick }: EditorProps) {
  const handle = useRef<CodeEditorHandle>(null);
  const problems = useId();
  const [view, setView] = useState('edit');
  const file = picked !== undefined ? folder.files.get(picked) : undefined;
  const here = items.filter((each) => each.file === picked || (!each.file && picked === undefined));
  return (
    <Box style={{ minWidth: 0 }} className="editor-middle">
      <Group justify="space-between" px="md" py={6} wrap="nowrap" className="produced-head">
        <Text fz="sm" className="mono clip">
          {picked ?? 'No file'}
        </Text>
        <SegmentedControl
          size="xs"
          aria-label="Show"
          value={view}
          onChange={setView}
          data={[
            { value: 'edit', label: 'Edit' },
            { value: 'diff', label: 'Changes' },
          ]}
        />
      </Group>
      {!file || picked === undefined ? (
        <Text fz="sm" c="dimmed" p="md">
          Choose a file.
        </Text>
      ) : file.text === null ? (
        <Text fz="sm" c="dimmed" p="md">
          A binary file.
        </Text>
      ) : view === 'edit' ? (
        <CodeEditor
          key={picked}
          value={file.text}
          onChange={(text) => folder.write(picked, text)}
          label={picked}
          marks={marksOf(here)}
          handle={handle}
          describedBy={problems}
          height="max(360px, calc(100dvh - 400px))"
        />
      ) : (
        <Box style={{ maxHeight: 'max(360px, calc(100dvh - 400px))', overflow: 'auto' }}>
          <DiffView before={base.get(picked)?.text ?? ''} after={file.text} label="Your changes" />
        </Box>
      )}
      <Box id={problems} px="md" py={9} style={{ borderTop: '1px solid var(--pave-hairline)', maxHeight: 180, overflowY: 'auto' }} aria-live="polite">
        {unchecked !== null && items.length === 0 ? (
          <Text fz="sm" c="dimmed">
            The server could not check it: {unchecked instanceof Error ? unchecked.message : String(unchecked)}
          </Text>
        ) : (
          <Problems
          items={items}
          checking={checking}
          dirty
          named
          onGo={(line, column, target) => {
            setView('edit');
            if (target && target !== picked && folder.files.has(target)) onPick(target);
            requestAnimationFrame(() => requestAnimationFrame(() => handle.current?.goTo(line, column)));
          }}
        />
        )}
      </Box>
    </Box>
  );
}

/** Files at the left, their text in the middle, the form and what a run would do at the right. */
export function Workbench({ title, files, source, onClose }: WorkbenchProps) {
  const folder = useFolder(files);
  const main = useMemo(() => templatePath(folder.texts), [folder.texts]);
  const [wanted, setPicked] = useState<string | undefined>(main);
  const picked = wanted !== undefined && folder.files.has(wanted) ? wanted : (main ?? [...folder.files.keys()][0]);
  const text = main !== undefined ? (folder.texts.get(main) ?? '') : '';
  const [settled] = useDebouncedValue(folder, 400);
  const parsed = useMemo(() => parseTemplate(text, main ?? ''), [text, main]);
  // While the text is torn the form stays as it was.
  const last = useRef(parsed.schema);
  if (parsed.schema) last.current = parsed.schema;
  const form = useLiveForm(last.current);
  const lint = useLint(text, settled.beside(main ?? ''), settled.version, settled === folder && parsed.diagnostics.length === 0 && main !== undefined);
  const run = useDryRun();
  const [previous, setPrevious] = useState<DryRun>();
  const [tab, setTab] = useState<string | null>('form');
  useWarnOfLoss(folder.changed.size > 0);
  const items = parsed.diagnostics.length > 0 ? parsed.diagnostics : (lint.data ?? []).map((each) => ({ ...each, file: placeOf(each.file, main) }));
  const errors = items.filter((each) => each.severity === 'error').length;
  const problems = new Map<string, 'error' | 'warning'>();
  for (const each of items)
    if (each.file && problems.get(each.file) !== 'error') problems.set(each.file, each.severity === 'error' ? 'error' : 'warning');

  const start = () => {
    setPrevious(run.data);
    setTab('run');
    run.mutate({ template: parsed.entity, ...form.input(), directoryContents: folder.beside(main ?? '') });
  };
  return (
    <Page
      wide
      title={title}
      crumbs={[
        { label: 'Create', href: '/create' },
        { label: 'Edit', href: '/create/edit' },
      ]}
      actions={
        <>
          <Button variant="subtle" color="gray" onClick={onClose}>
            Close
          </Button>
          <Button variant="default" leftSection={<IconDownload size={16} />} onClick={() => download(title, folder)}>
            Download
          </Button>
          <Button leftSection={<IconPlayerPlay size={16} />} onClick={start} loading={run.isPending} disabled={!parsed.entity}>
            Dry run
          </Button>
        </>
      }
    >
      {source && <Save source={source} folder={folder} errors={errors} />}
      <Box className="workbench">
        <Box className="surface workbench-files">
          <Box className="workbench-tree">
            <FilesPane folder={folder} picked={picked} problems={problems} onPick={setPicked} />
          </Box>
          <Editor
            folder={folder}
            base={files}
            picked={picked}
            items={items}
            checking={settled !== folder || lint.isFetching}
            unchecked={lint.error}
            onPick={setPicked}
          />
        </Box>
        <Box className="surface" style={{ minWidth: 0, overflow: 'hidden' }}>
          <Tabs value={tab} onChange={setTab}>
            <Tabs.List px="md">
              <Tabs.Tab value="form">Form</Tabs.Tab>
              <Tabs.Tab value="run">Dry run</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="form">
              <LiveForm form={form} />
            </Tabs.Panel>
            <Tabs.Panel value="run">
              {run.isPending ? (
                <Text fz="sm" c="dimmed" p="md" aria-live="polite">
                  Running…
                </Text>
              ) : run.error ? (
                <Box p="md">
                  <DryRunError error={run.error} />
                </Box>
              ) : run.data ? (
                <DryRunView result={run.data} before={previous} bare />
              ) : (
                <Text fz="sm" c="dimmed" p="md">
                  Nothing was run yet. A dry run takes the form's values and changes nothing.
                </Text>
              )}
            </Tabs.Panel>
          </Tabs>
        </Box>
      </Box>
    </Page>
  );
}

// Values that the schema refuses are told by field.
function DryRunError({ error }: { error: unknown }) {
  const list = error instanceof ApiError ? (error.body as { errors?: { property?: string; message: string }[] } | null)?.errors : undefined;
  if (!list?.length) return <ErrorState error={error} />;
  return (
    <Alert color="red" title="The form is not filled in">
      <ul style={{ margin: 0, paddingLeft: 18 }}>
        {list.map((each, index) => (
          <li key={index}>
            {(each.property ?? '').replace(/^instance\.?/, '')} {each.message}
          </li>
        ))}
      </ul>
    </Alert>
  );
}
