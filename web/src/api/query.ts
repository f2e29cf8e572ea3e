import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './client';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: true,
      retry: (count, error) =>
        error instanceof ApiError && error.status !== 0 && error.status < 500 ? false : count < 3,
    },
  },
});

// Which rooms' queries an event makes stale. A query's key begins with its room's name.
const STALE: [prefix: string, rooms: string[]][] = [
  ['dev.pave.catalog.', ['catalog']],
  ['dev.pave.scaffolder.', ['scaffolder', 'jobs']],
  ['dev.pave.jobs.', ['jobs', 'scaffolder', 'infra']],
  ['dev.pave.forge.', ['forge']],
  ['dev.pave.infra.', ['infra']],
  ['dev.cdevents.pipelinerun.', ['pipelines']],
  ['dev.cdevents.taskrun.', ['pipelines']],
  ['dev.pave.pipelines.', ['pipelines']],
  ['dev.cdevents.artifact.', ['deployments']],
  ['dev.cdevents.service.', ['deployments', 'observability', 'insights']],
  ['dev.pave.deployments.', ['deployments', 'observability', 'insights']],
  ['dev.pave.identity.', ['identity']],
];

const waiting = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

function flush(): void {
  timer = undefined;
  for (const room of waiting) void queryClient.invalidateQueries({ queryKey: [room] });
  waiting.clear();
}

/** Marks what the event touches as stale; a burst of events becomes one refetch. */
export function staleBy(type: string): void {
  for (const [prefix, rooms] of STALE) if (type.startsWith(prefix)) for (const room of rooms) waiting.add(room);
  waiting.add('events');
  timer ??= setTimeout(flush, 250);
}

export function staleAll(): void {
  void queryClient.invalidateQueries();
}
