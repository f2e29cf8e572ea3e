import { Alert, Anchor, Box, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconCheck, IconFileImport, IconFileOff } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { stringify } from 'yaml';
import { AppLink } from '../../shell/AppLink';
import { CodeView } from '../../shell/CodeView';
import { CopyIcon } from '../../shell/Copy';
import { EntityLink } from '../../shell/EntityLink';
import { Page } from '../../shell/Page';
import { EmptyState, ErrorState, LoadingRows } from '../../shell/States';
import { localUrl } from '../../shell/urls';
import { useUrlState } from '../../shell/useUrlState';
import { safeUrl } from '../AboutCard';
import type { Entity } from '../entity';
import { usePreview, useRegister, type Preview, type PreviewFile, type Registered } from './preview';
import { FileCard } from './PreviewList';

function Draft({ entity, repository }: { entity: Entity; repository: string }) {
  const text = stringify(entity, { lineWidth: 0 });
  const href = safeUrl(repository);
  return (
    <Stack gap="md">
      <Box className="surface">
        <EmptyState
          icon={<IconFileOff size={20} />}
          title="No catalog-info.yaml in it yet"
          action={
            href && (
              <Button component={AppLink} href={localUrl(href)} variant="default">
                Open the repository
              </Button>
            )
          }
        >
          Add this to the repository as <code>catalog-info.yaml</code>, with its owner, and preview it again.
        </EmptyState>
      </Box>
      <Box className="surface" pos="relative" style={{ overflow: 'hidden' }}>
        <Box pos="absolute" right={10} top={10}>
          <CopyIcon value={text} label="Copy the draft" />
        </Box>
        <CodeView text={text} label="A draft of catalog-info.yaml" />
      </Box>
    </Stack>
  );
}

function Outcome({ done, files, again }: { done: Registered[]; files: PreviewFile[]; again: () => void }) {
  const good = done.filter((each) => !each.error);
  const refs = files
    .filter((file) => good.some((each) => each.target === file.target))
    .flatMap((file) => file.entities.filter((each) => each.state !== 'conflict').map((each) => each.ref));
  return (
    <Stack gap="md">
      {good.length > 0 && (
        <Alert
          color="green"
          icon={<IconCheck size={18} />}
          role="status"
          title={`${good.length === 1 ? 'One file is' : `${good.length} files are`} registered`}
        >
          <Stack gap="sm">
            <Text fz="sm">Each is read again after a push, and on a schedule.</Text>
            <Group gap="lg">
              {refs.slice(0, 30).map((ref) => (
                <EntityLink key={ref} entityRef={ref} />
              ))}
              {refs.length > 30 && <Text fz="sm">and {refs.length - 30} more</Text>}
            </Group>
          </Stack>
        </Alert>
      )}
      {done
        .filter((each) => each.error)
        .map((each) => (
          <Box key={each.target}>
            <Text className="mono" fz="xs" mb={4} style={{ overflowWrap: 'anywhere' }}>
              {each.target}
            </Text>
            <ErrorState error={each.error} />
          </Box>
        ))}
      <Group gap={8}>
        <Button component={AppLink} href="/catalog">
          To the catalog
        </Button>
        <Button variant="default" onClick={again}>
          Register another
        </Button>
      </Group>
    </Stack>
  );
}

function Found({ preview, target, again }: { preview: Preview; target: string; again: () => void }) {
  const good = preview.files.filter((file) => file.error === undefined).map((file) => file.target);
  const [picked, setPicked] = useState(good);
  const register = useRegister();
  if (preview.draft) return <Draft entity={preview.draft} repository={target} />;
  if (register.data) return <Outcome done={register.data} files={preview.files} again={again} />;
  const entities = preview.files.filter((file) => picked.includes(file.target)).flatMap((file) => file.entities);
  const fresh = entities.filter((each) => each.state === 'new').length;
  const conflicts = entities.filter((each) => each.state === 'conflict').length;
  return (
    <Stack gap="md">
      {preview.files.map((file) => (
        <FileCard
          key={file.target}
          file={file}
          picked={picked.includes(file.target)}
          onPick={(on) => setPicked(on ? [...picked, file.target] : picked.filter((each) => each !== file.target))}
        />
      ))}
      {conflicts > 0 && (
        <Text fz="sm" c="dimmed">
          What is there from elsewhere stays as it is: of two files that define an entity, the first one counts.
        </Text>
      )}
      <Group justify="space-between" gap="md">
        <Text fz="sm" aria-live="polite">
          {fresh === 0 ? 'Nothing new would be added.' : `${fresh} would be added.`}
          {conflicts > 0 && ` ${conflicts} would not.`}
        </Text>
        <Button
          leftSection={<IconFileImport size={16} />}
          disabled={picked.length === 0}
          loading={register.isPending}
          onClick={() => register.mutate(picked)}
        >
          {picked.length > 1 ? `Register ${picked.length} files` : 'Register'}
        </Button>
      </Group>
    </Stack>
  );
}

/** What exists already comes into the catalog: an address, a look at what it would bring, and the doing. */
export function RegisterPage() {
  const [state, change] = useUrlState();
  const [target, setTarget] = useState(state.url ?? '');
  const preview = usePreview();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change({ url: target.trim() });
    preview.mutate(target.trim());
  };
  const again = () => {
    preview.reset();
    change({ url: undefined });
    setTarget('');
  };
  return (
    <Page
      title="Register what exists"
      crumbs={[{ label: 'Catalog', href: '/catalog' }, { label: 'Register' }]}
      description="The address of a repository, or of a file in one. You see what it would add before anything is added."
    >
      <form onSubmit={submit}>
        <Group gap={8} align="flex-end">
          <TextInput
            label="Address"
            placeholder="https://github.com/acme-corp/order-service"
            value={target}
            onChange={(event) => setTarget(event.currentTarget.value)}
            required
            withAsterisk={false}
            type="url"
            autoFocus
            style={{ flex: '1 1 320px' }}
          />
          <Button type="submit" variant={preview.data ? 'default' : 'filled'} loading={preview.isPending}>
            Preview
          </Button>
        </Group>
      </form>
      {preview.isPending ? (
        <Box className="surface">
          <LoadingRows rows={5} />
        </Box>
      ) : preview.error ? (
        <ErrorState error={preview.error} />
      ) : preview.data ? (
        <Found key={preview.submittedAt} preview={preview.data} target={preview.variables} again={again} />
      ) : (
        <Text fz="sm" c="dimmed">
          Addresses of GitHub, GitLab, Gitea, Bitbucket and of the built-in forge work alike; a path may hold{' '}
          <code>*</code>. What is registered can be seen and taken out again under{' '}
          <Anchor component={AppLink} href="/catalog/sources" fz="sm" underline="always">
            Sources
          </Anchor>
          .
        </Text>
      )}
    </Page>
  );
}
