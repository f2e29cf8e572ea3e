import { Box, Button, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconFolderOpen, IconTemplate } from '@tabler/icons-react';
import { useState } from 'react';
import { parseRef, refOf, titleOf, useEntities } from '../../catalog/api';
import { Page, Section } from '../../shell/Page';
import { EmptyState, ErrorState, LoadingRows } from '../../shell/States';
import { useUrlState } from '../../shell/useUrlState';
import { useTemplateFiles } from './api';
import { SAMPLES } from './samples';
import { fromContents, fromLocal, fromTexts, type Files } from './useFolder';
import { Workbench } from './Workbench';

function FromCatalog({ onPick }: { onPick: (ref: string) => void }) {
  const templates = useEntities({ kind: 'Template', limit: 200 });
  if (!templates.data) return templates.error ? <ErrorState error={templates.error} /> : <LoadingRows rows={4} />;
  const { items } = templates.data;
  if (items.length === 0) return <EmptyState icon={<IconTemplate size={20} />} title="No templates in the catalog yet" />;
  return (
    <ul className="plain-list" style={{ maxHeight: 420, overflowY: 'auto' }}>
      {items.map((entity) => (
        <li key={refOf(entity)} className="list-row">
          <UnstyledButton className="row-link" w="100%" px="md" py={10} onClick={() => onPick(refOf(entity))}>
            <Text fz="sm" fw={550}>
              {titleOf(entity)}
            </Text>
            <Text fz="xs" c="dimmed" lineClamp={1}>
              {entity.metadata.description}
            </Text>
          </UnstyledButton>
        </li>
      ))}
    </ul>
  );
}

function FromElsewhere({ onFiles }: { onFiles: (files: Files, title: string) => void }) {
  const [error, setError] = useState<unknown>();
  const [reading, setReading] = useState(false);
  return (
    <Stack gap="md">
      <Section title="A sample" flush>
        <ul className="plain-list">
          {SAMPLES.map((sample) => (
            <li key={sample.id} className="list-row">
              <UnstyledButton className="row-link" w="100%" px="md" py={10} onClick={() => onFiles(fromTexts(sample.files), sample.title)}>
                <Text fz="sm" fw={550}>
                  {sample.title}
                </Text>
                <Text fz="xs" c="dimmed">
                  {sample.description}
                </Text>
              </UnstyledButton>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="A folder of this machine">
        <Stack gap="sm" align="flex-start">
          <Text fz="sm" c="dimmed">
            Its files are read here and sent nowhere but to a check or a dry run.
          </Text>
          <Button component="label" variant="default" leftSection={<IconFolderOpen size={16} />} loading={reading}>
            Open a folder
            <input
              type="file"
              className="hidden-input"
              aria-label="Open a folder"
              ref={(element) => element?.setAttribute('webkitdirectory', '')}
              onChange={({ currentTarget: { files } }) => {
                if (!files?.length) return;
                setReading(true);
                const name = files[0]!.webkitRelativePath.split('/')[0] || 'Folder';
                fromLocal(files)
                  .then((found) => onFiles(found, name))
                  .catch(setError)
                  .finally(() => setReading(false));
              }}
            />
          </Button>
          {error !== undefined && <ErrorState error={error} />}
        </Stack>
      </Section>
    </Stack>
  );
}

/** A template, worked on: its files, the form they make, and what a run would do. */
export function EditorPage() {
  const [state, change] = useUrlState();
  const [own, setOwn] = useState<{ files: Files; title: string }>();
  const at = state.template ? parseRef(state.template, 'template') : undefined;
  const files = useTemplateFiles(at?.namespace ?? '', at?.name ?? '', !!at);
  const close = () => {
    setOwn(undefined);
    change({ template: undefined });
  };
  const crumbs = [{ label: 'Create', href: '/create' }];
  if (own) return <Workbench key={own.title} title={own.title} files={own.files} onClose={close} />;
  if (at && files.data)
    return (
      <Workbench
        key={state.template}
        title={files.data.templateRef.split('/').at(-1) ?? at.name}
        files={fromContents(files.data.directoryContents)}
        source={{ ...at, ...files.data }}
        onClose={close}
      />
    );
  if (at)
    return (
      <Page title={at.name} crumbs={[...crumbs, { label: 'Edit', href: '/create/edit' }]}>
        {files.error ? <ErrorState error={files.error} retry={() => void files.refetch()} /> : <LoadingRows rows={10} />}
        {files.error && (
          <Group>
            <Button variant="default" onClick={close}>
              Choose another
            </Button>
          </Group>
        )}
      </Page>
    );
  return (
    <Page title="Edit a template" crumbs={crumbs} description="Change its files beside the form they make and the run they lead to.">
      <Box className="editor-choice">
        <Section title="A template of the catalog" flush>
          <FromCatalog onPick={(ref) => change({ template: ref.replace(/^template:/, '') })} />
        </Section>
        <FromElsewhere onFiles={(found, title) => setOwn({ files: found, title })} />
      </Box>
    </Page>
  );
}
