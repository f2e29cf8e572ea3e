import { Facts } from '../shell/Facts';
import { Section } from '../shell/Page';
import type { Task } from './api';

export function ReviewParameters({ task }: { task: Task }) {
  const entries = Object.entries(task.spec.parameters ?? {});
  if (entries.length === 0) return null;
  return (
    <Section title="Inputs">
      <Facts
        labelWidth={110}
        items={entries.map(([name, value]) => [
          name,
          typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean),
        ])}
      />
    </Section>
  );
}
