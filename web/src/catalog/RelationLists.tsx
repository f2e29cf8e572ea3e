import { Box, Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { EntityLink } from '../shell/EntityLink';
import { useTitles, type Entity } from './api';
import { relationLabel } from './relations';

const SHOWN = 12;
const STEP = 100;

function RelationList({ type, refs }: { type: string; refs: string[] }) {
  const [limit, setLimit] = useState(SHOWN);
  const shown = refs.slice(0, refs.length <= limit + 2 ? refs.length : limit);
  const titles = useTitles(shown);
  return (
    <Stack gap={7} align="flex-start">
      <Text c="dimmed" fz="sm" component="h3" fw={400} m={0}>
        {relationLabel(type)} <span className="num">{refs.length.toLocaleString('en')}</span>
      </Text>
      {shown.map((ref) => (
        <EntityLink key={ref} entityRef={ref} title={titles?.get(ref) ?? undefined} />
      ))}
      {shown.length < refs.length && (
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setLimit(limit + STEP)}>
          {(refs.length - shown.length).toLocaleString('en')} more
        </Button>
      )}
    </Stack>
  );
}

export function RelationLists({ entity }: { entity: Entity }) {
  const relations = entity.relations ?? [];
  const types = [...new Set(relations.map((each) => each.type))];
  return (
    <Box p="md" style={{ display: 'grid', gap: 24, gridTemplateColumns: 'repeat(auto-fill, minmax(200px, 1fr))' }}>
      {types.map((type) => (
        <RelationList
          key={type}
          type={type}
          refs={relations.filter((each) => each.type === type).map((each) => each.targetRef)}
        />
      ))}
    </Box>
  );
}
