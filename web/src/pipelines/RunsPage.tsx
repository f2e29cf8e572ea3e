import { Box, Button, SegmentedControl } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { AppLink } from '../shell/AppLink';
import { Page } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { useUrlState } from '../shell/useUrlState';
import { useRuns, type Run } from './api';
import { RunTable, stateOf } from './RunTable';

const FILTERS: Record<string, (run: Run) => boolean> = {
  all: () => true,
  running: (run) => run.status !== 'completed',
  failure: (run) => stateOf(run) === 'failure',
};

export function RunsPage() {
  const [state, change] = useUrlState();
  const query = useRuns(undefined, 100);
  const filter = state.show && state.show in FILTERS ? state.show : 'all';
  return (
    <Page
      title="Pipelines"
      description="Every run of every workflow, newest first."
      actions={
        <SegmentedControl
          size="xs"
          value={filter}
          onChange={(show) => change({ show: show === 'all' ? undefined : show })}
          data={[
            { value: 'all', label: 'All' },
            { value: 'running', label: 'Running' },
            { value: 'failure', label: 'Failed' },
          ]}
          aria-label="Show"
        />
      }
    >
      <Loaded query={query}>
        {({ items }) => {
          const shown = items.filter(FILTERS[filter]!);
          return (
            <Box className="surface">
              {shown.length > 0 ? (
                <RunTable runs={shown} withRepository />
              ) : (
                <EmptyState
                  icon={<IconPlayerPlay size={20} />}
                  title={items.length ? 'None of them right now' : 'No pipeline has run yet'}
                  action={
                    items.length === 0 && (
                      <Button component={AppLink} href="/create">
                        Create a service
                      </Button>
                    )
                  }
                >
                  {items.length === 0 &&
                    'A new service brings its workflow along; so does every push to a repository that has one.'}
                </EmptyState>
              )}
            </Box>
          );
        }}
      </Loaded>
    </Page>
  );
}
