import { Grid, Stack } from '@mantine/core';
import { EnvironmentCards } from '../deployments/EnvironmentCards';
import { ProvenanceCard } from '../scaffolder/ProvenanceCard';
import { AboutCard } from './AboutCard';
import { refOf, repositoryOf, type Entity } from './entity';
import { EntityFindings } from './EntityFindings';
import { KindCards } from './KindCards';
import { OriginCard } from './OriginCard';
import { RelationsCard } from './RelationsCard';

// People and teams relate to too much for a picture of all of it to be the first thing one sees.
const CROWDS = ['Group', 'User', 'Location', 'Template'];

export function Overview({ entity }: { entity: Entity }) {
  const component = entity.kind === 'Component';
  return (
    <Stack gap="md">
      {component && <EnvironmentCards service={entity.metadata.name} repository={repositoryOf(entity)} />}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack gap="md">
            <AboutCard entity={entity} />
            <OriginCard entity={entity} />
            <ProvenanceCard entityRef={refOf(entity)} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack gap="md">
            <EntityFindings entity={entity} />
            {!CROWDS.includes(entity.kind) && <RelationsCard entity={entity} height={380} />}
            <KindCards entity={entity} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Stack>
  );
}
