import { Table, VisuallyHidden } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import type { MouseEvent, ReactNode } from 'react';

export interface Column<T> {
  key: string;
  title: ReactNode;
  render: (item: T) => ReactNode;
  /** The title is for screen readers only. */
  quiet?: boolean;
  width?: number | string;
  align?: 'right';
}

interface DataTableProps<T> {
  label: string;
  columns: Column<T>[];
  items: readonly T[];
  rowKey: (item: T) => string;
  /** Where a click on the row leads. The first cell should hold a real link to the same place, for the keyboard. */
  rowHref?: (item: T) => string | undefined;
  minWidth?: number;
}

export function DataTable<T>({ label, columns, items, rowKey, rowHref, minWidth = 640 }: DataTableProps<T>) {
  const router = useRouter();
  const open = (item: T) => (event: MouseEvent) => {
    const href = rowHref?.(item);
    const inner = (event.target as HTMLElement).closest('a, button, input');
    if (href && !inner && !getSelection()?.toString()) router.history.push(href);
  };
  return (
    <Table.ScrollContainer minWidth={minWidth} type="native">
      <Table aria-label={label} fz="sm">
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column.key} w={column.width} ta={column.align}>
                {column.quiet ? <VisuallyHidden>{column.title}</VisuallyHidden> : column.title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((item) => (
            <Table.Tr
              key={rowKey(item)}
              className={rowHref ? 'row-link' : undefined}
              onClick={rowHref ? open(item) : undefined}
            >
              {columns.map((column) => (
                <Table.Td key={column.key} ta={column.align}>
                  {column.render(item)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
