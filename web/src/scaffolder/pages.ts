// A template's parameter pages as react-jsonschema-form wants them: Backstage writes the ui:… keys beside the schema, and calls
// "field" what is a widget here.
import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import type { ParameterPage } from './api';

export interface WizardPage {
  title: string;
  description?: string;
  schema: RJSFSchema;
  uiSchema: UiSchema;
}

type Node = Record<string, unknown>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

function split(node: Node): { schema: Node; ui: Node } {
  const schema: Node = {};
  const ui: Node = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === 'ui:field') ui['ui:widget'] = value;
    else if (key.startsWith('ui:')) ui[key] = value;
    else if (key.startsWith('backstage:')) continue;
    else if (key === 'properties' && isNode(value)) {
      const properties: Node = {};
      for (const [name, property] of Object.entries(value)) {
        const parts = isNode(property) ? split(property) : { schema: property, ui: {} };
        properties[name] = parts.schema;
        ui[name] = { ...(ui[name] as Node | undefined), ...parts.ui };
      }
      schema.properties = properties;
    } else if (key === 'items' && isNode(value)) {
      const parts = split(value);
      schema.items = parts.schema;
      if (Object.keys(parts.ui).length > 0) ui.items = parts.ui;
    } else if ((key === 'allOf' || key === 'anyOf' || key === 'oneOf') && Array.isArray(value)) {
      schema[key] = value.map((each: unknown) => (isNode(each) ? nested(each, ui) : each));
    } else if ((key === 'then' || key === 'else' || key === 'if') && isNode(value)) {
      schema[key] = nested(value, ui);
    } else if (key === 'dependencies' && isNode(value)) {
      schema.dependencies = Object.fromEntries(
        Object.entries(value).map(([name, each]) => [name, isNode(each) ? nested(each, ui) : each]),
      );
    } else schema[key] = value;
  }
  return { schema, ui };
}

// A condition's fields are part of the same object: their ui keys go where the object's are.
function nested(node: Node, ui: Node): Node {
  const parts = split(node);
  for (const [key, value] of Object.entries(parts.ui))
    ui[key] = isNode(value) && isNode(ui[key]) ? { ...(ui[key] as Node), ...value } : value;
  return parts.schema;
}

export function wizardPages(steps: ParameterPage[]): WizardPage[] {
  return steps.map((step, index) => {
    const { schema, ui } = split(step.schema);
    const { title, description, ...rest } = schema;
    return {
      title: step.title ?? (title as string | undefined) ?? `Step ${index + 1}`,
      description: step.description ?? (description as string | undefined),
      schema: { type: 'object', ...rest } as RJSFSchema,
      uiSchema: { 'ui:submitButtonOptions': { norender: true }, ...ui },
    };
  });
}

export interface ReviewItem {
  name: string;
  title: string;
  value: string;
}

function text(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (Array.isArray(value)) return value.map(text).join(', ') || '–';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number);
}

/** What the person has chosen, in the words of the form. */
export function review(page: WizardPage, values: Node): ReviewItem[] {
  const properties = (page.schema.properties ?? {}) as Record<string, Node>;
  const names = [...new Set([...Object.keys(properties), ...Object.keys(values)])];
  return names.flatMap((name) => {
    const ui = (page.uiSchema[name] ?? {}) as Node;
    const wish = ui['ui:backstage'] as { review?: { show?: boolean; mask?: string } } | undefined;
    if (wish?.review?.show === false) return [];
    const secret = ui['ui:widget'] === 'Secret' || ui['ui:widget'] === 'password';
    const value = wish?.review?.mask ?? (secret && values[name] ? '••••••••' : text(values[name]));
    return [{ name, title: (properties[name]?.title as string | undefined) ?? name, value }];
  });
}

/** Values and secrets apart, as a task takes them. */
export function taskInput(pages: WizardPage[], values: Node[]): { values: Node; secrets: Record<string, string> } {
  const all: Node = {};
  const secrets: Record<string, string> = {};
  pages.forEach((page, index) => {
    for (const [name, value] of Object.entries(values[index] ?? {})) {
      const secret = (page.uiSchema[name] as Node | undefined)?.['ui:widget'] === 'Secret';
      if (secret && typeof value === 'string') secrets[name] = value;
      else if (value !== undefined) all[name] = value;
    }
  });
  return { values: all, secrets };
}
