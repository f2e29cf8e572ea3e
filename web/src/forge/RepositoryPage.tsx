import { Badge, Box, Button, Group, Popover, Select, Stack, Tabs, Text } from '@mantine/core';
import { IconCode, IconGitBranch } from '@tabler/icons-react';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useInfo } from '../identity/api';
import { PipelinesTab } from '../pipelines/PipelinesTab';
import { useProvenance } from '../scaffolder/api';
import { Command } from '../shell/Copy';
import { EntityLink } from '../shell/EntityLink';
import { Page } from '../shell/Page';
import { Loaded } from '../shell/States';
import { useBranches, useRepository, type Repository } from './api';
import { CommitList } from './CommitList';
import { FileView } from './FileView';
import { PullList } from './PullList';
import { TreeView } from './TreeView';

function CloneButton({ repository }: { repository: Repository }) {
  const base = useInfo().data?.baseUrl ?? location.origin;
  const address = repository.cloneUrl ?? `${base}/${repository.owner}/${repository.name}.git`;
  return (
    <Popover position="bottom-end" width={440} shadow="md" trapFocus>
      <Popover.Target>
        <Button leftSection={<IconCode size={16} />}>Clone</Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap={8}>
          <Text fz="sm" fw={550}>
            Clone with git
          </Text>
          <Command value={`git clone ${address}`} />
          <Text fz="xs" c="dimmed">
            To push, use any user name and an API token from Settings as the password.
          </Text>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

interface Place {
  view: 'tree' | 'blob' | 'commits' | 'pulls' | 'pipelines';
  ref?: string;
  file: string;
}

const OTHERS = ['commits', 'pulls', 'pipelines'] as const;

// "tree/main/src" → view, branch and path. A branch with a slash is found among the known ones.
function placeOf(splat: string, branches: string[]): Place {
  const [view = '', ...rest] = splat.split('/');
  if (view !== 'tree' && view !== 'blob')
    return { view: OTHERS.find((each) => each === view) ?? 'tree', ref: rest[0], file: '' };
  const tail = rest.join('/');
  const ref =
    branches.filter((name) => tail === name || tail.startsWith(`${name}/`)).sort((a, b) => b.length - a.length)[0] ??
    rest[0];
  return { view, ref, file: tail.slice((ref ?? '').length + 1) };
}

function RepositoryView({ repository, splat }: { repository: Repository; splat: string }) {
  const navigate = useNavigate();
  const branches = useBranches(repository.owner, repository.name).data?.items ?? [];
  const place = placeOf(
    splat,
    branches.map((each) => each.name),
  );
  const main = repository.defaultBranch ?? 'main';
  const ref = place.ref ?? main;
  const base = `/repositories/${repository.owner}/${repository.name}`;
  const slug = `${repository.owner}/${repository.name}`;
  const madeBy = useProvenance({ repository: slug }).data?.items?.[0];
  const tab = place.view === 'blob' ? 'tree' : place.view;
  const go = (to: string) => void navigate({ to: to as never });
  const names = branches.some((each) => each.name === ref)
    ? branches.map((each) => each.name)
    : [ref, ...branches.map((each) => each.name)];
  return (
    <Page
      title={
        <Group gap={9}>
          <IconGitBranch size={20} stroke={1.7} />
          {repository.name}
        </Group>
      }
      name={slug}
      crumbs={[{ label: 'Repositories', href: '/repositories' }, { label: repository.owner }]}
      description={
        <Stack gap={6}>
          {repository.description}
          {madeBy && (
            <Group gap={6}>
              <Text c="dimmed" fz="sm">
                Created by template
              </Text>
              <EntityLink entityRef={madeBy.template} defaultKind="template" />
            </Group>
          )}
        </Stack>
      }
      actions={
        <>
          <Select
            aria-label="Branch"
            w={200}
            data={names.map((name) => ({ value: name, label: /^[0-9a-f]{40}$/.test(name) ? name.slice(0, 7) : name }))}
            value={ref}
            onChange={(next) => next && go(`${base}/${tab === 'commits' ? 'commits' : 'tree'}/${next}`)}
            allowDeselect={false}
            leftSection={<IconGitBranch size={15} />}
          />
          <CloneButton repository={repository} />
        </>
      }
    >
      <Tabs
        value={tab}
        onChange={(next) =>
          next && go(next === 'tree' ? base : next === 'commits' ? `${base}/commits/${ref}` : `${base}/${next}`)
        }
      >
        <Tabs.List mb={20}>
          <Tabs.Tab value="tree">Files</Tabs.Tab>
          <Tabs.Tab value="commits">Commits</Tabs.Tab>
          <Tabs.Tab value="pulls">Pull requests</Tabs.Tab>
          <Tabs.Tab value="pipelines">Pipelines</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="tree">
          {place.view === 'blob' ? (
            <FileView owner={repository.owner} name={repository.name} gitRef={ref} file={place.file} />
          ) : (
            <TreeView owner={repository.owner} name={repository.name} gitRef={ref} folder={place.file} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="commits">
          <CommitList owner={repository.owner} name={repository.name} gitRef={ref} />
        </Tabs.Panel>
        <Tabs.Panel value="pulls">
          <PullList
            slug={{ owner: repository.owner, name: repository.name }}
            main={main}
            branches={branches.map((each) => each.name)}
          />
        </Tabs.Panel>
        <Tabs.Panel value="pipelines">
          <PipelinesTab repository={slug} />
        </Tabs.Panel>
      </Tabs>
      {branches.find((each) => each.name === ref)?.protected && tab === 'tree' && (
        <Box>
          <Badge>{ref} is protected: it cannot be deleted or rewritten</Badge>
        </Box>
      )}
    </Page>
  );
}

export function RepositoryPage() {
  const { owner = '', name = '', _splat = '' } = useParams({ strict: false }) as Record<string, string | undefined>;
  const query = useRepository(owner, name);
  if (!query.data)
    return (
      <Page title={name} crumbs={[{ label: 'Repositories', href: '/repositories' }, { label: owner }]}>
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    );
  return <RepositoryView repository={query.data} splat={_splat} />;
}
