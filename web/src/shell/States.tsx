import { Alert, Button, Card, Group, Skeleton, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconAlertTriangle, IconPlugConnectedX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client';
import { Diagnostics } from './Diagnostics';

interface EmptyStateProps {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** Nothing here yet, and what to do next. */
export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <Stack align="center" gap={6} py={48} px="md">
      <ThemeIcon variant="default" size={44} radius="xl" mb={6} c="dimmed">
        {icon}
      </ThemeIcon>
      <Text fw={600}>{title}</Text>
      {children && (
        <Text c="dimmed" fz="sm" ta="center" maw={460} component="div">
          {children}
        </Text>
      )}
      {action && <Group mt="sm">{action}</Group>}
    </Stack>
  );
}

export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  const known = error instanceof ApiError ? error : null;
  const unreachable = known?.status === 0;
  return (
    <Alert
      className="error-state"
      color={unreachable ? 'gray' : 'red'}
      icon={unreachable ? <IconPlugConnectedX size={18} /> : <IconAlertTriangle size={18} />}
      title={
        known
          ? known.status === 404
            ? 'Not found'
            : unreachable
              ? 'No connection'
              : 'That did not work'
          : 'Something broke in the portal'
      }
    >
      <Stack gap="sm" align="flex-start">
        <Text fz="sm">{error instanceof Error ? error.message : String(error)}</Text>
        {known && known.diagnostics.length > 0 && <Diagnostics items={known.diagnostics} />}
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

export function LoadingRows({ rows = 6 }: { rows?: number }) {
  return (
    <Stack gap={10} p="md" aria-busy="true" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={16} width={`${92 - ((index * 17) % 40)}%`} radius="sm" />
      ))}
    </Stack>
  );
}

interface QueryLike<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** The three states of a query in one place: loading, failed, there. Old data stays visible while a refetch fails. */
export function Loaded<T>({
  query,
  children,
  rows,
}: {
  query: QueryLike<T>;
  children: (data: T) => ReactNode;
  rows?: number;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return rows === 0 ? null : (
    <Card>
      <LoadingRows rows={rows ?? 5} />
    </Card>
  );
}
