import { Alert, Badge, Button, Grid, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconEye, IconLock, IconPlayerPlay, IconTrash } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { ago } from '../api/time';
import { Confirm } from '../shell/Confirm';
import { CopyIcon } from '../shell/Copy';
import { EntityLink } from '../shell/EntityLink';
import { Facts } from '../shell/Facts';
import { notifyDone, notifyError } from '../shell/notify';
import { Page, Section } from '../shell/Page';
import { Loaded } from '../shell/States';
import { label, Status } from '../shell/Status';
import { Ago } from '../shell/Time';
import { useInfraRuns, useWorkspace, useWorkspaceAction, type Workspace } from './api';
import { RunList } from './RunList';

function Actions({ workspace }: { workspace: Workspace }) {
  const act = useWorkspaceAction(workspace.name);
  const [asking, ask] = useDisclosure(false);
  const run = (operation: 'plan' | 'apply' | 'destroy') => () =>
    act.mutate(operation, {
      onSuccess: () => notifyDone(`${label(operation)} has begun`, 'It appears among the runs.'),
      onError: notifyError(`Could not ${operation}`),
      onSettled: ask.close,
    });
  return (
    <>
      <Button variant="default" leftSection={<IconEye size={16} />} onClick={run('plan')} loading={act.isPending}>
        Plan
      </Button>
      <Button
        variant="default"
        leftSection={<IconPlayerPlay size={16} />}
        onClick={run('apply')}
        loading={act.isPending}
      >
        Apply
      </Button>
      <Button variant="default" c="var(--mantine-color-error)" leftSection={<IconTrash size={16} />} onClick={ask.open}>
        Destroy
      </Button>
      <Confirm
        opened={asking}
        title={`Destroy everything in ${workspace.name}?`}
        action="Destroy"
        danger
        loading={act.isPending}
        onConfirm={run('destroy')}
        onClose={ask.close}
      >
        {workspace.resources?.length ?? 0} resources and the data in them are removed. This cannot be undone.
      </Confirm>
    </>
  );
}

function Lock({ workspace }: { workspace: Workspace }) {
  const act = useWorkspaceAction(workspace.name);
  if (!workspace.lock) return null;
  const { who, operation, created } = workspace.lock;
  return (
    <Alert color="yellow" icon={<IconLock size={18} />} title={`Locked by ${who}`}>
      <Group justify="space-between">
        <Text fz="sm">
          {operation}, since {ago(created)}. Unlock only when you know that it is no longer running.
        </Text>
        <Button
          size="xs"
          variant="default"
          onClick={() => act.mutate('unlock', { onError: notifyError('Could not unlock') })}
          loading={act.isPending}
        >
          Unlock
        </Button>
      </Group>
    </Alert>
  );
}

function Outputs({ workspace }: { workspace: Workspace }) {
  const outputs = Object.entries(workspace.outputs ?? {});
  if (outputs.length === 0)
    return (
      <Text c="dimmed" fz="sm">
        None. A module gives them with <code>output</code>.
      </Text>
    );
  return (
    <Facts
      labelWidth={150}
      items={outputs.map(([name, output]) => {
        const value = typeof output.value === 'string' ? output.value : JSON.stringify(output.value);
        return [
          name,
          output.sensitive ? (
            <Group key={name} gap={8}>
              <span className="mono">••••••••</span>
              <Badge>secret</Badge>
            </Group>
          ) : (
            <Group key={name} gap={4} wrap="nowrap">
              <span className="mono">{value}</span>
              <CopyIcon value={value} label={`Copy ${name}`} />
            </Group>
          ),
        ];
      })}
    />
  );
}

function WorkspaceView({ workspace }: { workspace: Workspace }) {
  const runs = useInfraRuns({ workspace: workspace.name, limit: 50 });
  const resources = workspace.resources ?? [];
  return (
    <>
      <Lock workspace={workspace} />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="md">
            <Section title="About">
              <Facts
                items={[
                  ['Service', workspace.service && <EntityLink entityRef={workspace.service} />],
                  ['Environment', workspace.environment],
                  [
                    'Module',
                    <span key="m" className="mono">
                      {workspace.module}
                    </span>,
                  ],
                  [
                    'State',
                    workspace.serial !== null && workspace.serial !== undefined && `version ${workspace.serial}`,
                  ],
                  ['Updated', <Ago key="u" time={workspace.updatedAt} c="inherit" />],
                ]}
              />
            </Section>
            <Section title="Outputs">
              <Outputs workspace={workspace} />
            </Section>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Section title={`Resources${resources.length ? ` · ${resources.length}` : ''}`}>
            {resources.length > 0 ? (
              <Stack gap={6}>
                {resources.map((each) => (
                  <Group key={each.address} justify="space-between" gap={8}>
                    <Text fz="sm" className="mono">
                      {each.address}
                    </Text>
                    <Text fz="sm" c="dimmed">
                      {each.type}
                    </Text>
                  </Group>
                ))}
              </Stack>
            ) : (
              <Text c="dimmed" fz="sm">
                Nothing exists here. Apply makes what the module describes.
              </Text>
            )}
          </Section>
        </Grid.Col>
      </Grid>
      <Section title="Runs" flush>
        <Loaded query={runs} rows={3}>
          {({ items }) => <RunList items={items} />}
        </Loaded>
      </Section>
    </>
  );
}

export function WorkspacePage() {
  const { workspace: name = '' } = useParams({ strict: false }) as { workspace?: string };
  const query = useWorkspace(name);
  return (
    <Page
      title={name}
      crumbs={[{ label: 'Infrastructure', href: '/infrastructure' }, { label: 'Workspace' }]}
      description={
        query.data && (
          <Group gap={16} mt={4}>
            <Status status={query.data.lock ? 'locked' : query.data.state} />
          </Group>
        )
      }
      actions={query.data && <Actions workspace={query.data} />}
    >
      <Loaded query={query}>{(workspace) => <WorkspaceView workspace={workspace} />}</Loaded>
    </Page>
  );
}
