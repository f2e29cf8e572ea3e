// An organisation whose template makes all that can be undone and decommissioned: a repository, infrastructure, an entry in
// the catalog. People sign in with their names.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Pave } from './pave.mjs';
import { startPave } from './server.mjs';

const people = ['ada', 'bob', 'cy', 'dot'];
const steps = `
    - { id: fetch, name: Fetch, action: fetch:template, input: { url: ./skeleton, values: "\${{ parameters }}" } }
    - id: publish
      name: Publish
      action: publish:github
      input: { repoUrl: "github.com?owner=makers&repo=\${{ parameters.name }}", defaultBranch: main }
    - id: apply
      name: Provision
      action: terraform:apply
      input: { module: thing, service: "\${{ parameters.name }}", environment: staging, variables: { name: "\${{ parameters.name }}", broken: "\${{ parameters.broken }}" } }
    - { id: program, name: Tell, action: "makers:tell", input: { name: "\${{ parameters.name }}" } }
    - { id: register, name: Register, action: catalog:register, input: { repoContentsUrl: "\${{ steps.publish.output.repoContentsUrl }}" } }
    - { id: last, name: Last, if: "\${{ parameters.fails }}", action: debug:wait, input: { minutes: 100 } }`;
const template = (name, more = '') => `
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: ${name}, title: ${name} }
spec:
  type: service
${more}
  parameters:
    required: [name]
    properties: { name: { type: string }, fails: { type: boolean, default: false }, broken: { type: boolean, default: false } }
  steps:${steps}
  output: { links: [{ title: Repository, url: "\${{ steps.publish.output.remoteUrl }}" }] }
---`;
/* Only applies, to what may be there already. */
const again = `
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: { name: again, title: again }
spec:
  type: service
  parameters: { required: [name], properties: { name: { type: string } } }
  steps:
    - { id: apply, name: Provision, action: terraform:apply, input: { module: thing, service: "\${{ parameters.name }}", environment: staging, variables: { name: "\${{ parameters.name }}" } } }
    - { id: last, name: Last, action: debug:wait, input: { minutes: 100 } }
---`;

const files = {
  'app-config.yaml': `
app: { title: Makers, baseUrl: "\${PAVE_BASE_URL}" }
organization: { name: Makers }
backend: { baseUrl: "\${PAVE_BASE_URL}" }
auth:
  admins: [user:default/dot]
  users: [${people.map((name) => `{ name: ${name}, password: ${name}-has-a-password }`).join(', ')}]
catalog:
  rules: [{ allow: [Component, API, Resource, System, Group, User, Template] }]
  locations: [{ type: file, target: ./catalog.yaml }]
forge:
  hosts: { github.com: builtin }
infra:
  modules: [{ path: ./modules }]
deployments:
  environments: [{ name: staging }]
scaffolder:
  actions:
    makers:tell:
      description: Says that it ran
      schema: { input: { type: object, properties: { name: { type: string } } } }
      program: [/bin/sh, -c, 'cat > /dev/null; echo "{\\"told\\": \\"everybody\\"}"']
      undo: [/bin/sh, -c, 'echo "got $(cat)"; echo taken back']
      undoText: Takes back what was told
`,
  'catalog.yaml':
    [
      ['Group', 'team', '{ type: team, children: [] }'],
      ['User', 'ada', '{ memberOf: [] }'],
      ['User', 'bob', '{ memberOf: [team] }'],
      ['User', 'cy', '{ memberOf: [team] }'],
      ['User', 'dot', '{ memberOf: [] }'],
    ]
      .map(([kind, name, spec]) => `apiVersion: backstage.io/v1alpha1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n---\n`)
      .join('') +
    template('make') +
    again +
    template('careful', '  onFailure: undo'),
  'skeleton/catalog-info.yaml': `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: "\${{ values.name }}" }
spec: { type: service, lifecycle: production, owner: team }
`,
  'skeleton/README.md': '# ${{ values.name }}\n',
  'modules/thing/main.tf': `
variable "name" { type = string }
variable "environment" { type = string }
variable "broken" {
  type    = bool
  default = false
}
resource "terraform_data" "first" { input = var.name }
resource "terraform_data" "second" {
  count      = var.broken ? 1 : 0
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "exit 1" }
}
output "name" { value = terraform_data.first.output }
output "token" {
  value     = "a-token-of-\${var.name}"
  sensitive = true
}
`,
};

/** {server, users, remove()}: Pave with that organisation, and a signed-in client of each person. more: files beside. */
export async function startMakers(environment = {}, more = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'makers-'));
  await chmod(folder, 0o755);
  for (const [path, text] of Object.entries({ ...files, ...more })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const server = await startPave(folder, environment);
  const users = {};
  for (const name of people) {
    const reply = await server.pave.raw('POST', '/api/identity/v1/login', {
      headers: { 'content-type': 'application/json', origin: server.pave.url },
      body: JSON.stringify({ username: name, password: `${name}-has-a-password` }),
    });
    assert.equal(reply.status, 200, reply.text);
    users[name] = new Pave(server.pave);
    users[name].token = /=([^;]+)/.exec(reply.headers['set-cookie'][0])[1];
  }
  return {
    server,
    users,
    async remove() {
      await server.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The task of a template, once it is over. */
export async function make(user, templateName, values) {
  const { id } = await user.post('/api/scaffolder/v2/tasks', { templateRef: `template:default/${templateName}`, values });
  return taskEnded(user, id);
}

export const taskEnded = (user, id) =>
  user.until('the task is over', async () => {
    const task = await user.get(`/api/scaffolder/v2/tasks/${id}`);
    return !['open', 'processing'].includes(task.status) && task;
  }, 60);

export const jobEnded = (user, id) =>
  user.until('the job is over', async () => {
    const job = await user.get(`/api/jobs/v1/jobs/${id}`);
    return ['succeeded', 'failed', 'cancelled'].includes(job.state) && job;
  }, 60);

export const output = async (user, id) => (await user.get(`/api/jobs/v1/jobs/${id}/output`)).lines.map(({ text }) => text).join('\n');

/** What is there of one name: {repository, entity, resources}. */
export async function whatIsThere(user, name) {
  const there = async (path) => user.get(path).catch((error) => (error.status === 404 ? null : Promise.reject(error)));
  const repository = await there(`/api/forge/v1/repositories/makers/${name}`);
  const entity = await there(`/api/catalog/entities/by-name/component/default/${name}`);
  const workspace = await there(`/api/infra/v1/workspaces/${name}-staging`);
  return { repository: !!repository, entity: !!entity, resources: workspace ? workspace.resources.map(({ address }) => address) : null };
}

export const refused = (status, message) => (error) => error.status === status && (!message || message.test(JSON.parse(error.body).error.message));
