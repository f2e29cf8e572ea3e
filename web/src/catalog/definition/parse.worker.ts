// Reads a definition beside the page, which may be megabytes of somebody else's YAML.
import { parse } from 'yaml';

export interface ParseReply {
  value?: unknown;
  error?: string;
}

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<string>) => void) | null;
  postMessage: (reply: ParseReply) => void;
};

scope.onmessage = ({ data }) => {
  try {
    const value: unknown = /^\s*[{[]/.test(data) ? json(data) : yaml(data);
    scope.postMessage({ value });
  } catch (error) {
    scope.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};

const yaml = (text: string): unknown => parse(text, { maxAliasCount: 100, logLevel: 'error', uniqueKeys: false });

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return yaml(text);
  }
}
