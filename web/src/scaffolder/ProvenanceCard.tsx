import { Anchor, Collapse, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronRight } from '@tabler/icons-react';
import { shortDigest } from '../deployments/api';
import { AppLink } from '../shell/AppLink';
import { Actor, EntityLink } from '../shell/EntityLink';
import { Facts } from '../shell/Facts';
import { Section } from '../shell/Page';
import { Ago } from '../shell/Time';
import { localUrl } from '../shell/urls';
import { useProvenance, type Provenance } from './api';

function Inputs({ item }: { item: Provenance }) {
  const [opened, { toggle }] = useDisclosure(false);
  const files = item.objects.filter((each) => each.type === 'file');
  const things = item.objects.filter((each) => each.type !== 'file' && each.type !== 'entity');
  return (
    <Stack gap={8}>
      <UnstyledButton onClick={toggle} aria-expanded={opened} fz="sm" c="dimmed">
        <Group gap={6}>
          <IconChevronRight size={14} style={{ transform: opened ? 'rotate(90deg)' : undefined }} />
          Inputs and what was made
        </Group>
      </UnstyledButton>
      <Collapse expanded={opened}>
        <Stack gap="sm">
          <Facts
            labelWidth={96}
            items={Object.entries(item.inputs ?? {}).map(([name, value]) => [
              name,
              typeof value === 'object' ? JSON.stringify(value) : String(value),
            ])}
          />
          {things.map((each) => (
            <Group key={each.type + each.ref} gap={8}>
              <Text c="dimmed" fz="sm" w={88}>
                {each.type}
              </Text>
              {each.url ? (
                <Anchor component={AppLink} href={localUrl(each.url)} fz="sm">
                  {each.ref}
                </Anchor>
              ) : (
                <Text fz="sm">{each.ref}</Text>
              )}
            </Group>
          ))}
          {files.length > 0 && (
            <Text c="dimmed" fz="sm">
              {files.length} file{files.length > 1 ? 's' : ''}:{' '}
              {files
                .slice(0, 6)
                .map((each) => each.ref.split('/').at(-1))
                .join(', ')}
              {files.length > 6 ? '…' : ''}
            </Text>
          )}
        </Stack>
      </Collapse>
    </Stack>
  );
}

/** Where an entity comes from: which template made it, from which inputs, for whom. */
export function ProvenanceCard({ entityRef }: { entityRef: string }) {
  const items = useProvenance({ entity: entityRef }).data?.items ?? [];
  const item = items[0];
  if (!item) return null;
  return (
    <Section title="Created by">
      <Stack gap="sm">
        <Facts
          labelWidth={96}
          items={[
            ['Template', <EntityLink key="template" entityRef={item.template} defaultKind="template" />],
            ['Version', item.templateVersion && <span className="mono">{shortDigest(item.templateVersion)}</span>],
            [
              'Run',
              <Anchor key="run" component={AppLink} href={`/create/tasks/${item.taskId}`} fz="sm">
                See its steps
              </Anchor>,
            ],
            ['By', <Actor key="by" actor={item.actor} />],
            ['When', <Ago key="when" time={item.createdAt} c="inherit" />],
          ]}
        />
        <Inputs item={item} />
      </Stack>
    </Section>
  );
}
