// The state of a form: its values, its pages, where one is, what is secret, and what the browser keeps.
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useNavigate } from '@tanstack/react-router';
import { api } from '../../api/client';
import { useUrlState } from '../../shell/useUrlState';
import type { ParameterSchema, TaskInput } from '../api';
import type { FormContext } from './options';
import type { WizardPage } from './pages';
import {
  asksServer,
  forget,
  linkedValues,
  recall,
  remember,
  shownValues,
  takeOver,
  taskInput,
  withDefaults,
  withoutSecrets,
  wizardPages,
  type HiddenByServer,
} from './values';
import { validator } from './validator';
import { activeFlags, type Values } from './when';

export interface Wizard {
  pages: WizardPage[];
  values: Values;
  setValues: (values: Values) => void;
  context: FormContext;
  /** The page one is on; the review is after the last. */
  at: number;
  goTo: (at: number) => void;
  input: () => TaskInput;
  done: () => void;
}

const shape = (pages: WizardPage[]) =>
  JSON.stringify(pages.map(({ index, title, schema, uiSchema }) => [index, title, schema, uiSchema]));

/** The same objects as long as they say the same: a form that is given new ones begins anew. */
function useStable(pages: WizardPage[]): WizardPage[] {
  const kept = useRef({ text: '', pages });
  const text = shape(pages);
  if (kept.current.text !== text) kept.current = { text, pages };
  return kept.current.pages;
}

function firstValues(schema: ParameterSchema, key: string, linked: Values | undefined, flags: Set<string>): Values {
  // Nothing secret comes from a link, or from what the browser kept.
  const from = (values: Values) => withoutSecrets(wizardPages(schema.steps, values, flags), values);
  const given = from(takeOver(key) ?? linked ?? recall(key) ?? {});
  return withDefaults(wizardPages(schema.steps, given, flags), given);
}

// After a reload one is where one was, unless a page before it lacks something: a secret, say.
function firstIncomplete(schema: ParameterSchema, values: Values, flags: Set<string>): number {
  const pages = wizardPages(schema.steps, values, flags);
  const wrong = pages.findIndex(
    (page) =>
      validator.validateFormData(values, page.schema, undefined, undefined, page.uiSchema).errors.length > 0,
  );
  return wrong < 0 ? pages.length : wrong;
}

/** What of the form the server hides, where a condition is beyond what is read here. */
function useServerConditions(schema: ParameterSchema, templateRef: string, values: Values, flags: Set<string>) {
  const asked = useMemo(() => asksServer(schema.steps), [schema]);
  const [settled] = useDebouncedValue(values, 150);
  const sent = asked ? withoutSecrets(wizardPages(schema.steps, settled, flags), settled) : {};
  return useQuery({
    queryKey: ['scaffolder', 'form', templateRef, sent],
    enabled: asked,
    gcTime: 0,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      (await api.post<{ hidden: HiddenByServer }>('/api/scaffolder/v1/form', { templateRef, values: sent }, signal)).hidden,
  }).data;
}

/** `key` is the template's reference; the page one is on lives in the address, so that Back is a page back. */
export function useWizard(schema: ParameterSchema, key: string): Wizard {
  const [search] = useUrlState();
  const navigate = useNavigate();
  const [flags] = useState(activeFlags);
  const [values, put] = useState<Values>(() => firstValues(schema, key, linkedValues(search.formData), flags));
  const [tokens, setTokens] = useState<Record<string, string>>({});
  const [hosts, setHosts] = useState<Record<string, string>>({});
  // How far one came: an address that leads beyond it leads to the first page.
  const [reached, setReached] = useState(() => firstIncomplete(schema, values, flags));
  const told = useServerConditions(schema, key, values, flags);
  const pages = useStable(useMemo(() => wizardPages(schema.steps, values, flags, told), [schema, values, flags, told]));
  const asked = search.page === 'review' ? pages.length : Math.max(0, pages.findIndex((page) => String(page.index + 1) === search.page));
  const at = Math.min(asked, reached, pages.length);

  useEffect(() => {
    if (!search.formData) return;
    // From here on the form has its own memory; the link would undo what is written after a reload.
    remember(key, withoutSecrets(pages, values));
    void navigate({ to: '.', search: {} as never, replace: true, resetScroll: false });
  }, []);
  const goTo = (next: number) => {
    setReached((old) => Math.max(old, next));
    const page = pages[next];
    void navigate({
      to: '.',
      search: { ...(next > 0 ? { page: page ? String(page.index + 1) : 'review' } : {}) } as never,
      resetScroll: true,
    });
  };
  const setValues = (next: Values) => {
    put(next);
    remember(key, withoutSecrets(wizardPages(schema.steps, next, flags), next));
  };
  const input = () => {
    const { values: sent, secrets } = taskInput(pages, shownValues(schema.steps, pages, values));
    const all = { ...Object.fromEntries(Object.entries(tokens).filter(([, token]) => token)), ...secrets };
    return { values: sent, ...(Object.keys(all).length > 0 ? { secrets: all } : {}) };
  };
  const context: FormContext = {
    values,
    tokens,
    setToken: (name, token) => setTokens((old) => ({ ...old, [name]: token })),
    hosts,
    setHost: (id, host) => setHosts((old) => ({ ...old, [id]: host })),
  };
  return { pages, values, setValues, context, at, goTo, input, done: () => forget(key) };
}
