import { Form } from '@rjsf/mantine';
import type { ErrorSchema } from '@rjsf/utils';
import type { ReactNode } from 'react';
import type { WizardPage } from './pages';
import { pickers } from './pickers';
import { validator } from './validator';

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
      schema={page.schema} uiSchema={page.uiSchema} formData={values} validator={validator} widgets={pickers} extraErrors={errors} extraErrorsBlockSubmit={false}
      idPrefix="parameter" idSeparator="-" showErrorList={false} focusOnFirstError noHtml5Validate onError={() => undefined}
      onChange={(event) => onChange((event.formData ?? {}) as Record<string, unknown>)}
      onSubmit={onSubmit}
    >
      {children}
    </Form>
  );
}
