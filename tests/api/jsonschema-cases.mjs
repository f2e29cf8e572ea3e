// Schemas with values that do and do not fit them: [schema, ...values]. What the standard's corners are, keyword by keyword.
const all = [null, true, false, 0, 1, -1, 1.0, 1.5, 1e20, '', 'a', 'ab', 'foo', 'ä', '😀', [], [1], [1, 1], ['a', 'b'], {}, { a: 1 }, { a: 'x', b: 2 }, { foo: 'bar' }];
const objects = [{}, { a: 1 }, { b: 2 }, { a: 1, b: 2 }, { a: 'x' }, { a: 1, b: 2, c: 3 }, { a: null }, { a: { a: 1 } }, { x1: 1 }, { x1: 'y', a: 1 }, { '': 1 }, { constructor: 1 }, { __proto: 1 }, { toString: 'x' }];
const arrays = [[], [1], ['a'], [1, 2], [1, 'a'], ['a', 1], [1, 2, 3], [1, 'a', true], [[1], [1]], [{ a: 1 }, { a: 1 }], [{ a: 1, b: 2 }, { b: 2, a: 1 }], [1, true], [0, false], [null, null], [1, 1.0], ['1', 1], [[], {}], [5, 6, 7, 5]];
const each = (schemas, values) => schemas.map((schema) => [schema, ...values]);

/** The same in both dialects. */
export const common = [
  ...each([true, false, {}, { type: 'string' }, { type: 'number' }, { type: 'integer' }, { type: 'boolean' }, { type: 'null' }, { type: 'array' }, { type: 'object' }, { type: ['string', 'null'] }, { type: ['integer', 'object', 'array'] }], all),
  ...each([{ enum: [1, 'a', null] }, { enum: [[1]] }, { enum: [{ a: 1 }] }, { enum: [false] }, { enum: [0] }, { enum: [{ b: 2, a: 'x' }] }, { const: 1 }, { const: null }, { const: false }, { const: 0 }, { const: { foo: 'bar' } }, { const: [] }, { const: ['a', 'b'] }, { const: '😀' }], all),
  ...each([{ minLength: 1 }, { minLength: 2 }, { maxLength: 1 }, { maxLength: 0 }, { minLength: 1.0, maxLength: 2.0 }], all),
  ...each([{ minimum: 0 }, { minimum: 1.5 }, { maximum: 1 }, { exclusiveMinimum: 0 }, { exclusiveMaximum: 1.5 }, { multipleOf: 1 }, { multipleOf: 0.5 }, { minimum: -1, maximum: 1 }], all),
  [{ multipleOf: 0.01 }, 0.01, 0.07, 19.99, 4.02, 1.1, 0.075, 0.0001, 1e3, 37.31],
  [{ multipleOf: 0.1 }, 0.3, 0.35, 1.1, 100, -0.7, 0],
  [{ multipleOf: 0.0001 }, 0.0075, 0.00751],
  [{ multipleOf: 3 }, 9007199254740991, 9007199254740993, 9, 10, -3, 3.5],
  [{ minimum: 9007199254740991 }, 9007199254740990, 9007199254740992],
  ...each([{ minItems: 1 }, { maxItems: 1 }, { minItems: 2, maxItems: 3 }, { uniqueItems: true }, { uniqueItems: false }, { items: { type: 'integer' } }, { items: true }, { items: false }, { items: { items: { type: 'integer' } } }, { contains: { const: 1 } }, { contains: { type: 'string' } }, { contains: true }, { contains: false }, { items: { type: 'integer' }, contains: { minimum: 2 } }], [...arrays, ...all]),
  ...each(
    [
      { required: ['a'] },
      { required: [] },
      { required: ['a', 'b'] },
      { required: ['constructor'] },
      { properties: { a: { type: 'integer' } } },
      { properties: { a: true, b: false } },
      { properties: { a: { properties: { a: { type: 'string' } } } } },
      { properties: { a: {} }, additionalProperties: false },
      { properties: { a: {} }, additionalProperties: { type: 'integer' } },
      { additionalProperties: false },
      { additionalProperties: { type: 'string' } },
      { patternProperties: { '^x': { type: 'integer' } } },
      { patternProperties: { '^x': {}, b: { minimum: 3 } }, additionalProperties: false },
      { patternProperties: { '': false } },
      { properties: { a: {} }, patternProperties: { '^x': {} }, additionalProperties: { const: 2 } },
      { propertyNames: { pattern: '^[a-z]+$' } },
      { propertyNames: { maxLength: 1 } },
      { propertyNames: false },
      { propertyNames: { enum: ['a', 'b'] } },
      { minProperties: 1 },
      { maxProperties: 1 },
      { minProperties: 2, maxProperties: 2 },
      { dependencies: { a: ['b'] } },
      { dependencies: { a: { required: ['b'], properties: { b: { type: 'integer' } } } } },
      { dependencies: { a: [], b: true, c: false } },
      { dependencies: { 'x1': { minProperties: 2 } } },
    ],
    [...objects, ...all],
  ),
  ...each(
    [
      { allOf: [{ type: 'object' }, { required: ['a'] }] },
      { allOf: [] },
      { allOf: [true, false] },
      { anyOf: [{ type: 'string' }, { minimum: 1 }] },
      { anyOf: [false, { required: ['a'] }] },
      { anyOf: [true, false] },
      { oneOf: [{ type: 'integer' }, { minimum: 1 }] },
      { oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      { oneOf: [true, true] },
      { oneOf: [false, {}] },
      { not: { type: 'object' } },
      { not: {} },
      { not: false },
      { not: { not: { required: ['a'] } } },
      { if: { required: ['a'] }, then: { required: ['b'] }, else: { type: ['string', 'array', 'object'] } },
      { if: { properties: { a: { const: 1 } }, required: ['a'] }, then: { maxProperties: 1 } },
      { if: { type: 'object' }, else: false },
      { then: false, else: false },
      { if: true, then: { type: 'object' }, else: false },
      { if: false, then: false, else: { type: 'object' } },
      { allOf: [{ if: { type: 'object' }, then: { required: ['a'] } }, { if: { type: 'array' }, then: { minItems: 1 } }] },
    ].filter(({ allOf, anyOf }) => !(allOf ?? anyOf ?? [1]).length === false),
    [...objects, ...arrays, ...all],
  ),
  // References
  [{ $ref: '#/definitions/n', definitions: { n: { type: 'number' } } }, 1, 'a'],
  [{ definitions: { tree: { type: 'object', properties: { value: { type: 'integer' }, children: { type: 'array', items: { $ref: '#/definitions/tree' } } }, required: ['value'] } }, $ref: '#/definitions/tree' }, { value: 1 }, { value: 1, children: [{ value: 2, children: [] }] }, { value: 1, children: [{ children: [] }] }, { value: 'x' }],
  [{ properties: { a: { $ref: '#' } }, additionalProperties: false }, {}, { a: {} }, { a: { a: { b: 1 } } }, { b: 1 }],
  [{ definitions: { 'a/b': { type: 'string' }, 'c~d': { type: 'integer' }, 'e%f': { type: 'null' }, 'g h': { const: 1 } }, properties: { a: { $ref: '#/definitions/a~1b' }, b: { $ref: '#/definitions/c~0d' }, c: { $ref: '#/definitions/e%25f' }, d: { $ref: '#/definitions/g%20h' } } }, { a: 'x' }, { a: 1 }, { b: 1 }, { b: 'x' }, { c: null }, { c: 1 }, { d: 1 }, { d: 2 }],
  [{ definitions: { a: { $ref: '#/definitions/b' }, b: { $ref: '#/definitions/c' }, c: { type: 'integer' } }, $ref: '#/definitions/a' }, 1, 'x'],
  [{ allOf: [{ type: 'integer' }], properties: { x: { $ref: '#/allOf/0' } } }, 1, 'x'],
  [{ properties: { list: { items: [{ type: 'integer' }] }, x: { $ref: '#/properties/list' } } }, { x: 1 }],
  [{ properties: { $ref: { type: 'string' } } }, { $ref: 'a' }, { $ref: 1 }],
  [{ properties: { $ref: { $ref: '#/definitions/s' } }, definitions: { s: { type: 'string' } } }, { $ref: 'a' }, { $ref: 1 }],
  [{ $id: 'https://pave.example/root.json', definitions: { other: { $id: 'other.json', type: 'integer' }, folder: { $id: 'folder/', definitions: { in: { $id: 'in.json', type: 'boolean' } } } }, properties: { a: { $ref: 'other.json' }, b: { $ref: 'https://pave.example/other.json' }, c: { $ref: 'folder/in.json' }, d: { $ref: '/root.json#/definitions/other' } } }, { a: 1 }, { a: 'x' }, { b: 1 }, { b: 'x' }, { c: true }, { c: 1 }, { d: 1 }, { d: 'x' }],
  [{ $id: 'https://pave.example/nested', definitions: { inner: { $id: 'https://inner.example/x', definitions: { n: { type: 'integer' } }, properties: { v: { $ref: '#/definitions/n' } } }, n: { type: 'string' } }, properties: { in: { $ref: 'https://inner.example/x' }, out: { $ref: '#/definitions/n' } } }, { in: { v: 1 } }, { in: { v: 'x' } }, { out: 'x' }, { out: 1 }],
  [{ definitions: { list: { anyOf: [{ type: 'null' }, { type: 'object', required: ['next'], properties: { next: { $ref: '#/definitions/list' } } }] } }, $ref: '#/definitions/list' }, null, { next: null }, { next: { next: null } }, { next: {} }, 1],
  [{ properties: { a: { enum: [{ $ref: '#/definitions/x' }] } }, definitions: { x: false } }, { a: { $ref: '#/definitions/x' } }, { a: 1 }],
  // Patterns, as JavaScript reads them
  ...[
    '^a', 'a$', '^a*$', '^[a-z0-9]+(-[a-z0-9]+)*$', '[^a]', '^.$', '^..$', '^\\w+$', '^\\W$', '^\\d{2,3}$', '^\\s$', '^\\S+$', '[\\s\\d]', '[^\\s]', '^[\\w-]+$', '^[\\w.-]+$', '^(a|b)+$', '^(?:ab){2}$', '^(?=.*\\d)(?=.*[a-z]).+$', '^(?!x)', '(?<=a)b', '(?<!a)b', '^(?<n>a)\\k<n>$', '^(a)\\1$', '\\u0061', '^\\u{1F600}$', '^\\ud83d\\ude00$', '^\\x61$', '^\\p{Letter}+$', '^\\p{L}+$', '^\\P{L}$', '^\\p{Lu}', '^\\p{Script=Greek}+$', '^\\p{sc=Cyrillic}+$', '^\\p{ASCII}+$', '^\\p{Alphabetic}+$', '^[\\p{L}\\p{N}]+$', '^\\p{White_Space}$', 'a{2}', 'a{1,}', '^a{0,1}$', '\\bfoo\\b', '\\Bo', '[]', '[^]', '^[^]$', '[\\b]', '^\\/', '^\\.', 'a.c', '\\cA', '^\\0$', '^$', '^a?b$', 'a+?', '(a+)+b', '^[a-zA-Z]:\\\\', '[\\]]', '[\\[]', '[a\\-z]', '^[-a]+$', '^[a-]+$', '^ä$', '^[ä-ü]$', '^😀{2}$', '^[😀-😂]$', '[[:alpha:]]', 'a\\nb', '\\t', '\\v', '\\f', '(?:)', '()', '^(a|)$', '^((a)|b)*\\2$', '\\$', '\\^', '\\*',
  ].map((pattern) => [{ pattern }, '', 'a', 'b', 'aa', 'aaa', 'ab', 'abab', 'A', 'foo', 'foo bar', 'x-1', 'a-b-c', 'a_b', 'a.b', '1', '12', '1234', ' ', '\n', '\t', '\v', '\f', 'a\nb', 'a\n', '\u2028', '\u00a0', '\ufeff', 'ä', 'ö', 'λόγος', 'мир', '😀', '😀😀', '😁', '\u0001', '\b', '\u0000', '-', '-a', 'a-', '[', ']', 'C:\\', '/x', '$', '^', '*', 'abc', 'a1', 'bar', 'u']),
  ...each([{ patternProperties: { '^\\w$': { type: 'integer' } } }, { patternProperties: { '\\p{L}': false } }], [...objects, { ä: 1 }]),
];

export const draft07 = [
  ...each([{ items: [{ type: 'integer' }, { type: 'string' }] }, { items: [{ type: 'integer' }], additionalItems: false }, { items: [{ type: 'integer' }], additionalItems: { type: 'string' } }, { items: {}, additionalItems: false }, { additionalItems: false }, { items: [] }, { items: [], additionalItems: false }, { items: [true, false] }], arrays),
  [{ properties: { a: { $ref: '#/definitions/n', minimum: 5 } }, definitions: { n: { type: 'number' } } }, { a: 1 }, { a: 6 }, { a: 'x' }],
  [{ definitions: { a: { $id: '#here', type: 'integer' } }, $ref: '#here' }, 1, 'x'],
  [{ $id: 'https://pave.example/anchors', definitions: { a: { $id: '#here', type: 'integer' }, b: { $id: 'other#there', type: 'string' } }, properties: { a: { $ref: '#here' } } }, { a: 1 }, { a: 'x' }],
  ...each([{ dependentRequired: { a: ['b'] } }, { unevaluatedProperties: false }, { prefixItems: [false] }, { minContains: 5, contains: true }, { $defs: { x: false }, properties: { a: { $ref: '#/$defs/x' } } }], [...objects, ...arrays]),
  [{ contentMediaType: 'application/json', contentEncoding: 'base64' }, 'x', 1],
];

export const draft2020 = [
  ...each(
    [
      { prefixItems: [{ type: 'integer' }, { type: 'string' }] },
      { prefixItems: [{ type: 'integer' }], items: false },
      { prefixItems: [{ type: 'integer' }], items: { type: 'string' } },
      { prefixItems: [true, false] },
      { items: { type: 'integer' }, additionalItems: false },
      { contains: { type: 'integer' }, minContains: 2 },
      { contains: { type: 'integer' }, maxContains: 1 },
      { contains: { type: 'integer' }, minContains: 0 },
      { contains: { type: 'integer' }, minContains: 0, maxContains: 1 },
      { contains: { type: 'integer' }, minContains: 2, maxContains: 3 },
      { minContains: 2 },
      { prefixItems: [{ type: 'integer' }], unevaluatedItems: false },
      { prefixItems: [{ type: 'integer' }], unevaluatedItems: { type: 'string' } },
      { unevaluatedItems: false },
      { items: true, unevaluatedItems: false },
      { allOf: [{ prefixItems: [true] }], unevaluatedItems: false },
      { anyOf: [{ prefixItems: [{ const: 1 }] }, { prefixItems: [true, { const: 'a' }] }], unevaluatedItems: false },
      { if: { prefixItems: [{ const: 1 }] }, then: { prefixItems: [true, true] }, unevaluatedItems: false },
      { not: { not: { prefixItems: [true] } }, unevaluatedItems: false },
      { $defs: { t: { prefixItems: [true, true] } }, $ref: '#/$defs/t', unevaluatedItems: false },
    ],
    arrays,
  ),
  ...each(
    [
      { dependentRequired: { a: ['b'] } },
      { dependentSchemas: { a: { required: ['b'] }, x1: false } },
      { unevaluatedProperties: false },
      { properties: { a: true }, unevaluatedProperties: false },
      { properties: { a: true }, unevaluatedProperties: { type: 'integer' } },
      { patternProperties: { '^x': true }, unevaluatedProperties: false },
      { additionalProperties: true, unevaluatedProperties: false },
      { allOf: [{ properties: { a: true } }], unevaluatedProperties: false },
      { allOf: [{ properties: { a: true } }, { properties: { b: true } }], properties: { c: true }, unevaluatedProperties: false },
      { anyOf: [{ properties: { a: { const: 1 } }, required: ['a'] }, { properties: { b: { const: 2 } }, required: ['b'] }], unevaluatedProperties: false },
      { oneOf: [{ properties: { a: { const: 1 } }, required: ['a'] }, { properties: { b: { const: 2 } }, required: ['b'] }], unevaluatedProperties: false },
      { if: { properties: { a: { const: 1 } }, required: ['a'] }, then: { properties: { b: true } }, else: { properties: { x1: true } }, unevaluatedProperties: false },
      { dependentSchemas: { a: { properties: { b: true } } }, properties: { a: true }, unevaluatedProperties: false },
      { $defs: { o: { properties: { a: true } } }, $ref: '#/$defs/o', unevaluatedProperties: false },
      { $defs: { o: { properties: { a: true } } }, $ref: '#/$defs/o', properties: { b: true }, unevaluatedProperties: false },
      { not: { not: { properties: { a: true } } }, unevaluatedProperties: false },
      { properties: { a: { type: 'object', unevaluatedProperties: false } } },
      { allOf: [{ unevaluatedProperties: false }], properties: { a: true } },
      { properties: { a: true }, allOf: [{ properties: { b: true }, unevaluatedProperties: true }], unevaluatedProperties: false },
      { $ref: '#/$defs/n', required: ['a'], $defs: { n: { maxProperties: 1 } } },
    ],
    [...objects, ...all],
  ),
  [{ $defs: { a: { $anchor: 'here', type: 'integer' } }, $ref: '#here' }, 1, 'x'],
  [{ $id: 'https://pave.example/a', $defs: { a: { $id: 'b', $defs: { c: { $anchor: 'here', type: 'integer' } } } }, properties: { x: { $ref: 'b#here' } } }, { x: 1 }, { x: 'x' }],
  [{ $dynamicRef: '#node', $defs: { n: { $dynamicAnchor: 'node', type: 'integer' } } }, 1, 'x'],
  [
    {
      $id: 'https://pave.example/strict-tree', $dynamicAnchor: 'node', $ref: 'tree', unevaluatedProperties: false,
      $defs: { tree: { $id: 'https://pave.example/tree', $dynamicAnchor: 'node', type: 'object', properties: { data: true, children: { type: 'array', items: { $dynamicRef: '#node' } } } } },
    },
    { children: [{ data: 1 }] }, { children: [{ daat: 1 }] }, { data: 1 }, { daat: 1 }, { children: [{ children: [{ daat: 1 }] }] },
  ],
  [
    {
      $id: 'https://pave.example/typed', $ref: 'list',
      $defs: { items: { $dynamicAnchor: 'items', type: 'string' }, list: { $id: 'list', type: 'array', items: { $dynamicRef: '#items' }, $defs: { items: { $comment: 'the default', $dynamicAnchor: 'items' } } } },
    },
    ['a'], [1], [],
  ],
  [{ $defs: { a: { type: 'integer' } }, properties: { x: { $ref: '#/$defs/a', minimum: 5 } } }, { x: 6 }, { x: 1 }, { x: 'a' }],
];

const times = ['12:30:00Z', '12:30:00z', '12:30:00', '12:30:00+01:00', '12:30:00-23:59', '12:30:00+24:00', '24:00:00Z', '12:60:00Z', '12:30:61Z', '23:59:60Z', '22:59:60Z', '00:29:60+00:30', '23:59:60+01:00', '12:30:00.5Z', '12:30:00.Z', '12:30Z', '1:30:00Z', '12:30:00+0100', '12:30:00+01', '12:30:00 Z', ''];
const dates = ['2026-03-01', '2026-02-29', '2024-02-29', '1900-02-29', '2000-02-29', '2026-13-01', '2026-00-10', '2026-04-31', '2026-4-01', '26-04-01', '2026/04/01', '0000-01-01', '2026-04-01Z', '', 'today'];
const hosts = ['a', 'example.com', 'a.b.c', 'localhost', '-a.com', 'a-.com', 'a--b.com', 'A.Com', 'a..b', '.a', 'a b', 'a_b.com', '1.2.3.4', '123', `${'a'.repeat(63)}.com`, `${'a'.repeat(64)}.com`, `${'a.'.repeat(126)}a`, `${'a.'.repeat(127)}a`, 'xn--nxasmq6b.com', 'ä.com', '', 'a.com:80', 'a@b'];
const links = ['https://a.example', 'https://a.example/', 'https://a.example:8080/x?y=z#w', 'http://[::1]/', 'http://[::1', 'http://[v1.a]/', 'ftp://u:p@h/x', 'mailto:a@b.c', 'urn:isbn:1', 'tel:+1', 'a', '/a/b', '//h/x', '?q', '#f', '', 'a b', 'https://a b', 'https://a.example/ x', 'https://a.example/%20', 'https://a.example/%2', 'https://a.example/%zz', 'https://ä.example', '1http://x', 'http://x:abc/', 'https://a.example/<x>', 'https://a.example/{x}', 'https://a.example/a|b', '\\\\x\\y', 'http://x/a\\b', '://x', ':x', 'a:b', './a:b', '1:b', 'https://a.example/#a#b', 'http:', 'http:/', 'file:///etc/x', 'javascript:alert(1)'];
/** Values of a format; what is another verdict by intent is in the list of differences. */
export const formats = {
  date: dates,
  time: times,
  'date-time': [...times.slice(0, 12).map((time) => `2026-03-01T${time}`), ...dates.map((date) => `${date}T12:00:00Z`), '2026-03-01t12:00:00z', '2026-03-01 12:00:00Z', '2026-03-0112:00:00Z', '1998-12-31T23:59:60Z', '1998-12-31T23:58:60Z', '1990-12-31T15:59:60-08:00', 'x'],
  duration: ['P1Y', 'P1M', 'P1D', 'P1W', 'PT1H', 'PT1M', 'PT1S', 'P1Y2M3DT4H5M6S', 'P', 'PT', 'P1', '1D', 'P1DT', 'P1H', 'PT1D', 'P2D1Y', 'P1W1D', 'P1D1W', 'P-1D', 'P1.5D', 'PT0.5S', 'p1d', '', 'P1YT1H', 'P1Y1D', 'PT1H1S'],
  email: ['a@b.c', 'joe.bloggs@example.com', 'a+b@example.com', 'a..b@example.com', '.a@example.com', 'a.@example.com', 'a@', '@b.c', 'a', 'a b@c.d', 'a@b c.d', 'a@b', 'te~st@example.com', '"joe bloggs"@example.com', 'a@[127.0.0.1]', 'a@-b.com', 'a@b..c', 'ä@b.c', "o'hara@x.ie", 'a@b_c.d', ''],
  hostname: hosts,
  ipv4: ['127.0.0.1', '256.0.0.1', '1.2.3', '1.2.3.4.5', '01.2.3.4', '1.2.3.4 ', '0.0.0.0', '255.255.255.255', '0x7f.1', 'a.b.c.d', '', '１.2.3.4', '1.2.3.-4'],
  ipv6: ['::', '::1', '1::', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::ffff:1.2.3.4', '1:2:3:4:5:6:1.2.3.4', '12345::', '::g', ':1', '1:', '1::2::3', ':::', 'fe80::1%eth0', '1:2:3:4:5:6:7::', '::1.2.3', '::1/64', ' ::1', '', 'ABCD::EF'],
  uri: links,
  'uri-reference': links,
  'uri-template': ['/a/{b}', '/a/{b', '/a/b}', '{+x}', '{#x,y}', '{?a,b*}', '{x:3}', '{x:0}', '{x:10000}', '{}', '{ x }', 'a b', '/%20/{x}', '/%2/{x}', 'http://e.x/{term:1}/{term}', '{%41}', ''],
  uuid: ['2eb8aa08-aa98-11ea-b4aa-73b441d16380', '2EB8AA08-AA98-11EA-B4AA-73B441D16380', '2eb8aa08aa9811eab4aa73b441d16380', '2eb8aa08-aa98-11ea-b4aa-73b441d1638', '2eb8aa08-aa98-11ea-b4aa-73b441d1638g', '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380', '{2eb8aa08-aa98-11ea-b4aa-73b441d16380}', ''],
  'json-pointer': ['', '/', '/a', '/a/b', 'a', '/a~0b', '/a~1b', '/a~2', '/~', '//', '/a b', '#/a', '/ä', '/~01'],
  'relative-json-pointer': ['0', '1', '0/a', '1/a~1b', '0#', '10#', '01', '', '/a', '#', '1#a', '-1', '+1/a', '1/~2', 'a'],
  'json-pointer-uri-fragment': ['#', '#/a', '#/a%20b', '#/a b', '/a', '', '#a', '#/~0~1', '#/~2'],
  regex: ['a', '^[a-z]+$', '(', '[', 'a{2}', '(?<n>a)', '*', '(?i)a', '\\d', '[z-a]', '\\u{1F600}', '(?<=a)b', ''],
};
/** Held against ajv-formats-draft2019. */
export const internationalFormats = {
  'idn-email': ['a@b.c', 'ä@ö.example', '실례@실례.테스트', 'a', '@', 'a@', 'a b@c.d'],
  'idn-hostname': ['example.com', '실례.테스트', 'bücher.example', '-a', 'a..b', ''],
  iri: ['https://ƒøø.ßår/?∂éœ=πîx#πîüx', 'https://a.example', 'ä', '/x', 'https://a b', ''],
  'iri-reference': ['//ƒøø.ßår/?∂éœ=πîx#πîüx', '/âππ', '#ƒrägmênt', 'https://a.example', '\\\\WINDOWS\\filëßåré', '#ƒräg\\mênt'],
};
