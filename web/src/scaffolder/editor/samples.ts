// Templates to begin with.
const README = `# \${{ values.name }}

\${{ values.description }}
{% if values.owner %}
Owned by \${{ values.owner }}.
{% endif %}`;

const SERVICE = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: my-service
  title: A new service
  description: A repository with a README and an entry in the catalog
spec:
  owner: team-platform
  type: service
  parameters:
    - title: The service
      required: [name, owner]
      properties:
        name:
          title: Name
          type: string
          ui:field: EntityNamePicker
          ui:autofocus: true
        description:
          title: Description
          type: string
        owner:
          title: Owner
          type: string
          ui:field: OwnerPicker
          ui:options:
            catalogFilter: { kind: Group }
    - title: Where
      required: [repoUrl]
      properties:
        repoUrl:
          title: Repository
          type: string
          ui:field: RepoUrlPicker
  steps:
    - id: fetch
      name: Make the files
      action: fetch:template
      input:
        url: ./skeleton
        values:
          name: \${{ parameters.name }}
          description: \${{ parameters.description }}
          owner: \${{ parameters.owner }}
    - id: publish
      name: Create the repository
      action: publish:github
      input:
        repoUrl: \${{ parameters.repoUrl }}
        description: \${{ parameters.description }}
    - id: register
      name: Register it
      action: catalog:register
      input:
        repoContentsUrl: \${{ steps.publish.output.repoContentsUrl }}
        catalogInfoPath: /catalog-info.yaml
  output:
    links:
      - title: Repository
        url: \${{ steps.publish.output.remoteUrl }}
`;

const CATALOG_INFO = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: \${{ values.name }}
  description: \${{ values.description | dump }}
spec:
  type: service
  lifecycle: experimental
  owner: \${{ values.owner }}
`;

const FIELDS = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: fields
  title: Every field
  description: What a form may ask for; take what you need
spec:
  owner: team-platform
  type: example
  parameters:
    - title: From the catalog
      properties:
        owner: { title: OwnerPicker, type: string, ui:field: OwnerPicker }
        group: { title: MyGroupsPicker, type: string, ui:field: MyGroupsPicker }
        entity:
          title: EntityPicker
          type: string
          ui:field: EntityPicker
          ui:options: { catalogFilter: { kind: [Component, API] }, defaultKind: Component }
        entities: { title: MultiEntityPicker, type: array, ui:field: MultiEntityPicker }
        owned: { title: OwnedEntityPicker, type: string, ui:field: OwnedEntityPicker }
        tags: { title: EntityTagsPicker, type: array, ui:field: EntityTagsPicker, ui:options: { showCounts: true } }
        name: { title: EntityNamePicker, type: string, ui:field: EntityNamePicker }
    - title: Repositories
      properties:
        repoUrl: { title: RepoUrlPicker, type: string, ui:field: RepoUrlPicker }
        branch: { title: RepoBranchPicker, type: string, ui:field: RepoBranchPicker }
        repoOwner: { title: RepoOwnerPicker, type: string, ui:field: RepoOwnerPicker }
    - title: Inputs
      properties:
        text: { title: Text, type: string, ui:placeholder: like this, ui:help: Help stands below }
        long: { title: Long text, type: string, ui:widget: textarea, ui:options: { rows: 4 } }
        choice: { title: Choice, type: string, enum: [one, two], ui:enumNames: [The one, The other], ui:widget: radio }
        days: { title: Several, type: array, uniqueItems: true, items: { type: string, enum: [mon, tue] }, ui:widget: checkboxes }
        number: { title: Number, type: integer, minimum: 1, maximum: 10, default: 3 }
        share: { title: Share, type: integer, minimum: 0, maximum: 100, default: 50, ui:widget: range }
        day: { title: Day, type: string, format: date }
        colour: { title: Colour, type: string, ui:widget: color }
        more: { title: More, type: boolean, default: false }
        reason: { title: Why more, type: string, when: "\${{ parameters.more }}" }
        list:
          title: A list
          type: array
          items: { type: object, properties: { key: { title: Key, type: string }, value: { title: Value, type: string } } }
    - title: What is secret
      when: "\${{ parameters.more }}"
      properties:
        token: { title: Secret, type: string, ui:field: Secret }
        password: { title: Password, type: string, ui:widget: password }
  steps:
    - id: log
      name: Say it
      action: debug:log
      input:
        message: \${{ parameters | dump }}
`;

export interface Sample {
  id: string;
  title: string;
  description: string;
  files: Record<string, string>;
}

export const SAMPLES: Sample[] = [
  {
    id: 'service',
    title: 'A service',
    description: 'Files from a skeleton, a repository, an entry in the catalog',
    files: { 'template.yaml': SERVICE, 'skeleton/README.md': README, 'skeleton/catalog-info.yaml': CATALOG_INFO },
  },
  {
    id: 'fields',
    title: 'Every field',
    description: 'All that a form may ask for, to try out and to copy from',
    files: { 'template.yaml': FIELDS },
  },
];
