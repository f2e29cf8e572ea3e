// The expressions that conditions of a form are written in: "parameters.kind == 'service' and not parameters.internal".
// The language is the templates' own (Nunjucks); what a form needs of it is read here, without eval, and the server checks it again.

type Scope = Record<string, unknown>;
type Run = (scope: Scope) => unknown;
interface Token {
  kind: 'name' | 'text' | 'number' | 'sign' | 'end';
  text: string;
}

const TOKEN =
  /\s*(?:([A-Za-z_$][\w$]*)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(\d+(?:\.\d+)?)|(===|!==|==|!=|<=|>=|\*\*|\/\/|[-+*/%~<>()[\]{}.,:|!]))/y;
const KINDS = ['name', 'text', 'number', 'sign'] as const;
const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r' };

function tokens(source: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  const end = source.trimEnd().length;
  while (at < end) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (!match) throw new SyntaxError(`“${source.slice(at).trim()}” is not understood`);
    const group = match.slice(1).findIndex((each) => each !== undefined);
    found.push({ kind: KINDS[group]!, text: match[group + 1]! });
    at = TOKEN.lastIndex;
  }
  found.push({ kind: 'end', text: '' });
  return found;
}

const isNode = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** A member that belongs to the value itself, or its length: nothing that leads out of the values. */
function member(value: unknown, key: unknown): unknown {
  if (typeof value === 'string' || Array.isArray(value)) {
    if (key === 'length') return value.length;
    return typeof key === 'number' || /^\d+$/.test(String(key)) ? value[Number(key)] : undefined;
  }
  return isNode(value) && Object.hasOwn(value, String(key)) ? value[String(key)] : undefined;
}

const METHODS: Record<string, (self: never, ...rest: never[]) => unknown> = {
  includes: (self: string | unknown[], what: never) => self.includes(what),
  indexOf: (self: string | unknown[], what: never) => self.indexOf(what),
  startsWith: (self: string, what: string) => self.startsWith(what),
  endsWith: (self: string, what: string) => self.endsWith(what),
  toLowerCase: (self: string) => self.toLowerCase(),
  toUpperCase: (self: string) => self.toUpperCase(),
  trim: (self: string) => self.trim(),
  split: (self: string, by: string) => self.split(by),
  join: (self: unknown[], by: string) => self.join(by),
};

function callMethod(self: unknown, name: string, rest: unknown[]): unknown {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  const native = typeof self === 'string' ? '' : Array.isArray(self) ? [] : undefined;
  if (!method || native === undefined || !(name in Object(native))) throw new SyntaxError(`“${name}()” is not known`);
  return method(self as never, ...(rest as never[]));
}

const sizeOf = (value: unknown) =>
  typeof value === 'string' || Array.isArray(value) ? value.length : isNode(value) ? Object.keys(value).length : 0;

const FILTERS: Record<string, (value: unknown, ...rest: unknown[]) => unknown> = {
  length: sizeOf,
  lower: (value) => String(value ?? '').toLowerCase(),
  upper: (value) => String(value ?? '').toUpperCase(),
  trim: (value) => String(value ?? '').trim(),
  string: (value) => String(value ?? ''),
  int: (value, otherwise) => (Number.isNaN(parseInt(String(value), 10)) ? (otherwise ?? 0) : parseInt(String(value), 10)),
  float: (value, otherwise) => (Number.isNaN(parseFloat(String(value))) ? (otherwise ?? 0) : parseFloat(String(value))),
  first: (value) => member(value, 0),
  last: (value) => member(value, sizeOf(value) - 1),
  join: (value, by) => (Array.isArray(value) ? value.join(String(by ?? '')) : value),
  default: (value, otherwise, falsy) => (falsy ? value || otherwise : value === undefined ? otherwise : value),
  dump: (value) => JSON.stringify(value),
};
FILTERS.d = FILTERS.default!;

const TESTS: Record<string, (value: unknown, other?: unknown) => boolean> = {
  defined: (value) => value !== undefined,
  undefined: (value) => value === undefined,
  none: (value) => value === null,
  null: (value) => value === null,
  truthy: (value) => !!value,
  falsy: (value) => !value,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  mapping: (value) => isNode(value) && !Array.isArray(value),
  iterable: (value) => Array.isArray(value) || typeof value === 'string',
  odd: (value) => Number(value) % 2 === 1,
  even: (value) => Number(value) % 2 === 0,
  divisibleby: (value, by) => Number(value) % Number(by) === 0,
  equalto: (value, other) => value === other,
  eq: (value, other) => value === other,
  sameas: (value, other) => value === other,
  ne: (value, other) => value !== other,
  gt: (value, other) => Number(value) > Number(other),
  ge: (value, other) => Number(value) >= Number(other),
  lt: (value, other) => Number(value) < Number(other),
  le: (value, other) => Number(value) <= Number(other),
  lower: (value) => String(value) === String(value).toLowerCase(),
  upper: (value) => String(value) === String(value).toUpperCase(),
};

function contains(list: unknown, what: unknown): boolean {
  if (typeof list === 'string') return list.includes(String(what));
  if (Array.isArray(list)) return list.includes(what);
  return isNode(list) && Object.hasOwn(list, String(what));
}

type Binary = (a: never, b: never) => unknown;
const COMPARE: Record<string, Binary> = {
  // Nunjucks compares as JavaScript does.
  '==': (a: unknown, b: unknown) => a == b,
  '===': (a: unknown, b: unknown) => a === b,
  '!=': (a: unknown, b: unknown) => a != b,
  '!==': (a: unknown, b: unknown) => a !== b,
  '<': (a: number, b: number) => a < b,
  '>': (a: number, b: number) => a > b,
  '<=': (a: number, b: number) => a <= b,
  '>=': (a: number, b: number) => a >= b,
};
const ARITHMETIC: Record<string, Binary>[] = [
  { '~': (a: unknown, b: unknown) => `${String(a ?? '')}${String(b ?? '')}` },
  { '+': (a: number, b: number) => a + b, '-': (a: number, b: number) => a - b },
  {
    '*': (a: number, b: number) => a * b,
    '//': (a: number, b: number) => Math.floor(a / b),
    '/': (a: number, b: number) => a / b,
    '%': (a: number, b: number) => a % b,
  },
];

class Parser {
  private at = 0;
  private readonly list: Token[];
  constructor(list: Token[]) {
    this.list = list;
  }

  private get token() {
    return this.list[this.at]!;
  }
  private is(text: string) {
    return this.token.text === text && this.token.kind !== 'text';
  }
  private take(text: string) {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }
  private need(text: string) {
    if (!this.take(text)) throw new SyntaxError(`“${text}” is missing before “${this.token.text}”`);
  }
  private name() {
    if (this.token.kind !== 'name') throw new SyntaxError(`a name is missing before “${this.token.text}”`);
    return this.list[this.at++]!.text;
  }

  whole(): Run {
    const run = this.choice();
    if (this.token.kind !== 'end') throw new SyntaxError(`“${this.token.text}” was not expected`);
    return run;
  }

  private choice(): Run {
    const yes = this.or();
    if (!this.take('if')) return yes;
    const test = this.or();
    const no: Run = this.take('else') ? this.or() : () => '';
    return (scope) => (test(scope) ? yes(scope) : no(scope));
  }
  private or(): Run {
    let left = this.and();
    while (this.take('or')) {
      const [a, b] = [left, this.and()];
      left = (scope) => a(scope) || b(scope);
    }
    return left;
  }
  private and(): Run {
    let left = this.not();
    while (this.take('and')) {
      const [a, b] = [left, this.not()];
      left = (scope) => a(scope) && b(scope);
    }
    return left;
  }
  private not(): Run {
    if (this.take('not')) {
      const inner = this.not();
      return (scope) => !inner(scope);
    }
    return this.compare();
  }
  private compare(): Run {
    let left = this.arithmetic(0);
    for (;;) {
      const a = left;
      const operator = this.token.kind === 'sign' ? COMPARE[this.token.text] : undefined;
      if (operator) {
        this.at++;
        const b = this.arithmetic(0);
        left = (scope) => operator(a(scope) as never, b(scope) as never);
      } else if (this.take('in')) {
        const b = this.arithmetic(0);
        left = (scope) => contains(b(scope), a(scope));
      } else if (this.is('not') && this.list[this.at + 1]?.text === 'in') {
        this.at += 2;
        const b = this.arithmetic(0);
        left = (scope) => !contains(b(scope), a(scope));
      } else if (this.take('is')) left = this.test(a);
      else return left;
    }
  }
  private test(value: Run): Run {
    const negated = this.take('not');
    const name = this.name();
    const test = Object.hasOwn(TESTS, name) ? TESTS[name]! : undefined;
    if (!test) throw new SyntaxError(`the test “${name}” is not known`);
    const rest = this.is('(') ? this.rest() : [];
    return (scope) => test(value(scope), rest[0]?.(scope)) !== negated;
  }
  private arithmetic(level: number): Run {
    const operators = ARITHMETIC[level];
    if (!operators) return this.unary();
    let left = this.arithmetic(level + 1);
    for (;;) {
      const operator = this.token.kind === 'sign' ? operators[this.token.text] : undefined;
      if (!operator) return left;
      this.at++;
      const [a, b] = [left, this.arithmetic(level + 1)];
      left = (scope) => operator(a(scope) as never, b(scope) as never);
    }
  }
  private unary(): Run {
    if (this.take('-')) {
      const inner = this.unary();
      return (scope) => -Number(inner(scope));
    }
    if (this.take('!')) {
      const inner = this.unary();
      return (scope) => !inner(scope);
    }
    return this.filters(this.postfix(this.primary()));
  }
  private filters(value: Run): Run {
    let left = value;
    while (this.take('|')) {
      const name = this.name();
      const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name]! : undefined;
      if (!filter) throw new SyntaxError(`the filter “${name}” is not known in a form`);
      const rest = this.is('(') ? this.rest() : [];
      const inner = left;
      left = (scope) => filter(inner(scope), ...rest.map((each) => each(scope)));
    }
    return left;
  }
  private rest(): Run[] {
    this.need('(');
    return this.listOf(')');
  }
  private listOf(end: string): Run[] {
    const items: Run[] = [];
    while (!this.take(end)) {
      items.push(this.choice());
      if (!this.is(end)) this.need(',');
    }
    return items;
  }
  private postfix(value: Run): Run {
    let left = value;
    for (;;) {
      const inner = left;
      if (this.take('.')) {
        const name = this.name();
        if (this.is('(')) {
          const rest = this.rest();
          left = (scope) => callMethod(inner(scope), name, rest.map((each) => each(scope)));
        } else left = (scope) => member(inner(scope), name);
      } else if (this.take('[')) {
        const key = this.choice();
        this.need(']');
        left = (scope) => member(inner(scope), key(scope));
      } else return left;
    }
  }
  private primary(): Run {
    const { kind, text } = this.token;
    if (kind === 'number') {
      this.at++;
      return () => Number(text);
    }
    if (kind === 'text') {
      this.at++;
      const plain = text.slice(1, -1).replace(/\\(.)/g, (_, each: string) => ESCAPES[each] ?? each);
      return () => plain;
    }
    if (this.take('(')) {
      const inner = this.choice();
      this.need(')');
      return inner;
    }
    if (this.take('[')) {
      const items = this.listOf(']');
      return (scope) => items.map((each) => each(scope));
    }
    const name = this.name();
    const constants: Record<string, unknown> = { true: true, false: false, none: null, null: null };
    if (Object.hasOwn(constants, name)) return () => constants[name];
    return (scope) => (Object.hasOwn(scope, name) ? scope[name] : undefined);
  }
}

const known = new Map<string, Run>();

function compiled(source: string): Run {
  let run = known.get(source);
  if (!run) {
    run = new Parser(tokens(source)).whole();
    known.set(source, run);
  }
  return run;
}

/** Whether the expression is of the part of the language that is read here. */
export function isUnderstood(source: string): boolean {
  try {
    return !!compiled(source);
  } catch {
    return false;
  }
}

/** What an expression (without its delimiters) gives. Throws a SyntaxError for what is not understood. */
export const evaluate = (source: string, scope: Scope): unknown => compiled(source)(scope);

/** What counts as no, in a template's `if` as in a form's `when`. */
export const isFalsy = (value: unknown) => !value || (Array.isArray(value) && value.length === 0);
