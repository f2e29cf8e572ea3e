import { refOf, type Entity } from './entity';

// Each relation is told from both ends; a graph draws it once, in the direction of the name on the right.
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
  ownerOf: 'owns',
  providesApi: 'provides',
  apiProvidedBy: 'provided by',
  consumesApi: 'consumes',
  apiConsumedBy: 'consumed by',
  dependsOn: 'depends on',
  dependencyOf: 'needed by',
  childOf: 'child of',
  parentOf: 'parent of',
  memberOf: 'member of',
  hasMember: 'members',
  partOf: 'part of',
  hasPart: 'has parts',
};

export const relationWords = (type: string) => LABELS[type] ?? type;

export const relationLabel = (type: string) => {
  const text = relationWords(type);
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/** The type by which both ends are known. */
export const forwardType = (type: string) => INVERSE[type] ?? type;
export const isForward = (type: string) => !(type in INVERSE);

export type Direction = 'both' | 'out' | 'in';

export interface GraphFilter {
  direction: Direction;
  /** Forward types that are left out. */
  hidden: string[];
}

export interface GraphNode {
  /** The entity's reference, or for what stands for many, a key of its own. */
  id: string;
  /** How it was come by. */
  relation?: string;
  expanded: boolean;
  /** How many more there are; only on what stands for them. */
  more?: { group: string; count: number };
}

export interface GraphEdge {
  id: string;
  from: string;
  to: string;
  type: string;
}

export interface RelationModel {
  nodes: GraphNode[];
  edges: GraphEdge[];
  /** Forward types among what is expanded. */
  types: string[];
  full: boolean;
}

// A picture of more is no picture; the list has everything.
export const NODES_MAX = 160;
const GROUP_SHOWN = 6;
export const GROUP_STEP = 12;

/** Which entities a picture shows, when those in `expanded` (the first is where it began) show their neighbours. */
export function relationModel(expanded: Entity[], limits: Record<string, number>, filter: GraphFilter): RelationModel {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  const types = new Set<string>();
  let full = false;
  for (const entity of expanded) {
    const id = refOf(entity);
    const known = nodes.get(id);
    nodes.set(id, { ...known, id, expanded: true });
  }
  const connect = (self: string, type: string, target: string) => {
    const [from, to] = isForward(type) ? [self, target] : [target, self];
    const edge = { id: `${from}|${forwardType(type)}|${to}`, from, to, type: forwardType(type) };
    edges.set(edge.id, edge);
  };
  for (const entity of expanded) {
    const self = refOf(entity);
    const groups = new Map<string, string[]>();
    for (const { type, targetRef } of entity.relations ?? []) {
      types.add(forwardType(type));
      if (filter.hidden.includes(forwardType(type))) continue;
      if (filter.direction !== 'both' && isForward(type) !== (filter.direction === 'out')) continue;
      groups.set(type, [...(groups.get(type) ?? []), targetRef]);
    }
    for (const [type, targets] of groups) {
      const group = `${self}|${type}`;
      // One more than fits is not worth a node that says so.
      const room = limits[group] ?? (targets.length <= GROUP_SHOWN + 1 ? targets.length : GROUP_SHOWN);
      let left = 0;
      targets.forEach((target, index) => {
        const there = nodes.has(target);
        if (!there && (index >= room || nodes.size >= NODES_MAX)) {
          left++;
          full ||= nodes.size >= NODES_MAX;
          return;
        }
        if (!there) nodes.set(target, { id: target, relation: relationWords(type), expanded: false });
        connect(self, type, target);
      });
      if (left > 0) {
        const id = `+${group}`;
        nodes.set(id, { id, relation: relationWords(type), expanded: false, more: { group, count: left } });
        connect(self, type, id);
      }
    }
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()], types: [...types].sort(), full };
}
