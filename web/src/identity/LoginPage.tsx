import { Alert, Box, Button, Card, Center, Divider, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { isInternal } from '../shell/AppLink';
import { LogoMark } from '../shell/Logo';
import { ErrorState } from '../shell/States';
import { useInfo, useLogin, useSession, type Credentials } from './api';

function PasswordForm({
  busy,
  onSubmit,
  prominent,
}: {
  busy: boolean;
  onSubmit: (credentials: Credentials) => void;
  prominent: boolean;
}) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit({ provider: 'password', username, password });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="User name"
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
          autoComplete="username"
          required
          withAsterisk={false}
        />
        <PasswordInput
          label="Password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          required
          withAsterisk={false}
        />
        <Button type="submit" loading={busy} variant={prominent ? 'filled' : 'default'}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}

export function LoginPage() {
  const session = useSession();
  const info = useInfo().data;
  const login = useLogin();
  const router = useRouter();
  const search = useSearch({ strict: false }) as { next?: string };
  useDocumentTitle(`Sign in · ${info?.title ?? 'Pave'}`);
  const signIn = (credentials: Credentials) =>
    login.mutate(credentials, {
      onSuccess: () => router.history.push(search.next && isInternal(search.next) ? search.next : '/'),
    });
  const providers = session.data?.providers ?? [];
  const guest = providers.includes('guest');
  const password = providers.includes('password');

  return (
    <Center mih="100vh" p="md" className="sunken" component="main">
      <Box w={380}>
        <Stack align="center" gap={4} mb={24}>
          <LogoMark size={44} />
          <Title order={1} mt={12} lts="-0.02em">
            Sign in to {info?.title ?? 'Pave'}
          </Title>
          {info?.organization && !info.title.includes(info.organization) && (
            <Text c="dimmed">{info.organization}’s developer platform</Text>
          )}
        </Stack>
        <Card padding="lg" shadow="sm">
          <Stack gap="md">
            {session.error && <ErrorState error={session.error} retry={() => void session.refetch()} />}
            {guest && (
              <Button loading={login.isPending} onClick={() => signIn({ provider: 'guest' })} fullWidth>
                Enter as guest
              </Button>
            )}
            {guest && !password && (
              <Text c="dimmed" fz="xs" ta="center">
                No account is needed: guest sign-in is on.
              </Text>
            )}
            {guest && password && <Divider label="or" />}
            {password && <PasswordForm busy={login.isPending} onSubmit={signIn} prominent={!guest} />}
            {session.data && !guest && !password && (
              <Alert color="yellow" title="Nobody can sign in yet">
                Add <code>auth.providers.guest</code> or <code>auth.users</code> to the configuration file and start
                Pave again.
              </Alert>
            )}
            {login.error && (
              <Text c="var(--mantine-color-error)" fz="sm" role="alert">
                {login.error.message}
              </Text>
            )}
          </Stack>
        </Card>
      </Box>
    </Center>
  );
}
