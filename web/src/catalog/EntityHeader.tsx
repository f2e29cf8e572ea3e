import { ActionIcon, Badge, Button, Group, Menu, Text, Tooltip } from '@mantine/core';
import { IconArchive, IconDots, IconExternalLink, IconGitBranch, IconPlus, IconRefresh } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { api } from '../api/client';
import { queryClient } from '../api/query';
import { AppLink } from '../shell/AppLink';
import { EntityLink, entityHref } from '../shell/EntityLink';
import { notifyDone, notifyError } from '../shell/notify';
import { Status } from '../shell/Status';
import { refOf, relationsOf, repositoryOf, titleOf, type Entity } from './api';
import { StarButton } from './StarButton';

function RefreshButton({ entity }: { entity: Entity }) {
  const refresh = useMutation({
    mutationFn: () => api.post('/api/catalog/refresh', { entityRef: refOf(entity) }),
    onSuccess: () => {
      notifyDone('Reading it again', 'Changes in its file appear in a moment.');
      void queryClient.invalidateQueries({ queryKey: ['catalog'] });
    },
    onError: notifyError('Could not refresh'),
  });
  return (
    <Tooltip label="Read its file again">
      <ActionIcon
        variant="default"
        size={34}
        onClick={() => refresh.mutate()}
        loading={refresh.isPending}
        aria-label="Read its file again"
      >
        <IconRefresh size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

function MoreMenu({ entity }: { entity: Entity }) {
  return (
    <Menu position="bottom-end" width={200} shadow="md">
      <Menu.Target>
        <ActionIcon variant="default" size={34} aria-label="More of this component">
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          component={AppLink}
          href={`${entityHref(refOf(entity))}/decommission`}
          leftSection={<IconArchive size={15} />}
        >
          Decommission…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function HeaderActions({ entity }: { entity: Entity }) {
  const repository = repositoryOf(entity);
  const view = entity.metadata.annotations?.['backstage.io/view-url'];
  return (
    <>
      <StarButton entityRef={refOf(entity)} name={titleOf(entity)} size={34} variant="default" />
      <RefreshButton entity={entity} />
      {entity.kind === 'Template' && (
        <Button
          component={AppLink}
          href={`/create/templates/${entity.metadata.namespace ?? 'default'}/${entity.metadata.name}`}
          leftSection={<IconPlus size={16} />}
        >
          Use template
        </Button>
      )}
      {entity.kind === 'Component' && <MoreMenu entity={entity} />}
      {repository ? (
        <Button
          component={AppLink}
          href={`/repositories/${repository}`}
          variant="default"
          leftSection={<IconGitBranch size={16} />}
        >
          Repository
        </Button>
      ) : (
        view &&
        /^https?:/.test(view) && (
          <Button component={AppLink} href={view} variant="default" leftSection={<IconExternalLink size={16} />}>
            Source
          </Button>
        )
      )}
    </>
  );
}

export function HeaderLine({ entity }: { entity: Entity }) {
  const owner = relationsOf(entity, 'ownedBy')[0] ?? entity.spec?.owner;
  const system = relationsOf(entity, 'partOf')[0];
  return (
    <Group gap={16} mt={4}>
      {entity.metadata.description && (
        <Text c="dimmed" w="100%">
          {entity.metadata.description}
        </Text>
      )}
      {owner && (
        <Group gap={6}>
          <Text c="dimmed" fz="sm">
            Owner
          </Text>
          <EntityLink entityRef={owner} defaultKind="group" />
        </Group>
      )}
      {system && (
        <Group gap={6}>
          <Text c="dimmed" fz="sm">
            Part of
          </Text>
          <EntityLink entityRef={system} defaultKind="system" />
        </Group>
      )}
      {entity.spec?.lifecycle && <Status status={entity.spec.lifecycle} />}
      {(entity.metadata.tags ?? []).map((tag) => (
        <Badge key={tag}>{tag}</Badge>
      ))}
    </Group>
  );
}
