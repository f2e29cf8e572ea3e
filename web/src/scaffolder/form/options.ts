// What a field's `ui:options` may say, and what all fields pass to their inputs.
import type { FieldProps } from '@rjsf/utils';
import type { Values } from './when';

type FilterValue = string | number | boolean | null | { exists?: boolean } | (string | number | boolean)[];
type CatalogFilter = Record<string, FilterValue>;

export interface FieldOptions {
  catalogFilter?: string | CatalogFilter | (string | CatalogFilter)[];
  allowedKinds?: string[];
  defaultKind?: string;
  defaultNamespace?: string | false;
  allowArbitraryValues?: boolean;
  autoSelect?: boolean;
  kinds?: string[];
  showCounts?: boolean;
  helperText?: string;
  allowedHosts?: string[];
  allowedOrganizations?: string[];
  allowedOwners?: string[];
  allowedProjects?: string[];
  allowedRepos?: string[];
  allowedWorkspaces?: string[];
  requestUserCredentials?: { secretsKey?: string; additionalScopes?: Record<string, string[]> };
  host?: string;
  excludedOwners?: string[];
  projectFieldName?: string;
  title?: string;
  description?: string;
  help?: string;
  placeholder?: string;
  disabled?: boolean;
  readonly?: boolean;
  autofocus?: boolean;
  emptyValue?: unknown;
}

/** What the fields of a form know of the rest of it. */
export interface FormContext {
  values: Values;
  tokens: Record<string, string>;
  setToken: (key: string, token: string) => void;
  /** The host that was picked in a repository field, by its id. */
  hosts: Record<string, string>;
  setHost: (id: string, host: string) => void;
}

const NO_CONTEXT: FormContext = { values: {}, tokens: {}, setToken: () => undefined, hosts: {}, setHost: () => undefined };

export const optionsOf = (props: FieldProps) => (props.uiSchema?.['ui:options'] ?? {}) as FieldOptions;

export const contextOf = (props: FieldProps): FormContext =>
  (props.registry.formContext as FormContext | undefined) ?? NO_CONTEXT;

function clause(filter: string | CatalogFilter): string {
  if (typeof filter === 'string') return filter;
  return Object.entries(filter)
    .flatMap(([key, value]) => {
      if (value === null) return [];
      if (typeof value === 'object' && !Array.isArray(value)) return value.exists === false ? [] : [key];
      return (Array.isArray(value) ? value : [value]).map((each) => `${key}=${String(each)}`);
    })
    .join(',');
}

/** The catalog's `filter` parameters (any of them will do) for what a field may choose. */
export function filterOf({ catalogFilter, allowedKinds }: FieldOptions, kinds: string[]): string[] {
  if (catalogFilter) return (Array.isArray(catalogFilter) ? catalogFilter : [catalogFilter]).map(clause).filter(Boolean);
  const wanted = allowedKinds ?? kinds;
  return wanted.length > 0 ? [wanted.map((kind) => `kind=${kind}`).join(',')] : [];
}

export function common(props: FieldProps) {
  const options = optionsOf(props);
  return {
    id: props.fieldPathId.$id,
    label: options.title ?? props.schema.title ?? props.name,
    description: options.description ?? props.schema.description,
    required: props.required ?? false,
    disabled: !!(props.disabled || props.readonly || options.disabled || options.readonly || props.schema.readOnly),
    autoFocus: !!(props.autofocus || options.autofocus),
    placeholder: options.placeholder,
    error: props.rawErrors?.join(' ') || undefined,
  };
}

export function change(props: FieldProps, value: unknown): void {
  const empty = value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
  props.onChange(empty ? optionsOf(props).emptyValue : value, props.fieldPathId.path);
}
