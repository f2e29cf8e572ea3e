import { Box, VisuallyHidden } from '@mantine/core';

const KINDS: Record<string, 'added' | 'removed'> = { '+': 'added', '-': 'removed' };

/** A unified diff as it was made elsewhere. */
export function PatchView({ patch, label }: { patch: string; label: string }) {
  const lines = patch.replace(/\n$/, '').split('\n');
  return (
    <Box component="pre" m={0} py={8} className="log" style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label={label}>
      {lines.map((line, index) => {
        const head = /^(---|\+\+\+|diff |index )/.test(line);
        const kind = head ? undefined : KINDS[line[0] ?? ''];
        return line.startsWith('@@') || head ? (
          <div key={index} className="diff-gap" style={{ paddingLeft: 12 }}>
            {line}
          </div>
        ) : (
          <div key={index} className="diff-line" data-kind={kind ?? 'same'} style={{ paddingLeft: 12 }}>
            <span aria-hidden="true">{line[0] ?? ' '}</span>
            <code style={{ fontFamily: 'inherit' }}>
              {kind && <VisuallyHidden>{kind === 'added' ? 'Added: ' : 'Removed: '}</VisuallyHidden>}
              {line.slice(1)}
              {'\n'}
            </code>
          </div>
        );
      })}
    </Box>
  );
}
