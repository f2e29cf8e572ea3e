import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { createSchemaUtils } from '@rjsf/utils';
import { parseRef } from '../../catalog/api';
import { Facts } from '../../shell/Facts';
import type { Node, WizardPage } from './pages';
import { parseRepoUrl } from './repository';
import { review } from './review';
import { validator } from './validator';
import type { Values } from './when';

// "github.com?owner=acme&repo=shop" as people say it.
function place(value: string): string | undefined {
  if (!/^[\w.-]+(:\d+)?\?\S*\brepo=/.test(value)) return undefined;
  const { host, repo, ...rest } = parseRepoUrl(value);
  const path = [rest.organization, rest.workspace, rest.project, rest.owner, repo].filter(Boolean).join('/');
  return `${path} on ${host}`;
}

const plain = (value: string) =>
  place(value) ??
  value
    .split(', ')
    .map((each) => (/^(group|user|component|system|api|resource|domain):[\w.-]+\/[\w.-]+$/.test(each) ? parseRef(each).name : each))
    .join(', ');

interface ReviewListProps {
  pages: WizardPage[];
  values: Values;
  onEdit: (page: number) => void;
}

export function ReviewList({ pages, values, onEdit }: ReviewListProps) {
  return (
    <Stack gap="lg">
      {pages.map((page, index) => {
        const effective = createSchemaUtils(validator, page.schema).retrieveSchema(page.schema, values) as Node;
        const items = review(page, effective, values);
        return (
          <Stack key={page.index} gap="sm">
            <Group justify="space-between">
              <Title order={2} fz={14}>
                {page.title}
              </Title>
              <Button size="compact-xs" variant="subtle" onClick={() => onEdit(index)} aria-label={`Change ${page.title}`}>
                Change
              </Button>
            </Group>
            <Facts
              labelWidth={160}
              items={items.map((item) => [
                item.title,
                <Text span fz="sm" key={item.name} style={{ whiteSpace: 'pre-wrap' }}>
                  {plain(item.value)}
                </Text>,
              ])}
            />
            {items.length === 0 && (
              <Text fz="sm" c="dimmed">
                Nothing to show.
              </Text>
            )}
          </Stack>
        );
      })}
    </Stack>
  );
}
