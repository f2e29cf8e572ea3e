import { Box, Group, Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { IconArrowUpRight, IconDots } from '@tabler/icons-react';
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react';
import { AppLink } from '../shell/AppLink';
import { entityHref, KindIcon } from '../shell/EntityLink';
import { parseRef } from './entity';
import type { GraphNode } from './relations';

export const NODE_WIDTH = 196;
export const NODE_HEIGHT = 46;

export type EntityNode = Node<
  {
    node: GraphNode;
    title: string;
    missing: boolean;
    self: boolean;
    tabbable: boolean;
    onPress: (node: GraphNode) => void;
    onFocus: (id: string) => void;
  },
  'entity'
>;

export function EntityNodeView({ data }: NodeProps<EntityNode>) {
  const { node, title, missing, self, tabbable, onPress, onFocus } = data;
  const { kind } = parseRef(node.id);
  const below = node.more
    ? (node.relation ?? '')
    : [missing ? 'not in the catalog' : kind, node.relation].filter(Boolean).join(' · ');
  return (
    <Box pos="relative" className="nopan">
      <Handle type="target" position={Position.Left} style={{ opacity: 0 }} isConnectable={false} />
      <UnstyledButton
        className="graph-node"
        data-node={node.id}
        data-self={self || undefined}
        data-missing={missing || node.more ? true : undefined}
        w={NODE_WIDTH}
        h={NODE_HEIGHT}
        tabIndex={tabbable ? 0 : -1}
        aria-expanded={node.more || missing ? undefined : node.expanded}
        onClick={() => onPress(node)}
        onFocus={() => onFocus(node.id)}
      >
        <Group gap={9} wrap="nowrap">
          {node.more ? <IconDots size={17} color="var(--mantine-color-dimmed)" /> : <KindIcon kind={kind} size={17} />}
          <Box style={{ minWidth: 0, flex: 1 }} pr={node.more ? 0 : 16}>
            <Text fz={12.5} fw={550} className="clip" lh={1.3}>
              {node.more ? `+${node.more.count.toLocaleString('en')} more` : title}
            </Text>
            <Text fz={11} c="dimmed" lh={1.3} className="clip">
              {below}
            </Text>
            {(self || node.more) && <VisuallyHidden>{self ? 'this page' : 'show some of them'}</VisuallyHidden>}
          </Box>
        </Group>
      </UnstyledButton>
      {!node.more && !self && (
        <AppLink href={entityHref(node.id)} className="graph-open" tabIndex={-1} aria-label={`Open ${title}`}>
          <IconArrowUpRight size={14} />
        </AppLink>
      )}
      <Handle type="source" position={Position.Right} style={{ opacity: 0 }} isConnectable={false} />
    </Box>
  );
}
