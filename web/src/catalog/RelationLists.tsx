import { Box, Stack, Text } from '@mantine/core';
import { EntityLink } from '../shell/EntityLink';
import { useEntitiesByRefs, titleOf, type Entity } from './api';
import { relationLabel } from './relations';

export function RelationLists({ entity }: { entity: Entity }) {
  const relations = entity.relations ?? [];
  const refs = [...new Set(relations.map((each) => each.targetRef))].sort();
  const found = useEntitiesByRefs(refs).data;
  const titles = new Map(refs.map((ref, index) => [ref, found?.[index] ? titleOf(found[index]) : undefined]));
  const types = [...new Set(relations.map((each) => each.type))];
  if (types.length === 0)
    return (
      <Text c="dimmed" fz="sm" p="md">
        No relations yet.
      </Text>
    );
  return (
    <Box p="md" style={{ display: 'grid', gap: 24, gridTemplateColumns: 'repeat(auto-fill, minmax(200px, 1fr))' }}>
      {types.map((type) => (
        <Stack key={type} gap={7}>
          <Text c="dimmed" fz="sm">
            {relationLabel(type)}
          </Text>
          {relations
            .filter((each) => each.type === type)
            .map(({ targetRef }) => (
              <EntityLink key={targetRef} entityRef={targetRef} title={titles.get(targetRef)} />
            ))}
        </Stack>
      ))}
    </Box>
  );
}
