// What registering an address would add, found out without adding it.
import { useMutation } from '@tanstack/react-query';
import { api, ApiError, type Diagnostic, type Items } from '../../api/client';
import { queryClient } from '../../api/query';
import { refOf, type Entity } from '../entity';

const ROOT = '/api/catalog';
// Files of one repository that are looked at.
const FILES_MAX = 40;
const REFS_MAX = 1000;
const LOCATION = 'backstage.io/managed-by-location';

export interface PreviewEntity {
  entity: Entity;
  ref: string;
  /** "new", "same" where it is in the catalog from this very file, "conflict" where from another. */
  state: 'new' | 'same' | 'conflict';
  /** Where the one in the catalog comes from. */
  from?: string;
}

export interface PreviewFile {
  target: string;
  registered: boolean;
  entities: PreviewEntity[];
  error?: unknown;
  diagnostics: Diagnostic[];
}

export interface Preview {
  files: PreviewFile[];
  /** Where nothing was found: a draft of what the repository could say of itself. */
  draft?: Entity;
}

interface Analysis {
  existingEntityFiles: { location: { type: string; target: string }; isRegistered: boolean; entity: Entity }[];
  generateEntities: { entity: Entity }[];
}

interface DryRun {
  exists?: boolean;
  location: { id: string; target: string };
  entities: Entity[];
}

const namesFile = (target: string) => /\.(ya?ml|json)([?#]|$)/i.test(target) || /[*{]/.test(target);

async function tryFile(target: string): Promise<PreviewFile> {
  try {
    const dry = await api.post<DryRun>(`${ROOT}/locations?dryRun=true`, { type: 'url', target });
    // The location's own entity is made by registering, not by anybody's file.
    const entities = dry.entities.filter((each) => !/^generated-[0-9a-f]{40}$/.test(each.metadata.name));
    return {
      target,
      registered: dry.exists === true,
      entities: entities.map((entity) => ({ entity, ref: refOf(entity), state: 'new' })),
      diagnostics: [],
    };
  } catch (error) {
    const diagnostics = error instanceof ApiError ? error.diagnostics : [];
    return { target, registered: false, entities: [], error, diagnostics };
  }
}

/** Marks what the catalog has already. */
async function compare(files: PreviewFile[]): Promise<void> {
  const all = files.flatMap((file) => file.entities);
  const refs = [...new Set(all.map((each) => each.ref))].slice(0, REFS_MAX);
  if (refs.length === 0) return;
  const { items } = await api.post<Items<Entity | null>>(`${ROOT}/entities/by-refs`, {
    entityRefs: refs,
    fields: ['kind', 'metadata.name', 'metadata.namespace', 'metadata.annotations'],
  });
  const known = new Map(refs.map((ref, index) => [ref, items[index]]));
  for (const each of all) {
    const there = known.get(each.ref);
    if (!there) continue;
    const from = there.metadata.annotations?.[LOCATION];
    each.state = from === each.entity.metadata.annotations?.[LOCATION] ? 'same' : 'conflict';
    each.from = from?.replace(/^url:/, '');
  }
}

async function preview(target: string): Promise<Preview> {
  if (namesFile(target)) {
    const files = [await tryFile(target)];
    await compare(files);
    return { files };
  }
  const analysis = await api.post<Analysis>(`${ROOT}/analyze-location`, { location: { type: 'url', target } });
  const targets = [...new Set(analysis.existingEntityFiles.map((each) => each.location.target))].slice(0, FILES_MAX);
  const files: PreviewFile[] = [];
  for (const each of targets) files.push(await tryFile(each));
  await compare(files);
  return files.length > 0 ? { files } : { files, draft: analysis.generateEntities[0]?.entity };
}

export const usePreview = () => useMutation({ mutationFn: preview });

export interface Registered {
  target: string;
  entityRef?: string;
  error?: unknown;
}

async function register(targets: string[]): Promise<Registered[]> {
  const done: Registered[] = [];
  for (const target of targets) {
    try {
      // What is registered already is read again instead of being refused.
      const reply = await api.post<{ location: { entityRef?: string } }>(`${ROOT}/locations?onConflict=refresh`, {
        type: 'url',
        target,
      });
      done.push({ target, entityRef: reply.location.entityRef });
    } catch (error) {
      done.push({ target, error });
    }
  }
  return done;
}

export const useRegister = () =>
  useMutation({
    mutationFn: register,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['catalog'] }),
  });
