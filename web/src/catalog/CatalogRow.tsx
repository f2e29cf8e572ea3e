import { Box, Group, Skeleton, Text } from '@mantine/core';
import { memo } from 'react';
import { AppLink } from '../shell/AppLink';
import { entityHref, KindIcon } from '../shell/EntityLink';
import { Status } from '../shell/Status';
import type { CatalogColumn } from './columns';
import { refOf, titleOf, type Entity } from './entity';
import { StarButton } from './StarButton';

export const ROW_HEIGHT = 54;

const errorsOf = (entity: Entity) => (entity.status?.items ?? []).filter((item) => item.level === 'error').length;

function NameCell({ entity, tabIndex }: { entity: Entity; tabIndex: number }) {
  const errors = errorsOf(entity);
  const ref = refOf(entity);
  const title = titleOf(entity);
  return (
    <Group gap={10} wrap="nowrap">
      <KindIcon kind={entity.kind} />
      <Box style={{ minWidth: 0, flex: 1 }}>
        <Group gap={8} wrap="nowrap">
          <AppLink href={entityHref(ref)} className="clip row-name" tabIndex={tabIndex}>
            {title}
          </AppLink>
          {title !== entity.metadata.name && (
            <Text span fz="xs" c="dimmed" className="clip mono" style={{ flexShrink: 99 }}>
              {entity.metadata.name}
            </Text>
          )}
          {errors > 0 && (
            <Status status="error">
              {errors} problem{errors > 1 ? 's' : ''}
            </Status>
          )}
        </Group>
        {entity.metadata.description && (
          <Text c="dimmed" fz="xs" className="clip" lh={1.5}>
            {entity.metadata.description}
          </Text>
        )}
      </Box>
    </Group>
  );
}

interface RowProps {
  id: string;
  index: number;
  top: number;
  entity: Entity | undefined;
  columns: CatalogColumn[];
  grid: string;
  active: boolean;
  last: boolean;
  onPick: (index: number) => void;
  onOpen: (entity: Entity) => void;
}

// The row's own link is in its name; a click anywhere else on the row leads there too.
export const CatalogRow = memo(function CatalogRow(props: RowProps) {
  const { id, index, top, entity, columns, grid, active, last, onPick, onOpen } = props;
  const tabIndex = active ? 0 : -1;
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={active}
      aria-busy={entity ? undefined : true}
      className="grid-row"
      data-active={active || undefined}
      data-last={last || undefined}
      style={{ top, height: ROW_HEIGHT, gridTemplateColumns: grid }}
      onClick={(event) => {
        onPick(index);
        const inner = (event.target as HTMLElement).closest('a, button');
        if (entity && !inner && !getSelection()?.toString()) onOpen(entity);
      }}
    >
      {columns.map((column, at) => (
        <div key={column.key} role="gridcell" className="grid-cell" data-column={column.key}>
          {!entity ? (
            <Skeleton height={at === 0 ? 14 : 10} width={`${[62, 48, 70, 54][(index + at) % 4]}%`} radius="sm" />
          ) : column.key === 'name' ? (
            <NameCell entity={entity} tabIndex={tabIndex} />
          ) : (
            (column.render(entity) ?? (
              <Text span c="dimmed">
                –
              </Text>
            ))
          )}
        </div>
      ))}
      <div role="gridcell" className="grid-cell" data-column="star">
        {entity && <StarButton entityRef={refOf(entity)} name={titleOf(entity)} tabIndex={tabIndex} />}
      </div>
    </div>
  );
});
