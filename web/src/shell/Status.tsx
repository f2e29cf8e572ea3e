import { Group, Text, Tooltip } from '@mantine/core';

type Tone = 'good' | 'bad' | 'busy' | 'wait' | 'quiet';

const TONES: Record<string, Tone> = {
  healthy: 'good',
  live: 'good',
  succeeded: 'good',
  success: 'good',
  completed: 'good',
  applied: 'good',
  done: 'good',
  deployed: 'good',
  production: 'good',
  destroyed: 'quiet',
  failed: 'bad',
  failure: 'bad',
  unhealthy: 'bad',
  crashed: 'bad',
  error: 'bad',
  deprecated: 'bad',
  running: 'busy',
  in_progress: 'busy',
  processing: 'busy',
  starting: 'busy',
  verifying: 'busy',
  planning: 'busy',
  applying: 'busy',
  destroying: 'busy',
  planned: 'good',
  waiting: 'wait',
  warning: 'wait',
  experimental: 'wait',
  locked: 'wait',
  interrupted: 'wait',
};

const LABELS: Record<string, string> = { in_progress: 'running', open: 'queued' };

export const toneOf = (status: string | null | undefined): Tone => TONES[status ?? ''] ?? 'quiet';
export const toneColor = (status: string | null | undefined) => `var(--pave-${toneOf(status)})`;

export function label(status: string): string {
  const text = (LABELS[status] ?? status).replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function Dot({ status, still }: { status: string | null | undefined; still?: boolean }) {
  const tone = toneOf(status);
  return (
    <span
      className={tone === 'busy' && !still ? 'dot dot-busy' : 'dot'}
      style={{ '--tone': `var(--pave-${tone})` } as React.CSSProperties}
      aria-hidden="true"
    />
  );
}

interface StatusProps {
  status: string | null | undefined;
  children?: React.ReactNode;
  hint?: string | null;
}

/** A state as a coloured dot and a word; the word carries the meaning, the colour helps. */
export function Status({ status, children, hint }: StatusProps) {
  const content = (
    <Group gap={8} wrap="nowrap" style={{ display: 'inline-flex' }}>
      <Dot status={status} />
      <Text span fz="sm" style={{ whiteSpace: 'nowrap' }}>
        {children ?? label(status ?? 'unknown')}
      </Text>
    </Group>
  );
  return hint ? (
    <Tooltip label={hint} multiline maw={360}>
      {content}
    </Tooltip>
  ) : (
    content
  );
}
