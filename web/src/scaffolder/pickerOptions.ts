// What a picker's `ui:options` may say, and what all pickers pass to their inputs.
import { ariaDescribedByIds, type WidgetProps } from '@rjsf/utils';

type CatalogFilterOption = Record<string, string | string[]> | Record<string, string | string[]>[];

export interface PickerOptions {
  catalogFilter?: CatalogFilterOption;
  allowedKinds?: string[];
  defaultKind?: string;
  allowArbitraryValues?: boolean;
  allowedHosts?: string[];
  allowedOwners?: string[];
}

export const optionsOf = (props: WidgetProps) => props.options as PickerOptions;

export function filterOf({ catalogFilter, allowedKinds }: PickerOptions, kinds: string[]): string[] {
  const one = (filter: Record<string, string | string[]>) =>
    Object.entries(filter)
      .flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((each) => `${key}=${each}`))
      .join(',');
  if (catalogFilter) return (Array.isArray(catalogFilter) ? catalogFilter : [catalogFilter]).map(one);
  return (allowedKinds ?? kinds).map((kind) => `kind=${kind}`);
}

export function common(props: WidgetProps) {
  return {
    id: props.id,
    name: props.id,
    label: props.hideLabel ? undefined : props.label,
    description: props.options.description ?? props.schema.description,
    required: props.required,
    disabled: props.disabled || props.readonly,
    error: props.rawErrors?.join(' ') || undefined,
    'aria-describedby': ariaDescribedByIds(props.id),
  };
}
