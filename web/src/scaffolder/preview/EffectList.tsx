import { Anchor, Badge, Box, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconChevronRight, IconCirclePlus, IconPencil, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { AppLink } from '../../shell/AppLink';
import { localUrl } from '../../shell/urls';
import type { Effect } from '../api';
import { PatchView } from './PatchView';

const SIGNS = {
  create: { icon: IconCirclePlus, color: 'var(--pave-good)', label: 'Creates' },
  update: { icon: IconPencil, color: 'var(--pave-busy)', label: 'Changes' },
  delete: { icon: IconTrash, color: 'var(--pave-bad)', label: 'Deletes' },
} as const;

const said = (detail: unknown): string =>
  typeof detail === 'string' ? detail : detail && typeof detail === 'object' ? JSON.stringify(detail) : '';

function EffectRow({ effect }: { effect: Effect }) {
  const [opened, setOpened] = useState(false);
  const sign = SIGNS[effect.operation as keyof typeof SIGNS] ?? SIGNS.update;
  const Icon = sign.icon;
  const detail = said(effect.detail);
  return (
    <Box component="li" className="list-row" px="md" py={10}>
      <Group gap={10} wrap="nowrap" align="flex-start">
        <Icon size={18} color={sign.color} style={{ flex: 'none', marginTop: 1 }} aria-hidden="true" />
        <Box style={{ flex: 1, minWidth: 0 }}>
          <Text fz="sm" style={{ overflowWrap: 'anywhere' }}>
            {sign.label} {effect.kind.replaceAll('-', ' ')}{' '}
            {effect.url && effect.operation !== 'create' ? (
              <Anchor component={AppLink} href={localUrl(effect.url)} fz="sm" fw={550}>
                {effect.ref}
              </Anchor>
            ) : (
              <Text span fw={550} fz="sm">
                {effect.ref}
              </Text>
            )}
          </Text>
          {detail && (
            <Text fz="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {detail}
            </Text>
          )}
          {effect.diff && (
            <UnstyledButton fz="xs" c="dimmed" mt={4} aria-expanded={opened} onClick={() => setOpened(!opened)}>
              <Group gap={4}>
                <IconChevronRight size={13} style={{ transform: opened ? 'rotate(90deg)' : undefined }} aria-hidden="true" />
                What changes
              </Group>
            </UnstyledButton>
          )}
        </Box>
        <Badge className="mono">{effect.action}</Badge>
      </Group>
      {opened && effect.diff && (
        <Box className="surface" mt={8} style={{ overflow: 'hidden' }}>
          <PatchView patch={effect.diff} label={`What changes in ${effect.ref}`} />
        </Box>
      )}
    </Box>
  );
}

/** What would change outside of the run's own folder. */
export function EffectList({ effects }: { effects: Effect[] }) {
  if (effects.length === 0)
    return (
      <Text fz="sm" c="dimmed" p="md">
        Nothing outside of the run's own folder.
      </Text>
    );
  return (
    <Stack gap={0} component="ul" className="plain-list" aria-label="Effects">
      {effects.map((effect, index) => (
        <EffectRow key={index} effect={effect} />
      ))}
    </Stack>
  );
}
