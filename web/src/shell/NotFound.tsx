import { Button, Center, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconMapQuestion } from '@tabler/icons-react';
import { AppLink } from './AppLink';

export function NotFound() {
  return (
    <Center component="main" mih="80vh">
      <Stack align="center" gap="sm">
        <ThemeIcon variant="default" size={44} radius="xl" c="dimmed">
          <IconMapQuestion size={22} />
        </ThemeIcon>
        <Title order={1} fz={18}>
          There is nothing at this address
        </Title>
        <Text c="dimmed" fz="sm">
          It may have been renamed or removed.
        </Text>
        <Button component={AppLink} href="/" variant="default">
          Go home
        </Button>
      </Stack>
    </Center>
  );
}
