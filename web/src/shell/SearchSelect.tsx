import { CloseButton, Group, Loader, Pill, PillsInput, Popover, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconCheck } from '@tabler/icons-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

export interface Choice {
  value: string;
  label: string;
  hint?: string;
  icon?: ReactNode;
}

export interface Found {
  items: Choice[];
  /** These are not yet what was asked for. */
  pending: boolean;
  /** How many more there are. */
  more?: number;
  error?: unknown;
}

export interface SearchSelectProps {
  id: string;
  label?: ReactNode;
  description?: ReactNode;
  error?: ReactNode;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
  autoFocus?: boolean;
  /** What is chosen, as it is called. */
  chosen: Choice[];
  multiple?: boolean;
  /** At most so many. */
  max?: number;
  onChange: (values: string[]) => void;
  /** A hook: what there is to choose for a text. It is told whether anybody is looking. */
  useFound: (text: string, active: boolean) => Found;
  /** Makes a value of what was typed, where that may be one. */
  free?: (text: string) => string | undefined;
  /** Leaving the field takes what is highlighted. */
  autoSelect?: boolean;
}

const same = (a: string, b: string) => a.trim().toLowerCase() === b.trim().toLowerCase();

/**
 * One or several of many, found on the server while one types. What is typed and Enter choose the first match, also where Enter comes
 * before the answer: it is remembered until there is one. The highlight is a value, not a place, so no answer moves it.
 */
export function SearchSelect(props: SearchSelectProps) {
  const { id, chosen, multiple, max, onChange, free, autoSelect = true } = props;
  const [text, setText] = useState<string | null>(null);
  const [opened, setOpened] = useState(false);
  const [lit, setLit] = useState<string | null>(null);
  const [lost, setLost] = useState<string | null>(null);
  const wanted = useRef<'enter' | 'leave' | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const typed = (text ?? '').trim();
  const [settled] = useDebouncedValue(typed, 120);
  const found = props.useFound(settled, opened || wanted.current !== null);
  const pending = settled !== typed || found.pending;
  const taken = new Set(chosen.map((each) => each.value));
  const own = typed && free && !pending && !found.items.some((each) => same(each.label, typed) || same(each.value, typed));
  const written = own ? free(typed) : undefined;
  // While one waits, of what is there only what fits is shown: the highlight is never on what was not asked for.
  const fits = (each: Choice) => !pending || `${each.label} ${each.value}`.toLowerCase().includes(typed.toLowerCase());
  const items = found.items.filter((each) => fits(each) && (!multiple || !taken.has(each.value)));
  const options: Choice[] = written
    ? [...items, { value: written, label: `Use “${typed}”`, hint: written === typed ? undefined : written }]
    : items;
  const active =
    options.find((each) => each.value === lit) ??
    (typed ? options[0] : multiple ? undefined : options.find((each) => taken.has(each.value)));
  const full = multiple && max !== undefined && chosen.length >= max;

  const choose = (choice: Choice | undefined) => {
    wanted.current = null;
    if (!choice) return;
    setLost(null);
    setLit(null);
    if (multiple) {
      setText('');
      if (!taken.has(choice.value)) onChange([...chosen.map((each) => each.value), choice.value]);
      return;
    }
    setText(null);
    setOpened(false);
    onChange([choice.value]);
  };
  // What stands there when one leaves, or presses Enter, becomes the value if it can be one.
  const settle = (how: 'enter' | 'leave') => {
    const exact = items.find((each) => same(each.label, typed) || same(each.value, typed));
    const other = how === 'enter' ? active : free ? undefined : autoSelect ? active : undefined;
    const choice = exact ?? other ?? options.find((each) => each.value === written);
    if (choice) return choose(choice);
    wanted.current = null;
    if (typed && how === 'leave') setLost(typed);
  };
  useEffect(() => {
    if (wanted.current && !pending) settle(wanted.current);
  });
  const want = (how: 'enter' | 'leave') => {
    // What is seen and highlighted is taken at once. Who pressed Enter with nothing there has chosen all the same.
    if (pending && !(how === 'enter' && active)) wanted.current = wanted.current === 'enter' ? 'enter' : how;
    else settle(how);
  };
  const move = (by: number) => {
    if (!opened) return setOpened(true);
    const at = active ? options.indexOf(active) : by > 0 ? -1 : options.length;
    setLit(options[(at + by + options.length) % Math.max(1, options.length)]?.value ?? null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      move(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter' && (opened || typed)) {
      event.preventDefault();
      want('enter');
    } else if (event.key === 'Escape' && opened) {
      event.stopPropagation();
      setOpened(false);
      setText(null);
    } else if (event.key === 'Backspace' && multiple && !text && chosen.length > 0)
      onChange(chosen.slice(0, -1).map((each) => each.value));
  };
  const onBlur = () => {
    if (typed) want('leave');
    else {
      // An emptied field has no value.
      if (!multiple && text === '' && chosen.length > 0) onChange([]);
      setText(null);
    }
    setOpened(false);
    setLit(null);
  };
  useEffect(() => {
    if (active && opened) document.getElementById(`${list}-${options.indexOf(active)}`)?.scrollIntoView({ block: 'nearest' });
  }, [active?.value, opened]);

  const shown = multiple ? (text ?? '') : (text ?? chosen[0]?.label ?? '');
  const control = {
    id,
    name: id,
    ref: input,
    role: 'combobox',
    'aria-expanded': opened,
    'aria-controls': list,
    'aria-autocomplete': 'list' as const,
    'aria-activedescendant': opened && active ? `${list}-${options.indexOf(active)}` : undefined,
    'aria-busy': opened && pending ? true : undefined,
    'aria-invalid': props.error ? true : undefined,
    autoComplete: 'off',
    autoFocus: props.autoFocus,
    disabled: props.disabled || undefined,
    placeholder: chosen.length > 0 && multiple ? undefined : (props.placeholder ?? 'Search…'),
    value: shown,
    onChange: (event: { currentTarget: HTMLInputElement }) => {
      setText(event.currentTarget.value);
      setOpened(true);
      setLit(null);
      setLost(null);
      wanted.current = null;
    },
    onClick: () => setOpened(true),
    onFocus: (event: { currentTarget: HTMLInputElement }) => !multiple && event.currentTarget.select(),
    onKeyDown,
    onBlur,
  };
  const clear = !multiple && !props.required && !props.disabled && (chosen.length > 0 || !!text) && (
    <CloseButton
      size="sm"
      tabIndex={-1}
      aria-label="Clear"
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => {
        setText(null);
        setLost(null);
        onChange([]);
      }}
    />
  );
  const wrapper = {
    label: props.label,
    description: props.description,
    required: props.required,
    error: props.error ?? (lost ? `Nothing is called “${lost}”` : undefined),
  };
  const spinner = opened && pending ? <Loader size={14} aria-hidden="true" /> : undefined;
  return (
    <Popover
        opened={opened && !full && !props.disabled}
        onChange={setOpened}
        position="bottom-start"
        width="target"
        shadow="md"
        withRoles={false}
        offset={4}
        transitionProps={{ duration: 0 }}
      >
        <Popover.Target>
          {multiple ? (
            <PillsInput {...wrapper} id={id} disabled={props.disabled} onClick={() => input.current?.focus()} rightSection={spinner}>
              <Pill.Group>
                {chosen.map((each) => (
                  <Pill
                    key={each.value}
                    withRemoveButton={!props.disabled}
                    onRemove={() => onChange(chosen.filter((other) => other !== each).map((other) => other.value))}
                    removeButtonProps={{ 'aria-label': `Remove ${each.label}`, 'aria-hidden': false }}
                  >
                    {each.label}
                  </Pill>
                ))}
                {!full && <PillsInput.Field {...control} />}
              </Pill.Group>
            </PillsInput>
          ) : (
            <TextInput
              {...wrapper}
              {...control}
              leftSection={text === null ? chosen[0]?.icon : undefined}
              rightSection={spinner ?? clear}
              rightSectionPointerEvents="all"
            />
          )}
        </Popover.Target>
        <Popover.Dropdown p={4} style={{ maxHeight: 300, overflowY: 'auto' }} onMouseDown={(event) => event.preventDefault()}>
          <div id={list} role="listbox" aria-label={typeof props.label === 'string' ? props.label : 'Choices'} aria-multiselectable={multiple}>
            {options.map((choice, index) => (
              <Group
                key={choice.value}
                id={`${list}-${index}`}
                role="option"
                aria-selected={choice === active}
                className="search-option"
                gap={9}
                wrap="nowrap"
                onClick={() => choose(choice)}
              >
                {choice.icon}
                <div style={{ minWidth: 0, flex: 1 }}>
                  <Text fz="sm" className="clip">
                    {choice.label}
                  </Text>
                  {choice.hint && (
                    <Text fz="xs" c="dimmed" className="clip">
                      {choice.hint}
                    </Text>
                  )}
                </div>
                {taken.has(choice.value) && <IconCheck size={14} aria-hidden="true" />}
              </Group>
            ))}
          </div>
          {options.length === 0 && (
            <Text fz="sm" c="dimmed" px={9} py={6}>
              {pending ? 'Searching…' : found.error ? 'The server could not be asked' : 'Nothing has that name'}
            </Text>
          )}
          {!!found.more && (
            <Text fz="xs" c="dimmed" px={9} py={5}>
              {found.more.toLocaleString('en')} more: type to find them
            </Text>
          )}
        </Popover.Dropdown>
    </Popover>
  );
}
