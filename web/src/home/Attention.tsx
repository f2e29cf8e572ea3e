import { Anchor, Box, Group, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useJobs } from '../api/jobs';
import { findingCounts } from '../catalog/own';
import { useServices } from '../deployments/api';
import { useMyRefs } from '../identity/api';
import { AppLink } from '../shell/AppLink';
import { Status } from '../shell/Status';

// Whoever is in more groups than that finds the rest on the page of findings.
const OWNERS_MAX = 6;

interface Item {
  key: string;
  state: string;
  title: string;
  detail: string;
  href: string;
}

/** What somebody should look at now; nothing when all is well. */
export function Attention() {
  const services = useServices().data?.items ?? [];
  const waiting = useJobs({ state: 'waiting', limit: 10 }).data?.items ?? [];
  const mine = useMyRefs().slice(0, OWNERS_MAX);
  const counted = useQueries({ queries: mine.map((owner) => findingCounts({ owner })) });
  const findings = counted.reduce((sum, query) => sum + (query.data?.totalItems ?? 0), 0);
  const whose = mine.filter((_, index) => (counted[index]?.data?.totalItems ?? 0) > 0);
  const items: Item[] = [
    ...services.flatMap((service) =>
      service.environments
        .filter(
          (each) =>
            each.current && ['unhealthy', 'crashed'].includes(each.current.health?.status ?? each.current.state),
        )
        .map((each) => ({
          key: `${service.service}-${each.environment}`,
          state: each.current!.health?.status ?? 'unhealthy',
          title: `${service.service} in ${each.environment}`,
          detail: each.current!.health?.error ?? 'Its health check fails',
          href: `/catalog/default/component/${service.service}`,
        })),
    ),
    ...waiting.map((job) => ({
      key: job.id,
      state: 'waiting',
      title: job.title ?? job.kind,
      detail: job.waitingFor ?? 'It waits for an answer',
      href: job.kind === 'scaffolder.task' ? `/create/tasks/${job.id}` : '/events',
    })),
  ];
  if (findings > 0)
    items.push({
      key: 'findings',
      state: 'warning',
      title: `${findings.toLocaleString('en')} finding${findings > 1 ? 's' : ''} in your catalog entries`,
      detail: 'Gaps in ownership, broken references, files with errors',
      href: whose.length === 1 ? `/catalog/findings?owner=${encodeURIComponent(whose[0]!)}` : '/catalog/findings',
    });
  if (items.length === 0) return null;
  return (
    <Box
      className="surface"
      component="section"
      aria-label="Needs attention"
      py={6}
      style={{ borderColor: 'color-mix(in srgb, var(--pave-bad) 40%, var(--pave-hairline))' }}
    >
      {items.map((item) => (
        <Group key={item.key} px="md" py={8} gap="md" wrap="nowrap">
          <Box w={110}>
            <Status status={item.state} />
          </Box>
          <Anchor component={AppLink} href={item.href} fz="sm" fw={550} c="inherit" style={{ whiteSpace: 'nowrap' }}>
            {item.title}
          </Anchor>
          <Text fz="sm" c="dimmed" className="clip">
            {item.detail}
          </Text>
        </Group>
      ))}
    </Box>
  );
}
