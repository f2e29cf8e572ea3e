import { Anchor, Button, Grid } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useDeployments } from '../deployments/api';
import { useRuns } from '../pipelines/api';
import { AppLink } from '../shell/AppLink';
import { Page, Section } from '../shell/Page';
import { useMe } from '../shell/useMe';
import { Attention } from './Attention';
import { FirstSteps } from './FirstSteps';
import { MyServices } from './MyServices';
import { Activity } from './Activity';

function greeting(): string {
  const hour = new Date().getHours();
  if (hour < 5 || hour >= 18) return 'Good evening';
  return hour < 12 ? 'Good morning' : 'Good afternoon';
}

export function HomePage() {
  const name = useMe()?.name ?? '';
  const runs = useRuns(undefined, 8);
  const deployments = useDeployments({ limit: 8 });
  return (
    <Page
      title={`${greeting()}${name ? `, ${name.split(' ')[0]}` : ''}`}
      name="Home"
      actions={
        <Button component={AppLink} href="/create" leftSection={<IconPlus size={16} />}>
          Create a service
        </Button>
      }
    >
      <Attention />
      <FirstSteps />
      <MyServices />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Section
            title="Latest pipelines"
            actions={
              <Anchor component={AppLink} href="/runs" fz="sm">
                All
              </Anchor>
            }
            flush
          >
            <Activity kind="runs" runs={runs.data?.items ?? []} />
          </Section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Section
            title="Latest deployments"
            actions={
              <Anchor component={AppLink} href="/deployments" fz="sm">
                All
              </Anchor>
            }
            flush
          >
            <Activity kind="deployments" deployments={deployments.data?.items ?? []} />
          </Section>
        </Grid.Col>
      </Grid>
    </Page>
  );
}
