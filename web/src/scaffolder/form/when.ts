// The conditions of a form's pages and fields: `when`, over all values of the form, and the feature flags of the browser.
import { Validator, type Schema } from '@cfworker/json-schema';
import { evaluate, isFalsy, isUnderstood } from './expression';

const EXPRESSION = /^\s*\$\{\{([\s\S]*)\}\}\s*$/;

export type Values = Record<string, unknown>;

/** `when` is a text with an expression, true or false, or a JSON Schema that all values are held against. */
export function holds(when: unknown, values: Values): boolean {
  if (typeof when === 'boolean') return when;
  try {
    if (typeof when === 'string') {
      const inner = EXPRESSION.exec(when)?.[1];
      return inner === undefined ? when !== '' : !isFalsy(evaluate(inner, { parameters: values }));
    }
    const sent = JSON.parse(JSON.stringify(values)) as unknown;
    return new Validator(when as Schema, '7', true).validate(sent).valid;
  } catch (error) {
    // What cannot be read here may be understood by the server; what fails there fails here as well.
    return error instanceof SyntaxError;
  }
}

/** Only the server can tell whether it holds: an expression of what is not read here, or one among other text. */
export const isForServer = (when: unknown): boolean => {
  if (typeof when !== 'string' || !when.includes('${{')) return false;
  const inner = EXPRESSION.exec(when)?.[1];
  return inner === undefined || !isUnderstood(inner);
};

const FLAGS = 'featureFlags';

/** The flags that are on in this browser, kept where Backstage keeps them: {"name": 1}. */
export function activeFlags(): Set<string> {
  try {
    const stored = JSON.parse(localStorage.getItem(FLAGS) ?? '{}') as Record<string, unknown>;
    return new Set(Object.keys(stored).filter((name) => stored[name] === 1 || stored[name] === true));
  } catch {
    return new Set();
  }
}
