import { Text } from '@mantine/core';
import { Form } from '@rjsf/mantine';
import type { ErrorSchema, FieldErrorProps } from '@rjsf/utils';
import type { ReactNode } from 'react';
import type { WizardPage } from './pages';
import { pickers } from './pickers';
import { validator } from './validator';

// The widgets tell their own errors; what has none (a whole list or object) is told here.
function FieldErrorTemplate({ errors, schema }: FieldErrorProps) {
  if (schema.type !== 'array' && schema.type !== 'object') return null;
  return (
    <>
      {errors?.map((error, index) => (
        <Text key={index} fz="xs" c="var(--mantine-color-error)" role="alert">
          {error}
        </Text>
      ))}
    </>
  );
}

interface WizardFormProps {
  page: WizardPage;
  values: Record<string, unknown>;
  errors?: ErrorSchema;
  onChange: (values: Record<string, unknown>) => void;
  onSubmit: () => void;
  children: ReactNode;
}

export function WizardForm({ page, values, errors, onChange, onSubmit, children }: WizardFormProps) {
  return (
    <Form
      schema={page.schema}
      uiSchema={page.uiSchema}
      formData={values}
      validator={validator}
      widgets={pickers}
      templates={{ FieldErrorTemplate }}
      extraErrors={errors}
      extraErrorsBlockSubmit={false}
      idPrefix="parameter"
      idSeparator="-"
      showErrorList={false}
      focusOnFirstError
      noHtml5Validate
      onError={() => undefined}
      onChange={(event) => onChange((event.formData ?? {}) as Record<string, unknown>)}
      onSubmit={onSubmit}
    >
      {children}
    </Form>
  );
}
