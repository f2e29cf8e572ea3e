// What the table shows of each kind.
import { Badge, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { isInternal } from '../shell/AppLink';
import { EntityLink } from '../shell/EntityLink';
import { Status } from '../shell/Status';
import { titleOf, type Entity } from './entity';
import { fullRef } from './fields';

export interface CatalogColumn {
  key: string;
  title: string;
  /** What the server orders by; a column without is not for ordering. */
  field?: string;
  /** A track of the grid. */
  width: string;
  render: (entity: Entity) => ReactNode;
}

const text = (value: unknown): ReactNode =>
  typeof value === 'string' && value ? (
    <Text span fz="sm" className="clip" title={value}>
      {value}
    </Text>
  ) : null;

const one = (entity: Entity, field: string, kind: string): ReactNode => {
  const value = entity.spec?.[field];
  return typeof value === 'string' && value ? (
    <EntityLink entityRef={fullRef(value, kind, entity)} icon={kind !== 'group' || field !== 'owner'} />
  ) : null;
};

const column = (key: string, title: string, width: string, render: CatalogColumn['render'], field?: string) => ({
  key,
  title,
  width,
  render,
  field,
});

const NAME = column('name', 'Name', 'minmax(240px, 2.4fr)', titleOf, 'metadata.name');
const TYPE = column('type', 'Type', 'minmax(90px, 0.8fr)', (entity) => text(entity.spec?.type), 'spec.type');
const OWNER = column('owner', 'Owner', 'minmax(120px, 1fr)', (entity) => one(entity, 'owner', 'group'), 'spec.owner');
const SYSTEM = column(
  'system',
  'System',
  'minmax(120px, 1fr)',
  (entity) => one(entity, 'system', 'system'),
  'spec.system',
);
const LIFECYCLE = column(
  'lifecycle',
  'Lifecycle',
  '120px',
  (entity) => (entity.spec?.lifecycle ? <Status status={entity.spec.lifecycle} /> : null),
  'spec.lifecycle',
);
const TAGS = column('tags', 'Tags', 'minmax(100px, 1fr)', (entity) => {
  const tags = entity.metadata.tags ?? [];
  return (
    <Group gap={4} wrap="nowrap" style={{ overflow: 'hidden' }}>
      {tags.slice(0, 2).map((tag) => (
        <Badge key={tag} style={{ flex: '0 1 auto', minWidth: 30 }}>
          {tag}
        </Badge>
      ))}
      {tags.length > 2 && (
        <Text span fz="xs" c="dimmed" title={tags.slice(2).join(', ')}>
          +{tags.length - 2}
        </Text>
      )}
    </Group>
  );
});
const NAMESPACE = column(
  'namespace',
  'Namespace',
  'minmax(100px, 0.8fr)',
  (entity) => text(entity.metadata.namespace ?? 'default'),
  'metadata.namespace',
);
const DOMAIN = column(
  'domain',
  'Domain',
  'minmax(120px, 1fr)',
  (entity) => one(entity, 'domain', 'domain'),
  'spec.domain',
);
const PARENT_DOMAIN = column(
  'parent',
  'Part of',
  'minmax(120px, 1fr)',
  (entity) => one(entity, 'subdomainOf', 'domain'),
  'spec.subdomainOf',
);
const PARENT = column(
  'parent',
  'Parent',
  'minmax(120px, 1fr)',
  (entity) => one(entity, 'parent', 'group'),
  'spec.parent',
);
const EMAIL = column(
  'email',
  'Email',
  'minmax(160px, 1.2fr)',
  (entity) => text(entity.spec?.profile?.email),
  'spec.profile.email',
);
const GROUPS = column('groups', 'Groups', 'minmax(140px, 1.2fr)', (entity) => {
  const groups = Array.isArray(entity.spec?.memberOf)
    ? entity.spec.memberOf.filter((each) => typeof each === 'string')
    : [];
  return (
    <Group gap={10} wrap="nowrap" style={{ overflow: 'hidden' }}>
      {groups.slice(0, 2).map((group) => (
        <EntityLink key={group} entityRef={fullRef(group, 'group', entity)} icon={false} />
      ))}
      {groups.length > 2 && (
        <Text span fz="xs" c="dimmed" title={groups.slice(2).join(', ')}>
          +{groups.length - 2}
        </Text>
      )}
    </Group>
  );
});
const TARGET = column('target', 'Points at', 'minmax(200px, 2fr)', (entity) => {
  const targets = Array.isArray(entity.spec?.targets) ? entity.spec.targets : [];
  const target = entity.spec?.target ?? targets[0];
  return typeof target === 'string' ? (
    <Text span fz="sm" className={isInternal(target) ? 'clip' : 'clip mono'} title={target}>
      {target}
      {targets.length > 1 && ` and ${targets.length - 1} more`}
    </Text>
  ) : null;
});

const BY_KIND: Record<string, CatalogColumn[]> = {
  component: [NAME, TYPE, OWNER, SYSTEM, LIFECYCLE, TAGS],
  api: [NAME, TYPE, OWNER, SYSTEM, LIFECYCLE, TAGS],
  resource: [NAME, TYPE, OWNER, SYSTEM, TAGS],
  system: [NAME, OWNER, DOMAIN, TAGS],
  domain: [NAME, OWNER, PARENT_DOMAIN, TAGS],
  group: [NAME, TYPE, PARENT, TAGS],
  user: [NAME, EMAIL, GROUPS],
  template: [NAME, TYPE, OWNER, TAGS],
  location: [NAME, TYPE, TARGET],
};

export const columnsOf = (kind: string): CatalogColumn[] =>
  BY_KIND[kind.toLowerCase()] ?? [NAME, NAMESPACE, TYPE, OWNER, LIFECYCLE, TAGS];

/** "owner" or "-owner" in the address, as the server takes it. */
export function sortOf(
  text: string | undefined,
  columns: CatalogColumn[],
): { field: string; order: 'asc' | 'desc'; key: string } {
  const descending = text?.startsWith('-') ?? false;
  const key = descending ? text!.slice(1) : text;
  const found = columns.find((each) => each.key === key && each.field) ?? columns[0]!;
  return { field: found.field!, order: descending && found.key === key ? 'desc' : 'asc', key: found.key };
}
