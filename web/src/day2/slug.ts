/** "owner/name" of a repository, however it is told. */
export const slugOf = (repository: string | { owner: string; name: string }) =>
  typeof repository === 'string' ? repository : `${repository.owner}/${repository.name}`;

/** A commit or digest, short enough to be read. */
export const shortVersion = (version: string) => version.replace(/^sha256:/, '').slice(0, 7);
