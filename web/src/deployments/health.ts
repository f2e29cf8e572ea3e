import { useQuery } from '@tanstack/react-query';
import { api, url, type Items } from '../api/client';

export interface HealthHistory {
  service: string;
  environment: string;
  status: string;
  uptime: number | null;
  checks: { t: string | number; ok: boolean; status?: number; latencyMs?: number | null }[];
}

export const useHealth = (filter: { service?: string; environment?: string; hours?: number }, enabled = true) =>
  useQuery({
    queryKey: ['observability', 'health', filter],
    enabled,
    refetchInterval: 15_000,
    queryFn: ({ signal }) =>
      api.get<Items<HealthHistory>>(url('/api/observability/v1/health', { hours: 24, ...filter }), signal),
  });
