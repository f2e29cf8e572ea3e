// GraphQL and protobuf as tokens: enough to colour them and to tell declarations apart.
export type Language = 'graphql' | 'proto';
export type TokenKind = 'comment' | 'string' | 'word' | 'keyword' | 'type' | 'number' | 'mark' | 'space';

export interface Token {
  kind: TokenKind;
  text: string;
}

export interface Declaration {
  /** "type", "message", … */
  what: string;
  name: string;
  tokens: Token[];
}

const PATTERNS: Record<Language, RegExp> = {
  graphql:
    /(?<comment>#[^\n]*)|(?<string>"""(?:[^"\\]|\\.|"(?!""))*(?:"""|$)|"(?:[^"\\\n]|\\.)*"?)|(?<word>[A-Za-z_$@][\w$]*)|(?<number>-?\d[\w.]*)|(?<space>\s+)|(?<mark>[\s\S])/g,
  proto:
    /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?)|(?<word>[A-Za-z_][\w.]*)|(?<number>-?\d[\w.]*)|(?<space>\s+)|(?<mark>[\s\S])/g,
};

const DECLARING: Record<Language, string[]> = {
  graphql: [
    'type',
    'input',
    'enum',
    'interface',
    'union',
    'scalar',
    'directive',
    'schema',
    'extend',
    'query',
    'mutation',
    'subscription',
    'fragment',
  ],
  proto: ['service', 'message', 'enum', 'extend', 'syntax', 'edition', 'package', 'import', 'option'],
};
const KEYWORDS: Record<Language, Set<string>> = {
  graphql: new Set([...DECLARING.graphql, 'implements', 'on', 'repeatable', 'true', 'false', 'null']),
  proto: new Set([
    ...DECLARING.proto,
    'rpc',
    'returns',
    'stream',
    'repeated',
    'optional',
    'required',
    'oneof',
    'map',
    'reserved',
    'extensions',
    'to',
    'max',
    'public',
    'weak',
    'true',
    'false',
    'group',
    'extend',
  ]),
};
const SCALARS = new Set(
  'Int Float String Boolean ID double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes'.split(
    ' ',
  ),
);

// Megabytes are shown as they are, without colours.
const TEXT_MAX = 2_000_000;

export function tokens(text: string, language: Language): Token[] {
  if (text.length > TEXT_MAX) return [{ kind: 'word', text }];
  const found: Token[] = [];
  for (const match of text.matchAll(PATTERNS[language])) {
    const kind = (Object.keys(match.groups ?? {}).find((name) => match.groups?.[name] !== undefined) ??
      'mark') as TokenKind;
    const word = kind === 'word' ? match[0] : '';
    found.push({
      kind: KEYWORDS[language].has(word) ? 'keyword' : SCALARS.has(word) || /^[A-Z]/.test(word) ? 'type' : kind,
      text: match[0],
    });
  }
  return found;
}

const isWord = (token: Token) => token.kind === 'word' || token.kind === 'type' || token.kind === 'keyword';

/** The declarations of a text in their order; what stands before one (words, comments) belongs to it. */
export function declarations(all: Token[], language: Language): Declaration[] {
  const found: Declaration[] = [];
  let current: Declaration | undefined;
  let before: Token[] = [];
  let depth = 0;
  all.forEach((token, index) => {
    const begins =
      depth === 0 && token.kind === 'keyword' && DECLARING[language].includes(token.text) && startsLine(all, index);
    if (begins && !(language === 'graphql' && current?.what === 'extend' && current.name === '')) {
      current = { what: token.text, name: '', tokens: [...before, token] };
      found.push(current);
      before = [];
    } else if (
      current &&
      (depth > 0 || !(token.kind === 'comment' || token.kind === 'string') || !endsBefore(all, index))
    ) {
      current.tokens.push(token);
      if (current.name === '' && isWord(token) && !DECLARING[language].includes(token.text)) current.name = token.text;
    } else before.push(token);
    if (token.text === '{') depth++;
    if (token.text === '}') depth = Math.max(0, depth - 1);
    const over = depth === 0 && (token.text === '}' || (language === 'proto' && token.text === ';'));
    if (over) current = undefined;
  });
  if (current) current.tokens.push(...before);
  return found;
}

function startsLine(all: Token[], index: number): boolean {
  const before = all[index - 1];
  return (
    !before ||
    (before.kind === 'space' && /\n/.test(before.text)) ||
    before.text === '}' ||
    before.text === ';' ||
    before.kind === 'space'
  );
}

/** A comment or words at the beginning of a line, outside of all braces: they belong to what comes next. */
function endsBefore(all: Token[], index: number): boolean {
  const before = all[index - 1];
  return !before || (before.kind === 'space' && before.text.includes('\n'));
}
