import { useNavigate, useSearch } from '@tanstack/react-router';

export type UrlState = Record<string, string | undefined>;

/** Filters that live in the address, so that a link shows the same list to everybody. */
export function useUrlState(): [UrlState, (change: UrlState) => void] {
  const search = useSearch({ strict: false }) as UrlState;
  const navigate = useNavigate();
  const change = (next: UrlState) => {
    const merged = Object.fromEntries(Object.entries({ ...search, ...next }).filter(([, value]) => value));
    void navigate({ to: '.', search: merged as never, replace: true, resetScroll: false });
  };
  return [search, change];
}
