// Where a repository is, as RepoUrlPicker writes it: "github.com?owner=acme&repo=shop". Each kind of host has its own parts.
import { useQuery } from '@tanstack/react-query';
import { api, ApiError, type Items } from '../../api/client';

export type HostType =
  | 'builtin'
  | 'github'
  | 'gitlab'
  | 'azure'
  | 'bitbucketCloud'
  | 'bitbucketServer'
  | 'gitea'
  | 'gerrit';

export interface Host {
  host: string;
  type: HostType;
}

export const PARTS = ['organization', 'workspace', 'project', 'owner', 'repo'] as const;
export type Part = (typeof PARTS)[number];
export type RepoUrl = { host: string } & Partial<Record<Part, string>>;

interface PartOf {
  part: Part;
  label: string;
  hint?: string;
  optional?: boolean;
}

const OWNER: PartOf = { part: 'owner', label: 'Owner' };
const REPO: PartOf = { part: 'repo', label: 'Repository' };

const SHAPES: Record<HostType, PartOf[]> = {
  builtin: [OWNER, REPO],
  github: [{ ...OWNER, hint: 'The organization, user or team' }, REPO],
  gitlab: [{ part: 'owner', label: 'Group', hint: 'With its subgroups: group/subgroup' }, REPO],
  azure: [
    { part: 'organization', label: 'Organization' },
    { part: 'project', label: 'Project' },
    REPO,
  ],
  bitbucketCloud: [
    { part: 'workspace', label: 'Workspace' },
    { part: 'project', label: 'Project' },
    REPO,
  ],
  bitbucketServer: [{ part: 'project', label: 'Project' }, REPO],
  gitea: [OWNER, REPO],
  gerrit: [
    { ...OWNER, optional: true },
    { part: 'workspace', label: 'Parent', optional: true },
    REPO,
  ],
};

// What a host is when the server does not say: its name gives it away, or it is taken for a GitHub.
const NAMES: [RegExp, HostType][] = [
  [/(^|\.)gitlab\./, 'gitlab'],
  [/(^|\.)(dev\.azure\.com|visualstudio\.com)$/, 'azure'],
  [/^bitbucket\.org$/, 'bitbucketCloud'],
  [/(^|\.)bitbucket\./, 'bitbucketServer'],
  [/(^|\.)(gitea|codeberg|forgejo)\./, 'gitea'],
  [/(^|\.)gerrit\./, 'gerrit'],
];

let known: Host[] = [];

export const typeOf = (host: string): HostType =>
  known.find((each) => each.host === host)?.type ?? NAMES.find(([name]) => name.test(host))?.[1] ?? 'github';

export const partsOf = (host: string): PartOf[] => SHAPES[typeOf(host)];

/** The hosts this Pave knows; a server that cannot tell leaves it at what names say. */
export function useHosts(): Host[] {
  return (
    useQuery({
      queryKey: ['scaffolder', 'hosts'],
      staleTime: Infinity,
      retry: false,
      queryFn: async ({ signal }) => {
        try {
          known = (await api.get<Items<Host>>('/api/scaffolder/v1/hosts', signal)).items;
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
        }
        return known;
      },
    }).data ?? known
  );
}

export function parseRepoUrl(text: string | undefined): RepoUrl {
  const [host = '', query = ''] = (text ?? '').split('?');
  const parameters = new URLSearchParams(query);
  const found: RepoUrl = { host };
  for (const part of PARTS) found[part] = parameters.get(part) ?? '';
  return found;
}

/** In the order in which Backstage writes them; undefined while nothing is said. */
export function formatRepoUrl(at: RepoUrl): string | undefined {
  const parameters = new URLSearchParams();
  for (const part of ['owner', 'repo', 'organization', 'workspace', 'project'] as const)
    if (at[part]) parameters.set(part, at[part]);
  const query = parameters.toString();
  return query ? `${at.host}?${query}` : undefined;
}

export const missingParts = (at: RepoUrl): string[] => [
  ...(at.host ? [] : ['host']),
  ...partsOf(at.host)
    .filter(({ part, optional }) => !optional && !at[part])
    .map(({ label }) => label.toLowerCase()),
];

// What the server calls a kind of host, where that is not its kind.
const PROVIDERS: Partial<Record<HostType, string>> = { bitbucketCloud: 'bitbucket-cloud' };

/** What a list of a host is asked for; GitLab knows groups and projects by their paths. */
function asked(type: HostType, resource: string, context: Record<string, string>): Record<string, string> {
  const { owner = '', repository = '' } = context;
  return type === 'gitlab' ? { ...context, id: resource === 'branches' ? `${owner}/${repository}` : owner } : context;
}

/** A host asks with the person's own token for what it offers; without one it is not asked. */
export function useAutocomplete(
  provider: HostType,
  resource: string,
  token: string | undefined,
  context: Record<string, string>,
  enabled = true,
) {
  return useQuery({
    // The token is no part of the key: what is remembered of queries must not hold a secret.
    queryKey: ['scaffolder', 'autocomplete', provider, resource, context, token ? token.length : 0],
    enabled: enabled && provider !== 'builtin' && !!token,
    retry: false,
    staleTime: 60_000,
    queryFn: async ({ signal }) =>
      (
        await api.post<{ results: { id: string; title?: string }[] }>(
          `/api/scaffolder/v2/autocomplete/${PROVIDERS[provider] ?? provider}/${resource}`,
          { token, context: asked(provider, resource, context) },
          signal,
        )
      ).results.map((each) => each.title ?? each.id),
  });
}
