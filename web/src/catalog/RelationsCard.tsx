import { Box, Group, SegmentedControl, Text, UnstyledButton } from '@mantine/core';
import { lazy, Suspense, useMemo, useState } from 'react';
import { Section } from '../shell/Page';
import type { Entity } from './entity';
import { RelationLists } from './RelationLists';
import { relationLabel, type Direction } from './relations';

const RelationGraph = lazy(() => import('./RelationGraph').then((m) => ({ default: m.RelationGraph })));

interface FiltersProps {
  direction: Direction;
  setDirection: (direction: Direction) => void;
  types: string[];
  hidden: string[];
  setHidden: (hidden: string[]) => void;
}

function Filters({ direction, setDirection, types, hidden, setHidden }: FiltersProps) {
  return (
    <Group gap={8} px="md" py={8} style={{ borderBottom: '1px solid var(--pave-hairline)' }}>
      <SegmentedControl
        size="xs"
        value={direction}
        onChange={(value) => setDirection(value as Direction)}
        aria-label="Direction of relations"
        data={[
          { value: 'both', label: 'Both ways' },
          { value: 'out', label: 'What it needs' },
          { value: 'in', label: 'What needs it' },
        ]}
      />
      {types.length > 1 &&
        types.map((type) => (
          <UnstyledButton
            key={type}
            className="chip"
            aria-pressed={!hidden.includes(type)}
            onClick={() =>
              setHidden(hidden.includes(type) ? hidden.filter((each) => each !== type) : [...hidden, type])
            }
          >
            {relationLabel(type)}
          </UnstyledButton>
        ))}
    </Group>
  );
}

export function RelationsCard({ entity, height }: { entity: Entity; height: number | string }) {
  const [view, setView] = useState('graph');
  const [direction, setDirection] = useState<Direction>('both');
  const [types, setTypes] = useState<string[]>([]);
  const [hidden, setHidden] = useState<string[]>([]);
  const filter = useMemo(() => ({ direction, hidden }), [direction, hidden]);
  const any = (entity.relations ?? []).length > 0;
  return (
    <Section
      title="Relations"
      flush
      actions={
        any && (
          <SegmentedControl
            size="xs"
            value={view}
            onChange={setView}
            data={[
              { value: 'graph', label: 'Graph' },
              { value: 'list', label: 'List' },
            ]}
            aria-label="Show relations as"
          />
        )
      }
    >
      {!any ? (
        <Text c="dimmed" fz="sm" p="md">
          It stands alone. Relations come from <code>owner</code>, <code>system</code>, <code>dependsOn</code> and its
          APIs in catalog-info.yaml.
        </Text>
      ) : view === 'graph' ? (
        <>
          <Filters {...{ direction, setDirection, types, hidden, setHidden }} />
          <Suspense fallback={<Box h={height} />}>
            <RelationGraph entity={entity} filter={filter} height={height} onTypes={setTypes} />
          </Suspense>
        </>
      ) : (
        <RelationLists entity={entity} />
      )}
    </Section>
  );
}
