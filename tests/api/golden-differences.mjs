// Where Pave answers otherwise than the recorded Backstage, each with its reason; docs/catalog.md has them as a table.
import assert from 'node:assert/strict';

/** Lists whose order Backstage does not promise: that of its random ids, or of what was read first. */
export const unordered = [
  'catalog-entities',
  'catalog-entities-fields',
  'catalog-entities-filter-and',
  'catalog-entities-filter-or',
  'catalog-entities-filter-same-key-or',
  'catalog-entities-filter-exists',
  'catalog-entities-filter-tag',
  'catalog-entities-filter-relation',
  'catalog-entities-filter-owner',
  'catalog-entities-filter-case-insensitive',
  'catalog-by-name-location-with-errors',
  'catalog-by-query-order-two-fields',
  'catalog-by-query-post-not-exists',
  'catalog-locations-dryrun',
  'catalog-locations-dryrun-exists',
];

const json = (reply) => JSON.parse(reply.text);
const own = (because, answers) => ({ because, answers });

/** The same error with a text of our own that still begins as theirs does. */
const text = (because, begins) =>
  own(because, (reply, { expected }) => {
    const [theirs, ours] = [JSON.parse(expected.body), json(reply)];
    assert.equal(reply.status, expected.status);
    assert.deepEqual({ ...ours, error: { ...ours.error, message: '' } }, { ...theirs, error: { ...theirs.error, message: '' } });
    assert(ours.error.message.startsWith(begins), ours.error.message);
  });

/** The same error, with every finding beside it. */
const findings = own('a dry run that fails tells each finding with its file and line beside the error', (reply, { expected, replaced }) => {
  const { diagnostics, ...rest } = json(reply);
  assert.equal(reply.status, expected.status);
  assert.deepEqual(rest, JSON.parse(replaced(expected.body)));
  assert(diagnostics.length > 0);
});

const emptyNotFound = own('a 404 of the API says what is not there, instead of nothing', (reply) => {
  assert.equal(reply.status, 404);
  assert.equal(json(reply).error.name, 'NotFoundError');
});

/** A page of entities in an order that nobody asked for: as many, and each as recorded. */
const anyPage = own('without an order asked, entities come by name instead of by random id', (reply, { expected, entities, normal, replaced }) => {
  const [theirs, ours] = [JSON.parse(expected.body), json(reply)];
  const all = [...entities.values()].map((entity) => normal(JSON.parse(replaced(JSON.stringify(entity)))));
  assert.equal(reply.status, 200);
  assert.equal(ours.items.length, theirs.items.length);
  assert.equal(ours.totalItems, theirs.totalItems);
  assert.deepEqual(Object.keys(ours.pageInfo), Object.keys(theirs.pageInfo));
  for (const item of ours.items.map((each) => normal(each))) {
    const recorded = all.find(({ metadata }) => metadata.name === item.metadata.name);
    assert.deepEqual(item.kind ? item : { metadata: { name: recorded.metadata.name } }, item.kind ? recorded : item);
  }
});

const absent = (because) => own(because, (reply) => assert.equal(reply.status, 404));

/** Locations whose files have faults say so, where their author looks. */
const status = own('the entity of a location says in its status what is wrong with its files; an unknown entity is nowhere in Backstage', (reply, { expected, normal, replaced }) => {
  const sorted = (list) => normal(list).toSorted((a, b) => (a.kind + a.metadata.name < b.kind + b.metadata.name ? -1 : 1));
  const ours = json(reply);
  const faulty = ours.filter((entity) => entity.status);
  assert.equal(faulty.length, 1);
  assert.match(faulty[0].status.items[0].message, /golden-invalid; caused by TypeError: \/spec must have required property 'lifecycle'.*golden-extra\.yaml:18:3/);
  assert.deepEqual(sorted(ours.map(({ status: _, ...entity }) => entity)), sorted(JSON.parse(replaced(expected.body))));
});

/** What is found is the same; in which order and how it is marked differs. */
const found = (because) =>
  own(because, (reply, { expected, entities }) => {
    const documents = ({ results }) => results.map(({ document }) => document.location).sort();
    const [theirs, ours] = [JSON.parse(expected.body), json(reply)];
    assert.equal(reply.status, 200);
    if (!theirs.nextPageCursor && theirs.results.length === theirs.numberOfResults) assert.deepEqual(documents(ours), documents(theirs));
    assert.equal(ours.results.length, theirs.results.length);
    for (const { document } of ours.results) {
      const [, namespace, kind, name] = /^\/catalog\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(document.location);
      assert.equal(document.kind, entities.get(`${kind}:${namespace}/${name}`.toLowerCase()).kind);
    }
  });

/** The same errors of values, each with the form's field and a sentence for whoever fills it in beside it. */
const errorsOfValues = own('an error of a value also has its field, and a sentence as its title', (reply, { expected }) => {
  const { errors } = json(reply);
  assert.equal(reply.status, expected.status);
  assert.deepEqual({ errors: errors.map(({ field, title, ...rest }) => assert.match(title, /is required$|must be/) ?? rest) }, JSON.parse(expected.body));
});

/** Most recordings were made without anybody signed in. */
const sameTask = ({ output, ...ours }, { createdBy: _, ...theirs }) => {
  const parameters = { owner: 'group:default/platform', port: 8080, ...theirs.spec.parameters };
  assert.deepEqual(output, { text: [{ title: 'Done', content: `Created ${parameters.name}` }] });
  assert.deepEqual(ours, { ...theirs, createdBy: 'user:development/guest', spec: { ...theirs.spec, parameters, user: { ref: 'user:development/guest' } } });
};
const madeBySomebody = 'a task is made by whoever is signed in, with the defaults of the form filled in, and also shows its output';
const task = own(madeBySomebody, (reply, { expected, normal, replaced }) => {
  assert.equal(reply.status, 200);
  sameTask(normal(json(reply)), normal(JSON.parse(replaced(expected.body))));
});
const tasks = own(madeBySomebody, (reply, { expected, normal, replaced }) => {
  const [ours, theirs] = [normal(json(reply)), normal(JSON.parse(replaced(expected.body)))];
  assert.deepEqual([reply.status, ours.totalTasks, ours.tasks.length], [200, theirs.totalTasks, theirs.tasks.length]);
  ours.tasks.forEach((each, index) => sameTask(each, theirs.tasks[index]));
});

/** What everybody reads in a log is the same: what begins and ends, in which state. What an action says of its work is its own. */
const skeleton = (events) => events.filter(({ body }) => body.status || !body.stepId).map(({ type, body }) => ({ type, ...body, message: body.message.replace(/ with \d+ steps$/, ' with some steps') }));
const eventsOf = (because, read) =>
  own(because, (reply, { expected, replaced }) => {
    const [ours, theirs] = [read(reply.text), read(replaced(expected.body))];
    assert.equal(reply.status, 200);
    assert.deepEqual(skeleton(ours), skeleton(theirs));
    for (const event of ours) {
      assert.deepEqual(Object.keys(event).sort(), Object.keys(theirs[0]).sort());
      if (event.body.stepId && !event.body.status) assert.match(event.body.message, /^\u001b\[\d+m\w+\u001b\[39m: /);
    }
    assert.deepEqual(ours.map(({ id }) => id), ours.map(({ id }) => id).toSorted((a, b) => a - b));
  });
const ownWords = 'what an action says of its work is in its own words';
const streamed = (text) => text.trim().split('\n\n').map((block) => {
  const [, type, data] = /^event: (\w+)\ndata: (.*)$/.exec(block);
  assert.equal(JSON.parse(data).type, type);
  return JSON.parse(data);
});

const dryRun = own(`${ownWords}; a step fewer is announced, since nothing is added to the template's; what would change and what is wrong is told beside`, (reply, { expected }) => {
  const [{ effects, diagnostics, log, ...ours }, { log: recorded, ...theirs }] = [json(reply), JSON.parse(expected.body)];
  assert.equal(reply.status, 200);
  assert.deepEqual(ours, theirs);
  assert.deepEqual([Array.isArray(effects), Array.isArray(diagnostics)], [true, true]);
  assert.deepEqual(skeleton(log), skeleton(recorded));
});

/** The same documentation and schemas, with examples of our own. */
const documented = ({ examples, ...rest }) => {
  for (const { example } of examples ?? []) assert.equal(typeof example, 'string');
  return rest;
};

export const differences = {
  'scaffolder-actions': own('there are more actions, and the examples are our own', (reply, { expected }) => {
    const ours = new Map(json(reply).map((action) => [action.id, action]));
    assert.equal(reply.status, 200);
    for (const action of JSON.parse(expected.body)) assert.deepEqual(documented(ours.get(action.id)), documented(action));
    assert.deepEqual([...ours.keys()], [...ours.keys()].sort());
  }),
  'scaffolder-templating-extensions': own('the examples are our own', (reply, { expected }) => {
    const [ours, theirs] = [json(reply), JSON.parse(expected.body)];
    assert.equal(reply.status, 200);
    assert.deepEqual(ours.globals, theirs.globals);
    for (const [name, filter] of Object.entries(theirs.filters)) assert.deepEqual(documented(ours.filters[name]), documented(filter));
  }),
  'scaffolder-task-create-invalid-values': errorsOfValues,
  'scaffolder-dry-run-invalid-values': errorsOfValues,
  'scaffolder-task-get': task,
  'authpolicy-scaffolder-task-get': task,
  'scaffolder-tasks-list': tasks,
  'scaffolder-tasks-list-filter': tasks,
  'scaffolder-task-events': eventsOf(ownWords, JSON.parse),
  'scaffolder-task-events-after': eventsOf(`${ownWords}, and their numbers are others`, (text) => JSON.parse(text).filter(({ body }) => body.stepId !== 'fetch' && !body.message.startsWith('Starting'))),
  'scaffolder-task-eventstream': eventsOf(ownWords, streamed),
  'scaffolder-dry-run': dryRun,
  'scaffolder-dry-run-template-error': dryRun,
  'scaffolder-dry-run-unknown-action': text('a way to the actions that there are, instead of a page about Backstage', "Template action with ID 'no:such' is not registered. "),
  'catalog-entities': status,
  'catalog-by-name-location-with-errors': status,
  'root-unknown-path-404': own('every path that is not of the API is the portal', (reply) => {
    assert.equal(reply.status, 200);
    assert.match(reply.headers['content-type'], /^text\/html/);
  }),
  'api-unknown-plugin-404': emptyNotFound,
  'catalog-unknown-route-404': emptyNotFound,
  'catalog-actions-list': absent("the registry of actions is internal to Backstage's own plugins"),
  'catalog-scheduler-tasks': absent("the list of scheduled tasks is internal to Backstage's own plugins; what is orphaned goes at once"),
  'catalog-by-query-default': anyPage,
  'catalog-by-query-exclude-total': anyPage,
  'catalog-by-query-error-cursor': text('our own words after the common ones', 'Malformed cursor'),
  'catalog-by-query-post-bad-predicate': text("our own words for what is wrong with a predicate, instead of those of the library behind Backstage's", 'Invalid '),
  'catalog-by-refs-error-bad-json': text('a body that is no JSON is told with line and column', 'The request body is not JSON: 1:17'),
  'catalog-locations-dryrun-missing-target': findings,
  'catalog-locations-create-error-host': findings,
  'catalog-locations-put': own('the entity of a location that was changed is named by its new target', (reply, { expected, replaced }) => {
    const { entityRef, ...rest } = json(reply);
    const { entityRef: before, ...theirs } = JSON.parse(replaced(expected.body));
    assert.equal(reply.status, 200);
    assert.deepEqual(rest, theirs);
    assert.match(entityRef, /^location:default\/generated-[0-9a-f]{40}$/);
    assert.notEqual(entityRef, before);
  }),
  'permission-authorize-bad': text("our own words for what is wrong with a body, instead of those of the library behind Backstage's", 'request/body/items/id must be string'),
  'auth-openid-configuration': absent('tokens are random and kept as hashes: nobody else can verify them, and nobody needs to'),
  'auth-jwks': absent('tokens are random and kept as hashes: there are no keys to publish'),
  'search-query': found('what was found is marked in the whole text and in the location too'),
  'search-query-empty-term': found('locations are no documents, and results without a term come by name'),
  'search-query-types': found('the order of equally good results is ours'),
  'search-query-filters': found('the order of equally good results is ours'),
  'search-query-page1': found('locations are no documents, and results without a term come by name'),
  'search-query-page2': found('locations are no documents, and results without a term come by name'),
  'search-query-error-cursor': own('a page cursor that is none is the first page', (reply) => assert.equal(reply.status, 200)),
  'search-query-error-type': text("our own words for what is wrong with a query, instead of those of the library behind Backstage's", 'Invalid query string: '),
  'search-query-error-pagelimit': text("our own words for what is wrong with a query, instead of those of the library behind Backstage's", 'Invalid query string: '),
};
