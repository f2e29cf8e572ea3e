import { Badge, Button, Group, Menu, Text } from '@mantine/core';
import { IconChevronDown, IconPackage } from '@tabler/icons-react';
import { bytes } from '../api/bytes';
import { DataTable, type Column } from '../shell/DataTable';
import { notifyDone, notifyError } from '../shell/notify';
import { Section } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { Ago } from '../shell/Time';
import { short, shortDigest, useDeploy, useReleases, type Release } from './api';

function DeployMenu({ service, release, environments }: { service: string; release: Release; environments: string[] }) {
  const deploy = useDeploy();
  const to = (environment: string) => () =>
    deploy.mutate(
      { service, environment, release: release.digest },
      {
        onSuccess: () =>
          notifyDone(`Deploying ${short(release.commit)}`, `It goes to ${environment} once it is healthy.`),
        onError: notifyError('Could not deploy'),
      },
    );
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button
          size="compact-xs"
          variant="subtle"
          rightSection={<IconChevronDown size={13} />}
          loading={deploy.isPending}
        >
          Deploy
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {environments.map((name) => (
          <Menu.Item key={name} onClick={to(name)}>
            to {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** What was built: immutable artifacts, each with its commit, to be deployed anywhere. */
export function Releases({ service, environments }: { service: string; environments: string[] }) {
  const query = useReleases(service);
  const columns: Column<Release>[] = [
    { key: 'digest', title: 'Digest', render: (item) => <span className="mono">{shortDigest(item.digest)}</span> },
    {
      key: 'commit',
      title: 'Commit',
      width: '40%',
      render: (item) => (
        <Group gap={8} wrap="nowrap">
          <span className="mono">{short(item.commit)}</span>
          <Text fz="sm" className="clip" maw={320}>
            {(item.message ?? '').split('\n')[0]}
          </Text>
        </Group>
      ),
    },
    {
      key: 'tags',
      title: 'Tags',
      render: (item) => (
        <Group gap={4}>
          {(item.tags ?? []).map((tag) => (
            <Badge key={tag}>{/^[0-9a-f]{40}$/.test(tag) ? short(tag) : tag}</Badge>
          ))}
        </Group>
      ),
    },
    {
      key: 'size',
      title: 'Size',
      align: 'right',
      render: (item) => (
        <Text span c="dimmed" fz="sm" className="num">
          {bytes(item.size)}
        </Text>
      ),
    },
    { key: 'when', title: 'Built', align: 'right', render: (item) => <Ago time={item.createdAt} /> },
    {
      key: 'deploy',
      title: 'Deploy',
      quiet: true,
      align: 'right',
      render: (item) => <DeployMenu service={service} release={item} environments={environments} />,
    },
  ];
  return (
    <Section title="Releases" flush>
      <Loaded query={query} rows={3}>
        {({ items }) =>
          items.length > 0 ? (
            <DataTable label="Releases" columns={columns} items={items} rowKey={(item) => item.digest} />
          ) : (
            <EmptyState icon={<IconPackage size={20} />} title="Nothing was built yet">
              A release is made by the pipeline, or by <code>pave release create</code>.
            </EmptyState>
          )
        }
      </Loaded>
    </Section>
  );
}
