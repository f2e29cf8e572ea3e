import { Alert, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { EntityLink } from '../shell/EntityLink';
import { Diagnostics, type Placed } from '../shell/Diagnostics';
import { localUrl } from '../shell/urls';
import { refOf, useTitles, type Entity, type StatusItem } from './api';
import { useFindings } from './own';
import { isForward } from './relations';

const CHECKED_MAX = 200;

function diagnosticOf(item: StatusItem, view: string | undefined): Placed {
  const { file, line, column } = item.source ?? {};
  const here = !!view && !!file && file.split('/').at(-1) === view.split('/').at(-1);
  return {
    severity: item.level,
    message: item.error?.message ?? item.message,
    file,
    line,
    column,
    href: here ? `${localUrl(view)}${line ? `#L${line}` : ''}` : undefined,
  };
}

export function EntityProblems({ entity }: { entity: Entity }) {
  const items = entity.status?.items ?? [];
  const view = entity.metadata.annotations?.['backstage.io/view-url'];
  // What refers to it exists; only what it refers to itself may not.
  const named = (entity.relations ?? []).filter((each) => isForward(each.type)).map((each) => each.targetRef);
  const refs = [...new Set(named)].slice(0, CHECKED_MAX);
  // The page of findings tells of these with a proposal; where there is none, the relations are looked through.
  const findings = useFindings({ ref: refOf(entity) });
  const titles = useTitles(findings.error && !findings.data ? refs : []);
  const missing = refs.filter((ref) => titles?.get(ref) === null);
  const orphan = entity.metadata.annotations?.['backstage.io/orphan'] === 'true';
  return (
    <>
      {items.length > 0 && (
        <Alert
          color="red"
          icon={<IconAlertTriangle size={18} />}
          title={
            entity.kind === 'Location'
              ? 'What it points at has problems'
              : 'Its last version has problems; this is the last good one'
          }
        >
          <Diagnostics items={items.map((item) => diagnosticOf(item, view))} />
        </Alert>
      )}
      {orphan && (
        <Alert color="yellow" icon={<IconAlertTriangle size={18} />} title="Nothing brings it any more">
          <Text fz="sm">
            The file or location that it came from no longer names it. It stays until somebody removes it or its file
            comes back.
          </Text>
        </Alert>
      )}
      {missing.length > 0 && (
        <Alert
          color="yellow"
          icon={<IconAlertTriangle size={18} />}
          title="It refers to what the catalog does not know"
        >
          <Text fz="sm" component="div" style={{ display: 'flex', gap: 14, flexWrap: 'wrap' }}>
            {missing.map((ref) => (
              <EntityLink key={ref} entityRef={ref} title={ref} />
            ))}
          </Text>
        </Alert>
      )}
    </>
  );
}
