import { ActionIcon } from '@mantine/core';
import { IconStar, IconStarFilled } from '@tabler/icons-react';
import { useStarred } from './stored';

interface StarButtonProps {
  entityRef: string;
  name: string;
  size?: number;
  variant?: 'subtle' | 'default';
  tabIndex?: number;
}

export function StarButton({ entityRef, name, size = 26, variant = 'subtle', tabIndex }: StarButtonProps) {
  const { starred, toggle } = useStarred();
  const on = starred.includes(entityRef);
  return (
    <ActionIcon
      variant={variant}
      color="gray"
      size={size}
      className="star"
      data-on={on || undefined}
      aria-pressed={on}
      aria-label={`Star ${name}`}
      tabIndex={tabIndex}
      onClick={(event) => {
        event.stopPropagation();
        toggle(entityRef);
      }}
    >
      {on ? <IconStarFilled size={15} /> : <IconStar size={15} stroke={1.7} />}
    </ActionIcon>
  );
}
