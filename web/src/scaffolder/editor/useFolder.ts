// The files one works on: what they were, what they are now.
import { useMemo, useState } from 'react';
import type { ProducedFile } from '../api';
import { decode, encode, encodeText, textOf } from '../preview/files';

export interface FolderFile {
  /** Null for what is no text. */
  text: string | null;
  base64?: string;
  executable?: boolean;
}

export type Files = Map<string, FolderFile>;

export const fromContents = (contents: ProducedFile[]): Files =>
  new Map(
    contents.map(({ path, base64Content, executable }) => {
      const text = textOf(base64Content);
      return [path, { text, executable, ...(text === null ? { base64: base64Content } : {}) }];
    }),
  );

export const fromTexts = (texts: Record<string, string>): Files =>
  new Map(Object.entries(texts).map(([path, text]) => [path, { text }]));

// What a browser's tab can hold well; a template's folder is small.
const FILE_MAX = 2_000_000;
const FILES_MAX = 500;
const IGNORED = /(^|\/)(\.git|node_modules|\.DS_Store)(\/|$)/;

/** A folder of this machine, without what is no part of a template. */
export async function fromLocal(list: FileList): Promise<Files> {
  const files: Files = new Map();
  for (const file of [...list].slice(0, 20_000)) {
    const path = file.webkitRelativePath.split('/').slice(1).join('/') || file.name;
    if (IGNORED.test(path) || file.size > FILE_MAX || files.size >= FILES_MAX) continue;
    const base64 = encode(new Uint8Array(await file.arrayBuffer()));
    const text = textOf(base64);
    files.set(path, text === null ? { text, base64 } : { text });
  }
  return files;
}

const base64Of = (file: FolderFile) => (file.text === null ? (file.base64 ?? '') : encodeText(file.text));

export interface Folder {
  files: Files;
  texts: Map<string, string | null>;
  changed: Set<string>;
  /** Counts the changes, so that what was asked of an older state is known as such. */
  version: number;
  write: (path: string, text: string) => void;
  remove: (path: string) => void;
  rename: (from: string, to: string) => void;
  saved: () => void;
  /** The files of the folder that a file lies in, by their paths there. */
  beside: (file: string) => ProducedFile[];
  /** What a commit has to say: null for what is gone. */
  changes: () => { path: string; base64Content: string | null }[];
  bytes: () => [string, Uint8Array][];
}

export function useFolder(initial: Files): Folder {
  const [base, setBase] = useState(initial);
  const [files, setFiles] = useState(initial);
  const [version, setVersion] = useState(0);
  return useMemo(() => {
    const put = (change: (next: Files) => void) => {
      const next = new Map(files);
      change(next);
      setFiles(next);
      setVersion(version + 1);
    };
    const differs = (path: string) => files.get(path)?.text !== base.get(path)?.text || files.has(path) !== base.has(path);
    const changed = new Set([...files.keys(), ...base.keys()].filter(differs));
    return {
      files,
      version,
      changed,
      texts: new Map([...files].map(([path, file]) => [path, file.text])),
      write: (path, text) => put((next) => next.set(path, { ...next.get(path), text })),
      remove: (path) => put((next) => next.delete(path)),
      rename: (from, to) =>
        put((next) => {
          const file = next.get(from);
          next.delete(from);
          if (file) next.set(to, file);
        }),
      saved: () => setBase(files),
      beside: (file) => {
        const prefix = file.slice(0, file.lastIndexOf('/') + 1);
        return [...files]
          .filter(([path]) => path.startsWith(prefix))
          .map(([path, each]) => ({
            path: path.slice(prefix.length),
            base64Content: base64Of(each),
            executable: each.executable ?? false,
          }));
      },
      changes: () =>
        [...changed].map((path) => {
          const file = files.get(path);
          return { path, base64Content: file ? base64Of(file) : null };
        }),
      bytes: () => [...files].map(([path, file]) => [path, decode(base64Of(file))]),
    };
  }, [base, files, version]);
}
