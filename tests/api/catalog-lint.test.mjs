// `pave catalog lint` and Backstage's own validators judge the same entities.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import * as model from '@backstage/catalog-model';
import { corpus } from './catalog-lint-corpus.mjs';

const program = process.env.PAVE_PROGRAM ?? resolve(import.meta.dirname, '../../build/pave');
let folder;

before(async () => (folder = await mkdtemp(join(tmpdir(), 'lint-'))));
after(() => rm(folder, { recursive: true, force: true }));

/** What the program printed, whatever it ended with. */
const pave = (...parameters) =>
  new Promise((done) => execFile(program, parameters, { cwd: folder, maxBuffer: 256 << 20 }, (error, stdout, stderr) => done({ status: error?.code ?? 0, stdout, stderr })));

/* ---- Backstage's verdict ---- */

const envelope = model.entityEnvelopeSchemaValidator();
const policies = model.EntityPolicies.allOf([new model.SchemaValidEntityPolicy(), new model.DefaultNamespaceEntityPolicy(), new model.NoForeignRootFieldsEntityPolicy(), new model.FieldFormatEntityPolicy()]);
const kinds = ['api', 'component', 'domain', 'group', 'location', 'resource', 'system', 'user'].map((kind) => model[`${kind}EntityV1alpha1Validator`]);
/** Fields of spec that refer to others, with the kind of a reference that names none. */
const references = {
  Component: { owner: 'Group', subcomponentOf: 'Component', providesApis: 'API', consumesApis: 'API', dependsOn: undefined, dependencyOf: undefined, system: 'System' },
  API: { owner: 'Group', system: 'System' },
  Resource: { owner: 'Group', dependsOn: undefined, dependencyOf: undefined, system: 'System' },
  System: { owner: 'Group', domain: 'Domain' },
  Domain: { owner: 'Group', subdomainOf: 'Domain' },
  User: { memberOf: 'Group' },
  Group: { parent: 'Group', children: 'Group', members: 'User' },
  Location: {},
};

function checkReferences({ kind, metadata, spec }) {
  for (const [field, defaultKind] of Object.entries(references[kind])) {
    for (const [index, ref] of Array.isArray(spec[field]) ? spec[field].entries() : spec[field] ? [[undefined, spec[field]]] : []) {
      try {
        model.parseEntityRef(ref, { defaultKind, defaultNamespace: metadata.namespace });
      } catch (error) {
        throw Object.assign(error, { pointer: ['/spec', field, index].filter((part) => part !== undefined).join('/') });
      }
    }
  }
}

/** undefined where entity is valid, else the error. */
async function judge(entity) {
  try {
    envelope(entity);
    const checked = await policies.enforce(entity);
    let known = false;
    for (const kind of kinds) known = known || (await kind.check(checked));
    if (!known) throw Object.assign(new Error('no kind'), { pointer: '/kind' });
    checkReferences(checked);
  } catch (error) {
    return error;
  }
}

const escaped = (key) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** The member that an error of Backstage's is about. */
function pointerOf({ message: whole, pointer }) {
  const message = whole.replace(/^Malformed envelope, /, '');
  const required = /^(<root>|\/.*) must have required property '(.*)'$/.exec(message);
  const schema = /^(<root>|\/\S*|\/.*?) must (?:.* - (missingProperty|additionalProperty): (.*)|.*)$/.exec(message);
  const format = /^"(?:(labels|annotations|tags|links|metadata)\.)?(.*)" is not valid;/s.exec(message) ?? /^(?:(labels|annotations|tags|links|metadata)\.)?(.*) must have a value$/s.exec(message);
  if (pointer !== undefined) return pointer;
  if (/^Unknown field /.test(message)) return `/${message.slice('Unknown field '.length)}`;
  if (required) return `${required[1] === '<root>' ? '' : required[1]}/${required[2]}`;
  if (schema) return (schema[1] === '<root>' ? '' : schema[1]) + (schema[2] ? `/${schema[3]}` : '');
  assert(format, message);
  const [, group, rest] = format;
  if (!group) return `/${rest}`;
  if (group === 'metadata') return `/metadata/${rest}`;
  return `/metadata/${group}/${group === 'links' ? rest.replace('.', '/') : escaped(rest)}`;
}

/** Which member of the root is foreign, only Pave says. */
const namesTheSame = (theirs, ours) => pointerOf(theirs) === ours.pointer || (/<root> must NOT have additional properties/.test(theirs.message) && ours.pointer.lastIndexOf('/') === 0);

/* ---- what differs on purpose ---- */

/** Why Pave judges otherwise than Backstage; undefined: it should not. */
function reasonToDiffer(entity, theirs, ours) {
  if (['AiResource', 'Template'].includes(entity.kind) && theirs?.pointer === '/kind') return 'other packages of Backstage bring these kinds';
  if (ours?.pointer?.startsWith('/spec/dependencyOf')) return 'Backstage knows dependencyOf only when it relates, and takes what JavaScript takes for a text there';
}

test('each of thousands of entities gets the verdict of Backstage, and the same field is named', async (t) => {
  const cases = [...corpus()];
  const name = (index) => `catalog-info-${String(index).padStart(5, '0')}.yaml`;
  await mkdir(join(folder, 'corpus'));
  for (const [index, { entity }] of cases.entries()) await writeFile(join(folder, 'corpus', name(index)), JSON.stringify(entity));
  const { stdout, stderr } = await pave('catalog', 'lint', '--format', 'json', '--no-references', 'corpus');
  assert(stdout.startsWith('{'), stderr);

  const found = new Map();
  for (const finding of JSON.parse(stdout).findings) {
    if (finding.severity === 'error' && finding.code !== 'catalog-duplicate') found.set(finding.file.slice('corpus/'.length), found.get(finding.file.slice('corpus/'.length)) ?? finding);
  }
  const differing = [];
  let broken = 0;
  for (const [index, { entity, single }] of cases.entries()) {
    const [theirs, ours] = [await judge(entity), found.get(name(index))];
    broken += theirs !== undefined;
    const same = (theirs === undefined) === (ours === undefined) && (!theirs || !single || namesTheSame(theirs, ours));
    if (!same && !reasonToDiffer(entity, theirs, ours)) {
      differing.push(`${name(index)} ${JSON.stringify(entity).slice(0, 2000)}\n    Backstage: ${theirs ? `${pointerOf(theirs)}: ${theirs.message}` : 'valid'}\n    Pave: ${ours ? `${ours.pointer}: ${ours.message}` : 'valid'}`);
    }
  }
  t.diagnostic(`${cases.length} entities, ${broken} of them broken`);
  assert(cases.length > 5000 && broken > 2000 && broken < cases.length - 500);
  assert.deepEqual(differing.slice(0, 5), [], `${differing.length} verdicts differ`);
});
