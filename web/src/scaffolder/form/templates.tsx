// How the form draws what is not an input: lists, objects, their titles and buttons.
import { ActionIcon, Box, Button, Group, Stack, Text } from '@mantine/core';
import {
  buttonId,
  getTemplate,
  getUiOptions,
  titleId,
  type ArrayFieldItemTemplateProps,
  type ArrayFieldTemplateProps,
  type IconButtonProps,
  type TemplatesType,
  type TitleFieldProps,
} from '@rjsf/utils';
import { IconArrowDown, IconArrowUp, IconCopy, IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';

function ArrayFieldTemplate(props: ArrayFieldTemplateProps) {
  const { canAdd, disabled, readonly, fieldPathId, items, onAddClick, required, schema, uiSchema, title } = props;
  const options = getUiOptions(uiSchema);
  const label = options.title || title;
  const description = options.description || schema.description;
  return (
    <Stack gap={8} component="fieldset" id={fieldPathId.$id} m={0} p={0} miw={0} style={{ border: 0 }}>
      {label && (
        <Text component="legend" id={titleId(fieldPathId)} fz="sm" fw={600} p={0} mb={4}>
          {label}
          {required && (
            <Text span c="var(--mantine-color-error)" aria-hidden="true">
              {' *'}
            </Text>
          )}
        </Text>
      )}
      {description && (
        <Text fz="xs" c="dimmed">
          {description}
        </Text>
      )}
      {items}
      {items.length === 0 && (
        <Text fz="sm" c="dimmed">
          None yet.
        </Text>
      )}
      {canAdd && !disabled && !readonly && (
        <Group>
          <Button
            id={buttonId(fieldPathId, 'add')}
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} />}
            onClick={onAddClick}
            aria-label={`Add to ${label ?? 'the list'}`}
          >
            Add
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function ArrayFieldItemTemplate(props: ArrayFieldItemTemplateProps) {
  const { children, buttonsProps, hasToolbar, uiSchema, registry, schema } = props;
  const Buttons = getTemplate<'ArrayFieldItemButtonsTemplate'>('ArrayFieldItemButtonsTemplate', registry, getUiOptions(uiSchema));
  const nested = schema.type === 'object' || schema.type === 'array';
  return (
    <Group gap={8} wrap="nowrap" align="flex-start" className={nested ? 'surface form-item' : undefined}>
      <Box style={{ flex: 1, minWidth: 0 }}>{children}</Box>
      {hasToolbar && (
        <Group gap={2} wrap="nowrap" pt={nested ? 0 : 4}>
          <Buttons {...buttonsProps} />
        </Group>
      )}
    </Group>
  );
}

function TitleFieldTemplate({ id, title, required }: TitleFieldProps) {
  return (
    <Text id={id} fz="sm" fw={600} mb={2}>
      {title.replace(/-(\d+)$/, ' $1')}
      {required && (
        <Text span c="var(--mantine-color-error)" aria-hidden="true">
          {' *'}
        </Text>
      )}
    </Text>
  );
}

const iconButton = (label: string, icon: ReactNode) =>
  function IconButton({ id, onClick, disabled }: IconButtonProps) {
    return (
      <ActionIcon id={id} variant="subtle" color="gray" size="md" onClick={onClick} disabled={disabled} aria-label={label} title={label}>
        {icon}
      </ActionIcon>
    );
  };

export const templates: Partial<TemplatesType> = {
  ArrayFieldTemplate,
  ArrayFieldItemTemplate,
  TitleFieldTemplate,
  ButtonTemplates: {
    MoveUpButton: iconButton('Move up', <IconArrowUp size={15} />),
    MoveDownButton: iconButton('Move down', <IconArrowDown size={15} />),
    RemoveButton: iconButton('Remove', <IconTrash size={15} />),
    CopyButton: iconButton('Copy', <IconCopy size={15} />),
    AddButton: iconButton('Add', <IconPlus size={15} />),
  } as TemplatesType['ButtonTemplates'],
};
