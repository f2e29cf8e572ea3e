import { Button, Checkbox, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useCreateToken } from './api';

const DAY = 86_400;
const SCOPES: [value: string, label: string][] = [
  ['*', 'Everything you may do'],
  ['forge.*', 'Repositories: clone and push'],
  ['scaffolder.*', 'Templates: create from them'],
  ['deployments.*', 'Deployments: deploy and roll back'],
  ['catalog.*', 'Catalog: read and register'],
];

interface NewTokenProps {
  opened: boolean;
  onClose: () => void;
  onMade: (token: string) => void;
}

export function NewToken({ opened, onClose, onMade }: NewTokenProps) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>(['*']);
  const [days, setDays] = useState<string>('30');
  const create = useCreateToken();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(
      { name, scopes: scopes.includes('*') ? ['*'] : scopes, expiresInSeconds: Number(days) * DAY },
      {
        onSuccess: (made) => {
          setName('');
          onMade(made.token);
        },
      },
    );
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<Text fw={600}>New API token</Text>}
      centered
      radius="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label="Name"
            description="What it is for, so that you know later which one to revoke."
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            withAsterisk={false}
            data-autofocus
            placeholder="git on my laptop"
          />
          <Checkbox.Group label="It may" value={scopes} onChange={setScopes}>
            <Stack gap={8} mt={6}>
              {SCOPES.map(([value, label]) => (
                <Checkbox key={value} size="sm" value={value} label={label} />
              ))}
            </Stack>
          </Checkbox.Group>
          <Select
            label="It ends after"
            value={days}
            onChange={(next) => next && setDays(next)}
            allowDeselect={false}
            data={[
              { value: '1', label: '1 day' },
              { value: '7', label: '7 days' },
              { value: '30', label: '30 days' },
              { value: '90', label: '90 days' },
              { value: '365', label: '1 year' },
            ]}
          />
          {create.error && (
            <Text c="var(--mantine-color-error)" fz="sm" role="alert">
              {create.error.message}
            </Text>
          )}
          <Group justify="flex-end" gap={8}>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={scopes.length === 0}>
              Create token
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
