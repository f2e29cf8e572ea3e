import { Anchor, Group, Stack } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { AppLink } from '../shell/AppLink';
import { EntityLink } from '../shell/EntityLink';
import { Facts } from '../shell/Facts';
import { Section } from '../shell/Page';
import { refOf, relationsOf, repositoryOf, type Entity } from './entity';

/** What a person wrote as an address, where a browser may follow it. */
export const safeUrl = (text: unknown): string | undefined =>
  typeof text === 'string' && /^(https?:\/\/|mailto:)/i.test(text) ? text : undefined;

const text = (value: unknown) => (typeof value === 'string' && value ? value : undefined);

const links = (refs: string[]) =>
  refs.length > 0 && (
    <Group gap={12} key="refs">
      {refs.slice(0, 5).map((ref) => (
        <EntityLink key={ref} entityRef={ref} />
      ))}
    </Group>
  );

export function AboutCard({ entity }: { entity: Entity }) {
  const annotations = entity.metadata.annotations ?? {};
  const repository = repositoryOf(entity);
  const profile = entity.spec?.profile;
  const email = text(profile?.email);
  return (
    <Section title="About">
      <Stack gap="md">
        <Facts
          labelWidth={96}
          items={[
            ['Owner', links(relationsOf(entity, 'ownedBy'))],
            ['Part of', links(relationsOf(entity, 'partOf'))],
            ['Type', text(entity.spec?.type)],
            ['Lifecycle', text(entity.spec?.lifecycle)],
            [
              'Email',
              email && (
                <Anchor component={AppLink} href={`mailto:${email}`} fz="sm">
                  {email}
                </Anchor>
              ),
            ],
            ['Parent', links(relationsOf(entity, 'childOf'))],
            [
              'Repository',
              repository && (
                <Anchor component={AppLink} href={`/repositories/${repository}`} fz="sm">
                  {repository}
                </Anchor>
              ),
            ],
            [
              'On call',
              annotations['pagerduty.com/service-id'] && (
                <span className="mono">{annotations['pagerduty.com/service-id']}</span>
              ),
            ],
            [
              'Reference',
              <span key="ref" className="mono">
                {refOf(entity)}
              </span>,
            ],
          ]}
        />
        {(entity.metadata.links ?? []).length > 0 && (
          <Stack gap={6}>
            {(entity.metadata.links ?? []).map((link, index) => {
              const href = safeUrl(link.url);
              return href ? (
                <Anchor key={index} component={AppLink} href={href} fz="sm">
                  <Group gap={6} wrap="nowrap">
                    <IconExternalLink size={14} style={{ flex: 'none' }} />
                    {link.title ?? link.url}
                  </Group>
                </Anchor>
              ) : null;
            })}
          </Stack>
        )}
      </Stack>
    </Section>
  );
}
