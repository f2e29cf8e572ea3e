import { Anchor, Box, Button, CloseButton, Group, Stack, Text, Title } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconArrowRight, IconCircle, IconCircleCheckFilled } from '@tabler/icons-react';
import { useDeployments, useServices } from '../deployments/api';
import { useTasks } from '../scaffolder/api';
import { AppLink } from '../shell/AppLink';

interface Step {
  title: string;
  text: string;
  href: string;
  done: boolean;
}

function useSteps(): { steps: Step[]; ready: boolean } {
  const tasks = useTasks({ limit: 1 });
  const services = useServices();
  const deployments = useDeployments({ limit: 50 });
  const first = services.data?.items[0]?.service;
  const all = deployments.data?.items ?? [];
  const page = first ? `/catalog/default/component/${first}` : '/catalog';
  return {
    ready: tasks.isFetched && services.isFetched && deployments.isFetched,
    steps: [
      {
        title: 'Create a service',
        text: 'Fill in one form; a repository, infrastructure and a catalog page come of it.',
        href: '/create',
        done: (tasks.data?.tasks.length ?? 0) > 0,
      },
      {
        title: 'See it live',
        text: 'Its pipeline brings it to staging and production by itself.',
        href: page,
        done: (services.data?.items ?? []).some((each) =>
          each.environments.some((one) => one.production && one.current),
        ),
      },
      {
        title: 'Push a change',
        text: 'Clone it with plain git, change a line, push, and watch the new version go out.',
        href: '/repositories',
        done:
          new Set(all.map((each) => `${each.service}${each.commit}`)).size >
          new Set(all.map((each) => each.service)).size,
      },
      {
        title: 'Roll back',
        text: 'One click brings the old version back.',
        href: page,
        done: all.some((each) => each.kind === 'rollback'),
      },
    ],
  };
}

/** The golden path as four things to do; it goes away when they are done. */
export function FirstSteps() {
  const { steps, ready } = useSteps();
  const [hidden, setHidden] = useLocalStorage({ key: 'pave-first-steps-hidden', defaultValue: false });
  const next = steps.find((step) => !step.done);
  if (!ready || hidden || !next) return null;
  return (
    <Box className="surface sunken" p="lg" component="section" aria-label="First steps" pos="relative">
      <CloseButton
        pos="absolute"
        top={12}
        right={12}
        size="sm"
        onClick={() => setHidden(true)}
        aria-label="Hide the first steps"
      />
      <Title order={2}>The golden path</Title>
      <Text c="dimmed" fz="sm" mt={2} mb="md">
        From a form to a running, owned, monitored service in less than a minute.
      </Text>
      <Box style={{ display: 'grid', gap: 20, gridTemplateColumns: 'repeat(auto-fit, minmax(210px, 1fr))' }}>
        {steps.map((step) => (
          <Group key={step.title} gap={10} wrap="nowrap" align="flex-start">
            {step.done ? (
              <IconCircleCheckFilled
                size={19}
                color="var(--pave-good)"
                style={{ flex: 'none', marginTop: 1 }}
                aria-label="Done"
              />
            ) : (
              <IconCircle
                size={19}
                stroke={1.6}
                color={step === next ? 'var(--pave-busy)' : 'var(--pave-quiet)'}
                style={{ flex: 'none', marginTop: 1 }}
                aria-hidden="true"
              />
            )}
            <Stack gap={3} align="flex-start">
              {step === next ? (
                <Text fw={600} fz="sm">
                  {step.title}
                </Text>
              ) : (
                <Anchor component={AppLink} href={step.href} fw={550} fz="sm" c="inherit">
                  {step.title}
                </Anchor>
              )}
              <Text c="dimmed" fz="sm">
                {step.text}
              </Text>
              {step === next && (
                <Button
                  component={AppLink}
                  href={step.href}
                  size="compact-sm"
                  mt={6}
                  rightSection={<IconArrowRight size={14} />}
                >
                  {step.title}
                </Button>
              )}
            </Stack>
          </Group>
        ))}
      </Box>
    </Box>
  );
}
