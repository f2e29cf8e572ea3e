// A generated organisation: `node organisation.mjs FOLDER ENTITIES [SEED]` writes its YAML files, about 1 KB an entity.
//
// As in real ones most entities are components; a team owns tens of things, a system has a dozen parts, a few libraries are what
// everybody depends on. A repository is a folder with one catalog-info.yaml of one to four entities. The same seed gives the same files.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const domains = ['payments', 'orders', 'catalog', 'identity', 'search', 'shipping', 'pricing', 'ledger', 'inventory', 'checkout', 'billing', 'fraud', 'loyalty', 'support', 'reporting', 'messaging'];
const nouns = ['gateway', 'api', 'worker', 'sync', 'router', 'store', 'engine', 'feed', 'bridge', 'cache', 'planner', 'agent', 'portal', 'indexer', 'mailer', 'exporter'];
const verbs = ['Accepts', 'Keeps', 'Publishes', 'Checks', 'Collects', 'Routes', 'Reconciles', 'Renders'];
const tags = ['java', 'go', 'typescript', 'python', 'rust', 'kotlin', 'grpc', 'rest', 'kafka', 'postgres', 'redis', 'pci', 'gdpr', 'batch', 'edge', 'internal', 'ml', 'mobile', 'web', 'legacy'];
const types = ['service', 'service', 'service', 'service', 'website', 'library', 'library', 'data-pipeline'];
const lifecycles = ['production', 'production', 'production', 'experimental', 'deprecated'];
const resources = ['database', 's3-bucket', 'queue', 'cache', 'topic'];
const given = ['ada', 'grace', 'alan', 'edsger', 'barbara', 'ken', 'dennis', 'margaret', 'donald', 'radia', 'leslie', 'frances'];
const family = ['lovelace', 'hopper', 'turing', 'dijkstra', 'liskov', 'thompson', 'ritchie', 'hamilton', 'knuth', 'perlman', 'lamport', 'allen'];

/** Numbers that look random and are the same for the same seed (mulberry32). */
function randomness(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** How many of what an organisation of a size has. */
export function census(entities) {
  const count = (share) => Math.max(1, Math.round(entities * share));
  const kinds = { teams: count(0.01), users: count(0.06), domains: count(0.001), systems: count(0.03), apis: count(0.12), resources: count(0.1) };
  kinds.components = Math.max(1, entities - Object.values(kinds).reduce((sum, number) => sum + number, 0));
  return kinds;
}

export const names = {
  team: (i) => `team-${domains[i % domains.length]}-${i}`,
  user: (i) => `${given[i % given.length]}.${family[(i * 7) % family.length]}${i}`,
  domain: (i) => `${domains[i % domains.length]}-${i}`,
  system: (i) => `${domains[i % domains.length]}-${nouns[(i * 3) % nouns.length]}-system-${i}`,
  api: (i) => `${domains[i % domains.length]}-${nouns[(i * 5) % nouns.length]}-api-${i}`,
  resource: (i) => `${domains[i % domains.length]}-${resources[i % resources.length]}-${i}`,
  component: (i) => `${domains[i % domains.length]}-${nouns[(i * 11) % nouns.length]}-${i}`,
};

const words = 'the request of a customer as it passes through our systems and leaves a trace that the team on call can follow at night without asking anybody who wrote it'.split(' ');

function header(kind, name, title, description, extra) {
  return `apiVersion: backstage.io/v1alpha1\nkind: ${kind}\nmetadata:\n  name: ${name}\n  title: ${title}\n  description: >-\n    ${description}\n${extra}`;
}

function annotations(name, owner) {
  return `  annotations:
    github.com/project-slug: acme-corp/${name}
    backstage.io/techdocs-ref: dir:.
    pagerduty.com/integration-key: ${Buffer.from(name).toString('hex').slice(0, 32)}
    sonarqube.org/project-key: acme-corp_${name}
    grafana/dashboard-selector: "service='${name}' and team='${owner}'"
  links:
    - url: https://runbooks.acme.example/${name}
      title: Runbook
      icon: book
    - url: https://grafana.acme.example/d/${name}
      title: Dashboard
`;
}

const capital = (text) => text.split(/[-.]/).map((word) => word[0].toUpperCase() + word.slice(1)).join(' ');

/** The documents of the organisation, one after the other: [folder, yaml]. */
export function* documents(entities, seed = 1) {
  const random = randomness(seed);
  const kinds = census(entities);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const below = (number) => Math.floor(random() * number);
  // A few are chosen often, most seldom.
  const skewed = (number) => Math.floor(number * random() ** 2);
  const phrase = (from, to) => words.slice(from, to).join(' ');
  const described = (name) => `${pick(verbs)} ${phrase(below(8))}, for ${name}. It does so for ${phrase(0, 10 + below(18))}.`;
  const someTags = () => `  tags:\n${[...new Set(Array.from({ length: 1 + below(4) }, () => tags[skewed(tags.length)]))].map((tag) => `    - ${tag}\n`).join('')}`;

  for (let i = 0; i < kinds.domains; i++) {
    const name = names.domain(i);
    yield [`domains/${name}`, `${header('Domain', name, capital(name), described(name), '')}spec:\n  owner: ${names.team(below(kinds.teams))}\n`];
  }
  for (let i = 0; i < kinds.teams; i++) {
    const name = names.team(i);
    const parent = i ? `  parent: ${names.team(Math.floor((i - 1) / 8))}\n` : '';
    yield [`teams/${name}`, `${header('Group', name, capital(name), described(name), '')}spec:\n  type: ${i < 9 ? 'department' : 'team'}\n${parent}  children: []\n  profile:\n    displayName: ${capital(name)}\n    email: ${name}@acme.example\n`];
  }
  for (let i = 0; i < kinds.users; i++) {
    const name = names.user(i);
    yield [`users/${name}`, `${header('User', name, capital(name), described(name), '')}spec:\n  profile:\n    displayName: ${capital(name)}\n    email: ${name}@acme.example\n  memberOf:\n    - ${names.team(below(kinds.teams))}\n`];
  }
  for (let i = 0; i < kinds.systems; i++) {
    const name = names.system(i);
    yield [`systems/${name}`, `${header('System', name, capital(name), described(name), someTags())}spec:\n  owner: ${names.team(below(kinds.teams))}\n  domain: ${names.domain(below(kinds.domains))}\n`];
  }
  const part = (kind, name, owner, spec) => `${header(kind, name, capital(name), described(name), someTags() + annotations(name, owner))}spec:\n${spec}  owner: ${owner}\n  system: ${names.system(below(kinds.systems))}\n`;
  for (let i = 0; i < kinds.resources; i++) {
    const name = names.resource(i);
    yield [`resources/${name}`, part('Resource', name, names.team(below(kinds.teams)), `  type: ${resources[i % resources.length]}\n`)];
  }
  for (let i = 0; i < kinds.apis; i++) {
    const name = names.api(i);
    yield [`apis/${name}`, part('API', name, names.team(below(kinds.teams)), `  type: openapi\n  lifecycle: ${pick(lifecycles)}\n  definition: |\n    openapi: 3.0.0\n    info:\n      title: ${name}\n      version: 1.0.${i % 20}\n    paths: {}\n`)];
  }
  for (let i = 0; i < kinds.components; i++) {
    const name = names.component(i);
    const owner = names.team(below(kinds.teams));
    const depends = [...new Set([`component:${names.component(skewed(kinds.components))}`, `resource:${names.resource(below(kinds.resources))}`])];
    const spec = `  type: ${pick(types)}\n  lifecycle: ${pick(lifecycles)}\n  providesApis:\n    - ${names.api(below(kinds.apis))}\n  consumesApis:\n    - ${names.api(skewed(kinds.apis))}\n  dependsOn:\n${depends.map((ref) => `    - ${ref}\n`).join('')}`;
    yield [`components/${name}`, part('Component', name, owner, spec)];
  }
}

/** Writes the files, about two entities each; the number of files. */
export function write(folder, entities, seed = 1) {
  let held = [];
  let files = 0;
  const flush = () => {
    if (!held.length) return;
    // A thousand repositories a folder, so that no folder becomes slow to list.
    const place = join(folder, String(Math.floor(files / 1000)), held[0][0].replace('/', '-'));
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'catalog-info.yaml'), held.map(([, yaml]) => yaml).join('---\n'));
    files++;
    held = [];
  };
  for (const document of documents(entities, seed)) {
    held.push(document);
    if (held.length > files % 3) flush();
  }
  flush();
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, entities, seed] = process.argv.slice(2);
  if (!folder || !(Number(entities) > 0)) {
    console.error('usage: node organisation.mjs FOLDER ENTITIES [SEED]');
    process.exit(2);
  }
  console.log(`${write(folder, Number(entities), Number(seed ?? 1))} files`);
}
