// OpenAPI 2 and 3 as one shape that is easy to show.
import { isRecord, list, record, resolve, text, type Json } from './values';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

export interface Parameter {
  name: string;
  place: string;
  required: boolean;
  description?: string;
  schema: unknown;
}

export interface Body {
  type: string;
  schema: unknown;
}

export interface Answer {
  status: string;
  description?: string;
  bodies: Body[];
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  summary?: string;
  description?: string;
  deprecated: boolean;
  tag: string;
  parameters: Parameter[];
  bodies: Body[];
  answers: Answer[];
}

export interface OpenApi {
  root: Json;
  title?: string;
  version?: string;
  description?: string;
  servers: string[];
  operations: Operation[];
  schemas: [string, unknown][];
}

function bodiesOf(root: Json, holder: unknown, produces: string[]): Body[] {
  const at = resolve(root, holder);
  const content = Object.entries(record(at.content)).map(([type, media]) => ({ type, schema: record(media).schema }));
  if (content.length > 0) return content;
  return at.schema ? [{ type: produces[0] ?? 'application/json', schema: at.schema }] : [];
}

function operationOf(root: Json, path: string, method: string, item: Json, operation: Json): Operation {
  const all = [...list(item.parameters), ...list(operation.parameters)].map((each) => resolve(root, each));
  const media = (key: string) => list(operation[key] ?? root[key]).flatMap((each) => text(each) ?? []);
  const inBody = all.filter((each) => each.in === 'body');
  return {
    id: `${method} ${path}`,
    method,
    path,
    summary: text(operation.summary),
    description: text(operation.description),
    deprecated: operation.deprecated === true,
    tag: text(list(operation.tags)[0]) ?? 'Operations',
    parameters: all
      .filter((each) => each.in !== 'body')
      .map((each) => ({
        name: text(each.name) ?? '?',
        place: text(each.in) ?? '?',
        required: each.required === true,
        description: text(each.description),
        schema: each.schema ?? each,
      })),
    bodies: [
      ...bodiesOf(root, operation.requestBody, []),
      ...inBody.map((each) => ({ type: media('consumes')[0] ?? 'application/json', schema: each.schema })),
    ],
    answers: Object.entries(record(operation.responses)).map(([status, each]) => ({
      status,
      description: text(resolve(root, each).description),
      bodies: bodiesOf(root, each, media('produces')),
    })),
  };
}

/** Undefined where it is no OpenAPI document. */
export function openApiOf(value: unknown): OpenApi | undefined {
  if (!isRecord(value) || !(value.openapi || value.swagger)) return undefined;
  const root = value;
  const info = record(root.info);
  const host = text(root.host);
  const operations = Object.entries(record(root.paths)).flatMap(([path, each]) => {
    const item = resolve(root, each);
    return METHODS.flatMap((method) =>
      isRecord(item[method]) ? [operationOf(root, path, method, item, item[method])] : [],
    );
  });
  return {
    root,
    title: text(info.title),
    version: text(info.version),
    description: text(info.description),
    servers: [
      ...list(root.servers).flatMap((each) => text(record(each).url) ?? []),
      ...(host ? [`${text(list(root.schemes)[0]) ?? 'https'}://${host}${text(root.basePath) ?? ''}`] : []),
    ],
    operations,
    schemas: Object.entries(record(record(root.components).schemas ?? root.definitions)),
  };
}
