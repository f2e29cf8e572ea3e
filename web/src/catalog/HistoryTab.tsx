import { Anchor, Box, Button, Group, Modal, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useState } from 'react';
import { stringify } from 'yaml';
import { AppLink } from '../shell/AppLink';
import { CodeView } from '../shell/CodeView';
import { DiffView } from '../shell/DiffView';
import { Actor } from '../shell/EntityLink';
import { EmptyState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago } from '../shell/Time';
import { localUrl } from '../shell/urls';
import { safeUrl } from './AboutCard';
import { refOf, type Entity } from './entity';
import { useHistory, usePastState, type Change, type FieldChange } from './own';

const WORDS: Record<Change['change'], [words: string, state: string]> = {
  created: ['Added', 'success'],
  updated: ['Changed', 'none'],
  deleted: ['Removed', 'failed'],
};
const SHOWN = 6;

const asText = (value: unknown): string =>
  value === undefined || value === null
    ? ''
    : typeof value === 'object'
      ? stringify(value, { lineWidth: 0 }).trimEnd()
      : String(value);

function FieldDifference({ change }: { change: FieldChange }) {
  const [before, after] = [asText(change.before), asText(change.after)];
  const long = before.includes('\n') || after.includes('\n') || before.length + after.length > 160;
  return (
    <Box>
      <Text className="mono" fz={12} c="dimmed">
        {change.path}
      </Text>
      {long ? (
        <Box className="surface" style={{ overflow: 'hidden' }} mt={4}>
          <DiffView before={before} after={after} label={`What changed in ${change.path}`} />
        </Box>
      ) : (
        <Text fz="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
          {before && <del className="gone">{before}</del>}
          {before && after && ' → '}
          {after && <ins className="come">{after}</ins>}
          {!before && !after && (
            <Text span c="dimmed">
              changed
            </Text>
          )}
        </Text>
      )}
    </Box>
  );
}

// The line endings of `stringify` and key order are the same on both sides, so that only what differs is shown.
const plain = (entity: Entity | null | undefined) => {
  if (!entity) return '';
  const { relations: _relations, status: _status, ...rest } = entity;
  const { uid: _uid, etag: _etag, ...metadata } = rest.metadata;
  return stringify({ ...rest, metadata }, { lineWidth: 0, sortMapEntries: true });
};

function PastState({ entity, change, onClose }: { entity: Entity; change: Change; onClose: () => void }) {
  const [view, setView] = useState('state');
  const query = usePastState(refOf(entity), change.id);
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      radius="lg"
      title={
        <Text fw={600} component="div">
          As it was <Ago time={change.at} />
        </Text>
      }
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="sm">
        <SegmentedControl
          size="xs"
          value={view}
          onChange={setView}
          style={{ alignSelf: 'flex-start' }}
          aria-label="Show"
          data={[
            { value: 'state', label: 'State' },
            { value: 'diff', label: 'Compared with now' },
          ]}
        />
        <Loaded query={query}>
          {(past) =>
            past.entity === null ? (
              <Text fz="sm">It was not in the catalog then.</Text>
            ) : (
              <Box className="surface" style={{ overflow: 'hidden' }}>
                {view === 'state' ? (
                  <CodeView text={plain(past.entity)} label="The entity as it was" />
                ) : (
                  <DiffView before={plain(past.entity)} after={plain(entity)} label="From then until now" />
                )}
              </Box>
            )
          }
        </Loaded>
      </Stack>
    </Modal>
  );
}

function ChangeRow({ change, onShow }: { change: Change; onShow: () => void }) {
  const [all, setAll] = useState(false);
  const [words, state] = WORDS[change.change] ?? [change.change, 'none'];
  const shown = all ? change.changes : change.changes.slice(0, SHOWN);
  const commit = safeUrl(change.url);
  return (
    <Box component="li" px="md" py="sm" className="list-row">
      <Group gap={14} justify="space-between">
        <Group gap={14}>
          <Status status={state}>{words}</Status>
          <Actor actor={change.actor} />
          {change.revision &&
            (commit ? (
              <Anchor component={AppLink} href={localUrl(commit)} className="mono" fz={12}>
                {change.revision.slice(0, 7)}
              </Anchor>
            ) : (
              <span className="mono">{change.revision.slice(0, 7)}</span>
            ))}
          <Ago time={change.at} />
        </Group>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={onShow}>
          View this state
        </Button>
      </Group>
      {change.change === 'updated' && (
        <Stack gap={8} mt={8} pl={16}>
          {shown.map((each) => (
            <FieldDifference key={each.path} change={each} />
          ))}
          {change.changes.length > shown.length && (
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              onClick={() => setAll(true)}
              style={{ alignSelf: 'flex-start' }}
            >
              {change.changes.length - shown.length} more fields
            </Button>
          )}
        </Stack>
      )}
    </Box>
  );
}

/** What changed, when, by whom and by which commit; any past state. */
export function HistoryTab({ entity }: { entity: Entity }) {
  const history = useHistory(refOf(entity));
  const [picked, setPicked] = useState<Change>();
  return (
    <Loaded query={history} rows={6}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        return (
          <Stack gap="md">
            <Box className="surface">
              {items.length > 0 ? (
                <Box component="ul" m={0} p={0} style={{ listStyle: 'none' }} aria-label="Changes">
                  {items.map((change) => (
                    <ChangeRow key={change.id} change={change} onShow={() => setPicked(change)} />
                  ))}
                </Box>
              ) : (
                <EmptyState icon={<IconHistory size={20} />} title="No changes yet">
                  Each change of its file appears here with what is different.
                </EmptyState>
              )}
            </Box>
            {history.hasNextPage && (
              <Button
                variant="default"
                size="xs"
                style={{ alignSelf: 'center' }}
                loading={history.isFetchingNextPage}
                onClick={() => void history.fetchNextPage()}
              >
                Show older
              </Button>
            )}
            {picked && <PastState entity={entity} change={picked} onClose={() => setPicked(undefined)} />}
          </Stack>
        );
      }}
    </Loaded>
  );
}
