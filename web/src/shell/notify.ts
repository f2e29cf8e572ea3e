import { notifications } from '@mantine/notifications';

export const notifyError = (title: string) => (error: unknown) =>
  notifications.show({
    color: 'red',
    title,
    message: error instanceof Error ? error.message : String(error),
    autoClose: 8000,
  });

export const notifyDone = (title: string, message = '') => notifications.show({ color: 'green', title, message });
