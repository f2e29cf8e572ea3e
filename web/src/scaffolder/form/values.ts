// The values of a whole form: their defaults, what of them is sent, what is secret, and what the browser remembers of them.
import { createSchemaUtils, type RJSFSchema } from '@rjsf/utils';
import type { ParameterPage } from '../api';
import { declaredNames, isNode, wizardPage, type Condition, type Node, type WizardPage } from './pages';
import { validator } from './validator';
import { holds, isForServer, type Values } from './when';

/** Calls visit for each property of the values that a page has something to say of. */
function walk(ui: Node, value: unknown, visit: (ui: Node, value: unknown, owner: Node, name: string) => void): void {
  if (Array.isArray(value)) {
    if (isNode(ui.items)) for (const each of value) walk(ui.items, each, visit);
    return;
  }
  if (!isNode(value)) return;
  for (const [name, each] of Object.entries(value)) {
    const about = ui[name];
    if (!isNode(about)) continue;
    visit(about, each, value, name);
    walk(about, each, visit);
  }
}

export const isSecretField = (ui: unknown): boolean => isNode(ui) && ui['ui:field'] === 'Secret';
export const isMasked = (ui: unknown): boolean => isSecretField(ui) || (isNode(ui) && ui['ui:widget'] === 'password');

const SHOWN = '********';

/** What a template's steps see of a secret as a parameter: that there is one. Its length is none of their business. */
const stars = (schema: unknown) =>
  SHOWN.padEnd(isNode(schema) && typeof schema.minLength === 'number' ? Math.min(schema.minLength, 256) : 0, '*');

/** Values and secrets apart, as a task takes them. */
export function taskInput(pages: WizardPage[], all: Values): { values: Values; secrets: Record<string, string> } {
  const values = structuredClone(all);
  const secrets: Record<string, string> = {};
  for (const page of pages)
    walk(page.uiSchema as Node, values, (ui, value, owner, name) => {
      if (!isSecretField(ui) || typeof value !== 'string' || value === '') return;
      secrets[name] ??= value;
      owner[name] = stars((page.schema.properties as Node | undefined)?.[name]);
    });
  return { values, secrets };
}

/** The values without anything secret: what may be kept in the browser. */
export function withoutSecrets(pages: WizardPage[], all: Values): Values {
  const values = structuredClone(all);
  for (const page of pages)
    walk(page.uiSchema as Node, values, (ui, _value, owner, name) => {
      if (isMasked(ui)) delete owner[name];
    });
  return values;
}

export function withDefaults(pages: WizardPage[], values: Values): Values {
  return pages.reduce((all, { schema }) => {
    try {
      return createSchemaUtils(validator, schema).getDefaultFormState(schema, all) as Values;
    } catch {
      return all;
    }
  }, values);
}

/** What the server says is hidden, where only it can tell. */
export interface HiddenByServer {
  pages: number[];
  properties: { page: number; name: string }[];
}

/** Whether a form has conditions that only the server can decide. */
export function asksServer(steps: ParameterPage[]): boolean {
  const conditions = new Map<object, Condition>();
  steps.forEach((step, index) => wizardPage(step, index, { flags: new Set(), hidden: new Set(), conditions }));
  return [...conditions.values()].some(({ when }) => isForServer(when));
}

/** The pages that these values show. What is hidden stays hidden, even if it would hold again without what it brought about. */
export function wizardPages(steps: ParameterPage[], values: Values, flags: Set<string>, told?: HiddenByServer): WizardPage[] {
  const isTold = ({ page, name }: Condition) =>
    name === undefined ? told?.pages.includes(page) : told?.properties.some((each) => each.page === page && each.name === name);
  const hidden = new Set<object>();
  const everything = new Set(steps.flatMap((step) => [...declaredNames(step.schema)]));
  for (;;) {
    const conditions = new Map<object, Condition>();
    const pages = steps.flatMap((step, index) => wizardPage(step, index, { flags, hidden, conditions }) ?? []);
    if (conditions.size === 0) return pages;
    const shown = new Set(pages.flatMap((page) => [...declaredNames(page.schema)]));
    const sent = Object.fromEntries(
      Object.entries(values).filter(([name]) => shown.has(name) || !everything.has(name)),
    );
    const whole = withDefaults(pages, sent);
    const before = hidden.size;
    for (const [node, condition] of conditions)
      if (isForServer(condition.when) ? isTold(condition) : !holds(condition.when, whole)) hidden.add(node);
    if (hidden.size === before) return pages;
  }
}

// What the schema, with its conditions decided, has no place for. Names it never speaks of stay.
function pruned(schema: RJSFSchema, value: Node): Node {
  const utils = createSchemaUtils(validator, schema);
  const effective = utils.retrieveSchema(schema, value);
  const shown = (effective.properties ?? {}) as Record<string, RJSFSchema>;
  const declared = declaredNames(schema);
  const kept: Node = {};
  for (const [name, each] of Object.entries(value)) {
    if (declared.has(name) && !(name in shown)) continue;
    const inner = shown[name];
    kept[name] = isNode(inner) && isNode(inner.properties) && isNode(each) ? pruned({ ...inner, definitions: schema.definitions }, each) : each;
  }
  return kept;
}

/** What is sent: the values of the fields that are shown. */
export function shownValues(steps: ParameterPage[], pages: WizardPage[], all: Values): Values {
  const sent: Values = {};
  const shown = new Set<string>();
  for (const page of pages) {
    const values = pruned(page.schema, all);
    const declared = declaredNames(page.schema);
    for (const name of declared)
      if (values[name] !== undefined) {
        sent[name] = values[name];
        shown.add(name);
      }
  }
  // A name that no page asks for came with a link, or with additional properties.
  const declared = new Set(steps.flatMap((step) => [...declaredNames(step.schema)]));
  for (const [name, value] of Object.entries(all)) if (!declared.has(name) && value !== undefined) sent[name] = value;
  return sent;
}

const key = (templateRef: string) => `pave.form.${templateRef}`;
// A storage is some megabytes; a form with files in it is not worth filling it.
const STORED_MAX = 200_000;

export function remember(templateRef: string, values: Values): void {
  try {
    const text = JSON.stringify(values);
    if (text.length <= STORED_MAX) sessionStorage.setItem(key(templateRef), text);
  } catch {
    // Nothing is remembered where the browser forbids it.
  }
}

export function recall(templateRef: string): Values | undefined {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(key(templateRef)) ?? 'null');
    return isNode(stored) ? stored : undefined;
  } catch {
    return undefined;
  }
}

export function forget(templateRef: string): void {
  try {
    sessionStorage.removeItem(key(templateRef));
  } catch {
    // Then there is nothing to forget.
  }
}

// A run's inputs on their way to a new form of its template: in memory only, as some of them may be passwords.
const handedOver = new Map<string, Values>();

export function handOver(templateRef: string, values: Values): void {
  handedOver.set(templateRef.toLowerCase(), values);
}

export function takeOver(templateRef: string): Values | undefined {
  const values = handedOver.get(templateRef.toLowerCase());
  handedOver.delete(templateRef.toLowerCase());
  return values;
}

/** The values of a link: ?formData={"name":"x"}. */
export function linkedValues(text: string | undefined): Values | undefined {
  try {
    const given: unknown = JSON.parse(text ?? 'null');
    return isNode(given) ? given : undefined;
  } catch {
    return undefined;
  }
}
