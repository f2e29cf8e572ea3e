import { Anchor, Button, Group, Modal, Select, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconArrowUpCircle, IconFlag } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { AppLink } from '../shell/AppLink';
import { DataTable, type Column } from '../shell/DataTable';
import { EntityLink } from '../shell/EntityLink';
import { FileDiff } from '../shell/FileDiff';
import { notifyDone, notifyError } from '../shell/notify';
import { Page, Section } from '../shell/Page';
import { EmptyState, ErrorState, Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago } from '../shell/Time';
import { localUrl } from '../shell/urls';
import { useUrlState } from '../shell/useUrlState';
import {
  useCampaigns,
  useOpenUpgrade,
  useStartCampaign,
  useUpgradePreview,
  useUpgrades,
  type Campaign,
  type Upgrade,
} from './api';
import { CampaignBar } from './CampaignBar';
import { shortVersion, slugOf } from './slug';

const STATES: Record<string, { label: string; tone: string }> = {
  behind: { label: 'Behind', tone: 'warning' },
  open: { label: 'Pull request open', tone: 'processing' },
  merged: { label: 'Merged', tone: 'succeeded' },
  current: { label: 'Up to date', tone: 'succeeded' },
  unknown: { label: 'Unknown', tone: 'quiet' },
};

function StateChips({ counts, state, onPick }: { counts: Record<string, number>; state?: string; onPick: (state?: string) => void }) {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (
    <Group gap={4} role="group" aria-label="State">
      <UnstyledButton className="chip" aria-pressed={!state} onClick={() => onPick(undefined)}>
        All <span className="num">{all}</span>
      </UnstyledButton>
      {Object.entries(counts)
        .filter(([name, count]) => count > 0 || name === state)
        .map(([name, count]) => (
          <UnstyledButton key={name} className="chip" aria-pressed={state === name} onClick={() => onPick(name)}>
            {STATES[name]?.label ?? name} <span className="num">{count}</span>
          </UnstyledButton>
        ))}
    </Group>
  );
}

/** What an upgrade would change, before its pull request is opened. */
function PreviewDialog({ repository, onClose }: { repository: string; onClose: () => void }) {
  const preview = useUpgradePreview(repository);
  const open = useOpenUpgrade();
  return (
    <Modal
      opened
      onClose={onClose}
      size={980}
      title={<Text fw={600}>Upgrade of {repository}</Text>}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Loaded query={preview}>
        {(there) => (
          <Stack gap="md">
            <Text fz="sm" c="dimmed">
              From {shortVersion(there.from)} to {shortVersion(there.to)}: {there.files.length}{' '}
              {there.files.length === 1 ? 'file' : 'files'}. What both sides changed is marked as a conflict, to be settled
              in the pull request.
            </Text>
            {there.files.map((file) => (
              <FileDiff key={file.path} file={file} closed={there.files.length > 8 && file.status !== 'conflict'} />
            ))}
            {open.error && <ErrorState error={open.error} />}
            <Group justify="flex-end" gap={8}>
              <Button variant="default" onClick={onClose}>
                Not now
              </Button>
              <Button
                loading={open.isPending}
                disabled={there.files.length === 0}
                onClick={() =>
                  open.mutate(repository, {
                    onSuccess: () => {
                      notifyDone('The upgrade is on its way', 'Its pull request appears in a moment.');
                      onClose();
                    },
                  })
                }
              >
                Open a pull request
              </Button>
            </Group>
          </Stack>
        )}
      </Loaded>
    </Modal>
  );
}

const columns = (preview: (repository: string) => void): Column<Upgrade>[] => [
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
    key: 'owner',
    title: 'Owner',
    render: (item) => item.owner && <EntityLink entityRef={item.owner} defaultKind="group" />,
  },
  {
    key: 'template',
    title: 'Template',
    render: (item) => <EntityLink entityRef={item.template} defaultKind="template" />,
  },
  {
    key: 'version',
    title: 'Version',
    render: (item) => (
      <Text fz="sm" className="mono" title={`${item.version} → ${item.latestVersion}`}>
        {shortVersion(item.version)}
        {item.version !== item.latestVersion && ` → ${shortVersion(item.latestVersion)}`}
      </Text>
    ),
  },
  {
    key: 'state',
    title: 'State',
    render: (item) => <Status status={STATES[item.state]?.tone}>{STATES[item.state]?.label ?? item.state}</Status>,
  },
  {
    key: 'action',
    title: 'Upgrade',
    quiet: true,
    align: 'right',
    render: (item) =>
      item.pullRequest?.state === 'open' ? (
        <Anchor component={AppLink} href={localUrl(item.pullRequest.url)} fz="sm">
          #{item.pullRequest.number}
        </Anchor>
      ) : (
        item.state === 'behind' && (
          <Button size="compact-xs" variant="default" onClick={() => preview(slugOf(item.repository))}>
            Preview
          </Button>
        )
      ),
  },
];

function Campaigns({ items }: { items: Campaign[] }) {
  return (
    <Section title="Campaigns">
      <Stack gap="md">
        {items.map((campaign) => (
          <Group key={campaign.id} gap="md" wrap="nowrap">
            <Anchor component={AppLink} href={`/upgrades/campaigns/${campaign.id}`} fz="sm" fw={550} style={{ flex: 1 }}>
              {campaign.title}
            </Anchor>
            <CampaignBar progress={campaign.progress} width={260} />
            <Text fz="sm" c="dimmed" w={110} ta="right">
              <Ago time={campaign.createdAt} />
            </Text>
          </Group>
        ))}
      </Stack>
    </Section>
  );
}

function StartCampaign({ template, behind }: { template?: string; behind: Upgrade[] }) {
  const navigate = useNavigate();
  const start = useStartCampaign();
  const templates = [...new Set(behind.map((each) => each.template))];
  const chosen = template ?? (templates.length === 1 ? templates[0] : undefined);
  if (!chosen || behind.length === 0) return null;
  return (
    <Button
      leftSection={<IconFlag size={16} />}
      loading={start.isPending}
      onClick={() =>
        start.mutate(
          { template: chosen },
          {
            onSuccess: ({ id }) => void navigate({ to: `/upgrades/campaigns/${id}` as never }),
            onError: notifyError('Could not start the campaign'),
          },
        )
      }
    >
      Upgrade all {behind.length}
    </Button>
  );
}

/** Which repositories are behind the template they came from. */
export function UpgradesPage() {
  const [{ template, state }, change] = useUrlState();
  const [previewed, setPreviewed] = useState<string | null>(null);
  const query = useUpgrades({ template, state });
  const everything = useUpgrades({}).data?.items ?? [];
  const campaigns = useCampaigns().data?.items ?? [];
  const templates = [...new Set(everything.map((each) => each.template))].sort();
  const behind = everything.filter((each) => each.state === 'behind' && (!template || each.template === template));
  return (
    <Page
      title="Upgrades"
      description="Every repository remembers the template it came from. When the template changes, an upgrade brings the change as a pull request, with what the team changed left standing."
      actions={<StartCampaign template={template} behind={behind} />}
    >
      {campaigns.length > 0 && <Campaigns items={campaigns} />}
      <Loaded query={query}>
        {({ items, counts }) => (
          <Stack gap="md">
            <Group gap={8}>
              <Select
                size="xs"
                w={280}
                clearable
                searchable
                aria-label="Template"
                placeholder="Any template"
                data={templates}
                value={template ?? null}
                onChange={(next) => change({ template: next ?? undefined })}
              />
              <StateChips counts={counts} state={state} onPick={(next) => change({ state: next })} />
            </Group>
            <div className="surface">
              {items.length === 0 ? (
                <EmptyState icon={<IconArrowUpCircle size={20} />} title="No repository to show">
                  Repositories that templates make appear here with the version they came from.
                </EmptyState>
              ) : (
                <DataTable
                  label="Repositories and their templates"
                  columns={columns(setPreviewed)}
                  items={items}
                  rowKey={(item) => `${item.template} ${slugOf(item.repository)}`}
                />
              )}
            </div>
          </Stack>
        )}
      </Loaded>
      {previewed && <PreviewDialog repository={previewed} onClose={() => setPreviewed(null)} />}
    </Page>
  );
}
