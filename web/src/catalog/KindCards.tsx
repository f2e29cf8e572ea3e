// What the overview shows of each kind beyond what all have.
import { Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { AppLink } from '../shell/AppLink';
import { EntityLink } from '../shell/EntityLink';
import { Section } from '../shell/Page';
import { localUrl } from '../shell/urls';
import { safeUrl } from './AboutCard';
import { refOf, relationsOf, type Entity } from './entity';
import type { Predicate } from './filters';
import { RelatedCard } from './RelatedCard';
import { SpecCard } from './SpecCard';

const related = (relation: string, ref: string) => ({ [`relations.${relation}`]: ref });
const ownedHref = (ref: string) => (kind: string) => `/catalog?${new URLSearchParams({ kind, owner: ref }).toString()}`;
const systemHref = (ref: string) => (kind: string) =>
  `/catalog?${new URLSearchParams({ kind, system: ref }).toString()}`;

function RefList({ title, refs, empty }: { title: string; refs: string[]; empty?: string }) {
  if (refs.length === 0 && !empty) return null;
  return (
    <Section title={title}>
      {refs.length === 0 ? (
        <Text c="dimmed" fz="sm">
          {empty}
        </Text>
      ) : (
        <Group gap="xs" style={{ columnGap: 20 }}>
          {refs.slice(0, 60).map((ref) => (
            <EntityLink key={ref} entityRef={ref} />
          ))}
          {refs.length > 60 && <Text fz="sm">and {refs.length - 60} more, in its relations</Text>}
        </Group>
      )}
    </Section>
  );
}

function TemplateSteps({ entity }: { entity: Entity }) {
  const steps = Array.isArray(entity.spec?.steps) ? entity.spec.steps : [];
  return (
    <Section title="Steps" flush>
      <Box component="ol" m={0} p={0} style={{ listStyle: 'none' }}>
        {steps.map((step: unknown, index) => {
          const { id, name, action } = (step ?? {}) as Record<string, unknown>;
          return (
            <Group key={index} component="li" px="md" h={40} gap="md" wrap="nowrap" className="list-row">
              <Text fz="sm" c="dimmed" className="num" w={20}>
                {index + 1}
              </Text>
              <Text fz="sm" fw={550} className="clip" style={{ flex: 1 }}>
                {String(name ?? id ?? 'Step')}
              </Text>
              <Text fz="xs" c="dimmed" className="mono clip">
                {String(action ?? '')}
              </Text>
            </Group>
          );
        })}
      </Box>
    </Section>
  );
}

function LocationTargets({ entity }: { entity: Entity }) {
  const targets = [entity.spec?.target, ...(Array.isArray(entity.spec?.targets) ? entity.spec.targets : [])].filter(
    (each): each is string => typeof each === 'string',
  );
  return (
    <Section title="Points at">
      <Stack gap={8}>
        {targets.map((target) => {
          const href = safeUrl(target);
          return href ? (
            <Anchor key={target} component={AppLink} href={localUrl(href)} fz="sm" style={{ overflowWrap: 'anywhere' }}>
              {target}
            </Anchor>
          ) : (
            <Text key={target} className="mono" style={{ overflowWrap: 'anywhere' }}>
              {target}
            </Text>
          );
        })}
      </Stack>
    </Section>
  );
}

/** Where entities that a location brought say they come from. */
function locationRefs(entity: Entity): string[] {
  const type = typeof entity.spec?.type === 'string' ? entity.spec.type : 'url';
  const base = entity.metadata.annotations?.['backstage.io/managed-by-location'];
  const targets = [entity.spec?.target, ...(Array.isArray(entity.spec?.targets) ? entity.spec.targets : [])];
  return targets.flatMap((target) => {
    if (typeof target !== 'string') return [];
    if (/^https?:/.test(target) || !base) return [`${type}:${target}`];
    const at = base.slice(base.indexOf(':') + 1);
    if (!/^https?:/.test(at)) return [`${base.split(':')[0]}:${target}`];
    return URL.canParse(target, at) ? [`url:${new URL(target, at).toString()}`] : [];
  });
}

/** What names the location, or one that it points at, as where it came from; not the location itself. */
function broughtBy(entity: Entity): Predicate {
  const places = { $in: ['-', ...locationRefs(entity)] };
  return {
    $all: [
      {
        $any: [
          { 'metadata.annotations.backstage.io/managed-by-location': places },
          { 'metadata.annotations.backstage.io/managed-by-origin-location': places },
        ],
      },
      { $not: { kind: 'location', 'metadata.name': entity.metadata.name } },
    ],
  };
}

export function KindCards({ entity }: { entity: Entity }) {
  const ref = refOf(entity);
  switch (entity.kind) {
    case 'Component':
      return (
        <>
          <RelatedCard title="Provides" query={related('apiProvidedBy', ref)} />
          <RelatedCard title="Uses" query={{ $any: [related('dependencyOf', ref), related('apiConsumedBy', ref)] }} />
          <RelatedCard title="Parts" query={related('partOf', ref)} />
        </>
      );
    case 'API':
      return (
        <>
          <RelatedCard
            title="Provided by"
            query={related('providesApi', ref)}
            empty="Nothing says that it provides this API."
          />
          <RelatedCard
            title="Consumed by"
            query={related('consumesApi', ref)}
            empty="Nothing says that it consumes this API."
          />
        </>
      );
    case 'Resource':
      return (
        <RelatedCard
          title="Needed by"
          query={related('dependsOn', ref)}
          empty="Nothing says that it depends on this."
        />
      );
    case 'System':
      return (
        <RelatedCard
          title="Parts"
          query={related('partOf', ref)}
          hrefOf={systemHref(ref)}
          empty="Nothing names it as its system."
        />
      );
    case 'Domain':
      return <RelatedCard title="Parts" query={related('partOf', ref)} empty="Nothing names it as its domain." />;
    case 'Group':
      return (
        <>
          <RelatedCard title="Members" query={related('memberOf', ref)} empty="Nobody is a member." />
          <RefList title="Groups within" refs={relationsOf(entity, 'parentOf')} />
          <RelatedCard title="Owns" query={related('ownedBy', ref)} hrefOf={ownedHref(ref)} empty="It owns nothing." />
        </>
      );
    case 'User':
      return (
        <>
          <RefList title="Groups" refs={relationsOf(entity, 'memberOf')} empty="In no group." />
          <RelatedCard
            title="Owns"
            query={related('ownedBy', ref)}
            hrefOf={ownedHref(ref)}
            empty="Owns nothing in person."
          />
        </>
      );
    case 'Template':
      return <TemplateSteps entity={entity} />;
    case 'Location':
      return (
        <>
          <LocationTargets entity={entity} />
          <RelatedCard title="Brought" query={broughtBy(entity)} empty="Nothing of it is in the catalog." />
        </>
      );
    default:
      return (
        <>
          <SpecCard entity={entity} />
          <RelatedCard title="Parts" query={related('partOf', ref)} />
        </>
      );
  }
}
