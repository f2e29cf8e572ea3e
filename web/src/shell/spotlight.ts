import { createSpotlight } from '@mantine/spotlight';
import { useEffect } from 'react';

export const [searchStore, search] = createSpotlight();

/** Results that arrive late take the selection's place in the list; without this, Enter would lead nowhere. */
export function useSelectFirst(results: string): void {
  useEffect(() => {
    const list = document.getElementById(searchStore.getState().listId);
    if (!list || list.querySelector('[data-selected]')) return;
    list.querySelector('[data-action]')?.setAttribute('data-selected', 'true');
    searchStore.updateState((state) => ({ ...state, selected: 0 }));
  }, [results]);
}
