// Where Pave renders otherwise than the package `nunjucks`, on purpose; docs/templates.md has the same list. Anything else that
// differs fails the test. Each: why, and whether a case is of the kind ({template}, what nunjucks made of it, what Pave did).

const is = (pattern) => ({ template }) => pattern.test(template);
/** nunjucks refuses it, Pave does not. */
const lenient = (pattern) => ({ template }, theirs, ours) => theirs.error !== undefined && ours.error === undefined && pattern.test(template);
const numbers = (text) => (text ?? '').match(/-?\d[\d.e+]*/g)?.map(Number) ?? [];
const almost = (a, b) => a.length === b.length && a.every((number, index) => Math.abs(number - b[index]) <= Math.abs(number) * 1e-14);

export const differences = [
  { why: 'a template that was imported prints as "function"', matches: ({ template }, theirs, ours) => /import/.test(template) && theirs.output?.toLowerCase().replaceAll('[object object]', 'function') === ours.output?.toLowerCase() },
  { why: 'Pave takes an include, import, extends or block in a case of a switch, and an import in a condition that is used behind it', matches: lenient(/\bcase\b.*(include|import|extends|block)|\bif\b.*import/s) },
  { why: 'Pave takes a switch without a case, and its default', matches: ({ template }) => /switch \w+ %\}\{% (endswitch|default)/.test(template) },
  { why: 'Pave refuses a test that is compared with something, where nunjucks compares the name of the test', matches: ({ template }, theirs, ours) => ours.error !== undefined && /\bis (not )?\w+ *(\([^)]*\))? *(==|!=|<|>|[-+*\/%~])/.test(template) },
  { why: 'a block in the body of a set is a block as any other, where nunjucks does not know it', matches: is(/set \w+ -?%\}.*\bblock\b.*endset/s) },
  { why: 'white-space control takes blanks of ASCII away, not every blank of Unicode', matches: is(/\u00a0/) },
  { why: 'Pave refuses a number that ends with its point', matches: ({ template }, theirs, ours) => ours.error !== undefined && /\d\.(?!\d)/.test(template) },
  { why: 'what is undefined in a list is null to a sort by attribute', matches: ({ template }, theirs, ours) => ours.error !== undefined && /sort\(.*attribute/.test(template) },
  { why: 'a function has no text, length or items: Pave prints "function" where JavaScript prints its source', matches: (item, theirs) => /function |native code/i.test(theirs.output ?? '') || /\brange\b(?!\()|(cycler|joiner)\([^)]*\)\s*\|\s*dump/.test(item.template) },
  { why: 'text that is safe is text to filters on lists, to "in" and to dump inside of another value, where JavaScript sees an object with the members val and length', matches: is(/(safe|escape|caller\([^)]*\)|\b[mw]\([^)]*\))[^%]*(batch|dictsort|groupby|join|list|reject|select|reverse|sort|sum|urlencode|dump|first|last|slice|\bin\b|\[)|in\s*\(*\s*\(?\w+\s*\|\s*safe/s) },
  { why: 'a power may differ in its last digit: V8 has a pow() of its own', matches: ({ template }, theirs, ours) => template.includes('**') && almost(numbers(theirs.output), numbers(ours.output)) },
  { why: 'methods that hardly anybody calls are not there (HTML wrappers, iterators, with, toSpliced, copyWithin, prototypes, fractions in another base)', matches: is(/\.(big|bold|anchor|isWellFormed|keys|entries|with|toSpliced|copyWithin|isPrototypeOf|constructor)\b|toString\((2|16)\)/) },
  { why: 'names do not reach JavaScript\'s own objects (constructor, __proto__, toString)', matches: is(/\{\s*(constructor|__proto__|toString)\s*\}/) },
  { why: 'a regular expression prints as its pattern', matches: is(/\$\{\{-?\s*\(?r\/a\//) },
  { why: 'a list changed while a "for" walks over it: the loop sees the items there were at its beginning', matches: is(/\bin\b.*\.(push|pop|shift|unshift|splice|fill)\(/s) },
  { why: 'Pave reads members by number, as Jinja does: list.0', matches: is(/\w\.\d/) },
  { why: 'Pave takes what the JavaScript that nunjucks writes cannot be read for: --1, ()', matches: lenient(/--|- -|\+ \+|\(\s*\)/) },
  { why: 'Pave takes a comma behind the last item, other keys than names and texts, "}}" that closes two objects', matches: lenient(/,\s*[\]}]|\{\s*(\d|none|true)|\$\{\{.*\}\}.*\}\}/s) },
  { why: 'Pave takes a condition behind an else without brackets: a if x else b if y else c', matches: lenient(/\bif\b.*\belse\b.*\bif\b/s) },
  { why: 'Pave takes whitespace control on raw and endraw', matches: lenient(/raw -%|%- ?(end)?raw/) },
  { why: 'Pave refuses a raw block that is not closed', matches: (item, theirs, ours) => /raw\W/.test(item.template) && !/end(raw|verbatim)/.test(item.template) && ours.error !== undefined },
  { why: '"#}" outside of a comment is text to Pave', matches: lenient(/#\}/) },
];
