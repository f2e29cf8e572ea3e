import { Box } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { EmptyState, Loaded } from '../shell/States';
import { useRuns } from './api';
import { RunTable } from './RunTable';

export function PipelinesTab({ repository }: { repository?: string }) {
  const query = useRuns(repository, 50, !!repository);
  if (!repository)
    return (
      <Box className="surface">
        <EmptyState icon={<IconPlayerPlay size={20} />} title="No repository is known">
          Add the annotation <code>github.com/project-slug: owner/name</code> to its catalog-info.yaml, and its
          pipelines appear here.
        </EmptyState>
      </Box>
    );
  return (
    <Loaded query={query}>
      {({ items }) => (
        <Box className="surface">
          {items.length > 0 ? (
            <RunTable runs={items} />
          ) : (
            <EmptyState icon={<IconPlayerPlay size={20} />} title="No pipeline has run yet">
              Put a workflow into <code>.github/workflows/</code> and push: it runs here, with its output live.
            </EmptyState>
          )}
        </Box>
      )}
    </Loaded>
  );
}
