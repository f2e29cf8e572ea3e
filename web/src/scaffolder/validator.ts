// A validator for react-jsonschema-form that needs no eval: the usual one compiles schemas with `new Function`, which our
// content security policy forbids.
import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema';
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

// The schema that the pointer "#/properties/name/pattern" is about, without its last part.
function parentAt(schema: Node, pointer: string): Node {
  const parts = pointer.replace(/^#\/?/, '').split('/').slice(0, -1);
  let node: unknown = schema;
  for (const part of parts)
    node = (node as Node | undefined)?.[decodeURIComponent(part.replaceAll('~1', '/').replaceAll('~0', '~'))];
  return (node as Node | undefined) ?? {};
}

function message(unit: OutputUnit, at: Node): string {
  switch (unit.keyword) {
    case 'required':
      return 'This is needed';
    case 'pattern':
      return KNOWN_PATTERNS[String(at.pattern)] ?? `It must match ${String(at.pattern)}`;
    case 'minLength':
      return Number(at.minLength) === 1 ? 'This is needed' : `At least ${String(at.minLength)} characters`;
    case 'maxLength':
      return `At most ${String(at.maxLength)} characters`;
    case 'minimum':
      return `At least ${String(at.minimum)}`;
    case 'maximum':
      return `At most ${String(at.maximum)}`;
    case 'minItems':
      return `Choose at least ${String(at.minItems)}`;
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
  const text = message(unit, parentAt(schema, unit.keywordLocation));
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

export const validator: ValidatorType = {
  validateFormData(data, schema, _custom, transform) {
    const all = check(schema, data).map((unit) => toError(unit, schema as Node));
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
