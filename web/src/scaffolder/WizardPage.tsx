import { Box, Button, Group, Stack, Stepper, Text } from '@mantine/core';
import { IconArrowLeft, IconRocket } from '@tabler/icons-react';
import { useParams, useRouter } from '@tanstack/react-router';
import type { ErrorSchema } from '@rjsf/utils';
import { useMemo, useState } from 'react';
import { ApiError, type FieldError } from '../api/client';
import { useEntity, type Entity } from '../catalog/api';
import { Page } from '../shell/Page';
import { ErrorState, Loaded } from '../shell/States';
import { useCreateTask, useParameterSchema, type ParameterSchema } from './api';
import { Plan } from './Plan';
import { taskInput, wizardPages } from './pages';
import { ReviewList } from './ReviewList';
import { WizardForm } from './WizardForm';

type Values = Record<string, unknown>;

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

function Wizard({ schema, entity, templateRef }: WizardProps) {
  const pages = useMemo(() => wizardPages(schema.steps), [schema]);
  const [values, setValues] = useState<Values[]>(() => pages.map(() => ({})));
  const [at, setAt] = useState(0);
  const create = useCreateTask();
  const router = useRouter();
  const labels = schema.presentation?.buttonLabels;
  const refused = fieldErrors(create.error);
  const page = pages[at];
  const errorsHere: ErrorSchema = {};
  for (const each of refused)
    if (page?.schema.properties?.[each.name]) errorsHere[each.name] = { __errors: [each.message] } as ErrorSchema;

  const submit = () =>
    create.mutate(
      { templateRef, ...taskInput(pages, values) },
      {
        onSuccess: (task) => router.history.push(`/create/tasks/${task.id}`),
        onError: (error) => {
          const names = fieldErrors(error).map((each) => each.name);
          const first = pages.findIndex((each) => names.some((name) => each.schema.properties?.[name]));
          if (first >= 0) setAt(first);
        },
      },
    );
  const back = at > 0 && (
    <Button variant="default" leftSection={<IconArrowLeft size={16} />} onClick={() => setAt(at - 1)}>
      {labels?.backButtonText ?? 'Back'}
    </Button>
  );

  return (
    <Box className="wizard">
      <Stack gap="lg" style={{ minWidth: 0 }}>
        <Stepper
          active={at}
          onStepClick={(step) => step < at && setAt(step)}
          size="xs"
          iconSize={26}
          allowNextStepsSelect={false}
        >
          {pages.map((each, index) => (
            <Stepper.Step key={index} label={each.title} />
          ))}
          <Stepper.Step label="Review" />
        </Stepper>
        <Box className="surface" p="lg">
          {page ? (
            <WizardForm
              key={at}
              page={page}
              values={values[at] ?? {}}
              errors={errorsHere}
              onSubmit={() => setAt(at + 1)}
              onChange={(next) => {
                if (create.error) create.reset();
                setValues((old) => old.map((each, index) => (index === at ? next : each)));
              }}
            >
              <Group justify="space-between" mt="lg">
                {back || <span />}
                <Button type="submit">
                  {at === pages.length - 1 ? (labels?.reviewButtonText ?? 'Review') : 'Next'}
                </Button>
              </Group>
            </WizardForm>
          ) : (
            <Stack gap="lg">
              <ReviewList pages={pages} values={values} onEdit={setAt} />
              {create.error && refused.length === 0 && <ErrorState error={create.error} />}
              {create.error && refused.length > 0 && (
                <Text c="var(--mantine-color-error)" fz="sm" role="alert">
                  {refused.map((each) => `${each.name}: ${each.message}`).join('; ')}
                </Text>
              )}
              <Group justify="space-between">
                {back || <span />}
                <Button leftSection={<IconRocket size={16} />} onClick={submit} loading={create.isPending}>
                  {labels?.createButtonText ?? 'Create'}
                </Button>
              </Group>
            </Stack>
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
        {(data) => <Wizard key={name} schema={data} entity={entity} templateRef={`template:${namespace}/${name}`} />}
      </Loaded>
    </Page>
  );
}
