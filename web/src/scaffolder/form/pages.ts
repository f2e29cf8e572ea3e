// A template's parameter pages as react-jsonschema-form wants them: Backstage writes the ui:… keys beside the schema.
import type { RJSFSchema, UiSchema } from '@rjsf/utils';
import type { ParameterPage } from '../api';

export interface WizardPage {
  /** Its place in the template. */
  index: number;
  title: string;
  description?: string;
  schema: RJSFSchema;
  uiSchema: UiSchema;
  /** What the review page is to do with a property, by its path: "/database/password". */
  reviews: Map<string, ReviewWish>;
}

export interface ReviewWish {
  show?: boolean;
  mask?: string;
  name?: string;
  explode?: boolean;
}

export type Node = Record<string, unknown>;

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const FIELDS = [
  'EntityPicker',
  'MultiEntityPicker',
  'OwnerPicker',
  'OwnedEntityPicker',
  'MyGroupsPicker',
  'EntityNamePicker',
  'EntityTagsPicker',
  'RepoUrlPicker',
  'RepoBranchPicker',
  'RepoOwnerPicker',
  'Secret',
] as const;

const LISTS = new Set(['MultiEntityPicker', 'EntityTagsPicker']);
const FIELD_NAMES = new Map<string, string>(FIELDS.map((name) => [name.toLowerCase(), name]));

const WIDGETS = new Set(
  (
    'text password email hostname ipv4 ipv6 uri data-url radio select textarea hidden date datetime date-time time ' +
    'alt-date alt-datetime color file files checkbox checkboxes updown range'
  ).split(' '),
);
// What the widgets are given of ui:options. They hand the rest on to their inputs, and a template must not set those.
const OPTIONS = new Set(
  (
    'rows inline label title description help placeholder widget field emptyValue enumNames enumDisabled enumOrder order ' +
    'disabled readonly autofocus autocomplete orderable addable removable copyable hideError inputType accept filePreview ' +
    'yearsRange format hideNowButton hideClearButton step duplicateKeySuffixSeparator optionsSchemaSelector ' +
    'fieldReplacesAnyOrOneOf'
  ).split(' '),
);
const SIMPLE = new Set(['string', 'number', 'integer', 'boolean', 'null']);
const COMPOSED = ['type', '$ref', 'properties', 'items', 'enum', 'const', 'oneOf', 'anyOf', 'allOf', 'if', 'format'];

/** What is said of a template's form while its pages are made. */
export interface Wish {
  flags: Set<string>;
  /** Pages and properties, as they stand in the template, that are not shown. */
  hidden: Set<object>;
  /** Those that have a `when`, for the caller. */
  conditions: Map<object, Condition>;
}

export interface Condition {
  when: unknown;
  page: number;
  /** Of a property. */
  name?: string;
}

interface Making extends Wish {
  page: number;
  reviews: Map<string, ReviewWish>;
}

function reviewOf(node: Node): ReviewWish | undefined {
  const nested = isNode(node['ui:backstage']) ? node['ui:backstage'].review : undefined;
  const wish = nested ?? node['ui:backstage.review'];
  return isNode(wish) ? (wish as ReviewWish) : undefined;
}

const lacksFlag = (flag: unknown, flags: Set<string>) => typeof flag === 'string' && !flags.has(flag);

/** The ui:… keys of a property, in the one spelling the form knows. */
function uiOf(node: Node): Node {
  const given: Node = isNode(node['ui:options']) ? { ...node['ui:options'] } : {};
  for (const [key, value] of Object.entries(node))
    if (key.startsWith('ui:') && key !== 'ui:options' && !key.startsWith('ui:backstage')) given[key.slice(3)] = value;
  if (Array.isArray(node.enumNames)) given.enumNames ??= node.enumNames;
  const { field, widget, ...options } = given;
  const wanted = [field, widget].filter((each): each is string => typeof each === 'string');
  const custom = wanted.map((each) => FIELD_NAMES.get(each.toLowerCase())).find(Boolean);
  if (custom) return { 'ui:field': custom, 'ui:options': options };
  const ui: Node = {};
  for (const [key, value] of Object.entries(options)) if (OPTIONS.has(key)) ui[`ui:${key}`] = value;
  if (typeof widget === 'string' && WIDGETS.has(widget)) ui['ui:widget'] = widget;
  const unknown = wanted.find((each) => each !== ui['ui:widget']);
  if (unknown) ui['ui:help'] = `This form has no field “${unknown}”: give its value as it is.`;
  return ui;
}

// The form cannot draw what says nothing of its type.
function typed(schema: Node, ui: Node): Node {
  const field = ui['ui:field'];
  if (typeof field === 'string') {
    if (LISTS.has(field)) return { type: 'array', items: { type: 'string' }, ...schema };
    // A field of its own writes text, whatever else its schema says.
    return { type: 'string', ...schema };
  }
  if (!COMPOSED.some((key) => key in schema)) return { type: 'string', ...schema };
  // A choice of constants is as they are.
  const choices = [schema.oneOf, schema.anyOf].find(Array.isArray) as unknown[] | undefined;
  const constants = choices?.map((each) => (isNode(each) && 'const' in each ? each.const : undefined)) ?? schema.enum;
  if (schema.type === undefined && Array.isArray(constants) && constants.length > 0) {
    const types = new Set(constants.map((each) => typeof each));
    const [type] = types;
    if (types.size === 1 && (type === 'string' || type === 'number' || type === 'boolean')) return { ...schema, type };
  }
  // One of a few types is one input; that it may be null is what an empty one says.
  if (Array.isArray(schema.type)) {
    const type = schema.type.find((each) => each !== 'null' && SIMPLE.has(each as string)) ?? schema.type[0];
    return { ...schema, type: type as string };
  }
  return schema;
}

function properties(value: Node, ui: Node, path: string, wish: Making): { shown: Node; hidden: string[] } {
  const shown: Node = {};
  const hidden: string[] = [];
  for (const [name, property] of Object.entries(value)) {
    if (!isNode(property)) {
      shown[name] = property;
      continue;
    }
    // Inside of a property's own object `when` means nothing.
    if (!path && 'when' in property) wish.conditions.set(property, { when: property.when, page: wish.page, name });
    if (lacksFlag(property['backstage:featureFlag'], wish.flags) || wish.hidden.has(property)) {
      hidden.push(name);
      continue;
    }
    const parts = split(property, `${path}/${name}`, wish);
    shown[name] = typed(parts.schema, parts.ui);
    ui[name] = { ...(ui[name] as Node | undefined), ...parts.ui };
  }
  return { shown, hidden };
}

function split(node: Node, path: string, wish: Making): { schema: Node; ui: Node } {
  const schema: Node = {};
  const ui: Node = uiOf(node);
  let hidden: string[] = [];
  const review = reviewOf(node);
  if (review) wish.reviews.set(path, review);
  for (const [key, value] of Object.entries(node)) {
    if (key.startsWith('ui:') || key.startsWith('backstage:') || key === 'enumNames') continue;
    if (key === 'when') continue;
    if (key === 'properties' && isNode(value)) {
      const found = properties(value, ui, path, wish);
      schema.properties = found.shown;
      hidden = found.hidden;
    } else if (key === 'items' && isNode(value)) {
      const parts = split(value, `${path}/*`, wish);
      schema.items = typed(parts.schema, parts.ui);
      if (Object.keys(parts.ui).length > 0) ui.items = parts.ui;
    } else if ((key === 'allOf' || key === 'anyOf' || key === 'oneOf') && Array.isArray(value)) {
      schema[key] = value.map((each: unknown) => (isNode(each) ? nested(each, ui, path, wish) : each));
    } else if ((key === 'then' || key === 'else' || key === 'if') && isNode(value)) {
      schema[key] = nested(value, ui, path, wish);
    } else if ((key === 'dependencies' || key === 'dependentSchemas') && isNode(value)) {
      schema.dependencies = {
        ...(schema.dependencies as Node | undefined),
        ...Object.fromEntries(
          Object.entries(value).map(([name, each]) => [name, isNode(each) ? nested(each, ui, path, wish) : each]),
        ),
      };
    } else if (key === 'dependentRequired' && isNode(value)) {
      schema.dependencies = { ...value, ...(schema.dependencies as Node | undefined) };
    } else schema[key] = value;
  }
  if (hidden.length > 0 && Array.isArray(schema.required))
    schema.required = schema.required.filter((name) => !hidden.includes(name as string));
  return { schema, ui };
}

// A condition's fields are part of the same object: their ui keys go where the object's are.
function nested(node: Node, ui: Node, path: string, wish: Making): Node {
  const parts = split(node, path, wish);
  for (const [key, value] of Object.entries(parts.ui))
    ui[key] = isNode(value) && isNode(ui[key]) ? { ...(ui[key] as Node), ...value } : value;
  return parts.schema;
}

// An order that leaves a field out (one that is hidden, or came with a condition) would be an error: the rest goes last.
function ordered(ui: Node): Node {
  const order = ui['ui:order'];
  const rest = Object.fromEntries(Object.entries(ui).map(([key, value]) => [key, isNode(value) ? ordered(value) : value]));
  return Array.isArray(order) && !order.includes('*') ? { ...rest, 'ui:order': [...(order as string[]), '*'] } : rest;
}

/** A page with the fields that are shown; null where it is hidden. */
export function wizardPage(step: ParameterPage, index: number, wish: Wish): WizardPage | null {
  const when = step.when ?? step.schema.when;
  if (when !== undefined) wish.conditions.set(step, { when, page: index });
  if (lacksFlag(step.schema['backstage:featureFlag'], wish.flags) || wish.hidden.has(step)) return null;
  const reviews = new Map<string, ReviewWish>();
  const { schema, ui } = split(step.schema, '', { ...wish, page: index, reviews });
  const { title, description, ...rest } = schema;
  // A page is held against the values of all pages, which are no business of its own additionalProperties.
  if (rest.additionalProperties === false) delete rest.additionalProperties;
  return {
    index,
    title: step.title ?? (title as string | undefined) ?? `Step ${index + 1}`,
    description: step.description ?? (description as string | undefined),
    schema: { type: 'object', ...rest } as RJSFSchema,
    uiSchema: { ...ordered(ui), 'ui:submitButtonOptions': { norender: true } },
    reviews,
  };
}

/** Every name that any page of the template may ask for at its top, shown or not. */
export function declaredNames(node: unknown): Set<string> {
  const names = new Set<string>();
  const look = (each: unknown): void => {
    if (Array.isArray(each)) each.forEach(look);
    if (!isNode(each)) return;
    if (isNode(each.properties)) for (const name of Object.keys(each.properties)) names.add(name);
    for (const key of ['allOf', 'anyOf', 'oneOf', 'then', 'else']) look(each[key]);
    for (const key of ['dependencies', 'dependentSchemas']) if (isNode(each[key])) Object.values(each[key]).forEach(look);
  };
  look(node);
  return names;
}
