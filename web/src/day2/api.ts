// What becomes of what was made: approvals, undoing, upgrades, decommissioning.
import { useMutation, useQuery } from '@tanstack/react-query';
import { api, path, url, type Items } from '../api/client';
import { jobEnded, type JobState } from '../api/jobs';
import { queryClient } from '../api/query';

const V1 = '/api/scaffolder/v1';
const POLL_MS = 5000;

type Page<T> = Items<T> & { totalItems: number };

const refresh = (key: string) => () => {
  void queryClient.invalidateQueries({ queryKey: [key] });
  void queryClient.invalidateQueries({ queryKey: ['jobs'] });
};

// ---- approvals ----

export type ApprovalState = 'pending' | 'approved' | 'rejected' | 'expired' | 'cancelled';

export interface Approval {
  id: string;
  taskId: string;
  step: string;
  stepName?: string;
  title: string;
  message?: string;
  owners: string[];
  requestedBy?: string;
  requestedAt: string;
  expiresAt?: string | null;
  template?: string;
  state: ApprovalState;
  decidedBy?: string | null;
  decidedAt?: string | null;
  reason?: string | null;
  canDecide?: boolean;
  required?: number;
  approvals?: { by: string; decision: string; reason?: string; at: string }[];
}

export const useApprovals = (filter: { state?: string; mine?: boolean; taskId?: string }, enabled = true) =>
  useQuery({
    queryKey: ['approvals', filter],
    enabled,
    refetchInterval: POLL_MS,
    queryFn: ({ signal }) => api.get<Page<Approval>>(url(`${V1}/approvals`, { limit: 100, ...filter }), signal),
  });

export const useDecide = (id: string) =>
  useMutation({
    mutationFn: (decision: { decision: 'approve' | 'reject'; reason: string }) =>
      api.post<Approval>(`${V1}/approvals/${path(id)}`, decision),
    onSettled: refresh('approvals'),
  });

// ---- undoing a run ----

export interface UndoItem {
  step: string;
  action: string;
  operation: string;
  kind: string;
  ref: string;
  url?: string | null;
  will: string;
  possible: boolean;
  warning?: string | null;
  undoneAt?: string | null;
}

export interface UndoPreview {
  items: UndoItem[];
  undoable: boolean;
  reason?: string | null;
  confirm?: string | null;
}

export const useUndoPreview = (taskId: string, enabled: boolean) =>
  useQuery({
    queryKey: ['undo', taskId],
    enabled,
    queryFn: ({ signal }) => api.get<UndoPreview>(`${V1}/tasks/${path(taskId)}/undo`, signal),
  });

export const useUndo = (taskId: string) =>
  useMutation({
    mutationFn: (confirm?: string) =>
      api.post<{ id: string }>(`${V1}/tasks/${path(taskId)}/undo`, confirm ? { confirm } : {}),
    onSettled: refresh('undo'),
  });

// ---- upgrades ----

export type UpgradeState = 'current' | 'behind' | 'open' | 'merged' | 'unknown';

export interface Upgrade {
  repository: { host?: string; owner: string; name: string };
  entityRef?: string | null;
  owner?: string | null;
  template: string;
  version: string;
  latestVersion: string;
  createdAt: string;
  state: UpgradeState;
  pullRequest?: { number: number; url: string; state: string } | null;
  taskId?: string;
}

export interface UpgradeFile {
  path: string;
  status: 'added' | 'modified' | 'deleted' | 'conflict' | 'kept';
  diff?: string;
  reason?: string;
}

export interface UpgradePreview {
  repository: string | { owner: string; name: string };
  template: string;
  from: string;
  to: string;
  files: UpgradeFile[];
  conflicts: number | string[];
}

export const useUpgrades = (filter: { template?: string; state?: string; repository?: string }) =>
  useQuery({
    queryKey: ['upgrades', 'list', filter],
    queryFn: ({ signal }) =>
      api.get<Page<Upgrade> & { counts: Record<string, number> }>(url(`${V1}/upgrades`, { limit: 200, ...filter }), signal),
  });

export const useUpgradePreview = (repository: string | null) =>
  useQuery({
    queryKey: ['upgrades', 'preview', repository],
    enabled: !!repository,
    queryFn: ({ signal }) => api.get<UpgradePreview>(url(`${V1}/upgrades/preview`, { repository }), signal),
  });

export const useOpenUpgrade = () =>
  useMutation({
    mutationFn: (repository: string) => api.post<{ id: string }>(`${V1}/upgrades`, { repository }),
    onSettled: refresh('upgrades'),
  });

export interface CampaignItem {
  repository: string | { owner: string; name: string };
  state: 'queued' | 'running' | 'current' | 'open' | 'merged' | 'conflicts' | 'failed' | string;
  pullRequest?: { number: number; url: string; state: string } | null;
  error?: string | { message: string } | null;
}

export interface Campaign {
  id: string;
  template: string;
  toVersion: string;
  title: string;
  actor: string;
  createdAt: string;
  state: 'running' | 'done' | 'cancelled';
  progress: Record<'total' | 'current' | 'queued' | 'open' | 'merged' | 'conflicts' | 'failed', number>;
  items?: CampaignItem[];
}

export const useCampaigns = () =>
  useQuery({
    queryKey: ['campaigns', 'list'],
    queryFn: ({ signal }) => api.get<Items<Campaign>>(`${V1}/campaigns`, signal),
  });

export const useCampaign = (id: string) =>
  useQuery({
    queryKey: ['campaigns', 'one', id],
    queryFn: ({ signal }) => api.get<Campaign>(`${V1}/campaigns/${path(id)}`, signal),
    refetchInterval: (query) => (query.state.data?.state === 'running' ? 2000 : POLL_MS * 4),
  });

export const useStartCampaign = () =>
  useMutation({
    mutationFn: (campaign: { template: string; title?: string; repositories?: string[] }) =>
      api.post<{ id: string }>(`${V1}/campaigns`, campaign),
    onSettled: refresh('campaigns'),
  });

export const useCancelCampaign = (id: string) =>
  useMutation({
    mutationFn: () => api.post(`${V1}/campaigns/${path(id)}/cancel`),
    onSettled: refresh('campaigns'),
  });

// ---- decommissioning ----

export interface DecommissionItem {
  kind: string;
  ref: string;
  url?: string | null;
  will: 'destroy' | 'archive' | 'unregister' | 'delete' | 'stop' | 'revoke' | 'keep' | string;
  reason?: string | null;
  warning?: string | null;
  state?: string;
}

export interface DecommissionPreview {
  entity: string;
  owner?: string | null;
  dependants: { ref: string; relation: string }[];
  items: DecommissionItem[];
  blocked?: string | boolean | null;
}

export interface Decommission {
  id: string;
  entity: string;
  state: string;
  reason: string;
  actor: string;
  createdAt?: string;
  items: DecommissionItem[];
  kept?: DecommissionItem[];
  jobId?: string;
}

export const useDecommissionPreview = (entity: string) =>
  useQuery({
    queryKey: ['decommission', 'preview', entity],
    queryFn: ({ signal }) => api.get<DecommissionPreview>(url(`${V1}/decommissions/preview`, { entity }), signal),
  });

export const useDecommission = (id: string | undefined) =>
  useQuery<Decommission>({
    queryKey: ['decommission', 'one', id],
    enabled: !!id,
    refetchInterval: (query) => (jobEnded(query.state.data?.state as JobState) ? false : 1500),
    queryFn: ({ signal }) => api.get<Decommission>(`${V1}/decommissions/${path(id ?? '')}`, signal),
  });

export const useStartDecommission = () =>
  useMutation({
    mutationFn: (request: { entity: string; reason: string; confirm: string; force?: boolean }) =>
      api.post<{ id: string }>(`${V1}/decommissions`, request),
    onSettled: refresh('decommission'),
  });
