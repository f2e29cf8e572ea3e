import { SegmentedControl, Stack, Text, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { Facts } from '../shell/Facts';
import { EntityLink } from '../shell/EntityLink';
import { Page, Section } from '../shell/Page';
import { useInfo, useSession } from './api';
import { Tokens } from './Tokens';

export function SettingsPage() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const session = useSession().data;
  const info = useInfo().data;
  return (
    <Page title="Settings">
      <Section title="You">
        <Facts
          items={[
            ['Name', session?.user?.displayName ?? session?.user?.name],
            [
              'Reference',
              <span key="ref" className="mono">
                {session?.user?.ref}
              </span>,
            ],
            [
              'Groups',
              (session?.groups ?? []).length > 0 && (
                <Stack key="groups" gap={4}>
                  {session!.groups.map((ref) => (
                    <EntityLink key={ref} entityRef={ref} defaultKind="group" />
                  ))}
                </Stack>
              ),
            ],
            ['Roles', session?.roles?.join(', ')],
          ]}
        />
      </Section>
      <Section title="Appearance">
        <SegmentedControl
          aria-label="Theme"
          value={colorScheme}
          onChange={(next) => setColorScheme(next as MantineColorScheme)}
          data={[
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
            { value: 'auto', label: 'As the system' },
          ]}
        />
      </Section>
      <Tokens />
      <Text c="dimmed" fz="sm">
        {info?.title ?? 'Pave'} {info?.version}
      </Text>
    </Page>
  );
}
