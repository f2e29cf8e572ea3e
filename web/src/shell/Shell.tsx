import { AppShell, Burger, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { Suspense, useEffect } from 'react';
import { startStream } from '../api/stream';
import { Logo } from './Logo';
import { Search } from './Search';
import { Sidebar } from './Sidebar';

export function Shell() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(startStream, []);
  useEffect(close, [path, close]);
  return (
    <>
      <a href="#main" className="skip-link">
        Skip to content
      </a>
      <AppShell
        navbar={{ width: 236, breakpoint: 'sm', collapsed: { mobile: !opened } }}
        header={{ height: { base: 52, sm: 0 } }}
        styles={{
          navbar: { background: 'var(--pave-sidebar)', borderColor: 'var(--pave-hairline)' },
          header: { background: 'var(--pave-sidebar)', borderColor: 'var(--pave-hairline)' },
        }}
      >
        <AppShell.Header hiddenFrom="sm">
          <Group h="100%" px="md">
            <Burger opened={opened} onClick={toggle} size="sm" aria-label="Menu" />
            <Logo />
          </Group>
        </AppShell.Header>
        <AppShell.Navbar>
          <Sidebar />
        </AppShell.Navbar>
        <AppShell.Main id="main" tabIndex={-1} style={{ outline: 'none' }}>
          <Suspense fallback={null}>
            <Outlet />
          </Suspense>
        </AppShell.Main>
      </AppShell>
      <Search />
    </>
  );
}
