import { Box } from '@mantine/core';
import { stringify } from 'yaml';
import { CodeView } from '../shell/CodeView';
import { CopyIcon } from '../shell/Copy';
import type { Entity } from './api';

export function YamlTab({ entity }: { entity: Entity }) {
  const text = stringify(entity, { lineWidth: 0 });
  return (
    <Box className="surface" pos="relative" style={{ overflow: 'hidden' }}>
      <Box pos="absolute" right={10} top={10}>
        <CopyIcon value={text} label="Copy YAML" />
      </Box>
      <CodeView text={text} label="Entity as YAML" />
    </Box>
  );
}
