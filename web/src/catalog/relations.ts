import { refOf, type Entity } from './api';

// Each relation is told from both ends; a graph draws it once, in the direction of the name on the left.
const INVERSE: Record<string, string> = {
  ownerOf: 'ownedBy',
  apiProvidedBy: 'providesApi',
  apiConsumedBy: 'consumesApi',
  dependencyOf: 'dependsOn',
  parentOf: 'childOf',
  hasMember: 'memberOf',
  hasPart: 'partOf',
};

const LABELS: Record<string, string> = {
  ownedBy: 'owned by',
  ownerOf: 'Owns',
  providesApi: 'provides',
  apiProvidedBy: 'Provided by',
  consumesApi: 'consumes',
  apiConsumedBy: 'Consumed by',
  dependsOn: 'depends on',
  dependencyOf: 'Needed by',
  childOf: 'child of',
  parentOf: 'Parent of',
  memberOf: 'member of',
  hasMember: 'Members',
  partOf: 'part of',
  hasPart: 'Has parts',
};

export const relationLabel = (type: string) => {
  const text = LABELS[type] ?? type;
  return text.charAt(0).toUpperCase() + text.slice(1);
};

export interface GraphEdge {
  from: string;
  to: string;
  label: string;
}

/** The edges of some entities, each once. */
export function edgesOf(entities: Entity[]): GraphEdge[] {
  const edges = new Map<string, GraphEdge>();
  for (const entity of entities) {
    const self = refOf(entity);
    for (const { type, targetRef } of entity.relations ?? []) {
      const forward = INVERSE[type];
      const [from, to] = forward ? [targetRef, self] : [self, targetRef];
      const label = LABELS[forward ?? type] ?? type;
      edges.set(`${from}|${label}|${to}`, { from, to, label });
    }
  }
  return [...edges.values()];
}
