import { Box, Group, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Loaded } from '../shell/States';
import { Section } from '../shell/Page';
import { useDeployments, useService, type Deployment } from './api';
import { Compare } from './Compare';
import { DeploymentTable } from './DeploymentTable';
import { EnvironmentCards } from './EnvironmentCards';
import { Releases } from './Releases';
import { RollbackDialog } from './RollbackDialog';

export function DeploymentsTab({ service, repository }: { service: string; repository?: string }) {
  const [environment, setEnvironment] = useState<string | null>(null);
  const [picked, setPicked] = useState<string[]>([]);
  const [target, setTarget] = useState<Deployment | null>(null);
  const query = useDeployments({ service, environment: environment ?? undefined, limit: 50 });
  const current = useService(service).data?.environments ?? [];
  const pick = (id: string) =>
    setPicked((old) => (old.includes(id) ? old.filter((each) => each !== id) : [...old, id].slice(-2)));
  const item = current.find((each) => each.environment === target?.environment);
  return (
    <Stack gap="md">
      <EnvironmentCards service={service} repository={repository} />
      <Section
        title="History"
        flush
        actions={
          <Group gap={10}>
            <Text fz="sm" c="dimmed">
              {picked.length === 2 ? 'Comparing two' : 'Tick two to compare them'}
            </Text>
            <Select
              size="xs"
              w={150}
              placeholder="All environments"
              aria-label="Environment"
              clearable
              data={current.map((each) => each.environment)}
              value={environment}
              onChange={setEnvironment}
            />
          </Group>
        }
      >
        <Loaded query={query}>
          {({ items }) => (
            <>
              {picked.length === 2 && (
                <Box p="md" className="sunken" style={{ borderBottom: '1px solid var(--pave-hairline)' }}>
                  <Compare deployments={items.filter((each) => picked.includes(each.id))} repository={repository} />
                </Box>
              )}
              <DeploymentTable items={items} picked={picked} onPick={pick} onRollback={setTarget} />
            </>
          )}
        </Loaded>
      </Section>
      <Releases service={service} environments={current.map((each) => each.environment)} />
      {target && item && (
        <RollbackDialog
          service={service}
          item={item}
          to={{ deploymentId: target.id, commit: target.commit }}
          opened
          onClose={() => setTarget(null)}
        />
      )}
    </Stack>
  );
}
