// Schemas and values by chance, the same ones in every run: small alphabets, so that they often meet.

/** mulberry32 */
export function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export class Generator {
  constructor(seed, draft) {
    this.next = random(seed);
    this.draft = draft;
  }
  below = (count) => Math.floor(this.next() * count);
  pick = (list) => list[this.below(list.length)];
  chance = (share) => this.next() < share;
  list = (least, most, make) => Array.from({ length: least + this.below(most - least + 1) }, make);

  key = () => this.pick(['a', 'b', 'c', 'd', 'x-1', 'name']);
  scalar = () => this.pick([null, true, false, 0, 1, 2, 3, -1, 1.5, 2.25, 10, '', 'a', 'b', 'ab', 'abc', 'x-1', 'ä', 'A b']);
  value(depth = 2) {
    const kind = depth > 0 ? this.below(5) : 0;
    if (kind === 3) return this.list(0, 4, () => this.value(depth - 1));
    if (kind === 4) return Object.fromEntries(this.list(0, 4, () => [this.key(), this.value(depth - 1)]));
    return this.scalar();
  }

  /** A value near to what schema asks for. */
  near(schema, depth = 3) {
    if (depth <= 0 || this.chance(0.12) || typeof schema !== 'object') return this.value(1);
    if ('const' in schema) return schema.const;
    if (schema.enum) return this.pick(schema.enum);
    const inner = schema.allOf?.[0] ?? (schema.anyOf && this.pick(schema.anyOf)) ?? (schema.oneOf && this.pick(schema.oneOf));
    if (inner && this.chance(0.5)) return this.near(inner, depth - 1);
    if (schema.properties || schema.required || schema.dependentRequired || schema.dependencies || schema.unevaluatedProperties !== undefined || schema.type === 'object') {
      const keys = [...Object.keys(schema.properties ?? {}), ...(schema.required ?? []), ...(this.chance(0.3) ? [this.key()] : [])].filter(() => this.chance(0.85));
      return Object.fromEntries(keys.map((key) => [key, this.near(schema.properties?.[key] ?? {}, depth - 1)]));
    }
    if (schema.items !== undefined || schema.prefixItems || schema.contains !== undefined || schema.minItems || schema.uniqueItems || schema.type === 'array') {
      const of = (index) => (Array.isArray(schema.items) ? schema.items[index] : schema.prefixItems?.[index]) ?? (Array.isArray(schema.items) ? undefined : schema.items) ?? schema.contains ?? {};
      return Array.from({ length: this.below(5) }, (_, index) => this.near(of(index), depth - 1));
    }
    return this.scalar();
  }

  schema(depth = 3) {
    if (this.chance(0.06)) return this.chance(0.6);
    const schema = {};
    for (let count = 1 + this.below(3); count > 0; count--) Object.assign(schema, this.keyword(depth));
    return schema;
  }

  schemas = (depth) => this.list(1, 3, () => this.schema(depth));
  map = (depth) => Object.fromEntries(this.list(1, 3, () => [this.key(), this.schema(depth)]));
  names = () => [...new Set(this.list(1, 2, this.key))];

  keyword(depth) {
    const d = depth - 1;
    const limits = [
      () => ({ type: this.pick(['string', 'number', 'integer', 'boolean', 'null', 'array', 'object', ['string', 'integer'], ['object', 'null']]) }),
      () => ({ enum: [...new Map(this.list(1, 3, () => this.value(1)).map((value) => [JSON.stringify(value), value])).values()] }),
      () => ({ const: this.value(1) }),
      () => ({ minimum: this.pick([0, 1, 1.5]) }),
      () => ({ exclusiveMaximum: this.pick([1, 2, 3]) }),
      () => ({ multipleOf: this.pick([1, 2, 0.5, 0.25]) }),
      () => ({ minLength: this.below(3) }),
      () => ({ maxLength: this.below(3) }),
      () => ({ pattern: this.pick(['^a', 'b$', '^[a-z]+$', '\\d', '^.$', '[^a]']) }),
      () => ({ required: this.names() }),
      () => ({ minProperties: this.below(3) }),
      () => ({ maxProperties: this.below(3) }),
      () => ({ minItems: this.below(3) }),
      () => ({ maxItems: this.below(4) }),
      () => ({ uniqueItems: true }),
    ];
    const nested = [
      () => ({ properties: this.map(d) }),
      () => ({ properties: this.map(d), additionalProperties: this.schema(d) }),
      () => ({ patternProperties: { [this.pick(['^[ab]$', '-', '.'])]: this.schema(d) } }),
      () => ({ additionalProperties: this.schema(d) }),
      () => ({ propertyNames: this.schema(d) }),
      () => ({ dependencies: { [this.key()]: this.chance(0.5) ? this.names() : this.schema(d) } }),
      () => ({ items: this.schema(d) }),
      () => ({ contains: this.schema(d) }),
      () => ({ allOf: this.schemas(d) }),
      () => ({ anyOf: this.schemas(d) }),
      () => ({ oneOf: this.schemas(d) }),
      () => ({ not: this.schema(d) }),
      () => ({ if: this.schema(d), then: this.schema(d), ...(this.chance(0.6) ? { else: this.schema(d) } : {}) }),
      () => ({ $ref: this.draft === '2020' ? `#/$defs/${this.pick(['p', 'q'])}` : `#/definitions/${this.pick(['p', 'q'])}` }),
    ];
    const dialect = this.draft === '2020' ? [
      () => ({ prefixItems: this.schemas(d) }),
      () => ({ prefixItems: this.schemas(d), items: this.schema(d) }),
      () => ({ contains: this.schema(d), minContains: this.below(3), ...(this.chance(0.5) ? { maxContains: 1 + this.below(2) } : {}) }),
      () => ({ dependentRequired: { [this.key()]: this.names() } }),
      () => ({ dependentSchemas: { [this.key()]: this.schema(d) } }),
      () => ({ unevaluatedProperties: this.schema(d) }),
      () => ({ unevaluatedItems: this.schema(d) }),
    ] : [
      () => ({ items: this.schemas(d) }),
      () => ({ items: this.schemas(d), additionalItems: this.schema(d) }),
    ];
    if (depth <= 0 || this.chance(0.45)) return this.pick(limits)();
    return this.pick(this.chance(0.35) ? dialect : nested)();
  }

  /** A document: a schema whose references lead somewhere, never in a circle. */
  document() {
    const [draft, defs] = [this.draft, {}];
    const name = draft === '2020' ? '$defs' : 'definitions';
    const withoutReferences = (depth) => {
      for (;;) {
        const schema = this.schema(depth);
        if (!JSON.stringify(schema).includes('$ref')) return schema;
      }
    };
    for (const key of ['p', 'q']) defs[key] = withoutReferences(1);
    const schema = this.schema(3);
    return typeof schema === 'boolean' ? schema : { ...(draft === '2020' ? { $schema: 'https://json-schema.org/draft/2020-12/schema' } : {}), ...schema, [name]: defs };
  }
}
