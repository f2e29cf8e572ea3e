import { Box, Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconForms } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { EmptyState } from '../../shell/States';
import type { ParameterSchema, TaskInput } from '../api';
import { FormBoundary } from '../form/FormBoundary';
import type { FormContext } from '../form/options';
import type { WizardPage } from '../form/pages';
import { ReviewList } from '../form/ReviewList';
import { shownValues, taskInput, withDefaults, wizardPages } from '../form/values';
import { activeFlags, type Values } from '../form/when';
import { WizardForm } from '../form/WizardForm';

export interface LiveFormState {
  pages: WizardPage[];
  values: Values;
  context: FormContext;
  setValues: (values: Values) => void;
  input: () => TaskInput;
}

// A field that took the focus would take it from the text one is writing.
const unfocused = (page: WizardPage): WizardPage => ({
  ...page,
  uiSchema: JSON.parse(
    JSON.stringify(page.uiSchema, (key, value: unknown) => (key === 'ui:autofocus' || key === 'autofocus' ? undefined : value)),
  ) as WizardPage['uiSchema'],
});

// Half-written schemas come by at every key; what cannot be made of one is left as it is.
function drawn<T>(make: () => T, otherwise: T): T {
  try {
    return make();
  } catch {
    return otherwise;
  }
}

/** The values one tries a template with. They live as long as the page and are kept nowhere. */
export function useLiveForm(schema: ParameterSchema | undefined): LiveFormState {
  const [written, setValues] = useState<Values>({});
  const [tokens, setTokens] = useState<Record<string, string>>({});
  const [hosts, setHosts] = useState<Record<string, string>>({});
  const [flags] = useState(activeFlags);
  return useMemo(() => {
    const steps = schema?.steps ?? [];
    const pages = drawn(() => wizardPages(steps, written, flags).map(unfocused), []);
    const values = withDefaults(pages, written);
    return {
      pages,
      values,
      setValues,
      context: {
        values,
        tokens,
        setToken: (name: string, token: string) => setTokens((old) => ({ ...old, [name]: token })),
        hosts,
        setHost: (id: string, host: string) => setHosts((old) => ({ ...old, [id]: host })),
      },
      input: () => {
        const { values: sent, secrets } = taskInput(pages, drawn(() => shownValues(steps, pages, values), values));
        return { values: sent, secrets: { ...tokens, ...secrets } };
      },
    };
  }, [schema, written, tokens, hosts, flags]);
}

/** The form that a template's text makes, page by page, as it is written. */
export function LiveForm({ form }: { form: LiveFormState }) {
  const [wanted, setAt] = useState(0);
  const { pages, values } = form;
  const at = Math.min(wanted, pages.length);
  const page = pages[at];
  if (pages.length === 0)
    return (
      <EmptyState icon={<IconForms size={20} />} title="The template asks for nothing">
        What is under <code>spec.parameters</code> appears here.
      </EmptyState>
    );
  return (
    <Stack gap="md" p="md" className="live-form">
      <Box style={{ overflowX: 'auto' }}>
        <SegmentedControl
          size="xs"
          aria-label="Page of the form"
          value={String(at)}
          onChange={(value) => setAt(Number(value))}
          data={[...pages.map((each, index) => ({ value: String(index), label: each.title })), { value: String(pages.length), label: 'Review' }]}
        />
      </Box>
      <FormBoundary of={pages}>
      {page ? (
        <>
          {page.description && (
            <Text c="dimmed" fz="sm">
              {page.description}
            </Text>
          )}
          <WizardForm key={page.index} page={page} values={values} context={form.context} onChange={form.setValues} onSubmit={() => setAt(at + 1)}>
            <Group justify="flex-end" mt="md">
              <Button type="submit" size="xs" variant="default">
                Next
              </Button>
            </Group>
          </WizardForm>
        </>
      ) : (
        <ReviewList pages={pages} values={values} onEdit={setAt} />
      )}
      </FormBoundary>
    </Stack>
  );
}
