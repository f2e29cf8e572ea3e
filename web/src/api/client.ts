// The one place that talks HTTP. Every room's calls go through `api`, so that errors, sign-in and JSON look the same.

export interface FieldError {
  message: string;
  path?: string;
  property?: string;
  field?: string;
  stack?: string;
  instance?: string;
}

export interface Diagnostic {
  severity: 'error' | 'warning' | 'info' | 'note';
  code?: string;
  message: string;
  file?: string;
  line?: number;
  column?: number;
  pointer?: string;
  hint?: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    override readonly name: string,
    message: string,
    readonly body: unknown,
  ) {
    super(message);
  }

  get diagnostics(): Diagnostic[] {
    const body = this.body as { diagnostics?: Diagnostic[]; error?: { diagnostics?: Diagnostic[] } } | null;
    const found = body?.diagnostics ?? body?.error?.diagnostics;
    return Array.isArray(found) ? found : [];
  }
}

let signedOut: () => void = () => undefined;

/** Called once by the router: what to do when the server no longer knows who we are. */
export function onSignedOut(handler: () => void): void {
  signedOut = handler;
}

async function failure(response: Response): Promise<ApiError> {
  const text = await response.text();
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Not JSON: a proxy's page, perhaps; the status has to do.
  }
  const known = body as { error?: { name?: string; message?: string }; errors?: FieldError[] } | null;
  const message =
    known?.error?.message || known?.errors?.map((each) => each.stack ?? each.message).join('; ') || response.statusText;
  return new ApiError(response.status, known?.error?.name ?? 'Error', message || `HTTP ${response.status}`, body);
}

async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal) init.signal = signal;
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, 'Unreachable', 'The server does not answer. Trying again by itself.', null);
  }
  if (response.ok) return response;
  if (response.status === 401 && !path.startsWith('/api/identity/v1/')) signedOut();
  throw await failure(response);
}

async function json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await send(method, path, body, signal);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const api = {
  get: <T>(path: string, signal?: AbortSignal) => json<T>('GET', path, undefined, signal),
  post: <T>(path: string, body: unknown = {}, signal?: AbortSignal) => json<T>('POST', path, body, signal),
  delete: <T = void>(path: string) => json<T>('DELETE', path),
  text: async (path: string, signal?: AbortSignal) => (await send('GET', path, undefined, signal)).text(),
};

type QueryValue = string | number | boolean | null | undefined | readonly string[];

/** A path with a query string; empty values are left out, arrays repeat the key. */
export function url(path: string, query: Record<string, QueryValue> = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue;
    if (Array.isArray(value)) for (const each of value) search.append(key, each);
    else search.append(key, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

/** Path segments, each escaped. */
export function path(...segments: (string | number)[]): string {
  return segments.map((each) => encodeURIComponent(String(each))).join('/');
}

export interface Items<T> {
  items: T[];
}
