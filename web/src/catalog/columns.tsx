import { Badge, Box, Group, Text } from '@mantine/core';
import type { Column } from '../shell/DataTable';
import { EntityLink } from '../shell/EntityLink';
import { Status } from '../shell/Status';
import { refOf, relationsOf, titleOf, type Entity } from './api';

const errors = (entity: Entity) => (entity.status?.items ?? []).filter((item) => item.level === 'error').length;

export const COLUMNS: Column<Entity>[] = [
  {
    key: 'name',
    title: 'Name',
    width: '44%',
    render: (entity) => (
      <Box maw={520}>
        <Group gap={8} wrap="nowrap">
          <EntityLink entityRef={refOf(entity)} title={titleOf(entity)} fw={550} />
          {errors(entity) > 0 && (
            <Status status="error">
              {errors(entity)} problem{errors(entity) > 1 ? 's' : ''}
            </Status>
          )}
        </Group>
        {entity.metadata.description && (
          <Text c="dimmed" fz="sm" className="clip" mt={1} pl={23}>
            {entity.metadata.description}
          </Text>
        )}
      </Box>
    ),
  },
  {
    key: 'type',
    title: 'Type',
    render: (entity) =>
      entity.spec?.type ?? (
        <Text span c="dimmed">
          –
        </Text>
      ),
  },
  {
    key: 'owner',
    title: 'Owner',
    render: (entity) => {
      const owner = relationsOf(entity, 'ownedBy')[0] ?? entity.spec?.owner;
      return owner ? (
        <EntityLink entityRef={owner} defaultKind="group" />
      ) : (
        <Text span c="dimmed">
          –
        </Text>
      );
    },
  },
  {
    key: 'lifecycle',
    title: 'Lifecycle',
    render: (entity) =>
      entity.spec?.lifecycle ? (
        <Status status={entity.spec.lifecycle} />
      ) : (
        <Text span c="dimmed">
          –
        </Text>
      ),
  },
  {
    key: 'tags',
    title: 'Tags',
    render: (entity) => (
      <Group gap={4}>
        {(entity.metadata.tags ?? []).slice(0, 3).map((tag) => (
          <Badge key={tag}>{tag}</Badge>
        ))}
      </Group>
    ),
  },
];
