import { ActionIcon, Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconBookmark, IconChevronDown, IconTrash } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { notifyDone } from '../shell/notify';
import type { UrlState } from '../shell/useUrlState';
import { useSavedViews } from './stored';

function same(a: UrlState, b: UrlState): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => (a[key] ?? '') === (b[key] ?? ''));
}

interface SavedViewsProps {
  state: UrlState;
  /** Shows exactly these filters. */
  onShow: (search: Record<string, string>) => void;
}

function SaveView({ onSave, onCancel }: { onSave: (name: string) => void; onCancel: () => void }) {
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) onSave(name.trim());
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label="Name of the view"
          placeholder="Go services of payments"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={60}
          data-autofocus
        />
        <Text fz="xs" c="dimmed">
          Kept in this browser. To share it, send the page’s address.
        </Text>
        <Group gap={8} justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" disabled={!name.trim()}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Filter sets by name. The address holds the state, so a view is a link with a name. */
export function SavedViews({ state, onShow }: SavedViewsProps) {
  const { views, save, remove } = useSavedViews();
  const [naming, setNaming] = useState(false);
  const current = views.find((view) => same(view.search, state));
  const share = () =>
    void navigator.clipboard
      .writeText(location.href)
      .then(() => notifyDone('Link copied', 'It shows this list to everybody.'));
  return (
    <>
      <Menu position="bottom-end" width={250} shadow="md">
        <Menu.Target>
          <Button
            size="xs"
            h={32}
            variant="default"
            leftSection={<IconBookmark size={14} />}
            rightSection={<IconChevronDown size={13} />}
            aria-label={current ? `Views: ${current.name}` : 'Views'}
          >
            {current?.name ?? 'Views'}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {views.map((view) => (
            <Group key={view.name} gap={0} wrap="nowrap">
              <Menu.Item
                onClick={() => onShow(view.search)}
                fw={view === current ? 600 : undefined}
                style={{ flex: 1, minWidth: 0 }}
              >
                {view.name}
              </Menu.Item>
              <ActionIcon
                variant="subtle"
                color="gray"
                size={26}
                onClick={() => remove(view.name)}
                aria-label={`Remove the view ${view.name}`}
              >
                <IconTrash size={14} />
              </ActionIcon>
            </Group>
          ))}
          {views.length > 0 && <Menu.Divider />}
          <Menu.Item onClick={() => setNaming(true)}>Save this view…</Menu.Item>
          <Menu.Item onClick={share}>Copy a link to it</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={naming}
        onClose={() => setNaming(false)}
        title={<Text fw={600}>Save this view</Text>}
        centered
        radius="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <SaveView
          onCancel={() => setNaming(false)}
          onSave={(name) => {
            const search = Object.fromEntries(
              Object.entries(state).filter((entry): entry is [string, string] => !!entry[1]),
            );
            save({ name, search });
            setNaming(false);
          }}
        />
      </Modal>
    </>
  );
}
