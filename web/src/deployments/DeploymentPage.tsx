import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, path } from '../api/client';
import { jobEnded, useJob, useJobOutput } from '../api/jobs';
import { Actor, EntityLink } from '../shell/EntityLink';
import { Facts } from '../shell/Facts';
import { LogView } from '../shell/LogView';
import { Page, Section } from '../shell/Page';
import { Loaded } from '../shell/States';
import { Status } from '../shell/Status';
import { Ago, Took } from '../shell/Time';
import { short, shortDigest, type Deployment } from './api';

const ENDED = new Set(['live', 'superseded', 'failed', 'stopped']);

export function DeploymentPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  const query = useQuery({
    queryKey: ['deployments', 'one', id],
    queryFn: ({ signal }) => api.get<Deployment>(`/api/deployments/v1/deployments/${path(id)}`, signal),
    refetchInterval: (state) => (ENDED.has(state.state.data?.state ?? '') ? false : 1500),
  });
  const item = query.data;
  const job = useJob(item?.jobId ?? undefined).data;
  const { lines } = useJobOutput(item?.jobId ?? undefined);
  return (
    <Page
      title={item ? `${item.service} to ${item.environment}` : 'Deployment'}
      crumbs={[{ label: 'Deployments', href: '/deployments' }, { label: item ? short(item.commit) : id.slice(0, 8) }]}
      description={
        item && (
          <Group gap={16} mt={4}>
            <Status status={item.state} />
            <Took from={item.startedAt} to={item.finishedAt} running={!ENDED.has(item.state)} />
            <Actor actor={item.actor} />
            <Ago time={item.createdAt} />
          </Group>
        )
      }
    >
      <Loaded query={query}>
        {(deployment) => (
          <>
            {deployment.reason && (
              <Section title={deployment.state === 'failed' ? 'Why it failed' : 'Reason'}>
                <Text fz="sm" style={{ whiteSpace: 'pre-wrap' }}>
                  {deployment.reason}
                </Text>
              </Section>
            )}
            <Section title="About">
              <Facts
                items={[
                  ['Service', <EntityLink key="s" entityRef={`component:default/${deployment.service}`} />],
                  ['Environment', deployment.environment],
                  ['Kind', deployment.kind],
                  [
                    'Commit',
                    <span key="c">
                      <span className="mono">{short(deployment.commit)}</span>{' '}
                      {deployment.commitMessage?.split('\n')[0]}
                    </span>,
                  ],
                  [
                    'Release',
                    <span key="r" className="mono">
                      {shortDigest(deployment.release)}
                    </span>,
                  ],
                ]}
              />
            </Section>
            <Section title="Output" flush>
              <LogView lines={lines} live={!jobEnded(job?.state)} height={420} />
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}
