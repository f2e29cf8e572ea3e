import { Alert, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { Diagnostic } from '../api/client';
import { EntityLink } from '../shell/EntityLink';
import { Diagnostics } from '../shell/Diagnostics';
import { useEntitiesByRefs, type Entity, type StatusItem } from './api';

// The server puts the place into the error; where a message carries it as "file:line:column: text", take it from there.
function diagnosticOf(item: StatusItem): Diagnostic {
  const text = item.error?.message ?? item.message;
  const place = /^(\S+?\.\w+):(\d+)(?::(\d+))?:\s*([\s\S]+)$/.exec(text);
  return {
    severity: item.level,
    message: place?.[4] ?? text,
    file: item.error?.file ?? place?.[1],
    line: item.error?.line ?? (place ? Number(place[2]) : undefined),
    column: item.error?.column ?? (place?.[3] ? Number(place[3]) : undefined),
    hint: item.error?.hint,
  };
}

export function EntityProblems({ entity }: { entity: Entity }) {
  const items = entity.status?.items ?? [];
  const refs = [...new Set((entity.relations ?? []).map((each) => each.targetRef))].sort();
  const known = useEntitiesByRefs(refs).data;
  const missing = known ? refs.filter((_, index) => !known[index]) : [];
  return (
    <>
      {items.length > 0 && (
        <Alert
          color="red"
          icon={<IconAlertTriangle size={18} />}
          title="Its last version has problems; this is the last good one"
        >
          <Diagnostics items={items.map(diagnosticOf)} />
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
