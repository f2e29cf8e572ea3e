// What a field demands of its value beyond its schema: a name the catalog takes, a repository address that is complete.
import type { RJSFValidationError } from '@rjsf/utils';
import { missingParts, parseRepoUrl } from './repository';

type Node = Record<string, unknown>;

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const TAG = /^[a-z0-9:+#]+(-[a-z0-9:+#]+)*$/;

const CHECKS: Record<string, (value: unknown) => string | undefined> = {
  EntityNamePicker: (value) =>
    typeof value === 'string' && (!NAME.test(value) || value.length > 63)
      ? 'Letters, digits and - _ . only, at most 63, with a letter or digit at both ends'
      : undefined,
  EntityTagsPicker: (value) => {
    const wrong = Array.isArray(value) ? value.find((tag) => !TAG.test(String(tag)) || String(tag).length > 63) : undefined;
    return wrong === undefined ? undefined : `“${String(wrong)}” is no tag: lower-case letters, digits and + # : - only`;
  },
  RepoUrlPicker: (value) => {
    if (typeof value !== 'string' || value === '') return undefined;
    const missing = missingParts(parseRepoUrl(value));
    return missing.length > 0 ? `Incomplete: the ${missing.join(' and the ')} is missing` : undefined;
  },
};

function look(ui: unknown, value: unknown, path: (string | number)[], found: RJSFValidationError[]): void {
  if (typeof ui !== 'object' || ui === null || value === undefined || value === null) return;
  const about = ui as Node;
  const message = CHECKS[String(about['ui:field'])]?.(value);
  if (message)
    found.push({
      name: 'field',
      property: `.${path.join('.')}`,
      message,
      stack: `.${path.join('.')} ${message}`,
      params: {},
    });
  if (Array.isArray(value)) value.forEach((each, index) => look(about.items, each, [...path, index], found));
  else if (typeof value === 'object')
    for (const [name, each] of Object.entries(value)) look(about[name], each, [...path, name], found);
}

export function fieldErrors(ui: Node | undefined, data: unknown): RJSFValidationError[] {
  const found: RJSFValidationError[] = [];
  look(ui, data, [], found);
  return found;
}
