import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, url, type Items } from '../api/client';

export interface Metrics {
  deploymentFrequency: { count: number; perDay: number; daysWithDeployments: number };
  changeLeadTime: { medianMs: number | null; p90Ms: number | null; count: number };
  changeFailRate: { ratio: number | null; failed: number; total: number };
  failedDeploymentRecoveryTime: { medianMs: number | null; count: number };
  deploymentReworkRate: { ratio: number | null; rework: number; total: number };
}

export interface CountedDeployment {
  deploymentId: string;
  service: string;
  commit?: string;
  finishedAt: string;
  leadTimeMs?: number | null;
  failed: boolean;
  rework: boolean;
  kind: string;
  recoveredAt?: string | null;
  eventSeq?: number;
  reason?: string | null;
}

export interface Dora {
  window: { from: string; to: string; days: number };
  metrics: Metrics;
  series: { date: string; deployments: number; failed: number; leadTimeMedianMs: number | null }[];
  deployments: CountedDeployment[];
}

export const useDora = (filter: { service?: string; days: number }) =>
  useQuery({
    queryKey: ['insights', 'dora', filter],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => api.get<Dora>(url('/api/insights/v1/dora', filter), signal),
  });

export const useDoraServices = (days: number) =>
  useQuery({
    queryKey: ['insights', 'services', days],
    queryFn: ({ signal }) =>
      api.get<Items<{ service: string; metrics?: Metrics } & Partial<Metrics>>>(
        url('/api/insights/v1/dora/services', { days }),
        signal,
      ),
  });
