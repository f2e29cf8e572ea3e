// Entities and their references, as Backstage writes them.
export interface EntityLinkItem {
  url: string;
  title?: string;
  icon?: string;
  type?: string;
}

export interface StatusItem {
  type: string;
  level: 'info' | 'warning' | 'error';
  message: string;
  error?: { name: string; message: string };
  /** Where in the author's file. */
  source?: { file?: string; line?: number; column?: number };
}

export interface Entity {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    etag?: string;
    title?: string;
    description?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    tags?: string[];
    links?: EntityLinkItem[];
  };
  spec?: Record<string, unknown> & {
    type?: string;
    lifecycle?: string;
    owner?: string;
    system?: string;
    profile?: { displayName?: string; email?: string; picture?: string };
  };
  relations?: { type: string; targetRef: string }[];
  status?: { items?: StatusItem[] };
}

export interface EntityPage {
  items: Entity[];
  totalItems: number;
  pageInfo: { nextCursor?: string; prevCursor?: string };
}

export interface EntityName {
  kind: string;
  namespace: string;
  name: string;
}

/** "component:default/x", "x" or "team/x" in parts, lower-cased as references are. */
export function parseRef(ref: string, defaultKind = 'component', defaultNamespace = 'default'): EntityName {
  const slash = ref.indexOf('/');
  const colon = ref.indexOf(':');
  const hasKind = colon > 0 && (slash < 0 || colon < slash);
  const kind = hasKind ? ref.slice(0, colon) : defaultKind;
  const rest = hasKind ? ref.slice(colon + 1) : ref;
  const cut = rest.indexOf('/');
  return {
    kind: kind.toLowerCase(),
    namespace: (cut < 0 ? defaultNamespace : rest.slice(0, cut)).toLowerCase(),
    name: cut < 0 ? rest : rest.slice(cut + 1),
  };
}

export function refOf(entity: Entity): string {
  const namespace = entity.metadata.namespace ?? 'default';
  return `${entity.kind}:${namespace}/${entity.metadata.name}`.toLowerCase();
}

export const titleOf = (entity: Entity) =>
  entity.metadata.title ?? entity.spec?.profile?.displayName ?? entity.metadata.name;

export const relationsOf = (entity: Entity, type: string) =>
  (entity.relations ?? []).filter((each) => each.type === type).map((each) => each.targetRef);

export const repositoryOf = (entity: Entity) => entity.metadata.annotations?.['github.com/project-slug'];
