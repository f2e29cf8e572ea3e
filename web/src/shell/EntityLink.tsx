import { Anchor, Avatar, Group, Text } from '@mantine/core';
import {
  IconApi,
  IconBox,
  IconBoxMultiple,
  IconComponents,
  IconCube,
  IconDatabase,
  IconMapPin,
  IconTemplate,
  IconUser,
  IconUsers,
} from '@tabler/icons-react';
import { parseRef } from '../catalog/api';
import { AppLink } from './AppLink';

const ICONS: Record<string, typeof IconCube> = {
  component: IconCube,
  api: IconApi,
  resource: IconDatabase,
  system: IconBoxMultiple,
  domain: IconComponents,
  group: IconUsers,
  user: IconUser,
  template: IconTemplate,
  location: IconMapPin,
};

export function KindIcon({ kind, size = 16 }: { kind: string; size?: number }) {
  const Icon = ICONS[kind.toLowerCase()] ?? IconBox;
  return (
    <Icon size={size} stroke={1.7} aria-hidden="true" style={{ flex: 'none', color: 'var(--mantine-color-dimmed)' }} />
  );
}

export function entityHref(ref: string, tab?: string): string {
  const { kind, namespace, name } = parseRef(ref);
  return `/catalog/${namespace}/${kind}/${encodeURIComponent(name)}${tab ? `/${tab}` : ''}`;
}

interface EntityLinkProps {
  entityRef: string;
  title?: string;
  defaultKind?: string;
  icon?: boolean;
  fw?: number;
}

export function EntityLink({ entityRef, title, defaultKind = 'component', icon = true, fw }: EntityLinkProps) {
  const { kind, namespace, name } = parseRef(entityRef, defaultKind);
  return (
    <Anchor component={AppLink} href={entityHref(`${kind}:${namespace}/${name}`)} fz="sm" fw={fw} c="inherit">
      <Group gap={7} wrap="nowrap" style={{ display: 'inline-flex', verticalAlign: 'bottom' }}>
        {icon && <KindIcon kind={kind} />}
        <span>{title ?? (namespace === 'default' ? name : `${namespace}/${name}`)}</span>
      </Group>
    </Anchor>
  );
}

/** Who did it: a person with initials, or the machine that acted. */
export function Actor({ actor }: { actor: string | null | undefined }) {
  if (!actor)
    return (
      <Text span c="dimmed" fz="sm">
        –
      </Text>
    );
  const { kind, name } = parseRef(actor, 'user');
  const shown = kind === 'job' ? 'pipeline' : name;
  return (
    <Group gap={7} wrap="nowrap" style={{ display: 'inline-flex' }} title={actor}>
      <Avatar
        size={18}
        radius="xl"
        name={shown}
        color="gray"
        variant="filled"
        styles={{ placeholder: { fontSize: 9, color: '#fff', background: '#5f616d' } }}
        alt=""
        aria-hidden="true"
      />
      <Text span fz="sm">
        {shown}
      </Text>
    </Group>
  );
}
