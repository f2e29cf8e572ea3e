import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { AppLink } from '../shell/AppLink';
import { DataTable, type Column } from '../shell/DataTable';
import { Actor, EntityLink } from '../shell/EntityLink';
import { notifyError } from '../shell/notify';
import { Page } from '../shell/Page';
import { Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago } from '../shell/Time';
import { localUrl } from '../shell/urls';
import { useCampaign, useCancelCampaign, type CampaignItem } from './api';
import { CampaignBar, campaignWords } from './CampaignBar';
import { shortVersion, slugOf } from './slug';

const TONES: Record<string, string> = {
  queued: 'quiet',
  running: 'running',
  current: 'succeeded',
  open: 'processing',
  merged: 'succeeded',
  conflicts: 'warning',
  failed: 'failed',
};

const errorOf = (item: CampaignItem) => (typeof item.error === 'string' ? item.error : item.error?.message);

const COLUMNS: Column<CampaignItem>[] = [
  {
    key: 'repository',
    title: 'Repository',
    render: (item) => (
      <Anchor component={AppLink} href={`/repositories/${slugOf(item.repository)}`} fz="sm" fw={550} c="inherit">
        {slugOf(item.repository)}
      </Anchor>
    ),
  },
  {
    key: 'state',
    title: 'State',
    render: (item) => (
      <Status status={TONES[item.state]} hint={errorOf(item)}>
        {item.state.charAt(0).toUpperCase() + item.state.slice(1)}
      </Status>
    ),
  },
  {
    key: 'pull',
    title: 'Pull request',
    render: (item) =>
      item.pullRequest ? (
        <Anchor component={AppLink} href={localUrl(item.pullRequest.url)} fz="sm">
          #{item.pullRequest.number}
        </Anchor>
      ) : (
        errorOf(item) && (
          <Text fz="sm" c="dimmed">
            {errorOf(item)}
          </Text>
        )
      ),
  },
];

export function CampaignPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  const query = useCampaign(id);
  const cancel = useCancelCampaign(id);
  const campaign = query.data;
  return (
    <Page
      title={campaign?.title ?? 'Campaign'}
      crumbs={[{ label: 'Upgrades', href: '/upgrades' }, { label: 'Campaign' }]}
      description={
        campaign && (
          <Group gap={16} mt={4}>
            <Status status={campaign.state} />
            <EntityLink entityRef={campaign.template} defaultKind="template" />
            <Text fz="sm" className="mono">
              {shortVersion(campaign.toVersion)}
            </Text>
            <Actor actor={campaign.actor} />
            <Ago time={campaign.createdAt} />
          </Group>
        )
      }
      actions={
        campaign?.state === 'running' && (
          <Button
            variant="default"
            loading={cancel.isPending}
            onClick={() => cancel.mutate(undefined, { onError: notifyError('Could not cancel') })}
          >
            Cancel
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {(there) => (
          <>
            <Stack gap={8}>
              <CampaignBar progress={there.progress} width="100%" />
              <Text fz="sm" c="dimmed" role="status">
                Of {there.progress.total}: {campaignWords(there.progress)}
              </Text>
            </Stack>
            <div className="surface">
              <DataTable
                label="Repositories of the campaign"
                columns={COLUMNS}
                items={there.items ?? []}
                rowKey={(item) => slugOf(item.repository)}
              />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}
