import { Box, Stack, Tabs, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { LogLine } from '../../api/jobs';
import { Diagnostics } from '../../shell/Diagnostics';
import { LogView } from '../../shell/LogView';
import { Section } from '../../shell/Page';
import type { DryRun } from '../api';
import { OutputView } from '../OutputView';
import { EffectList } from './EffectList';
import { ProducedFiles } from './ProducedFiles';

const LEVEL = /^(?:\u001b\[\d+m)*(info|warn|warning|error|debug)(?:\u001b\[\d+m)*: /;

// The log's lines as the run's own page has them.
function linesOf(log: DryRun['log']): LogLine[] {
  return log.flatMap(({ body }) =>
    body.message.split('\n').map((text) => {
      const level = LEVEL.exec(text)?.[1] ?? 'out';
      return { n: 0, t: 0, step: body.stepId ?? null, level: level === 'warn' ? 'warning' : level, text };
    }),
  );
}

const count = (number: number | undefined) => (number ? ` ${number}` : '');

/** What a run would do and make: effects, files, log, output; beside what the run before it made, where there was one. */
export function DryRunView({ result, before, bare }: { result: DryRun; before?: DryRun; bare?: boolean }) {
  const { effects = [], directoryContents: files = [], log = [], diagnostics = [], output = {} } = result;
  const [tab, setTab] = useState<string | null>(effects.length > 0 ? 'effects' : 'files');
  const lines = useMemo(() => linesOf(log), [log]);
  const content = (
    <>
      {diagnostics.length > 0 && (
        <Box p="md" style={{ borderBottom: '1px solid var(--pave-hairline)' }}>
          <Diagnostics items={diagnostics} />
        </Box>
      )}
      <Tabs value={tab} onChange={setTab} className="scroll-tabs">
        <Tabs.List px="md">
          <Tabs.Tab value="effects">Effects{count(effects.length)}</Tabs.Tab>
          <Tabs.Tab value="files">Files{count(files.length)}</Tabs.Tab>
          <Tabs.Tab value="log">Log</Tabs.Tab>
          <Tabs.Tab value="output">Output</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="effects">
          <EffectList effects={effects} />
        </Tabs.Panel>
        <Tabs.Panel value="files">
          <ProducedFiles files={files} before={before?.directoryContents} />
        </Tabs.Panel>
        <Tabs.Panel value="log">
          <LogView lines={lines} height={360} empty="It printed nothing." />
        </Tabs.Panel>
        <Tabs.Panel value="output" p="md">
          <Stack gap="sm">
            <OutputView output={output} />
            {!output.links?.length && !output.text?.length && Object.keys(output).length === 0 && (
              <Text fz="sm" c="dimmed">
                It would give out nothing.
              </Text>
            )}
          </Stack>
        </Tabs.Panel>
      </Tabs>
    </>
  );
  return bare ? (
    content
  ) : (
    <Section title="What it would do" flush>
      {content}
    </Section>
  );
}
