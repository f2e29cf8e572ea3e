import { Text } from '@mantine/core';
import { Form } from '@rjsf/mantine';
import type { ErrorSchema, FieldErrorProps } from '@rjsf/utils';
import type { ReactNode } from 'react';
import { fields, widgets } from './fields';
import type { FormContext } from './options';
import type { WizardPage } from './pages';
import { templates } from './templates';
import { validator } from './validator';
import type { Values } from './when';

// The widgets tell their own errors; what has none (a whole list or object) is told here.
function FieldErrorTemplate({ errors, schema, uiSchema }: FieldErrorProps) {
  const told = uiSchema?.['ui:field'] || uiSchema?.['ui:widget'];
  if (told || (schema.type !== 'array' && schema.type !== 'object')) return null;
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
  values: Values;
  context: FormContext;
  errors?: ErrorSchema;
  onChange: (values: Values) => void;
  onSubmit: () => void;
  children: ReactNode;
}

/** One page of a form. Its data are the values of the whole form, so that its conditions see them. */
export function WizardForm({ page, values, context, errors, onChange, onSubmit, children }: WizardFormProps) {
  return (
    <Form
      schema={page.schema}
      uiSchema={page.uiSchema}
      formData={values}
      formContext={context}
      validator={validator}
      fields={fields as never}
      widgets={widgets}
      templates={{ FieldErrorTemplate, ...templates }}
      extraErrors={errors}
      extraErrorsBlockSubmit={false}
      idPrefix="parameter"
      idSeparator="-"
      showErrorList={false}
      focusOnFirstError
      noHtml5Validate
      experimental_defaultFormStateBehavior={{ allOf: 'populateDefaults' }}
      onError={() => undefined}
      onChange={(event) => onChange((event.formData ?? {}) as Values)}
      onSubmit={onSubmit}
    >
      {children}
    </Form>
  );
}
