import { Anchor, Box, Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconCube } from '@tabler/icons-react';
import { useState } from 'react';
import { parseRef, refOf, relationsOf, titleOf, useEntities, type Entity } from '../catalog/api';
import { short, useServices, type Service } from '../deployments/api';
import { useInfo, useMyRefs } from '../identity/api';
import { AppLink } from '../shell/AppLink';
import { DataTable, type Column } from '../shell/DataTable';
import { EntityLink, entityHref } from '../shell/EntityLink';
import { Section } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';

const SHOWN = 12;

function Environment({ service, name }: { service?: Service; name: string }) {
  const item = service?.environments.find((each) => each.environment === name);
  if (!item?.current)
    return (
      <Text span c="dimmed" fz="sm">
        –
      </Text>
    );
  return (
    <Group gap={8} wrap="nowrap">
      <Status status={item.current.health?.status ?? item.current.state} hint={item.current.health?.error} />
      <Anchor component={AppLink} href={item.url} className="mono" fz={12} c="dimmed">
        {short(item.current.commit)}
      </Anchor>
    </Group>
  );
}

function columnsOf(services: Service[], environments: string[]): Column<Entity>[] {
  const of = (entity: Entity) => services.find((each) => each.service === entity.metadata.name);
  return [
    {
      key: 'name',
      title: 'Service',
      width: '38%',
      render: (entity) => (
        <Stack gap={1}>
          <EntityLink entityRef={refOf(entity)} title={titleOf(entity)} fw={550} />
          <Text c="dimmed" fz="sm" className="clip" maw={420} pl={23}>
            {entity.metadata.description}
          </Text>
        </Stack>
      ),
    },
    {
      key: 'owner',
      title: 'Owner',
      render: (entity) => {
        const owner = relationsOf(entity, 'ownedBy')[0];
        return owner ? <EntityLink entityRef={owner} title={parseRef(owner).name} /> : '–';
      },
    },
    ...environments.map((name) => ({
      key: name,
      title: name.charAt(0).toUpperCase() + name.slice(1),
      render: (entity: Entity) => <Environment service={of(entity)} name={name} />,
    })),
  ];
}

export function MyServices() {
  const mine = useMyRefs();
  const [picked, setPicked] = useState<string | null>(null);
  const mineOnes = useEntities({ kind: 'Component', owner: mine, limit: SHOWN }, mine.length > 0);
  const all = useEntities({ kind: 'Component', limit: SHOWN });
  const services = useServices().data?.items ?? [];
  const environments = (useInfo().data?.environments ?? []).map((each) => each.name);
  const owned = mineOnes.data?.totalItems ?? 0;
  // A guest owns nothing: then everything is more useful than an empty list.
  const show = picked ?? (owned > 0 ? 'mine' : 'all');
  const entities = show === 'mine' && mine.length > 0 ? mineOnes : all;
  return (
    <Section
      title="Services"
      flush
      actions={
        <SegmentedControl
          size="xs"
          value={show}
          onChange={setPicked}
          aria-label="Whose services"
          data={[
            { value: 'mine', label: `Mine ${owned || ''}` },
            { value: 'all', label: 'All' },
          ]}
        />
      }
    >
      <Loaded query={entities} rows={4}>
        {({ items, totalItems }) => {
          const shown = show === 'mine' && mine.length === 0 ? [] : items;
          return shown.length > 0 ? (
            <>
              <DataTable
                label="Services"
                columns={columnsOf(services, environments)}
                items={shown}
                rowKey={refOf}
                rowHref={(entity) => entityHref(refOf(entity))}
              />
              {totalItems > SHOWN && (
                <Box p="sm" ta="center">
                  <Anchor component={AppLink} href={show === 'mine' ? '/catalog?view=owned' : '/catalog'} fz="sm">
                    All in the catalog
                  </Anchor>
                </Box>
              )}
            </>
          ) : (
            <EmptyState
              icon={<IconCube size={20} />}
              title={show === 'mine' ? 'Your teams own no service yet' : 'No services yet'}
              action={
                <Button component={AppLink} href="/create">
                  Create a service
                </Button>
              }
            >
              The first one takes less than a minute.
            </EmptyState>
          );
        }}
      </Loaded>
    </Section>
  );
}
