import { parseRef, type Entity } from './entity';

/** A reference as it stands in an entity's spec, in full: what it leaves out comes from the field and the entity. */
export function fullRef(text: string, defaultKind: string, entity: Entity): string {
  const { kind, namespace, name } = parseRef(text, defaultKind, entity.metadata.namespace ?? 'default');
  return `${kind}:${namespace}/${name}`.toLowerCase();
}
