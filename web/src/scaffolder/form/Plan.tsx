import { Box, Group, Stack, Text, Title } from '@mantine/core';
import { EntityLink } from '../../shell/EntityLink';
import { relationsOf, type Entity } from '../../catalog/api';

interface TemplateStep {
  id?: string;
  name?: string;
  action: string;
}

/** What will happen, before it happens. */
export function Plan({ entity }: { entity: Entity }) {
  const steps = (entity.spec?.steps as TemplateStep[] | undefined) ?? [];
  const owner = relationsOf(entity, 'ownedBy')[0];
  return (
    <Stack gap="md" component="aside" aria-label="What will happen" pt={4}>
      <Title order={2} fz={14}>
        What will happen
      </Title>
      <Stack gap={0} component="ol" m={0} p={0} style={{ listStyle: 'none' }}>
        {steps.map((step, index) => (
          <Group key={step.id ?? index} component="li" gap={12} wrap="nowrap" align="flex-start" pb={14} pos="relative">
            {index < steps.length - 1 && (
              <Box pos="absolute" left={9} top={22} bottom={0} w={1} bg="var(--pave-hairline)" />
            )}
            <Box
              className="num"
              style={{
                flex: 'none',
                width: 19,
                height: 19,
                borderRadius: 10,
                border: '1px solid var(--mantine-color-default-border)',
                fontSize: 11,
                display: 'grid',
                placeItems: 'center',
                color: 'var(--mantine-color-dimmed)',
              }}
            >
              {index + 1}
            </Box>
            <div style={{ minWidth: 0 }}>
              <Text fz="sm" lh="19px">
                {step.name ?? step.id ?? step.action}
              </Text>
              <Text fz="xs" c="dimmed" className="mono">
                {step.action}
              </Text>
            </div>
          </Group>
        ))}
      </Stack>
      {owner && (
        <Group gap={6}>
          <Text c="dimmed" fz="sm">
            Maintained by
          </Text>
          <EntityLink entityRef={owner} defaultKind="group" />
        </Group>
      )}
    </Stack>
  );
}
