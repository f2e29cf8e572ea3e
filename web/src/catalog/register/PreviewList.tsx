import { Box, Checkbox, Group, Stack, Text } from '@mantine/core';
import { Diagnostics, type Placed } from '../../shell/Diagnostics';
import { EntityLink, KindIcon } from '../../shell/EntityLink';
import { Status } from '../../shell/Status';
import { localUrl } from '../../shell/urls';
import { safeUrl } from '../AboutCard';
import { titleOf } from '../entity';
import type { PreviewEntity, PreviewFile } from './preview';

const SHOWN_MAX = 200;

const WORDS: Record<PreviewEntity['state'], [status: string, words: string]> = {
  new: ['success', 'New'],
  same: ['none', 'There already, from this file'],
  conflict: ['warning', 'There already, from elsewhere'],
};

function EntityRow({ item }: { item: PreviewEntity }) {
  const [status, words] = WORDS[item.state];
  const { entity } = item;
  return (
    <Group component="li" gap="md" px="md" py={8} className="list-row">
      <Group gap={9} wrap="nowrap" style={{ flex: '1 1 200px', minWidth: 0 }}>
        {item.state === 'new' ? (
          <>
            <KindIcon kind={entity.kind} />
            <Text fz="sm" fw={550} className="clip">
              {titleOf(entity)}
            </Text>
          </>
        ) : (
          <EntityLink entityRef={item.ref} title={titleOf(entity)} fw={550} />
        )}
        <Text fz="xs" c="dimmed" className="clip">
          {[entity.kind, entity.spec?.type].filter((each) => typeof each === 'string').join(' · ')}
        </Text>
      </Group>
      <Box style={{ maxWidth: '100%' }}>
        <Status status={status}>{words}</Status>
        {item.state === 'conflict' && item.from && (
          <Text fz="xs" c="dimmed" className="mono" pl={16} style={{ overflowWrap: 'anywhere' }}>
            {item.from}
          </Text>
        )}
      </Box>
    </Group>
  );
}

interface FileCardProps {
  file: PreviewFile;
  picked: boolean;
  onPick: (picked: boolean) => void;
}

/** One file: what it would add, or why it would add nothing. */
export function FileCard({ file, picked, onPick }: FileCardProps) {
  const failed = file.error !== undefined;
  const problems: Placed[] =
    file.diagnostics.length > 0
      ? file.diagnostics.map((each) => {
          const href = safeUrl(each.file);
          return { ...each, href: href && `${localUrl(href)}${each.line ? `#L${each.line}` : ''}` };
        })
      : failed
        ? [
            {
              severity: 'error' as const,
              message: file.error instanceof Error ? file.error.message : String(file.error),
            },
          ]
        : [];
  return (
    <Box className="surface" component="section" aria-label={file.target}>
      <Group px="md" py={10} gap="md" wrap="nowrap" justify="space-between">
        <Checkbox
          checked={picked}
          disabled={failed}
          onChange={(event) => onPick(event.currentTarget.checked)}
          label={<span style={{ overflowWrap: 'anywhere' }}>{file.target}</span>}
        />
        {file.registered && <Status status="none">Registered</Status>}
      </Group>
      {problems.length > 0 && (
        <Box px="md" pb="md">
          <Diagnostics items={problems} />
        </Box>
      )}
      {file.entities.length > 0 && (
        <Stack gap={0} component="ul" className="plain-list" style={{ borderTop: '1px solid var(--pave-hairline)' }}>
          {file.entities.slice(0, SHOWN_MAX).map((item) => (
            <EntityRow key={item.ref} item={item} />
          ))}
          {file.entities.length > SHOWN_MAX && (
            <Text component="li" fz="sm" c="dimmed" p="md">
              and {file.entities.length - SHOWN_MAX} more
            </Text>
          )}
        </Stack>
      )}
    </Box>
  );
}
