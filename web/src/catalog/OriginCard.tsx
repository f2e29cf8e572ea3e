import { Anchor, Stack, Text } from '@mantine/core';
import { AppLink } from '../shell/AppLink';
import { Diagnostics, type Placed } from '../shell/Diagnostics';
import { Facts } from '../shell/Facts';
import { Section } from '../shell/Page';
import { Ago, Due } from '../shell/Time';
import { localUrl } from '../shell/urls';
import { safeUrl } from './AboutCard';
import { refOf, type Entity } from './entity';
import { isAbsent, useOrigin, type Origin, type SourceOrigin } from './own';

const ORIGINS: Record<SourceOrigin, string> = {
  config: 'Configuration',
  registered: 'Registered',
  discovery: 'Discovery',
};

const atLine = (href: string, line: number | null | undefined) => (line ? `${href}#L${line}` : href);

/** Where to look at a place in the entity's file; none where it is not behind an address. */
export function placeHref(origin: Origin, file?: string | null, line?: number | null): string | undefined {
  const here = safeUrl(origin.url);
  if (!here || (file && origin.file && file !== origin.file)) return undefined;
  return atLine(localUrl(here), line);
}

/** A file by its path in its repository, or by the end of a long one; the whole is its tooltip. */
export function shortFile(file: string): string {
  const browsed = /^(?:url:)?https?:\/\/[^/]+\/.+?\/(?:-\/)?(?:blob|tree|raw|edit|src(?:\/branch)?)\/[^/]+\/(.+)$/.exec(
    file,
  );
  if (browsed) return browsed[1]!;
  const parts = file.replace(/^file:/, '').split('/');
  return parts.length > 4 ? `…/${parts.slice(-3).join('/')}` : file;
}

function placed(origin: Origin): Placed[] {
  return (origin.findings ?? []).map((each) => ({
    ...each,
    file: each.file ? shortFile(each.file) : undefined,
    href: placeHref(origin, each.file, each.line),
  }));
}

/** Where it came from, when it was read, and what is wrong with it. */
export function OriginCard({ entity }: { entity: Entity }) {
  const query = useOrigin(refOf(entity));
  const origin = query.data;
  const annotation = entity.metadata.annotations?.['backstage.io/managed-by-location'];
  if (query.error && !isAbsent(query.error) && !origin)
    return (
      <Section title="Origin">
        <Text fz="sm" c="dimmed">
          Could not be read: {query.error instanceof Error ? query.error.message : String(query.error)}
        </Text>
      </Section>
    );
  const file = origin?.file ?? origin?.source ?? annotation;
  if (!file) return null;
  const view = safeUrl(entity.metadata.annotations?.['backstage.io/view-url']);
  const href = origin ? placeHref(origin, undefined, origin.line) : view && localUrl(view);
  const place = `${shortFile(file)}${origin?.line ? `:${origin.line}` : ''}`;
  const findings = origin ? placed(origin) : [];
  return (
    <Section title="Origin">
      <Stack gap="md">
        <Facts
          labelWidth={96}
          items={[
            [
              'File',
              href ? (
                <Anchor key="file" component={AppLink} href={href} fz="sm" title={file}>
                  {place}
                </Anchor>
              ) : (
                <span key="file" className="mono" title={file}>
                  {place}
                </span>
              ),
            ],
            ['Through', origin?.location && `${ORIGINS[origin.location.origin] ?? origin.location.origin}`],
            ['Source', origin?.location && origin.location.target !== origin.file && shortFile(origin.location.target)],
            ['Read', origin?.readAt && <Ago key="read" time={origin.readAt} c="inherit" />],
            ['Changed', origin?.changedAt && <Ago key="changed" time={origin.changedAt} c="inherit" />],
            ['Read next', origin?.nextReadAt && <Due key="next" time={origin.nextReadAt} c="inherit" />],
            ['Version', origin?.revision && <span className="mono">{origin.revision.slice(0, 12)}</span>],
          ]}
        />
        {findings.length > 0 && <Diagnostics items={findings} />}
      </Stack>
    </Section>
  );
}
