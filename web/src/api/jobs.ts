// The one queue: every run of anything is a job with steps and live output.
import { useEffect, useRef, useState } from 'react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { api, url, type Items } from './client';
import { queryClient } from './query';

export type JobState = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled';

export interface JobStep {
  id: string;
  name: string;
  state: 'pending' | 'running' | 'succeeded' | 'done' | 'failed' | 'skipped' | 'waiting' | 'interrupted' | string;
  startedAt?: string | null;
  endedAt?: string | null;
  output?: Record<string, unknown> | null;
  error?: { name: string; message: string } | null;
}

export interface Job {
  id: string;
  kind: string;
  subject?: string;
  title?: string;
  actor?: string;
  cause?: string;
  state: JobState;
  attempt?: number;
  output?: Record<string, unknown> | null;
  error?: { name: string; message: string } | null;
  createdAt: string;
  startedAt?: string | null;
  endedAt?: string | null;
  waitingFor?: string | null;
  steps?: JobStep[];
}

export interface LogLine {
  n: number;
  t: string | number;
  step?: string | null;
  level: 'info' | 'warning' | 'error' | 'debug' | 'out' | string;
  text: string;
}

export const jobEnded = (state?: JobState) => state === 'succeeded' || state === 'failed' || state === 'cancelled';

export function useJobs(filter: { kind?: string; subject?: string; state?: string; limit?: number }) {
  return useQuery({
    queryKey: ['jobs', 'list', filter],
    queryFn: ({ signal }) => api.get<Items<Job>>(url('/api/jobs/v1/jobs', filter), signal),
  });
}

export function useJob(id: string | undefined) {
  return useQuery({
    queryKey: ['jobs', 'one', id],
    enabled: !!id,
    queryFn: ({ signal }) => api.get<Job>(`/api/jobs/v1/jobs/${id}`, signal),
    refetchInterval: (query) => (jobEnded(query.state.data?.state) ? false : 4000),
  });
}

export function useJobAction(id: string) {
  return useMutation({
    mutationFn: (action: { verb: 'cancel' | 'retry' } | { verb: 'answer'; answer: 'done' | 'repeat' | 'fail' }) =>
      api.post(`/api/jobs/v1/jobs/${id}/${action.verb}`, action.verb === 'answer' ? { answer: action.answer } : {}),
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ['jobs'] });
      void queryClient.invalidateQueries({ queryKey: ['scaffolder'] });
      void queryClient.invalidateQueries({ queryKey: ['infra'] });
    },
  });
}

/** The lines a job prints, live, over its stream. `epoch` opens the stream again (after a retry). */
export function useJobOutput(id: string | undefined, epoch = 0): { lines: LogLine[]; ended: boolean } {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [ended, setEnded] = useState(false);
  const next = useRef(0);

  useEffect(() => {
    setLines([]);
    next.current = 0;
  }, [id]);

  useEffect(() => {
    if (!id) return;
    setEnded(false);
    let pending: LogLine[] = [];
    let frame = 0;
    const flush = () => {
      frame = 0;
      const batch = pending;
      pending = [];
      setLines((old) => old.concat(batch));
    };
    const source = new EventSource(url(`/api/jobs/v1/jobs/${id}/stream`, { after: next.current || undefined }));
    source.addEventListener('line', (message: MessageEvent<string>) => {
      const line = JSON.parse(message.data) as LogLine;
      if (line.n < next.current) return;
      next.current = line.n + 1;
      pending.push(line);
      frame ||= requestAnimationFrame(flush);
    });
    source.addEventListener('job', (message: MessageEvent<string>) => {
      queryClient.setQueryData(['jobs', 'one', id], JSON.parse(message.data) as Job);
    });
    source.addEventListener('end', () => {
      source.close();
      setEnded(true);
      void queryClient.invalidateQueries({ queryKey: ['jobs', 'one', id] });
    });
    return () => {
      source.close();
      // What came and was not shown yet is shown now: the next stream goes on behind it.
      cancelAnimationFrame(frame);
      if (frame) flush();
    };
  }, [id, epoch]);

  return { lines, ended };
}
