import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFileImport } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api } from '../api/client';
import { queryClient } from '../api/query';
import { EntityLink } from '../shell/EntityLink';
import { ErrorState } from '../shell/States';
import { refOf, type Entity } from './api';

interface Registered {
  location: { id: string; target: string; entityRef?: string };
  entities: Entity[];
}

export function RegisterButton() {
  const [opened, { open, close }] = useDisclosure(false);
  const [target, setTarget] = useState('');
  const register = useMutation({
    mutationFn: () => api.post<Registered>('/api/catalog/locations', { type: 'url', target }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['catalog'] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    register.mutate();
  };
  const leave = () => {
    close();
    register.reset();
    setTarget('');
  };
  return (
    <>
      <Button variant="default" leftSection={<IconFileImport size={16} />} onClick={open}>
        Register
      </Button>
      <Modal
        opened={opened}
        onClose={leave}
        title={<Text fw={600}>Register what exists already</Text>}
        size="lg"
        centered
        radius="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <form onSubmit={submit}>
          <Stack gap="md">
            <TextInput
              label="Address of a catalog-info.yaml"
              description="A file in a repository; it is read again after each push."
              placeholder="https://github.com/acme-corp/order-service/blob/main/catalog-info.yaml"
              value={target}
              onChange={(event) => setTarget(event.currentTarget.value)}
              required
              withAsterisk={false}
              data-autofocus
              type="url"
            />
            {register.error && <ErrorState error={register.error} />}
            {register.data && (
              <Stack gap={6} role="status">
                <Text fz="sm">
                  Registered.{' '}
                  {register.data.entities?.length ? 'Found:' : 'Nothing was found in it; its page says why.'}
                </Text>
                {register.data.entities?.map((entity) => (
                  <EntityLink key={refOf(entity)} entityRef={refOf(entity)} />
                ))}
                {!register.data.entities?.length && register.data.location.entityRef && (
                  <EntityLink entityRef={register.data.location.entityRef} title={register.data.location.target} />
                )}
              </Stack>
            )}
            <Group justify="flex-end" gap={8}>
              <Button variant="default" onClick={leave}>
                {register.data ? 'Close' : 'Cancel'}
              </Button>
              {!register.data && (
                <Button type="submit" loading={register.isPending}>
                  Register
                </Button>
              )}
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
