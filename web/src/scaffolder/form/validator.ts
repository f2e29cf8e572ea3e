// A validator for react-jsonschema-form that needs no eval: the usual one compiles schemas with `new Function`, which our
// content security policy forbids.
import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema';
import { fieldErrors } from './checks';
import { toErrorSchema, type RJSFSchema, type RJSFValidationError, type ValidatorType } from '@rjsf/utils';

const WRAPPERS = new Set([
  'properties',
  'items',
  'allOf',
  '$ref',
  'if',
  'then',
  'else',
  'dependencies',
  'additionalProperties',
]);

const KNOWN_PATTERNS: Record<string, string> = {
  '^[a-z][a-z0-9-]*$': 'Use lower-case letters, digits and dashes, and begin with a letter',
  '^[a-z0-9-]+$': 'Use lower-case letters, digits and dashes',
};

type Node = Record<string, unknown>;

// The schemas on the way of the pointer "#/properties/name/pattern", without its last part: the innermost is last.
function schemasAt(schema: Node, pointer: string): Node[] {
  const parts = pointer.replace(/^#\/?/, '').split('/').slice(0, -1);
  const nodes = [schema];
  for (const part of parts)
    nodes.push((nodes.at(-1)?.[decodeURIComponent(part.replaceAll('~1', '/').replaceAll('~0', '~'))] as Node) ?? {});
  return nodes;
}

// What the template's author wants said: errorMessage as a text, by keyword, or by property beside the properties.
function authored(unit: OutputUnit, nodes: Node[], missing: string | undefined): string | undefined {
  const own = nodes.at(-1)?.errorMessage as Node | string | undefined;
  if (typeof own === 'string') return own;
  const byKeyword = own?.[unit.keyword];
  if (typeof byKeyword === 'string') return byKeyword;
  if (missing && typeof (byKeyword as Node | undefined)?.[missing] === 'string')
    return (byKeyword as Record<string, string>)[missing];
  const name = unit.instanceLocation.split('/').at(-1) ?? '';
  const beside = (nodes.at(-3)?.errorMessage as Node | undefined)?.properties as Node | undefined;
  const found = beside?.[name] ?? own?._;
  return typeof found === 'string' ? found : undefined;
}

const some = (count: unknown, what: string) => `${String(count)} ${what}${Number(count) === 1 ? '' : 's'}`;

function message(unit: OutputUnit, at: Node): string {
  switch (unit.keyword) {
    case 'required':
      return 'This is needed';
    case 'pattern':
      return KNOWN_PATTERNS[String(at.pattern)] ?? `It must match ${String(at.pattern)}`;
    case 'minLength':
      return Number(at.minLength) === 1 ? 'This is needed' : `At least ${some(at.minLength, 'character')}`;
    case 'maxLength':
      return `At most ${some(at.maxLength, 'character')}`;
    case 'minimum':
      return `At least ${String(at.minimum)}`;
    case 'maximum':
      return `At most ${String(at.maximum)}`;
    case 'exclusiveMinimum':
      return `More than ${String(at.exclusiveMinimum)}`;
    case 'exclusiveMaximum':
      return `Less than ${String(at.exclusiveMaximum)}`;
    case 'multipleOf':
      return `A multiple of ${String(at.multipleOf)}`;
    case 'minItems':
      return `At least ${some(at.minItems, 'item')}`;
    case 'maxItems':
      return `At most ${some(at.maxItems, 'item')}`;
    case 'uniqueItems':
      return 'Each only once';
    case 'const':
      return `This must be ${JSON.stringify(at.const)}`;
    case 'oneOf':
    case 'anyOf':
      return 'This fits none of the choices';
    case 'not':
      return 'This is not allowed';
    case 'contains':
      return 'One that is needed is missing';
    case 'enum':
      return `Choose one of ${(at.enum as unknown[] | undefined)?.join(', ') ?? 'the values'}`;
    case 'type':
      return `This must be ${/^[aeio]/.test(String(at.type)) ? 'an' : 'a'} ${String(at.type)}`;
    case 'format':
      return `This is not a valid ${String(at.format)}`;
    default:
      return unit.error;
  }
}

function toError(unit: OutputUnit, schema: Node): RJSFValidationError {
  const missing = unit.keyword === 'required' ? /"([^"]+)"/.exec(unit.error)?.[1] : undefined;
  const path = unit.instanceLocation.replace(/^#/, '').split('/').filter(Boolean);
  if (missing) path.push(missing);
  const nodes = schemasAt(schema, unit.keywordLocation);
  const text = authored(unit, nodes, missing) ?? message(unit, nodes.at(-1) ?? {});
  const property = `.${path.join('.')}`;
  return {
    name: unit.keyword,
    property,
    message: text,
    stack: `${property} ${text}`,
    schemaPath: unit.keywordLocation,
    params: {},
  };
}

function check(schema: unknown, data: unknown): OutputUnit[] {
  // What JSON cannot say (undefined) is left out, as it will be when it is sent.
  const sent: unknown = data === undefined ? undefined : JSON.parse(JSON.stringify(data));
  return new Validator(schema as Schema, '7', false)
    .validate(sent ?? {})
    .errors.filter((unit) => !WRAPPERS.has(unit.keyword));
}

// A schema that is wrong itself refuses nothing here; the server says what is wrong with it.
function checked(schema: unknown, data: unknown): OutputUnit[] {
  try {
    return check(schema, data);
  } catch {
    return [];
  }
}

export const validator: ValidatorType = {
  validateFormData(data, schema, _custom, transform, ui) {
    const all = [
      ...checked(schema, data).map((unit) => toError(unit, schema as Node)),
      ...fieldErrors(ui as Node | undefined, data),
    ];
    const unique = all.filter((error, index) => all.findIndex((each) => each.property === error.property) === index);
    const errors = transform ? transform(unique) : unique;
    return { errors, errorSchema: toErrorSchema(errors) };
  },
  isValid(schema, data, root: RJSFSchema) {
    try {
      const whole = typeof schema === 'object' ? { definitions: root?.definitions, ...schema } : schema;
      return check(whole, data).length === 0;
    } catch {
      return false;
    }
  },
  rawValidation<Result>(schema: RJSFSchema, data?: unknown) {
    return { errors: check(schema, data) as Result[] };
  },
};

export default validator;
