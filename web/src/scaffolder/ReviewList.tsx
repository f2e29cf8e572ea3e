import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { parseRef } from '../catalog/api';
import { Facts } from '../shell/Facts';
import { review, type WizardPage } from './pages';

const plain = (value: string) =>
  /^(group|user|component|system|api|resource):[\w.-]+\//.test(value) ? parseRef(value).name : value;

export function ReviewList({
  pages,
  values,
  onEdit,
}: {
  pages: WizardPage[];
  values: Record<string, unknown>[];
  onEdit: (page: number) => void;
}) {
  return (
    <Stack gap="lg">
      {pages.map((page, index) => (
        <Stack key={index} gap="sm">
          <Group justify="space-between">
            <Title order={2} fz={14}>
              {page.title}
            </Title>
            <Button
              size="compact-xs"
              variant="subtle"
              onClick={() => onEdit(index)}
              aria-label={`Change ${page.title}`}
            >
              Change
            </Button>
          </Group>
          <Facts
            labelWidth={160}
            items={review(page, values[index] ?? {}).map((item) => [
              item.title,
              <Text span fz="sm" key={item.name}>
                {plain(item.value)}
              </Text>,
            ])}
          />
        </Stack>
      ))}
    </Stack>
  );
}
