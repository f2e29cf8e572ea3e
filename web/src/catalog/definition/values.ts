// Reading what somebody else wrote: nothing is where it should be until it was looked at.
export type Json = Record<string, unknown>;

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const record = (value: unknown): Json => (isRecord(value) ? value : {});
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;

const HOPS_MAX = 8;

/** What a local `$ref` leads to; other documents are not fetched. */
export function resolve(root: Json, value: unknown): Json {
  let at = record(value);
  for (let hop = 0; typeof at.$ref === 'string' && hop < HOPS_MAX; hop++) {
    if (!at.$ref.startsWith('#/')) return at;
    let found: unknown = root;
    for (const part of at.$ref.slice(2).split('/')) {
      const key = decode(part);
      found = isRecord(found) && Object.hasOwn(found, key) ? found[key] : undefined;
    }
    if (!isRecord(found)) return at;
    at = found;
  }
  return at;
}

function decode(part: string): string {
  const plain = part.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

/** The last part of a reference, as people call what it leads to. */
export const refName = (value: unknown): string | undefined => text(record(value).$ref)?.split('/').at(-1);
