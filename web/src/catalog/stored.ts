// What the browser remembers for its user: stars and saved views. All tabs see a change at once.
import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
const parsed = new Map<string, { text: string | null; items: unknown[] }>();

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // Forbidden by the browser's settings: nothing is remembered.
    return null;
  }
}

function items<T>(key: string, valid: (item: unknown) => item is T): T[] {
  const text = read(key);
  const known = parsed.get(key);
  if (known && known.text === text) return known.items as T[];
  let found: unknown = [];
  try {
    found = JSON.parse(text ?? '[]');
  } catch {
    // Somebody else's text.
  }
  const kept = Array.isArray(found) ? found.filter(valid) : [];
  parsed.set(key, { text, items: kept });
  return kept;
}

function write(key: string, value: unknown[]): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    return;
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('storage', listener);
  };
}

const isText = (item: unknown): item is string => typeof item === 'string';

const STARRED = 'pave.starred';
// What one question to the server can name.
const STARS_MAX = 500;

export function useStarred(): { starred: string[]; toggle: (ref: string) => void } {
  const starred = useSyncExternalStore(subscribe, () => items(STARRED, isText));
  const toggle = (ref: string) => {
    const now = items(STARRED, isText);
    write(STARRED, now.includes(ref) ? now.filter((each) => each !== ref) : [ref, ...now].slice(0, STARS_MAX));
  };
  return { starred, toggle };
}

export interface SavedView {
  name: string;
  /** The filters as they stand in the address. */
  search: Record<string, string>;
}

const isView = (item: unknown): item is SavedView => {
  const view = item as Partial<SavedView> | null;
  return typeof view?.name === 'string' && !!view.search && typeof view.search === 'object';
};

const VIEWS = 'pave.views';

export function useSavedViews() {
  const views = useSyncExternalStore(subscribe, () => items(VIEWS, isView));
  return {
    views,
    save: (view: SavedView) => write(VIEWS, [...items(VIEWS, isView).filter((each) => each.name !== view.name), view]),
    remove: (name: string) =>
      write(
        VIEWS,
        items(VIEWS, isView).filter((each) => each.name !== name),
      ),
  };
}
