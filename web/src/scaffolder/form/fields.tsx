// The fields Backstage's templates name with `ui:field`, and the widgets of our own.
import { ColorInput, Input, Slider, TextInput } from '@mantine/core';
import { localToUTC, utcToLocal, type RegistryFieldsType, type RegistryWidgetsType, type WidgetProps } from '@rjsf/utils';
import { EntityPicker, MultiEntityPicker, MyGroupsPicker, OwnedEntityPicker, OwnerPicker } from './EntityFields';
import type { FIELDS } from './pages';
import { RepoBranchPicker, RepoOwnerPicker } from './RepoFields';
import { RepoUrlPicker } from './RepoUrlPicker';
import { EntityNamePicker, EntityTagsPicker, Secret } from './TextFields';

export const fields: RegistryFieldsType & Record<(typeof FIELDS)[number], unknown> = {
  EntityPicker,
  MultiEntityPicker,
  OwnerPicker,
  OwnedEntityPicker,
  MyGroupsPicker,
  EntityNamePicker,
  EntityTagsPicker,
  RepoUrlPicker,
  RepoBranchPicker,
  RepoOwnerPicker,
  Secret,
};

const TYPES = { DateWidget: 'date', DateTimeWidget: 'datetime-local', TimeWidget: 'time' } as const;

// The browser's own inputs: they know the person's calendar and need no mouse.
function timeWidget(name: keyof typeof TYPES) {
  const type = TYPES[name];
  const moment = type === 'datetime-local';
  return function TimeInput(props: WidgetProps) {
    const value = (props.value as string | undefined) ?? '';
    return (
      <TextInput
        {...common(props)}
        id={props.id}
        name={props.id}
        type={type}
        disabled={props.disabled || props.readonly}
        autoFocus={props.autofocus}
        step={type === 'date' ? undefined : 1}
        value={moment ? utcToLocal(value) : value.replace(/(Z|[+-]\d\d:\d\d)$/, '')}
        onChange={({ currentTarget: { value: next } }) => {
          if (!next) return props.onChange(props.options.emptyValue);
          const whole = type === 'time' && next.length === 5 ? `${next}:00` : next;
          props.onChange(moment ? localToUTC(next) : type === 'time' ? `${whole}Z` : next);
        }}
      />
    );
  };
}

function common(props: WidgetProps) {
  return {
    label: props.hideLabel ? undefined : props.label,
    description: props.options.description ?? props.schema.description,
    required: props.required,
    error: props.rawErrors?.join(' ') || undefined,
  };
}

function RangeWidget(props: WidgetProps) {
  const { minimum = 0, maximum = 100, multipleOf = 1 } = props.schema;
  const value = typeof props.value === 'number' ? props.value : minimum;
  return (
    <Input.Wrapper {...common(props)} labelElement="div">
      <Slider
        id={props.id}
        mt={6}
        mb={22}
        min={minimum}
        max={maximum}
        step={multipleOf}
        value={value}
        onChange={props.onChange}
        disabled={props.disabled || props.readonly}
        thumbLabel={props.label}
        marks={[minimum, maximum].map((each) => ({ value: each, label: String(each) }))}
      />
    </Input.Wrapper>
  );
}

function ColorWidget(props: WidgetProps) {
  return (
    <ColorInput
      {...common(props)}
      id={props.id}
      name={props.id}
      withEyeDropper={false}
      disabled={props.disabled || props.readonly}
      value={(props.value as string | undefined) ?? ''}
      onChange={(value) => props.onChange(value || props.options.emptyValue)}
    />
  );
}

export const widgets: RegistryWidgetsType = {
  RangeWidget,
  ColorWidget,
  DateWidget: timeWidget('DateWidget'),
  DateTimeWidget: timeWidget('DateTimeWidget'),
  TimeWidget: timeWidget('TimeWidget'),
};
