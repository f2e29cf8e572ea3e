import { Group, Text } from '@mantine/core';

/** Four paving stones laid as a pinwheel around a fifth. */
export function LogoMark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" style={{ flex: 'none' }}>
      <rect width="32" height="32" rx="8" fill="#2347c5" />
      <g fill="#fff">
        <rect x="7" y="7" width="11" height="5" rx="1.4" />
        <rect x="20" y="7" width="5" height="11" rx="1.4" opacity=".62" />
        <rect x="7" y="14" width="5" height="11" rx="1.4" opacity=".82" />
        <rect x="14" y="14" width="4" height="4" rx="1.2" opacity=".45" />
        <rect x="14" y="20" width="11" height="5" rx="1.4" />
      </g>
    </svg>
  );
}

export function Logo({ organization }: { organization?: string }) {
  return (
    <Group gap={10} wrap="nowrap">
      <LogoMark />
      <Text fw={650} fz={15} lts="-0.01em">
        Pave
      </Text>
      {organization && (
        <Text c="dimmed" fz={13} className="clip">
          {organization}
        </Text>
      )}
    </Group>
  );
}
