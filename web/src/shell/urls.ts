import { queryClient } from '../api/query';
import type { AppInfo } from '../identity/api';

/** An address of this Pave as a path in the portal; others stay as they are. A repository's clone address leads to its page. */
export function localUrl(address: string): string {
  const base = queryClient.getQueryData<AppInfo>(['app', 'info'])?.baseUrl?.replace(/\/$/, '');
  let local = address;
  for (const origin of [base, location.origin])
    if (origin && local.startsWith(`${origin}/`)) local = local.slice(origin.length);
  if (!local.startsWith('/')) return local;
  const clone = /^\/([^/]+)\/([^/]+)\.git$/.exec(local);
  if (clone) return `/repositories/${clone[1]}/${clone[2]}`;
  const browse = /^\/([^/]+)\/([^/]+)\/(tree|blob)\/(.+)$/.exec(local);
  return browse && browse[1] !== 'repositories' && browse[1] !== 'catalog' ? `/repositories${local}` : local;
}
