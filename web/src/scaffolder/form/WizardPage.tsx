import { Box, Button, Group, Stack, Stepper, Text } from '@mantine/core';
import { IconArrowLeft, IconEye, IconRocket } from '@tabler/icons-react';
import { useParams, useRouter } from '@tanstack/react-router';
import type { ErrorSchema } from '@rjsf/utils';
import { useEffect, useRef } from 'react';
import { ApiError, type FieldError } from '../../api/client';
import { useEntity, type Entity } from '../../catalog/api';
import { Page } from '../../shell/Page';
import { ErrorState, Loaded } from '../../shell/States';
import { useCreateTask, useParameterSchema, usePreview, type ParameterSchema } from '../api';
import { DryRunView } from '../preview/DryRunView';
import { FormBoundary } from './FormBoundary';
import { Plan } from './Plan';
import { declaredNames } from './pages';
import { ReviewList } from './ReviewList';
import { useWizard, type Wizard } from './useWizard';
import { WizardForm } from './WizardForm';

// What the server refuses goes to the field it is about: "instance.name" → page of `name`.
function fieldErrors(error: unknown): { name: string; message: string }[] {
  const list = error instanceof ApiError ? (error.body as { errors?: FieldError[] } | null)?.errors : undefined;
  return (list ?? []).map((each) => ({
    name: each.field ?? (each.property ?? '').replace(/^instance\.?/, '').split('.')[0] ?? '',
    message: each.message,
  }));
}

interface WizardProps {
  schema: ParameterSchema;
  entity?: Entity;
  templateRef: string;
}

interface ReviewProps {
  wizard: Wizard;
  schema: ParameterSchema;
  templateRef: string;
  create: ReturnType<typeof useCreateTask>;
  onCreate: () => void;
}

function Review({ wizard, schema, templateRef, create, onCreate }: ReviewProps) {
  const preview = usePreview();
  const refused = fieldErrors(create.error);
  const labels = schema.presentation?.buttonLabels;
  const { pages, at } = wizard;
  return (
    <Stack gap="md">
      <Box className="surface" p="lg" component="section" aria-label="What was filled in">
        <Stack gap="lg">
          <ReviewList pages={pages} values={wizard.values} onEdit={wizard.goTo} />
          {create.error && refused.length === 0 && <ErrorState error={create.error} />}
          {create.error && refused.length > 0 && (
            <Text c="var(--mantine-color-error)" fz="sm" role="alert">
              {refused.map((each) => `${each.name}: ${each.message}`).join('; ')}
            </Text>
          )}
          <Group justify="space-between">
            {at > 0 ? (
              <Button variant="default" leftSection={<IconArrowLeft size={16} />} onClick={() => wizard.goTo(at - 1)}>
                {labels?.backButtonText ?? 'Back'}
              </Button>
            ) : (
              <span />
            )}
            <Group gap={8}>
              <Button
                variant="default"
                leftSection={<IconEye size={16} />}
                onClick={() => preview.mutate({ templateRef, ...wizard.input() })}
                loading={preview.isPending}
              >
                Preview
              </Button>
              <Button leftSection={<IconRocket size={16} />} onClick={onCreate} loading={create.isPending}>
                {labels?.createButtonText ?? 'Create'}
              </Button>
            </Group>
          </Group>
        </Stack>
      </Box>
      {preview.error && <ErrorState error={preview.error} />}
      {preview.data && <DryRunView result={preview.data} />}
    </Stack>
  );
}

function Wizard({ schema, entity, templateRef }: WizardProps) {
  const wizard = useWizard(schema, templateRef);
  const { pages, values, at } = wizard;
  const create = useCreateTask();
  const router = useRouter();
  const labels = schema.presentation?.buttonLabels;
  const page = pages[at];
  const errorsHere: ErrorSchema = {};
  const here = page && declaredNames(page.schema);
  for (const each of fieldErrors(create.error))
    if (here?.has(each.name)) errorsHere[each.name] = { __errors: [each.message] } as ErrorSchema;

  const submit = () =>
    create.mutate(
      { templateRef, ...wizard.input() },
      {
        onSuccess: (task) => {
          wizard.done();
          router.history.push(`/create/tasks/${task.id}`);
        },
        onError: (error) => {
          const names = fieldErrors(error).map((each) => each.name);
          const first = pages.findIndex((each) => names.some((name) => declaredNames(each.schema).has(name)));
          if (first >= 0) wizard.goTo(first);
        },
      },
    );
  // Whoever comes to a page by the keyboard goes on from its top; the first page has its own autofocus.
  const top = useRef<HTMLDivElement>(null);
  const last = useRef(at);
  useEffect(() => {
    if (last.current !== at && !top.current?.contains(document.activeElement)) top.current?.focus({ preventScroll: true });
    last.current = at;
  }, [at]);

  return (
    <Box className="wizard">
      <Stack gap="lg" style={{ minWidth: 0 }}>
        <Stepper active={at} onStepClick={(step) => step < at && wizard.goTo(step)} size="xs" iconSize={26} allowNextStepsSelect={false}>
          {pages.map((each, index) => (
            <Stepper.Step key={each.index} label={each.title} aria-current={index === at ? 'step' : undefined} />
          ))}
          <Stepper.Step label="Review" aria-current={page ? undefined : 'step'} />
        </Stepper>
        <Box ref={top} tabIndex={-1} style={{ outline: 'none' }}>
          {page ? (
            <Box className="surface" p="lg">
              {page.description && (
                <Text c="dimmed" fz="sm" mb="md">
                  {page.description}
                </Text>
              )}
              <FormBoundary of={pages}>
              <WizardForm
                key={page.index}
                page={page}
                values={values}
                context={wizard.context}
                errors={errorsHere}
                onSubmit={() => wizard.goTo(at + 1)}
                onChange={(next) => {
                  if (create.error) create.reset();
                  wizard.setValues(next);
                }}
              >
                <Group justify="space-between" mt="lg">
                  {at > 0 ? (
                    <Button variant="default" leftSection={<IconArrowLeft size={16} />} onClick={() => wizard.goTo(at - 1)}>
                      {labels?.backButtonText ?? 'Back'}
                    </Button>
                  ) : (
                    <span />
                  )}
                  <Button type="submit">{at === pages.length - 1 ? (labels?.reviewButtonText ?? 'Review') : 'Next'}</Button>
                </Group>
              </WizardForm>
              </FormBoundary>
            </Box>
          ) : (
            <Review wizard={wizard} schema={schema} templateRef={templateRef} create={create} onCreate={submit} />
          )}
        </Box>
      </Stack>
      {entity && <Plan entity={entity} />}
    </Box>
  );
}

export function WizardPage() {
  const { namespace = 'default', name = '' } = useParams({ strict: false }) as Record<string, string | undefined>;
  const schema = useParameterSchema(namespace, name);
  const entity = useEntity({ kind: 'template', namespace, name }).data;
  return (
    <Page
      title={schema.data?.title ?? entity?.metadata.title ?? name}
      crumbs={[{ label: 'Create', href: '/create' }, { label: entity?.spec?.type ?? 'Template' }]}
      description={schema.data?.description ?? entity?.metadata.description}
    >
      <Loaded query={schema}>
        {(data) => <Wizard key={`${namespace}/${name}`} schema={data} entity={entity} templateRef={`template:${namespace}/${name}`} />}
      </Loaded>
    </Page>
  );
}
