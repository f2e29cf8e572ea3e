import { Alert, Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { ago, toMs } from '../api/time';
import { Command } from '../shell/Copy';
import { DataTable, type Column } from '../shell/DataTable';
import { notifyError } from '../shell/notify';
import { Section } from '../shell/Page';
import { EmptyState, Loaded } from '../shell/States';
import { Ago } from '../shell/Time';
import { useDeleteToken, useTokens, type Token } from './api';
import { NewToken } from './NewToken';

function Revoke({ token }: { token: Token }) {
  const remove = useDeleteToken();
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      color="red"
      c="var(--mantine-color-error)"
      loading={remove.isPending}
      onClick={() => remove.mutate(token.id, { onError: notifyError('Could not revoke') })}
      aria-label={`Revoke ${token.name}`}
    >
      Revoke
    </Button>
  );
}

const COLUMNS: Column<Token>[] = [
  {
    key: 'name',
    title: 'Name',
    render: (token) => (
      <Text fz="sm" fw={550}>
        {token.name}
      </Text>
    ),
  },
  {
    key: 'scopes',
    title: 'May',
    render: (token) => (
      <Text fz="sm" c="dimmed" maw={320} className="clip">
        {token.scopes?.join(', ') || 'everything you may'}
      </Text>
    ),
  },
  { key: 'created', title: 'Created', render: (token) => <Ago time={token.createdAt} /> },
  {
    key: 'used',
    title: 'Last used',
    render: (token) =>
      token.lastUsedAt ? (
        <Ago time={token.lastUsedAt} />
      ) : (
        <Text span c="dimmed" fz="sm">
          Never
        </Text>
      ),
  },
  {
    key: 'expires',
    title: 'Expires',
    render: (token) =>
      token.expiresAt ? (
        <Text span fz="sm" c={toMs(token.expiresAt) < Date.now() ? 'error' : 'dimmed'}>
          {ago(token.expiresAt)}
        </Text>
      ) : (
        'Never'
      ),
  },
  { key: 'revoke', title: 'Revoke', quiet: true, align: 'right', render: (token) => <Revoke token={token} /> },
];

export function Tokens() {
  const query = useTokens();
  const [opened, { open, close }] = useDisclosure(false);
  const [made, setMade] = useState<string | null>(null);
  return (
    <Section
      title="API tokens"
      flush
      actions={
        <Button size="xs" leftSection={<IconPlus size={15} />} onClick={open}>
          New token
        </Button>
      }
    >
      {made && (
        <Alert
          m="md"
          color="green"
          icon={<IconKey size={18} />}
          title="Copy it now: it is shown only this once"
          withCloseButton
          onClose={() => setMade(null)}
          closeButtonLabel="Close"
        >
          <Command value={made} />
        </Alert>
      )}
      <Loaded query={query} rows={3}>
        {({ items }) =>
          items.length > 0 ? (
            <DataTable label="API tokens" columns={COLUMNS} items={items} rowKey={(token) => token.id} />
          ) : (
            <EmptyState icon={<IconKey size={20} />} title="No tokens yet">
              A token is a password for git, for the <code>pave</code> command and for scripts. It can do what you
              choose and ends when you say.
            </EmptyState>
          )
        }
      </Loaded>
      <NewToken
        opened={opened}
        onClose={close}
        onMade={(token) => {
          setMade(token);
          close();
        }}
      />
    </Section>
  );
}
