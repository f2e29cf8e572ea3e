import { Alert, Anchor, Button, Group, SegmentedControl, Text, TextInput } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { AppLink } from '../shell/AppLink';
import { localUrl } from '../shell/urls';
import { safeUrl } from './AboutCard';
import type { WriteMode, Written } from './own';

const LABELS: Record<WriteMode, string> = { commit: 'Commit', 'pull-request': 'Pull request' };

interface WriteFormProps {
  modes: WriteMode[];
  branch?: string | null;
  message?: string;
  disabled?: boolean;
  loading: boolean;
  onWrite: (mode: WriteMode, message: string) => void;
}

/** How a change reaches the repository: at once, or as a proposal to its owners. */
export function WriteForm({ modes, branch, message: suggested = '', disabled, loading, onWrite }: WriteFormProps) {
  const [message, setMessage] = useState('');
  const [picked, setPicked] = useState<WriteMode>();
  const mode = picked && modes.includes(picked) ? picked : (modes[0] ?? 'commit');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onWrite(mode, message.trim() || suggested);
  };
  return (
    <form onSubmit={submit}>
      <Group gap={8} align="flex-end">
        <TextInput
          size="xs"
          label="What changed"
          placeholder={suggested}
          value={message}
          onChange={(event) => setMessage(event.currentTarget.value)}
          style={{ flex: '1 1 240px' }}
          styles={{ input: { height: 32 } }}
          maxLength={200}
        />
        {modes.length > 1 && (
          <SegmentedControl
            size="xs"
            value={mode}
            onChange={(value) => setPicked(value as WriteMode)}
            aria-label="How"
            data={modes.map((value) => ({ value, label: LABELS[value] }))}
          />
        )}
        <Button size="xs" h={32} type="submit" disabled={disabled} loading={loading}>
          {mode === 'commit' ? `Commit${branch ? ` to ${branch}` : ''}` : 'Open a pull request'}
        </Button>
      </Group>
    </form>
  );
}

export function WrittenNote({ written, mode }: { written: Written; mode: WriteMode }) {
  const href = safeUrl(written.url);
  return (
    <Alert
      color="green"
      icon={<IconCheck size={18} />}
      role="status"
      title={mode === 'commit' ? 'Committed' : 'Proposed'}
    >
      <Text fz="sm">
        {href && (
          <Anchor component={AppLink} href={localUrl(href)} fz="sm">
            {mode === 'commit' ? written.commit.slice(0, 7) : `The change on ${written.branch}`}
          </Anchor>
        )}
        {!href && <span className="mono">{written.commit.slice(0, 7)}</span>}
        {mode === 'commit'
          ? ` is on ${written.branch}. The catalog reads it in a moment.`
          : ' waits for its owners. The catalog follows when it is merged.'}
      </Text>
    </Alert>
  );
}
