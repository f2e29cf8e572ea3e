// Where Pave's verdict is another than ajv's, each with its reason; docs/templates.md has them as a table. `verdict` is Pave's on the example.
const text = JSON.stringify;
const format = (name, because, verdict, ...instances) => ({
  because,
  verdict,
  example: { schema: { format: name }, instance: instances[0] },
  applies: ({ schema, instance }) => schema.format === name && instances.includes(instance),
});
const emptyLists = (value) => (Array.isArray(value) ? value.length === 0 || value.some(emptyLists) : value && typeof value === 'object' && Object.values(value).some(emptyLists));

export const differences = [
  {
    because: 'an empty list contains nothing; ajv forgets `contains` of an empty list where a tuple stands beside it',
    verdict: false,
    example: { schema: { contains: { multipleOf: 2 }, items: [{ minLength: 1 }] }, instance: [] },
    applies: ({ schema, instance, ours, message }) => !ours && emptyLists(instance) && /"contains"/.test(text(schema)) && /must contain /.test(message),
  },
  {
    because: 'what an `if` that does not hold has looked at is still unevaluated (2020-12 core 11.2); ajv counts it',
    verdict: false,
    example: { draft: '2020', schema: { if: { prefixItems: [{ const: 1 }] }, then: { prefixItems: [true, true] }, unevaluatedItems: false }, instance: ['a'] },
    applies: ({ draft, schema, ours }) => draft === '2020' && !ours && /"if"/.test(text(schema)) && /"unevaluated/.test(text(schema)),
  },
  {
    because: 'members called like those of every JavaScript object are members like others',
    verdict: false,
    example: { draft: '2020', schema: { patternProperties: { '^x': true }, unevaluatedProperties: false }, instance: { toString: 'x' } },
    applies: ({ instance, ours }) => !ours && ['constructor', 'toString'].some((name) => Object.hasOwn(instance ?? {}, name)),
  },
  {
    because: 'a "$dynamicRef" means the outermost anchor of its name that was come through (2020-12 core 8.2.3.2), also where that is no root',
    verdict: true,
    example: { draft: '2020', schema: { $id: 'https://pave.example/typed', $ref: 'list', $defs: { items: { $dynamicAnchor: 'items', type: 'string' }, list: { $id: 'list', type: 'array', items: { $dynamicRef: '#items' }, $defs: { items: { $dynamicAnchor: 'items' } } } } }, instance: ['a'] },
    applies: ({ schema, ours }) => ours && /"\$dynamicRef":"#items"/.test(text(schema)),
  },
  {
    because: 'in draft-07 nothing beside a $ref counts; of a `type` ajv has it count even so',
    verdict: true,
    example: { schema: { definitions: { p: { uniqueItems: true } }, items: [{ $ref: '#/definitions/p', type: 'string' }] }, instance: [[]] },
    applies: ({ draft, schema, ours }) => draft === '07' && ours && /"\$ref"/.test(text(schema)) && /"type"/.test(text(schema)),
  },
  {
    because: 'PCRE2 remembers what a group matched in an earlier round of the repetition around it, JavaScript forgets it; only a backreference can tell',
    verdict: false,
    example: { schema: { pattern: '^((a)|b)*\\2$' }, instance: 'ab' },
    applies: ({ schema }) => /\\\d/.test(schema.pattern ?? '') && /\)[*+]/.test(schema.pattern),
  },
  format('time', "an offset has a colon (RFC 3339), and so JavaScript's own Date wants it", false, '12:30:00+0100', '12:30:00+01'),
  format('email', 'a host without a dot, a quoted name and an address in brackets are mailboxes (RFC 5321)', true, 'a@b', '"joe bloggs"@example.com', 'a@[127.0.0.1]'),
  format('uri', 'a port is a number (RFC 3986)', false, 'http://x:abc/'),
  format('uri-reference', 'a port is a number, and what begins with a colon or has one in its first part is no reference but a scheme, which begins with a letter (RFC 3986)', false, 'http://x:abc/', '1http://x', '://x', ':x', '1:b'),
  format('idn-email', 'every e-mail address is one of the international ones', true, 'a@b.c'),
  format('iri', 'letters and symbols beyond ASCII may stand in host, path, query and fragment (RFC 3987)', true, 'https://ƒøø.ßår/?∂éœ=πîx#πîüx'),
  format('iri', 'no space stands in an IRI', false, 'https://a b'),
  format('iri-reference', 'no backslash stands in an IRI', false, '\\\\WINDOWS\\filëßåré', '#ƒräg\\mênt'),
];
