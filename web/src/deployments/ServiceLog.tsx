import { Drawer, Text } from '@mantine/core';
import { LogView } from '../shell/LogView';
import { useServiceLog } from './api';

interface ServiceLogProps {
  service: string;
  environment: string;
  opened: boolean;
  onClose: () => void;
}

export function ServiceLog({ service, environment, opened, onClose }: ServiceLogProps) {
  const query = useServiceLog(service, environment, opened);
  const lines = (query.data?.lines ?? []).map((line, n) => ({
    n,
    t: typeof line === 'string' ? '' : (line.t ?? ''),
    level: 'out',
    text: typeof line === 'string' ? line : line.text,
  }));
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size="xl"
      title={
        <Text fw={600}>
          {service} in {environment}
        </Text>
      }
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <LogView
        lines={lines}
        live
        height="calc(100vh - 110px)"
        empty={query.isPending ? 'Reading…' : 'It has printed nothing yet.'}
      />
    </Drawer>
  );
}
