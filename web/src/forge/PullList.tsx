import { Anchor, Badge, Box, Button, Group, SegmentedControl, Text } from '@mantine/core';
import { IconGitPullRequest } from '@tabler/icons-react';
import { useState } from 'react';
import { AppLink } from '../shell/AppLink';
import { Actor } from '../shell/EntityLink';
import { EmptyState, Loaded } from '../shell/States';
import { Ago } from '../shell/Time';
import { useUrlState } from '../shell/useUrlState';
import { NewPull } from './NewPull';
import { PullBadge } from './PullBadge';
import { pullHref, usePulls, type Pull, type Slug } from './pulls';

const STATES = [
  { value: 'open', label: 'Open' },
  { value: 'merged', label: 'Merged' },
  { value: 'closed', label: 'Closed' },
  { value: 'all', label: 'All' },
];

function PullRow({ slug, pull, first }: { slug: Slug; pull: Pull; first: boolean }) {
  return (
    <Group
      component="li"
      px="md"
      py={11}
      gap={12}
      wrap="nowrap"
      style={{ borderTop: first ? undefined : '1px solid var(--pave-hairline)' }}
    >
      <PullBadge state={pull.state} />
      <Box style={{ flex: 1, minWidth: 0 }}>
        <Anchor component={AppLink} href={pullHref(slug, pull.number)} fz="sm" fw={550} c="inherit">
          {pull.title}
        </Anchor>
        <Group gap={6} c="dimmed" fz="sm">
          <span>#{pull.number}</span>
          <Actor actor={pull.author} />
          <Ago time={pull.mergedAt ?? pull.updatedAt ?? pull.createdAt} />
        </Group>
      </Box>
      {(pull.labels ?? []).map((label) => (
        <Badge key={label}>{label}</Badge>
      ))}
      <Text fz="sm" c="dimmed" className="mono clip" visibleFrom="sm" maw={260}>
        {pull.head} → {pull.base}
      </Text>
    </Group>
  );
}

export function PullList({ slug, main, branches }: { slug: Slug; main: string; branches: string[] }) {
  const [{ state = 'open' }, change] = useUrlState();
  const [creating, setCreating] = useState(false);
  const query = usePulls(slug, state);
  return (
    <>
      <Group justify="space-between" mb="md">
        <SegmentedControl
          size="xs"
          data={STATES}
          value={state}
          onChange={(next) => change({ state: next === 'open' ? undefined : next })}
          aria-label="State"
        />
        <Button
          size="xs"
          leftSection={<IconGitPullRequest size={15} />}
          onClick={() => setCreating(true)}
          disabled={branches.length < 2}
        >
          New pull request
        </Button>
      </Group>
      <Loaded query={query}>
        {({ items }) => (
          <Box className="surface">
            {items.length === 0 ? (
              <EmptyState
                icon={<IconGitPullRequest size={20} />}
                title={state === 'all' ? 'No pull requests' : `No ${state} pull requests`}
              >
                Push a branch, then open a pull request to have it looked at before it is merged.
              </EmptyState>
            ) : (
              <Box className="plain-list" component="ul" aria-label="Pull requests">
                {items.map((pull, index) => (
                  <PullRow key={pull.number} slug={slug} pull={pull} first={index === 0} />
                ))}
              </Box>
            )}
          </Box>
        )}
      </Loaded>
      {creating && <NewPull slug={slug} main={main} branches={branches} onClose={() => setCreating(false)} />}
    </>
  );
}
