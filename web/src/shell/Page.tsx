import { Anchor, Box, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useInfo } from '../identity/api';
import { AppLink } from './AppLink';

interface Crumb {
  label: string;
  href?: string;
}

interface PageProps {
  title: ReactNode;
  /** For the browser's tab, where title is not plain text. */
  name?: string;
  crumbs?: Crumb[];
  description?: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

function Crumbs({ items }: { items: Crumb[] }) {
  return (
    <Group gap={6} component="nav" aria-label="Breadcrumb" wrap="nowrap">
      {items.map((crumb, index) => (
        <Group key={index} gap={6} wrap="nowrap">
          {index > 0 && (
            <Text span c="dimmed" fz="sm" aria-hidden="true">
              /
            </Text>
          )}
          {crumb.href ? (
            <Anchor component={AppLink} href={crumb.href} c="dimmed" fz="sm">
              {crumb.label}
            </Anchor>
          ) : (
            <Text c="dimmed" fz="sm">
              {crumb.label}
            </Text>
          )}
        </Group>
      ))}
    </Group>
  );
}

export function Page({ title, name, crumbs, description, actions, wide, children }: PageProps) {
  const app = useInfo().data?.title ?? 'Pave';
  useDocumentTitle(`${name ?? (typeof title === 'string' ? title : '')} · ${app}`);
  return (
    <Box maw={wide ? 1680 : 1220} mx="auto" px={{ base: 'md', sm: 32 }} pt={26} pb={64}>
      <Stack gap={22}>
        <Stack gap={8} component="header">
          {crumbs && crumbs.length > 0 && <Crumbs items={crumbs} />}
          <Group justify="space-between" align="flex-start" gap="md">
            <div style={{ minWidth: 0, flex: '1 1 320px' }}>
              <Title order={1} lts="-0.015em">
                {title}
              </Title>
              {description && (
                <Text c="dimmed" mt={4} maw={720} component="div">
                  {description}
                </Text>
              )}
            </div>
            {actions && <Group gap={8}>{actions}</Group>}
          </Group>
        </Stack>
        {children}
      </Stack>
    </Box>
  );
}

interface SectionProps {
  title: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** No padding around the content, for tables. */
  flush?: boolean;
}

export function Section({ title, actions, children, flush }: SectionProps) {
  return (
    <Box className="surface" component="section" style={{ overflow: 'hidden' }}>
      <Group
        justify="space-between"
        px="md"
        py={11}
        style={{ borderBottom: '1px solid var(--pave-hairline)' }}
        mih={46}
        gap="xs"
      >
        <Title order={2} fz={14}>
          {title}
        </Title>
        {actions && <Group gap={8}>{actions}</Group>}
      </Group>
      <Box p={flush ? 0 : 'md'}>{children}</Box>
    </Box>
  );
}
