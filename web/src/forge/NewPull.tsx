import { Button, Group, Modal, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ErrorState } from '../shell/States';
import { pullHref, useOpenPull, type Slug } from './pulls';

interface NewPullProps {
  slug: Slug;
  main: string;
  branches: string[];
  onClose: () => void;
}

export function NewPull({ slug, main, branches, onClose }: NewPullProps) {
  const navigate = useNavigate();
  const open = useOpenPull(slug);
  const [base, setBase] = useState(main);
  const [head, setHead] = useState(branches.find((each) => each !== main) ?? '');
  const [title, setTitle] = useState('');
  const [body, setBody] = useState('');
  const submit = () =>
    open.mutate(
      { title: title.trim(), body, head, base },
      { onSuccess: (pull) => void navigate({ to: pullHref(slug, pull.number) as never }) },
    );
  return (
    <Modal opened onClose={onClose} title="New pull request" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="md">
          <Group grow align="flex-start">
            <Select label="From" data={branches} value={head} onChange={(next) => next && setHead(next)} allowDeselect={false} searchable />
            <Select label="Into" data={branches} value={base} onChange={(next) => next && setBase(next)} allowDeselect={false} searchable />
          </Group>
          <TextInput
            label="Title"
            required
            maxLength={250}
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
            data-autofocus
          />
          <Textarea
            label="Description"
            description="Markdown"
            autosize
            minRows={4}
            maxRows={16}
            value={body}
            onChange={(event) => setBody(event.currentTarget.value)}
          />
          {open.error && <ErrorState error={open.error} />}
          <Group justify="flex-end" gap={8}>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={open.isPending} disabled={!title.trim() || !head || head === base}>
              Open pull request
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
