import { Anchor, Box, Button, Stack, Table, Text } from '@mantine/core';
import { IconRocket } from '@tabler/icons-react';
import { useInfo } from '../identity/api';
import { AppLink } from '../shell/AppLink';
import { EntityLink } from '../shell/EntityLink';
import { Page, Section } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago } from '../shell/Time';
import { short, useDeployments, useServices, type Service, type ServiceEnvironment } from './api';
import { DeploymentTable } from './DeploymentTable';

function Cell({ item, ahead }: { item?: ServiceEnvironment; ahead: boolean }) {
  if (!item?.current)
    return (
      <Text span c="dimmed" fz="sm">
        Nothing yet
      </Text>
    );
  const { current } = item;
  return (
    <Stack gap={2}>
      <Status status={current.health?.status ?? current.state} hint={current.health?.error} />
      <Text fz="sm" c="dimmed" pl={16}>
        <Anchor component={AppLink} href={item.url} className="mono" fz={12.5}>
          {short(current.commit)}
        </Anchor>{' '}
        · <Ago time={current.since} />
        {ahead && ' · ahead of production'}
      </Text>
    </Stack>
  );
}

function Matrix({ services, environments }: { services: Service[]; environments: string[] }) {
  return (
    <Table.ScrollContainer minWidth={560} type="native">
      <Table aria-label="Services and environments" fz="sm" verticalSpacing={12}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Service</Table.Th>
            {environments.map((name) => (
              <Table.Th key={name}>{name.charAt(0).toUpperCase() + name.slice(1)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {services.map((service) => {
            const production = service.environments.find((each) => each.production)?.current;
            return (
              <Table.Tr key={service.service}>
                <Table.Td>
                  <EntityLink entityRef={`component:default/${service.service}`} fw={550} />
                </Table.Td>
                {environments.map((name) => {
                  const item = service.environments.find((each) => each.environment === name);
                  const ahead =
                    !!production &&
                    !!item?.current &&
                    !item.production &&
                    item.current.commit !== production.commit &&
                    item.current.since > production.since;
                  return (
                    <Table.Td key={name}>
                      <Cell item={item} ahead={ahead} />
                    </Table.Td>
                  );
                })}
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

export function DeploymentsPage() {
  const services = useServices();
  const recent = useDeployments({ limit: 30 });
  const known = useInfo().data?.environments.map((each) => each.name) ?? [];
  return (
    <Page title="Deployments" description="What runs where, and how it is.">
      <Loaded query={services}>
        {({ items }) => {
          const environments = known.length
            ? known
            : [...new Set(items.flatMap((each) => each.environments.map((one) => one.environment)))];
          return (
            <Box className="surface">
              {items.length > 0 ? (
                <Matrix services={items} environments={environments} />
              ) : (
                <EmptyState
                  icon={<IconRocket size={20} />}
                  title="Nothing runs yet"
                  action={
                    <Button component={AppLink} href="/create">
                      Create a service
                    </Button>
                  }
                >
                  A service made from a template deploys itself: its first pipeline brings it to every environment.
                </EmptyState>
              )}
            </Box>
          );
        }}
      </Loaded>
      <Section title="Latest deployments" flush>
        <Loaded query={recent}>{({ items }) => <DeploymentTable items={items} withService />}</Loaded>
      </Section>
    </Page>
  );
}
