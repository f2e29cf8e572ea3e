// Valid and broken entities: every field of every kind, changed in every way that may matter, one at a time.

const apiVersion = 'backstage.io/v1alpha1';
const metadata = {
  name: 'name',
  namespace: 'default',
  title: 'Title',
  description: 'What it is',
  uid: 'e01199ab-08cc-44c2-8e19-5c29ded82521',
  etag: 'abc',
  labels: { 'example.com/tier': 'gold', plain: '' },
  annotations: { 'example.com/a.b': 'anything at all', 'backstage.io/techdocs-ref': 'dir:.' },
  tags: ['java', 'c-plus-plus', 'a:b+c#'],
  links: [{ url: 'https://example.com', title: 'Home', icon: 'dashboard', type: 'admin' }, { url: 'mailto:a@example.com' }],
  extra: { anything: [1, null, true] },
};
const profile = { displayName: 'Ada', email: 'ada@example.com', picture: 'https://example.com/ada.png' };

export const valid = Object.entries({
  Component: { type: 'service', lifecycle: 'production', owner: 'team-a', system: 'shop', subcomponentOf: 'other', providesApis: ['a', 'b'], consumesApis: ['ns/c'], dependsOn: ['resource:db', 'component:default/x'], dependencyOf: ['component:y'], extra: 1 },
  API: { type: 'openapi', lifecycle: 'production', owner: 'user:ada', system: 'shop', definition: 'openapi: 3.0.0' },
  Resource: { type: 'database', owner: 'team-a', system: 'shop', dependsOn: ['resource:db'], dependencyOf: ['component:y'] },
  System: { owner: 'team-a', domain: 'retail', type: 'product' },
  Domain: { owner: 'team-a', subdomainOf: 'all', type: 'area' },
  Group: { type: 'team', children: ['b'], parent: 'c', members: ['ada'], profile },
  User: { memberOf: ['team-a'], profile },
  Location: { type: 'url', target: 'https://example.com/a.yaml', targets: ['https://example.com/b.yaml'], presence: 'optional' },
}).map(([kind, spec]) => ({ apiVersion, kind, metadata, spec }));

const long = (length) => 'a'.repeat(length);
const scalars = [null, true, false, 0, 1.5, '', ' ', '\t\n', 'x', 'X', 'a b', '-a', 'a-', '_a', 'a.', 'a..b', 'a--b', 'a/b', 'a/b/c', '/a', 'a/', 'a:b', 'a:b/c', 'a:b:c', ':a', 'a:', 'a:/b', 'a:b/', 'A:B/C', 'é', '名', '$x', 'a=b', '*', '1', long(63), long(64), long(253), long(254)];
const texts = {
  apiVersion: ['backstage.io/v1beta1', 'backstage.io/v1', 'v1', 'scaffolder.backstage.io/v1beta3', 'Backstage.io/v1alpha1', 'backstage.io/v1alpha1/x', 'backstage..io/v1', '.io/v1', `${long(63)}.${long(63)}.${long(63)}.${long(61)}/v1`, `${long(64)}/v1`, 'a/v_1'],
  kind: ['component', 'COMPONENT', 'Component', 'API', 'Api', 'Template', 'Widget', '1Widget', 'My-Widget', 'AiResource'],
  name: ['a.b_c-d', 'A', '9', 'a b', 'ab!', `${long(62)}-`, 'x@y', 'a\nb', 'a\n'],
  namespace: ['other', 'a-b', 'a--b', 'A', 'a.b', 'a_b', '-a', `${long(63)}`],
  url: ['http://x', 'https://x y', 'x', '//x', 'mailto:x', 'urn:a', 'https://', 'http:/x', 'ftp://h/p', 'https://[::1]/', 'https://x:99999/', 'javascript:x', 'https://ex ample.com', ' https://x ', 'https://x/%zz', 'https://ümlaut.example/ä', 'a:', '1a:b', 'data:,x', 'HTTPS://X'],
  tag: ['a+b', 'a#', 'a:b', 'a-b', 'a--b', 'A', 'a_b', 'a.b', '+', '-', 'a/b'],
  email: ['x', 'x@y', 'not an email'],
  presence: ['required', 'optional', 'Required', 'never'],
};
const wrongTypes = [[], [''], ['x'], [1], [null], [['x']], {}, { a: 'b' }, { url: 'https://x' }];
const keys = ['a', 'A', 'a.b', 'a_b', '-a', 'a-', '', ' ', 'a b', 'a/b', 'a/b/c', '/a', 'a/', 'A/b', 'a.b/c', 'a..b/c', 'a_b/c', `${long(63)}`, `${long(64)}`, `a.b/${long(64)}`, `${long(253)}/a`, 'é', '__proto_', 'a=b', 'a~b', 'a~1b'];

const clone = (value) => structuredClone(value);

/** value with what is at path (a list of keys) set, or taken out where to is undefined. */
function changed(value, path, to) {
  const copy = clone(value);
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key];
  if (to === undefined && Array.isArray(at)) at.splice(path.at(-1), 1);
  else if (to === undefined) delete at[path.at(-1)];
  else at[path.at(-1)] = to;
  return copy;
}

/** Every path to something in value. */
function* paths(value, path = []) {
  if (path.length) yield path;
  if (value && typeof value === 'object') for (const key of Object.keys(value)) yield* paths(value[key], [...path, Array.isArray(value) ? Number(key) : key]);
}

/** What is tried in the place of a value. */
function replacements(path) {
  const name = path.at(-1);
  const own = texts[name] ?? (path.at(-2) === 'tags' ? texts.tag : []);
  return [undefined, ...scalars, ...own, ...wrongTypes];
}

function* additions(entity) {
  for (const name of ['relations', 'status', 'apiversion', 'spc', 'metdata', 'name', 'description', 'x']) yield changed(entity, [name], []);
  for (const name of ['relations', 'status']) yield changed(entity, [name], {});
  for (const key of keys) {
    yield changed(entity, ['metadata', 'labels', key], 'x');
    yield changed(entity, ['metadata', 'annotations', key], 'x');
    yield changed(entity, ['metadata', key || 'empty'], 'x');
    yield changed(entity, ['spec', key || 'empty'], 'x');
  }
  for (const value of [...scalars, ...wrongTypes]) {
    yield changed(entity, ['metadata', 'labels', 'x'], value);
    yield changed(entity, ['metadata', 'annotations', 'x'], value);
    yield changed(entity, ['metadata', 'unknown'], value);
    yield changed(entity, ['spec', 'unknown'], value);
    yield changed(entity, ['metadata', 'tags', 3], value);
    yield changed(entity, ['metadata', 'links', 2], value);
  }
}

/** Numbers that come the same each time. */
function* numbers(seed) {
  for (let state = seed; ; ) {
    state = (state * 1103515245 + 12345) % 2147483648;
    yield state;
  }
}

/** All of them: {entity, single}; single: one thing was changed, so that there is one thing to name. */
export function* corpus() {
  for (const entity of valid) {
    yield { entity, single: true };
    for (const path of paths(entity)) for (const to of replacements(path)) yield { entity: changed(entity, path, to), single: true };
    for (const broken of additions(entity)) yield { entity: broken, single: true };
  }
  for (const root of [[], 'text', 1, true, {}, { kind: 'Component' }, { apiVersion, kind: 'Component' }]) yield { entity: root, single: false };
  const random = numbers(7);
  for (let i = 0; i < 1500; i++) {
    let entity = valid[random.next().value % valid.length];
    for (let changes = 2 + (random.next().value % 3); changes > 0; changes--) {
      const all = [...paths(entity)];
      const path = all[random.next().value % all.length];
      const tried = replacements(path);
      entity = changed(entity, path, tried[random.next().value % tried.length]);
    }
    yield { entity, single: false };
  }
}
