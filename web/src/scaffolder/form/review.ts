// What the person has chosen, in the words of the form.
import { isNode, type Node, type ReviewWish, type WizardPage } from './pages';
import { isMasked } from './values';
import type { Values } from './when';

export interface ReviewItem {
  name: string;
  title: string;
  value: string;
}

function text(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (Array.isArray(value)) return value.map(text).join(', ') || '–';
  if (typeof value === 'string' && /^data:[^,]{0,200};base64,/.test(value))
    return decodeURIComponent(/;name=([^;,]+)/.exec(value)?.[1] ?? 'A file');
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number);
}

// A choice by the name it has in the form.
function named(schema: Node, ui: Node, value: unknown): unknown {
  if (Array.isArray(value) && isNode(schema.items))
    return value.map((each) => named(schema.items as Node, (ui.items ?? ui) as Node, each));
  const names = (ui['ui:enumNames'] ?? []) as unknown;
  const place = Array.isArray(schema.enum) ? schema.enum.indexOf(value) : -1;
  if (place >= 0 && Array.isArray(names) && names[place] !== undefined) return names[place];
  if (place >= 0 && isNode(names) && names[String(value)] !== undefined) return names[String(value)];
  const choices = [schema.oneOf, schema.anyOf].find(Array.isArray) ?? [];
  const chosen = choices.find((each) => isNode(each) && 'const' in each && each.const === value) as Node | undefined;
  return chosen?.title ?? value;
}

interface At {
  path: string;
  name: string;
  title: string;
  reviews: Map<string, ReviewWish>;
}

function rows(schema: Node, ui: Node, value: unknown, at: At): ReviewItem[] {
  const wish = at.reviews.get(at.path) ?? {};
  if (wish.show === false || ui['ui:widget'] === 'hidden') return [];
  const title = wish.name ?? at.title;
  if (wish.mask !== undefined) return [{ name: at.name, title, value: wish.mask }];
  if (isMasked(ui)) return [{ name: at.name, title, value: value ? '••••••••' : '–' }];
  if (isNode(value) && wish.explode !== false) {
    const properties = (isNode(schema.properties) ? schema.properties : {}) as Record<string, Node>;
    return Object.entries(value).flatMap(([name, each]) => {
      const inner = properties[name] ?? {};
      const label = (inner.title as string | undefined) ?? name;
      return rows(inner, (isNode(ui[name]) ? ui[name] : {}) as Node, each, {
        path: `${at.path}/${name}`,
        name: `${at.name}.${name}`,
        title: title ? `${title} › ${label}` : label,
        reviews: at.reviews,
      });
    });
  }
  return [{ name: at.name, title, value: text(named(schema, ui, value)) }];
}

/** A page's values, in the order of its fields; `effective` is its schema with all conditions decided. */
export function review(page: WizardPage, effective: Node, values: Values): ReviewItem[] {
  const properties = (isNode(effective.properties) ? effective.properties : {}) as Record<string, Node>;
  const order = (page.uiSchema['ui:order'] ?? []) as string[];
  const names = Object.keys(properties).sort((a, b) => place(order, a) - place(order, b));
  return names.flatMap((name) => {
    const schema = properties[name] ?? {};
    return rows(schema, (page.uiSchema[name] ?? {}) as Node, values[name], {
      path: `/${name}`,
      name,
      title: (schema.title as string | undefined) ?? name,
      reviews: page.reviews,
    });
  });
}

function place(order: string[], name: string): number {
  const found = order.indexOf(name);
  const rest = order.indexOf('*');
  return found >= 0 ? found : rest >= 0 ? rest : order.length;
}
