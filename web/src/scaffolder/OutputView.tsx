import { Button, Group, Text } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { safeUrl } from '../catalog/AboutCard';
import { AppLink } from '../shell/AppLink';
import { entityHref } from '../shell/EntityLink';
import { Facts } from '../shell/Facts';
import { Markdown } from '../shell/Markdown';
import { localUrl } from '../shell/urls';
import type { TaskLink, TaskOutput } from './api';

/** Where a link leads; nowhere where it is no address a page may lead to. */
export function hrefOf(link: TaskLink): string | undefined {
  if (link.entityRef) return entityHref(link.entityRef);
  const local = localUrl(link.url ?? '');
  return local.startsWith('/') && !local.startsWith('//') ? local : safeUrl(local);
}

const shown = (value: unknown) =>
  typeof value === 'object' ? <span className="mono">{JSON.stringify(value)}</span> : String(value as string | number);

/** What a run gives out: texts, links, and values by name. */
export function OutputView({ output }: { output: TaskOutput }) {
  const { links = [], text = [], ...rest } = output;
  const values = Object.entries(rest).filter(([, value]) => value !== undefined && value !== null);
  return (
    <>
      {text.map((each, index) => (
        <div key={index}>
          {each.title && (
            <Text fw={550} fz="sm">
              {each.title}
            </Text>
          )}
          <Markdown text={each.content} />
        </div>
      ))}
      {values.length > 0 && <Facts items={values.map(([name, value]) => [name, shown(value)])} />}
      {links.length > 0 && (
        <Group gap={8}>
          {links.map((link, index) => {
            const href = hrefOf(link);
            const title = link.title ?? link.url ?? link.entityRef;
            return href ? (
              <Button
                key={index}
                component={AppLink}
                href={href}
                size="xs"
                variant={index === links.length - 1 ? 'filled' : 'default'}
                rightSection={<IconArrowRight size={14} />}
              >
                {title}
              </Button>
            ) : (
              <Text key={index} fz="sm">
                {title}
              </Text>
            );
          })}
        </Group>
      )}
    </>
  );
}
