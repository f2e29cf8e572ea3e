import {
  ActionIcon,
  Avatar,
  Box,
  Button,
  Group,
  Kbd,
  Menu,
  ScrollArea,
  Stack,
  Text,
  Tooltip,
  UnstyledButton,
} from '@mantine/core';
import {
  IconActivity,
  IconArrowUpCircle,
  IconBook2,
  IconChartHistogram,
  IconGitBranch,
  IconHome,
  IconLayoutGrid,
  IconLogout,
  IconPlayerPlay,
  IconPlus,
  IconRocket,
  IconSearch,
  IconSelector,
  IconServerCog,
  IconSettings,
  IconThumbUp,
} from '@tabler/icons-react';
import { useRouterState } from '@tanstack/react-router';
import { useInfo, useLogout } from '../identity/api';
import { AppLink } from './AppLink';
import { Logo } from './Logo';
import { search } from './spotlight';
import { useMe } from './useMe';

const GROUPS: { label?: string; items: { href: string; label: string; icon: typeof IconHome }[] }[] = [
  {
    items: [
      { href: '/', label: 'Home', icon: IconHome },
      { href: '/catalog', label: 'Catalog', icon: IconLayoutGrid },
      { href: '/create', label: 'Create', icon: IconPlus },
    ],
  },
  {
    label: 'Deliver',
    items: [
      { href: '/repositories', label: 'Repositories', icon: IconGitBranch },
      { href: '/runs', label: 'Pipelines', icon: IconPlayerPlay },
      { href: '/deployments', label: 'Deployments', icon: IconRocket },
      { href: '/infrastructure', label: 'Infrastructure', icon: IconServerCog },
      { href: '/upgrades', label: 'Upgrades', icon: IconArrowUpCircle },
      { href: '/approvals', label: 'Approvals', icon: IconThumbUp },
    ],
  },
  {
    label: 'Understand',
    items: [
      { href: '/dora', label: 'Delivery metrics', icon: IconChartHistogram },
      { href: '/events', label: 'Events', icon: IconActivity },
      { href: '/docs', label: 'Docs', icon: IconBook2 },
    ],
  },
];

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

function UserMenu() {
  const me = useMe();
  const logout = useLogout();
  if (!me) return null;
  const { name } = me;
  return (
    <Menu position="top-start" width={216} shadow="md">
      <Menu.Target>
        <UnstyledButton className="nav-link" style={{ height: 44, width: '100%' }}>
          <Avatar size={26} radius="xl" name={name} alt="" color="brand" variant="filled" />
          <Box style={{ flex: 1, minWidth: 0 }}>
            <Text fz={13} fw={550} className="clip" c="var(--mantine-color-text)">
              {name}
            </Text>
            <Text fz={11.5} className="clip">
              {me.email ?? me.ref}
            </Text>
          </Box>
          <IconSelector size={15} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={AppLink} href={`/catalog/${me.ref.replace(/^(\w+):([^/]+)\/(.+)$/, '$2/$1/$3')}`}>
          Your page
        </Menu.Item>
        <Menu.Item component={AppLink} href="/settings" leftSection={<IconSettings size={15} />}>
          Settings
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => logout.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function Sidebar() {
  const info = useInfo().data;
  const path = useRouterState({ select: (state) => state.location.pathname });
  const current = (href: string) => (href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`));
  return (
    <Stack gap={0} h="100%">
      <Group justify="space-between" wrap="nowrap" h={56} px={16}>
        <AppLink href="/" style={{ color: 'inherit', textDecoration: 'none', minWidth: 0 }}>
          <Logo organization={info?.organization} />
        </AppLink>
        <Tooltip label="Settings">
          <ActionIcon component={AppLink} href="/settings" variant="subtle" color="gray" aria-label="Settings">
            <IconSettings size={17} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      </Group>
      <Box px={12} pb={10}>
        <Button
          variant="default"
          fullWidth
          justify="space-between"
          size="xs"
          h={32}
          fw={400}
          c="dimmed"
          onClick={() => search.open()}
          leftSection={<IconSearch size={15} />}
          rightSection={<Kbd size="xs">{isMac ? '⌘K' : 'Ctrl K'}</Kbd>}
          styles={{ label: { flex: 1, textAlign: 'left', fontWeight: 400 } }}
        >
          Search
        </Button>
      </Box>
      <ScrollArea style={{ flex: 1 }} px={12} type="never">
        <nav aria-label="Main">
          {GROUPS.map((group, index) => (
            <Stack key={index} gap={2} mb={16}>
              {group.label && (
                <Text fz={11.5} fw={550} c="dimmed" px={10} pb={3}>
                  {group.label}
                </Text>
              )}
              {group.items.map(({ href, label, icon: Icon }) => (
                <AppLink key={href} href={href} className="nav-link" aria-current={current(href) ? 'page' : undefined}>
                  <Icon size={17} stroke={1.7} aria-hidden="true" />
                  {label}
                </AppLink>
              ))}
            </Stack>
          ))}
        </nav>
      </ScrollArea>
      <Box p={12} style={{ borderTop: '1px solid var(--pave-hairline)' }}>
        <UserMenu />
      </Box>
    </Stack>
  );
}
