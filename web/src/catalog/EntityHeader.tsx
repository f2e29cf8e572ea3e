import { ActionIcon, Badge, Button, Group, Text, Tooltip } from '@mantine/core';
import { IconExternalLink, IconGitBranch, IconPlus, IconRefresh } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { api } from '../api/client';
import { queryClient } from '../api/query';
import { AppLink } from '../shell/AppLink';
import { EntityLink } from '../shell/EntityLink';
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
