// What the text of a template says: its pages for the live form, its entity for the dry run, and where it is no YAML.
import { isMap, LineCounter, parseDocument } from 'yaml';
import type { Diagnostic } from '../../api/client';
import type { ParameterPage, ParameterSchema } from '../api';
import { isNode, type Node } from '../form/pages';

export interface ParsedTemplate {
  entity?: Node;
  schema?: ParameterSchema;
  diagnostics: Diagnostic[];
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

const DEFAULT_TITLE = 'Please enter the following information';

function pageOf(page: Node): ParameterPage {
  return { title: text(page.title) ?? DEFAULT_TITLE, description: text(page.description), when: page.when, schema: page };
}

export function parseTemplate(source: string, file: string): ParsedTemplate {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, merge: false });
  const diagnostics = [...document.errors, ...document.warnings].map((problem): Diagnostic => {
    const { line, col } = lines.linePos(problem.pos[0]);
    return {
      severity: problem.name === 'YAMLWarning' ? 'warning' : 'error',
      message: problem.message.split('\n')[0] ?? problem.message,
      file,
      line,
      column: col,
    };
  });
  if (document.errors.length > 0 || !isMap(document.contents)) return { diagnostics };
  let entity: Node;
  try {
    entity = document.toJS({ maxAliasCount: 50 }) as Node;
  } catch (error) {
    return { diagnostics: [{ severity: 'error', message: String(error), file }] };
  }
  const spec = isNode(entity.spec) ? entity.spec : {};
  const metadata = isNode(entity.metadata) ? entity.metadata : {};
  const given = Array.isArray(spec.parameters) ? spec.parameters : spec.parameters ? [spec.parameters] : [];
  return {
    entity,
    schema: {
      title: text(metadata.title) ?? text(metadata.name) ?? 'Template',
      description: text(metadata.description),
      steps: given.filter(isNode).map(pageOf),
      presentation: isNode(spec.presentation) ? spec.presentation : undefined,
    },
    diagnostics,
  };
}

/** The file that is the template among those of its folder. */
export function templatePath(files: Map<string, string | null>): string | undefined {
  const names = [...files.keys()].sort((a, b) => a.split('/').length - b.split('/').length || a.localeCompare(b));
  const isTemplate = (path: string) => /^kind:\s*['"]?Template\b/m.test(files.get(path) ?? '');
  return (
    names.find((path) => /(^|\/)template\.ya?ml$/.test(path) && isTemplate(path)) ??
    names.find((path) => /\.ya?ml$/.test(path) && isTemplate(path))
  );
}
