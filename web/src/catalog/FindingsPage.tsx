import { Box, Button, Group, Select, Text, UnstyledButton } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useMyRefs } from '../identity/api';
import { EntityLink } from '../shell/EntityLink';
import { Page } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { useUrlState } from '../shell/useUrlState';
import { parseRef } from './entity';
import { useFacet } from './facets';
import { FindingRow } from './FindingRow';
import { findingWords } from './findings';
import { useFindings, type FindingsPage as Findings } from './own';

function TypeChips({ page, type, onPick }: { page: Findings; type?: string; onPick: (type?: string) => void }) {
  const counts = Object.entries(page.counts).filter(([name, count]) => count > 0 || name === type);
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  return (
    <Group gap={4} role="group" aria-label="Kind of finding">
      <UnstyledButton className="chip" aria-pressed={!type} onClick={() => onPick(undefined)}>
        All <span className="num">{all.toLocaleString('en')}</span>
      </UnstyledButton>
      {counts.map(([name, count]) => (
        <UnstyledButton
          key={name}
          className="chip"
          aria-pressed={type === name}
          onClick={() => onPick(type === name ? undefined : name)}
        >
          {findingWords(name)} <span className="num">{count.toLocaleString('en')}</span>
        </UnstyledButton>
      ))}
    </Group>
  );
}

function OwnerSelect({ owner, onPick }: { owner?: string; onPick: (owner?: string) => void }) {
  const mine = useMyRefs();
  const owners = useFacet('relations.ownedBy', { $all: [] }).data ?? [];
  const name = (ref: string) => parseRef(ref, 'group').name;
  const known = [...new Set([...mine, ...owners.map((each) => each.value), ...(owner ? [owner] : [])])];
  return (
    <Select
      size="xs"
      w={200}
      searchable
      clearable
      limit={100}
      placeholder="Any owner"
      aria-label="Owner"
      value={owner ?? null}
      onChange={(value) => onPick(value ?? undefined)}
      data={known.map((ref) => ({ value: ref, label: mine.includes(ref) ? `${name(ref)} (mine)` : name(ref) }))}
      styles={{ input: { height: 32 } }}
    />
  );
}

/** What is wrong in the catalog, and what would mend it. */
export function FindingsPage() {
  const [state, change] = useUrlState();
  const query = useFindings({ type: state.type, ref: state.ref, owner: state.owner });
  const filtered = !!(state.type || state.ref || state.owner);
  return (
    <Page
      title="Findings"
      crumbs={[{ label: 'Catalog', href: '/catalog' }, { label: 'Findings' }]}
      description="Gaps in ownership, references that lead nowhere, files that cannot be read; with a proposal where one can be made."
    >
      <Group gap={8} role="search" aria-label="Findings">
        <OwnerSelect owner={state.owner} onPick={(owner) => change({ owner })} />
        {state.ref && (
          <Group gap={6}>
            <Text fz="sm" c="dimmed">
              Only of
            </Text>
            <EntityLink entityRef={state.ref} />
            <Button size="compact-xs" variant="subtle" color="gray" onClick={() => change({ ref: undefined })}>
              Show all
            </Button>
          </Group>
        )}
      </Group>
      <Loaded query={query} rows={8}>
        {({ pages }) => (
          <>
            <TypeChips page={pages[0]!} type={state.type} onPick={(type) => change({ type })} />
            <Box className="surface">
              {pages[0]!.items.length > 0 ? (
                <Box component="ul" className="plain-list" aria-label="Findings">
                  {pages
                    .flatMap((page) => page.items)
                    .map((finding) => (
                      <FindingRow key={finding.id} finding={finding} />
                    ))}
                </Box>
              ) : (
                <EmptyState
                  icon={<IconCircleCheck size={20} />}
                  title={filtered ? 'Nothing of that kind' : 'Nothing is wrong'}
                  action={
                    filtered && (
                      <Button
                        variant="default"
                        onClick={() => change({ type: undefined, ref: undefined, owner: undefined })}
                      >
                        Show all findings
                      </Button>
                    )
                  }
                >
                  {!filtered && 'Every entity has an owner that exists, and every reference leads somewhere.'}
                </EmptyState>
              )}
            </Box>
            <Group justify="space-between" mih={26}>
              <Text c="dimmed" fz="sm" className="num" aria-live="polite">
                {pages[0]!.totalItems.toLocaleString('en')} found
              </Text>
              {query.hasNextPage && (
                <Button
                  size="xs"
                  variant="default"
                  loading={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  Show more
                </Button>
              )}
            </Group>
          </>
        )}
      </Loaded>
    </Page>
  );
}
