// Templates by the thousand for nunjucks-differential.test.mjs: what was thought of, and what a grammar makes.

/** What every template of the corpus may read. */
export const context = {
  s: 'hello World', up: 'LOUD', empty: '', ws: ' \t a  b \n', html: '<a href="x">\'T\' & co</a> <!-- c --> \\', lines: 'one\n\n two\r\nthree\n', long: 'the quick brown fox jumps over the lazy dog', uni: 'äÖ ß ΟΔΟΣ 漢字', num: '42', numx: '12px', dec: '3.75', hex: '0x1F', url: 'see http://example.com/a?b=c, www.pave.dev or (mail me@example.org) example.net/x',
  n: 3, f: 2.5, neg: -7, zero: 0, big: 1e21, small: 1.5e-7, third: 0.1, t: true, no: false, nil: null,
  list: [3, 1, 2], words: ['banana', 'Apple', 'cherry', 'apple'], mixed: [1, 'two', null, true, [4, 5], { k: 'v' }], none_: [], deep: [[1, [2]], []],
  objs: [{ name: 'x', n: 2, on: true, tag: { k: 'b' } }, { name: 'Y', n: 1, on: false, tag: { k: 'a' } }, { name: 'a', n: 2, tag: { k: 'b' } }], pairs: [['k', 1], ['l', 2]],
  obj: { b: 1, a: 'z', C: null, d: [1] }, blank: {}, nested: { one: { two: { three: 'deep' } }, list: [{ v: 1 }] }, 'dash-ed': 'dashed', nums: { 10: 'ten', 9: 'nine' },
};
const values = ['s', 'empty', 'ws', 'html', 'lines', 'uni', 'num', 'n', 'f', 'neg', 'zero', 'big', 't', 'no', 'nil', 'missing', 'list', 'words', 'mixed', 'none_', 'objs', 'obj', 'blank', 'range', '(s|safe)'];

/* ---- what was thought of ---- */

const filters = {
  abs: [''], batch: ['(2)', '(2, "-")', '(2, fill_with="x")', '(2.5)', '(0)', '()'], capitalize: [''], center: ['', '(20)', '(3)', '(21)', '(none)'],
  default: ['("d")', '("d", true)', '()', '(none, true)', '(missing)', '(bool=true)'], d: ['("d")', '(1, false)'], dictsort: ['', '(true)', '(false, "value")', '(by="value")', '(true, "key")', '(false, "other")'],
  dump: ['', '(2)', '("--")', '(20)', '(none)', '(true)', '(2.9)'], escape: ['', '|escape', '|safe', '|upper|escape'], e: [''], first: [''], float: ['', '(7)', '("x")', '(none)'], forceescape: ['', '|forceescape'],
  groupby: ['("n")', '("tag.k")', '("missing")', '()', '(0)'], indent: ['', '(2)', '(2, true)', '(0)', '(none, true)', '(width=1)', '(indentfirst=true)', '(-1)'], int: ['', '(7)', '(7, 16)', '(base=8)', '(default=9)', '("x", 2)', '(0, 37)'],
  join: ['', '(", ")', '("-", "name")', '(",", attribute="n")', '(none)', '(1)', '(missing)'], last: [''], length: [''], list: ['', '|join("-")', '|dump'], lower: [''], nl2br: [''],
  reject: ['', '("odd")', '("divisibleby", 2)', '("nosuch")'], rejectattr: ['("on")', '("name")', '()'], select: ['', '("odd")', '("gt", 1)', '("string")', '("nosuch")'], selectattr: ['("on")', '("missing")', '("tag.k")'],
  replace: ['("o", "0")', '("o", "0", 1)', '("", "-")', '(r/[a-z]/g, "<$&>")', '(r/L/i, "_")', '(1, 2)', '("o")', '("zz", "y")', '("a", none)', '("l", "$&", 0)', '(none, "x")', '("a", "b", -1)', '("l","L",2)'],
  reverse: ['', '|join'], round: ['', '(1)', '(1, "ceil")', '(1, "floor")', '(0, "floor")', '(-1)', '(2, "common")', '(none)', '("1")'], safe: ['', '|dump', '|length', ' is string', ' is escaped', '|escape', '|upper is escaped', '|title is escaped', ' === s', ' == s'],
  slice: ['(2)', '(2, "f")', '(3)', '(0)', '()', '(2.5)', '(5, 0)'], sort: ['', '(true)', '(false, true)', '(true, false, "name")', '(attribute="n")', '(false, false, "tag.k")', '(reverse=true)', '(case_sensitive=true)'],
  string: ['', '|dump', ' is string'], striptags: ['', '(true)', '(preserve_linebreaks=true)'], sum: ['', '("n")', '("n", 10)', '(none, 1)', '(start=2)'], title: [''], trim: [''],
  truncate: ['', '(5)', '(5, true)', '(5, false, "!")', '(5, true, "")', '(5, true, none)', '(0)', '(7, false)', '(length=4)'], upper: [''], urlencode: [''], urlize: ['', '(9)', '(9, true)', '(none, true)', '("x")'], wordcount: [''], nosuch: ['', '(1)'],
};
const tests = ['callable', 'defined', 'divisibleby(3)', 'divisibleby(0)', 'divisibleby', 'divisibleby 3', 'escaped', 'equalto(3)', 'equalto("LOUD")', 'eq(none)', 'sameas(s)', 'sameas(list)', 'even', 'falsy', 'ge(3)', 'ge("a")', 'greaterthan(2)', 'gt(none)', 'le(3)', 'lessthan("x")', 'lt(3)', 'lower', 'ne(3)', 'ne("")', 'null', 'none', 'number', 'odd', 'string', 'truthy', 'undefined', 'upper', 'iterable', 'mapping', 'boolean', 'nosuch', 'not defined', 'not odd', 'eq(s, 1)', 'in(list)', 'true', '3'];
const operators = ['+', '-', '*', '/', '//', '%', '**', '~', '==', '===', '!=', '!==', '<', '>', '<=', '>=', ' in ', ' not in ', ' and ', ' or '];
const operands = ['s', 'empty', 'num', 'ws', 'n', 'f', 'neg', 'zero', 'big', 't', 'no', 'nil', 'missing', 'list', 'none_', 'obj', '"3"', '3', '[3]', '{a: 1}', 'range', '(s|safe)'];
const methods = {
  s: ['length', 'toUpperCase()', 'toLowerCase()', 'trim()', 'trimStart()', 'trimEnd()', 'split(" ")', 'split("")|dump', 'split()|dump', 'split("l", 2)|dump', 'split(r/[lo]/)|dump', 'split(r/(o)/)|dump', 'replace("l", "L")', 'replace("l", "$&$&")', 'replace(r/l/g, "[$&]")', 'replace(r/(h)(e)/, "$2$1$3$$")', 'replaceAll("l", "$$")', 'replaceAll(r/l/g, "1")', 'replace("zz", "")', 'startsWith("he")', 'startsWith("el", 1)', 'endsWith("ld")', 'endsWith("lo", 5)', 'includes("lo")', 'includes("h", 1)', 'indexOf("o")', 'indexOf("o", 5)', 'indexOf("zz")', 'indexOf("")', 'lastIndexOf("o")', 'lastIndexOf("o", 5)', 'lastIndexOf("")', 'slice(1)', 'slice(-3)', 'slice(2, -2)', 'slice(5, 2)', 'slice()', 'slice(none, 2)', 'substring(2)', 'substring(4, 1)', 'substring(-3, 2)', 'substr(2, 3)', 'substr(-4, 2)', 'substr(1)', 'at(0)', 'at(-1)', 'at(99)', 'at(-99)', 'charAt(1)', 'charAt()', 'charAt(99)', 'charAt(-1)', 'charCodeAt(0)', 'charCodeAt(99)', 'codePointAt(1)', 'concat("x", 1, none)', 'repeat(2)', 'repeat(0)', 'repeat(-1)', 'repeat(1.9)', 'padStart(15, "ab")', 'padStart(15)', 'padEnd(15, "-")', 'padEnd(3)', 'padStart(15, "")', 'match(r/o/)|dump', 'match(r/o/g)|dump', 'match(r/zz/)|dump', 'match(r/(h)(x)?/)|dump', 'match("l+")|dump', 'search(r/W/)', 'search("zz")', 'localeCompare("hello")', 'toString()', 'valueOf()', 'normalize()', 'nosuch()', 'nosuch', 'constructor', 'toUpperCase', '0', 'length()', 'isWellFormed()', 'big()', 'bold()', 'anchor("x")', 'hasOwnProperty("length")', 'toUpperCase().toLowerCase().length', 'split(" ").join("+")', 'split("o").length', 'split(" ")[0][0]', 'split(" ").reverse().join(" ")'],
  uni: ['length', 'toUpperCase()', 'toLowerCase()', 'slice(1, 4)', 'charAt(3)', 'charCodeAt(7)', 'split("")|dump', 'indexOf("漢")', 'padEnd(12, "é")', 'at(-1)', 'substring(2)', 'codePointAt(7)'],
  ws: ['trim()|dump', 'trimStart()|dump', 'trimEnd()|dump', 'split(" ")|dump', 'split(r/\\s+/)|dump'], empty: ['length', 'split("")|dump', 'split(",")|dump', 'charAt(0)', 'at(0)', 'repeat(3)'],
  list: ['length', 'join()', 'join("-")', 'join(none)', 'includes(3)', 'includes("3")', 'indexOf(2)', 'indexOf(9)', 'indexOf(3, 1)', 'lastIndexOf(3)', 'slice(1)', 'slice(-2, -1)|dump', 'concat([4], 5)|dump', 'concat()|dump', 'at(-1)', 'at(5)', 'toString()', 'reverse()|dump', 'sort()|dump', 'push(4)', 'pop()', 'shift()', 'unshift(0)', 'splice(1, 1)|dump', 'fill(0)|dump', 'flat()|dump', 'keys()', 'entries()', '0', 'first', 'nosuch()', 'hasOwnProperty(1)', 'toSorted()|dump', 'toReversed()|dump', 'with(0, 9)|dump', 'toSpliced(0, 1)|dump', 'copyWithin(0, 1)|dump', 'map', 'isArray'],
  words: ['sort()|dump', 'sort().join()', 'join(" ").length', 'indexOf("cherry")', 'includes("Apple")'], mixed: ['join("/")', 'toString()', 'flat()|dump', 'flat(2)|dump', 'length', 'indexOf(null)', 'includes(none)', 'sort()|dump'], deep: ['flat()|dump', 'flat(5)|dump', 'join("|")', 'toString()'], none_: ['join()', 'pop()', 'shift()', 'length', 'at(0)', 'concat([])|dump'],
  obj: ['b', 'a', 'C', 'd', 'nosuch', 'nosuch.more', 'b.c.d', 'C.x', 'hasOwnProperty("b")', 'hasOwnProperty("zz")', 'toString()', 'keys()', 'length', 'constructor', 'propertyIsEnumerable("b")', 'valueOf()|dump', 'toLocaleString()', 'isPrototypeOf(obj)'],
  n: ['toString()', 'toFixed(2)', 'toFixed()', 'toFixed(101)', 'toPrecision(3)', 'toExponential(1)', 'toString(2)', 'length', 'valueOf()', 'toLocaleString()', 'nosuch()', 'nosuch'], f: ['toFixed(0)', 'toFixed(1)', 'toFixed(3)', 'toString()', 'toString(2)', 'toPrecision(1)', 'toPrecision(5)'], neg: ['toFixed(1)', 'toString(16)', 'toPrecision(2)'], big: ['toFixed(2)', 'toString()', 'toPrecision(3)', 'toExponential(2)'], small: ['toFixed(3)', 'toString()', 'toFixed(10)', 'toPrecision(2)', 'toExponential()'], third: ['toFixed(20)', 'toPrecision(21)'],
  t: ['toString()', 'valueOf()', 'length', 'nosuch()'], nil: ['x', 'toString()', 'length'], missing: ['x', 'x()', 'x.y'],
};
const numbers = ['0', '1', '-1', '+1', '007', '1.0', '1.50', '.5', '123456789012345678', '9007199254740993', '0.1 + 0.2', '1/3', '2/3', '10/4', 'big', 'small', 'big * 10', '100000000000000000000 * 10', '0.000001', '0.0000001', '1/0', '-1/0', '0/0', '-0', '0 * -1', '2**10', '2**0.5', '2**-1', '2**3**2', '-2**2', '7 // 2', '-7 // 2', '7 % 3', '-7 % 3', '7.5 % 2', '7 % 0', '1.1 * 3', '1.7976931348623157', '4.35 * 100', '1.005 * 1000', '0.1 * 3', '1 - 0.9', '--1', '- -1', '+"3"', '-"x"', '+[]', '+{}', '-none', '+true', '1 / 3 * 3', '3 * 2 // 4', '10 / 2 * 5', '2 + 3 ~ 4', '2 ~ 3 * 4', '10 - 2 + 3', '1 + 10 - 2', '8 // 3 * 2', '8 * 7 // 3', '8 % 5 // 2', '100 / 10 // 3'];
const precedence = ['not t', 'not n == 3', 'not (n == 3)', 'not n in list', 'n not in list', 'not n is odd', 'n == 3 == true', '1 < 2 < 3', '3 > 2 > 1', '1 < 3 == true', 'true == 1 < 3', '1 == 1 != false', 'not not n', 'not no and t', 'no or t and no', '(no or t) and no', 't or missing.x.y()', 'no and missing()', 's if t', 's if no', 's if no else up', 's if t else up if no else empty', '(s if t else up) ~ "!"', 's ~ "!" if t', 's or empty if no else up', 'n + f | round', 'n | string ~ f', '-n | abs', '-n|abs + 1', '(-n)|abs', 'n is defined and f is defined', 'n is defined or missing', 'n in list and n in words', '[1, 2] | length + 1', '"a" in "abc"', '"a" in {a: 1}', '"a" in obj', '0 in list', '"length" in list', 'n in n', '"x" in missing', '"x" in nil', 'n in none_', '{a: 1}.a', '[1, 2][1]', '[1, 2][-1]', '[[1, 2], [3]][0][1]', '{"a b": 1}["a b"]', '{a: {b: [1, {c: "d"}]}}.a.b[1].c', '(1, 2)', '(1)', '()', '[]', '{}', '[1, ]', '{a: 1, }', '{a: n, b: s}|dump', '{n: n}|dump', '{1: 2}|dump', '{none: 1}|dump', '{true: 1}|dump', '[n, [f], {a: s}]|dump', 'obj["b"]', 'obj["d"][0]', 'nested.one.two.three', 'nested["one"].two["three"]', 'nested.list[0].v', 'nested.nope.two.three', 'nums["10"]', 'nums[10]', 'nums.10', 'list["0"]', 'list[0.5]', 'list["length"]', 'list[t]', 'obj[nil]', 'obj[missing]', 's[0]', 's["0"]', 's[-1]', 's[99]', 's["length"]', 'list.0', 'words[list[1]]', 'dash-ed', 's.length > 3 and "yes" or "no"', '"it\'s"', "'say \"hi\"'", '"tab\\tnew\\nline\\\\ \\q \\"', '"é漢"', '"a" "b"', 's s', '1 2', 'n === 3', 'n !== "3"', 'num == 42', 'num === 42', 'nil == missing', 'nil === missing', 'none == null', 'list == list', 'list == "3,1,2"', '[3] == 3', '[] == ""', '[] == 0', '{} == "[object Object]"', 't == 1', 't == "1"', 't === 1', '"" == 0', 'nil == 0', 'nil >= 0', 'missing >= 0', '"10" < "9"', '"10" < 9', '"a" < "B"', 'list < words', 'obj < obj', 'obj <= obj', 'NaN', 'undefined', 'Infinity', 'true', 'false', 'none', 'null', 'True', 'None', 'loop', 'caller', 'range(3)', 'self', 'this', 'context', 'constructor', '__proto__', 'toString', 's | upper | lower', 's|upper()', 's | replace("l", "L") | length', 's|default', 'missing|default("x")|upper', '(list | join(",")) ~ "."', 'list | join(",") ~ "."', 's.toUpperCase() | lower', 's|upper.length', '(s|upper).length', '(list|first) + 1', 'list|first + 1', 'list is iterable', 's|length is odd', 'r/a/.test("cat")', 'r/A/i.test("cat")', 'r/a/g', 'r/(a)(b)?/.exec("cab")|dump', 'r/\\d+/.test(num)', 'r/[/', 'r/a\\/b/.test("a/b")', 'r/a/gimy', 'r/x/.source'];
const globals = ['range(5)', 'range(2, 5)', 'range(5, 2)', 'range(0, 10, 3)', 'range(5, 0, -2)', 'range(0)', 'range()', 'range("3")', 'range(0, 1, 0.25)', 'range(1, 3, none)', 'range(0, "3")', 'range(none)', 'range(2.5)', 'range(0, -3)', 'range|dump', 'cycler', 'joiner', 'cycler("a").next()', 'cycler().next()', 'joiner()()', 'cycler("a", "b")|dump', 'joiner("x")|dump', 'range is callable', 's.trim is callable', 'cycler("a") is callable', 'joiner() is callable', 'cycler("a") is mapping'];
const statements = [
  '{% if t %}a{% endif %}', '{% if no %}a{% else %}b{% endif %}', '{% if no %}a{% elif t %}b{% else %}c{% endif %}', '{% if no %}a{% elseif t %}b{% endif %}', '{% if none_ %}full{% else %}bare{% endif %}', '{% if blank %}full{% endif %}', '{% if missing.x %}a{% endif %}', '{% if t %}', '{% endif %}', '{% if %}a{% endif %}', '{% if t %}a{% else %}b{% else %}c{% endif %}', '{% if t %}a{% endfor %}', '{% if t and n == 3 %}{% set q = 1 %}{% endif %}${q}',
  '{% for x in list %}${x},{% endfor %}', '{% for x in none_ %}a{% else %}none{% endfor %}', '{% for x in missing %}a{% else %}none{% endfor %}', '{% for x in nil %}a{% else %}none{% endfor %}', '{% for x in obj %}${x}{% else %}none{% endfor %}', '{% for k, v in obj %}${k}=${v};{% endfor %}', '{% for k, v in blank %}a{% else %}none{% endfor %}', '{% for k, v in nums %}${k}${v};{% endfor %}', '{% for a, b in pairs %}${a}${b};{% endfor %}', '{% for a, b, c in [[1, 2, 3], [4, 5]] %}${a}${b}${c};{% endfor %}', '{% for a, b in list %}${a}${b};{% endfor %}', '{% for x in s %}${x}.{% endfor %}', '{% for x in n %}a{% else %}none{% endfor %}', '{% for x in t %}a{% else %}none{% endfor %}', '{% for x in range(3) %}${x}{% endfor %}', '{% for x in list|sort %}${x}{% endfor %}', '{% for x in [3, 4] %}${x}{% endfor %}', '{% for (x) in list %}${x}{% endfor %}', '{% for x, in list %}${x}{% endfor %}', '{% for x list %}{% endfor %}', '{% for 3 in list %}{% endfor %}', '{% for x in list %}', '{% for x in uni %}${x}|{% endfor %}',
  ...['index', 'index0', 'revindex', 'revindex0', 'first', 'last', 'length', 'nosuch', 'parent', 'depth'].map((name) => `{% for x in list %}\${loop.${name}} {% endfor %}`), ...['index', 'revindex0', 'first', 'last', 'length'].map((name) => `{% for k, v in obj %}\${loop.${name}} {% endfor %}`), '{% for x in list %}{% for y in words %}${loop.index}${loop.length} {% endfor %}${loop.index};{% endfor %}', '{% for x in list %}${loop|dump}{% endfor %}', '{% for x in list %}{% if loop.last %}${x}{% endif %}{% endfor %}${x}${loop}', '{% for x in list %}{% set y = x %}{% endfor %}${y}', '{% set y = 0 %}{% for x in list %}{% set y = y + x %}{% endfor %}${y}', '{% for x in list %}{% set list = [9] %}${x}{% endfor %}${list}', '{% for n in list %}${n}{% endfor %}${n}', '{% for x in list %}{% set x = 9 %}${x}{% endfor %}', '{% for x in list %}{% for x in words %}${x}{% endfor %}${x}{% endfor %}', '{% for x in list %}{% if x == 1 %}{% set found = x %}{% endif %}{% endfor %}[${found}]', '{% set a = [] %}{% for x in list %}{% set _ = a.push(x * 2) %}{% endfor %}${a}', '{% for x in list %}${list.push(x) if loop.index < 3}{% endfor %}${list}', '{% for item in mixed %}[${item}]{% endfor %}', '{% for item in objs %}${item.name}:${item["n"]}{% if not loop.last %}, {% endif %}{% endfor %}', '{% for x in objs|selectattr("on") %}${x.name}{% endfor %}', '{% for k, group in objs|groupby("n") %}${k}:${group|length} {% endfor %}', '{% for k, v in obj|dictsort %}${k}${v} {% endfor %}', '{% for row in list|batch(2, "-") %}${row|join(",")};{% endfor %}',
  '{% asyncEach x in list %}${x}${loop.index}{% endeach %}', '{% asyncAll x in list %}${x}${loop.last}{% endall %}', '{% asyncEach k, v in obj %}${k}${v}{% endeach %}', '{% asyncAll a, b in pairs %}${a}${b}{% endall %}', '{% asyncEach x in none_ %}a{% else %}none{% endeach %}', '{% asyncEach x in list %}a{% endfor %}', '{% ifAsync t %}a{% endif %}',
  '{% set x = 1 %}${x}', '{% set x = 1, y = 2 %}${x}', '{% set x, y = 5 %}${x}${y}', '{% set x %}a ${n} b{% endset %}${x}', '{% set x %}{% endset %}[${x}]', '{% set x, y %}q{% endset %}${x}${y}', '{% set x = {a: [1]} %}${x.a}', '{% set x.y = 1 %}${x.y}', '{% set s = "new" %}${s}', '{% set x = missing %}[${x}]', '{% set x = none %}[${x}]${x is defined}', '{% set s = none %}[${s}]', '{% set x %}', '{% set = 1 %}', '{% set x 1 %}', '{% set x %}<b>{% endset %}${x is escaped}${x|escape}', '{% set x = s|upper %}${x}', '{% if t %}{% set x = 1 %}{% endif %}${x}', '{% set x %}{% for i in list %}${i}{% endfor %}{% endset %}${x|length}', '{% set loop = 3 %}${loop}', '{% set range = 3 %}${range}', '{% set x = 1 %}{% set x = x + 1 %}${x}', '{% set x %}a{% set y = 1 %}{% endset %}${y}',
  '{% macro m() %}a{% endmacro %}${m()}', '{% macro m(a, b) %}${a}-${b}{% endmacro %}${m(1, 2)} ${m(1)} ${m()} ${m(1, 2, 3)}', '{% macro m(a, b=2) %}${a}-${b}{% endmacro %}${m(1)} ${m(1, 3)} ${m(1, b=4)} ${m(b=1, a=2)} ${m(a=5)} ${m(1, c=2)}', '{% macro m(a=1, b=a) %}${a}${b}{% endmacro %}${m()} ${m(2)}', '{% macro m(a) %}${n}${a}{% endmacro %}${m(1)}', '{% set z = 1 %}{% macro m() %}[${z}]{% endmacro %}${m()}', '{% macro m() %}{% set z = 1 %}{% endmacro %}${m()}[${z}]', '{% macro m(n) %}${n}{% endmacro %}${m(9)}${n}', '{% macro m(x) %}<${x}>{% endmacro %}${m("a")|escape} ${m("b")|upper} ${m("c") is string} ${m("d") is escaped} ${m("e").length}', '{% macro f(k) %}${k if k < 1 else f(k - 1)}{% endmacro %}${f(3)}', '{% macro a() %}${b()}{% endmacro %}{% macro b() %}B{% endmacro %}${a()}', '${m()}{% macro m() %}a{% endmacro %}', '{% macro m(a, b=none) %}[${a}${b}]{% endmacro %}${m(none)}${m(missing, missing)}${m(b=missing)}', '{% macro m(1) %}{% endmacro %}', '{% macro m %}{% endmacro %}', '{% macro m() %}', '{% macro _p() %}a{% endmacro %}${_p()}', '{% macro m() %}a{% endmacro %}${m}', '{% macro m() %}a{% endmacro %}${m is callable}', '{% for x in list %}{% macro m() %}[${x}]{% endmacro %}${m()}{% endfor %}', '{% if t %}{% macro m() %}a{% endmacro %}{% endif %}${m()}', '{% macro m(list) %}{% for x in list %}${x}{% endfor %}{% endmacro %}${m([7, 8])}', '{% macro m(a) %}${caller() if caller}${a}{% endmacro %}${m(1)}', '{% macro m(...a) %}{% endmacro %}', '{% macro m(kw={a: 1}) %}${kw.a}{% endmacro %}${m()}${m({a: 2})}', '${nomacro()}', '${s()}', '${obj.nosuch()}', '${missing()()}',
  '{% macro w(t) %}<${t}>${caller()}</${t}>{% endmacro %}{% call w("b") %}in ${n}{% endcall %}', '{% macro w() %}${caller(1)}${caller(2)}{% endmacro %}{% call(x) w() %}[${x}]{% endcall %}', '{% macro w() %}${caller(1, b=2)}{% endmacro %}{% call (a, b=3) w() %}${a}${b}{% endcall %}', '{% macro w() %}x{% endmacro %}{% call w() %}y{% endcall %}', '{% macro w(x, y=2) %}${x}${y}${caller()}{% endmacro %}{% call w(1, y=3) %}c{% endcall %}', '{% call nosuch() %}{% endcall %}', '{% call 3 %}{% endcall %}', '{% macro w() %}${caller()}{% endmacro %}{% call w() %}{% call w() %}in{% endcall %}{% endcall %}', '{% macro w() %}${caller()|upper}{% endmacro %}{% call w() %}abc{% endcall %}', '{% macro w() %}${caller() is string}{% endmacro %}{% call w() %}abc{% endcall %}', '{% set v = 1 %}{% macro w() %}${caller()}{% endmacro %}{% call w() %}{% set v = 2 %}${v}{% endcall %}${v}', '{% for x in list %}{% macro w() %}${caller()}{% endmacro %}{% call w() %}${x}{% endcall %}{% endfor %}',
  '{% filter upper %}a ${s}{% endfilter %}', '{% filter replace("a", "b") %}aa{% endfilter %}', '{% filter nosuch %}a{% endfilter %}', '{% filter upper %}a', '{% filter indent(2, true) %}a\nb{% endfilter %}', '{% filter upper | trim %}a{% endfilter %}', '{% filter escape %}<${html}>{% endfilter %}', '{% filter length %}abc{% endfilter %}', '{% filter truncate(3, true, "") %}abcdef{% endfilter %}', '{% filter replace(r/a/g, "b") %}banana{% endfilter %}', '{% filter upper() %}a{% endfilter %}', '{% filter trim %}{% for x in list %} ${x} {% endfor %}{% endfilter %}',
  '{% switch n %}{% case 3 %}three{% case 4 %}four{% default %}other{% endswitch %}', '{% switch s %}{% case "x" %}a{% default %}d{% endswitch %}', '{% switch n %}{% case 3 %}{% case 4 %}four{% endswitch %}', '{% switch n %}{% case "3" %}text{% endswitch %}', '{% switch n %} {% case 3 %}a{% endswitch %}', '{% switch n %}{% case 1 %}{% case 2 %}b{% default %}d{% endswitch %}', '{% switch n %}{% case 3 %}a{% case 3 %}b{% endswitch %}', '{% switch %}{% endswitch %}', '{% switch n %}{% case 3 %}a', '{% switch n %}{% case n %}a{% case s %}b{% endswitch %}', '{% switch missing %}{% case none %}a{% default %}d{% endswitch %}', '{% switch n %}{% case 3 %}{% set w = 1 %}{% endswitch %}${w}', '{% for x in list %}{% switch x %}{% case 1 %}one{% case 2 %}two{% default %}?{% endswitch %}{% endfor %}',
  '{% raw %}${s} {% if %}{% endraw %}', '{% verbatim %}${s}{% endverbatim %}', '{% raw %}a{% raw %}b{% endraw %}c{% endraw %}', '{% raw %}a', '{%- raw -%} a {%- endraw -%} b', '{% raw -%} x {%- endraw %}', 'a {%- raw %} b {% endraw -%} c', '{% raw %}{% endraw %}', '{% raw %}{# c #}{% endraw %}', '{% verbatim %}{% raw %}{% endraw %}{% endverbatim %}',
  '{# c #}a', 'a{# c\n d #}b', '{# c', 'a #} b', '{#- c -#}', ' a {#- c -#} b ', '{# {% if %} ${x} #}', '{# a {# b #} c #}', '{##}', '{# #} #}', 'a {# c #}\n b',
  'a {%- if t %} b {%- endif %} c', 'a {% if t -%} b {% endif -%} c', 'a {%- if t -%} b {%- endif -%} c', 'a ${- s -} b', 'a ${- s} b', 'a ${s -} b', '\n{%- if t -%}\n  x\n{%- endif -%}\n', ' {% if t %}\n x\n {% endif %}\n y', '{% if t %} \n x\n{% endif %} \n', '\t{% set x = 1 %}\n${x}\n', '{% for x in list -%}\n  ${x}\n{%- endfor %}', '{% for x in list %}\n${x}\n{% endfor %}\nend', '  {%- for x in list %}\n  ${x}\n  {%- endfor %}', 'a{% if t %}\r\nb\r\n{% endif %}\r\nc', '   {# c #}   \n x', 'a\n  {% if t %}b{% endif %}\n  c', 'a  {% if t %}\n\n b {% endif %}', '{% if t %}${s}{% endif %}\n{% if t %}\n{% endif %}\n', '{%if t%}a{%endif%}', '{%\tif\nt %}a{% endif %}', '{%- set x = 1 -%}\n\n  a', '${s}\n{%- if t %} a{% endif %}', 'a {%+ if t %}b{% endif %}', '{% if t +%}\nb{% endif %}', 'x {% block b %} y {% endblock %} z', '{% block b %}${s}{% endblock b %}', '{% block outer %}<{% block inner %}i{% endblock %}>{% endblock %}', '{% set q = 2 %}{% block b %}${q}{% endblock %}', '{% block b %}${super()}{% endblock %}', '{% for x in list %}{% block b %}${x}{% endblock %}{% endfor %}', '{% block %}{% endblock %}', '{% include "nosuch" %}', '{% extends "nosuch" %}', '{% import "nosuch" as x %}', '{% from "nosuch" import x %}',
  '{% nosuch %}', '{% %}', '{%', '%}', '${', '}', '}}', '${}', '${ }', '${s', '${s}}', '${s', '{{ s }}', '{ { s } }', '$ {s}', '${"a}b"}', '${"${s}"}', '${{a: 1}.a}', '${ {a: {b: 1}}|dump }', '${ "%}" }', '{% if "%}" %}a{% endif %}', '${s|}', '${|s}', '${s||upper}', '${s.}', '${.s}', '${s[}', '${s[]}', '${s[0}', '${(s}', '${s)}', '${[1}', '${{a}}', '${{a:}}', '${f(}', '${1 +}', '${* 1}', '${1 + * 2}', '${s is}', '${is s}', '${s in}', '${in s}', '${not}', '${s if}', '${if s}', '${s else 1}', '${a = 1}', '${s; n}', '${s @ n}', '${s & n}', '${s && n}', '${!s}', '${s ? 1 : 2}', '${"unclosed}', "${'unclosed}", '${s.toUpperCase(}', '${range(1, 2}', '${s|replace("a"}', 'plain', '', '\n', 'ünï', '$', '{', '{}', '\\${s}', '$${s}', '${s}${n}${f}', '{% if t %}{% if no %}a{% else %}b{% endif %}{% endif %}', '${s|upper|lower|title|length}', '${n+1}${n-1}${n*2}', '${n +1}', '${list[n-1]}', '${list[0]+1}',
];

function* expressions() {
  for (const value of values) {
    for (const [name, shapes] of Object.entries(filters)) for (const shape of shapes) yield `${value}|${name}${shape}`;
    for (const name of ['batch(2)', 'dictsort', 'groupby("n")', 'list', 'reverse', 'slice(2)', 'sort', 'select', 'reject', 'first', 'last', 'default("d")', 'selectattr("n")']) yield `${value}|${name}|dump`;
    for (const test of tests) yield `${value} is ${test}`;
    yield* [value, `-${value}`, `not ${value}`, `[${value}]|dump`, `[${value}] ~ ""`, `{a: ${value}}|dump`, `${value} if ${value} else "else"`, `${value}.length`, `${value}|dump|length`];
  }
  for (const left of operands) for (const right of operands) for (const operator of operators) yield `${left}${operator}${right}`;
  for (const [value, list] of Object.entries(methods)) for (const method of list) yield `${value}.${method}`;
  yield* [...numbers, ...precedence, ...globals];
  for (const number of numbers) yield* [`(${number})|string`, `[${number}]|dump`, `(${number})|round(2)`, `(${number})|int`, `(${number})|float`, `(${number}) ~ ""`];
  for (const text of ['"12"', '" 12 "', '"12.5"', '"1e3"', '"-3"', '"+4"', '".5"', '"5."', '"0x1f"', '"1f"', '"z"', '""', '"Infinity"', '"-Infinityx"', '"1_0"', '"٣"', '"1e"', '"1e+"', '"--1"', '"0b11"', '"0o7"', '"\\n7"']) yield* [`${text}|int`, `${text}|int(0, 16)`, `${text}|int(0, 2)`, `${text}|int(0, 36)`, `${text}|float`, `${text} * 1`, `-${text}`, `${text} == 12`, `${text} > 3`, `${text}|round`, `${text}|abs`];
}

const cycles = ['{% set c = cycler("a", "b", "c") %}${c.next()}${c.next()}${c.current}${c.next()}${c.next()}${c.reset()}${c.current}${c.next()}', '{% set c = cycler() %}${c.next()}${c.current}', '{% set j = joiner() %}${j()}a${j()}b${j()}', '{% set j = joiner("|") %}${j()}a${j()}b', '{% set j = joiner(1) %}${j()}a${j()}b', '{% for x in list %}{% set c = c or cycler(1, 2) %}${c.next()}{% endfor %}', '{% set a = list.slice() %}{% set b = a.sort() %}${a}${b}', '{% set b = list.reverse() %}${list}${b}', '{% set a = [1] %}{% set b = a %}${b.push(2)}${a}', '{% set a = {x: [1]} %}${a.x.push(5)}${a|dump}', '{% set a = [3, 4, 5] %}${a.pop()}${a}${a.shift()}${a}${a.unshift(1, 2)}${a}${a.splice(1, 1)}${a}', '{% set a = [1, 2] %}${a.concat([3])}${a}'];

const inVariables = (text) => text.replace(/\$\{(?!\{)((?:"[^"]*"|'[^']*'|[^}"'])*)\}/g, (_, inside) => `\${{ ${inside} }}`).replace(/\$\{\{ (-?)(.*?)(-?) \}\}/g, (_, open, inside, close) => `\${{${open} ${inside} ${close}}}`);
const plain = { variableStart: '{{', variableEnd: '}}' };
const scaffolder = { variableStart: '${{', variableEnd: '}}' };

export function* handPicked() {
  for (const expression of expressions()) yield { template: `\${{ ${expression} }}`, options: { tags: scaffolder } };
  for (const written of [...statements, ...cycles]) {
    const template = inVariables(written);
    for (const options of [{}, { trimBlocks: true }, { lstripBlocks: true }, { trimBlocks: true, lstripBlocks: true }]) {
      yield { template, options: { ...options, tags: scaffolder } };
      yield { template: template.replaceAll('${{', '{{'), options: { ...options, tags: plain } };
    }
  }
}

/* ---- what a grammar makes ---- */

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A maker of templates: each call another one. */
function grammar(seed) {
  const next = random(seed);
  const pick = (list) => list[Math.floor(next() * list.length)];
  const chance = (part) => next() < part;
  const some = (most, make) => Array.from({ length: Math.floor(next() * (most + 1)) }, make);
  const names = ['s', 'n', 'f', 'neg', 't', 'no', 'nil', 'missing', 'list', 'words', 'obj', 'objs', 'x', 'y', 'nested', 'empty', 'num', 'mixed'];
  const literals = ['0', '1', '2', '7', '1.5', '"a"', "'b c'", '""', 'true', 'false', 'none', '"é"', '[]', '{}', '"<&>"'];
  const filterCalls = Object.entries(filters).flatMap(([name, shapes]) => (name === 'nosuch' ? [] : shapes.filter((shape) => shape === '' || shape.startsWith('(')).map((shape) => `${name}${shape}`)));
  const plainTests = tests.filter((test) => !/^\d|, /.test(test));
  const methodCalls = Object.values(methods).flat().filter((call) => !/keys|entries|locale|constructor|push|unshift|splice/i.test(call));

  function expression(depth) {
    if (depth <= 0) return pick(chance(0.6) ? names : literals);
    const inner = () => {
      const text = expression(depth - 1 - Math.floor(next() * 2));
      return chance(0.5) ? text : `(${text})`;
    };
    switch (Math.floor(next() * 14)) {
      case 0: case 1: return `${inner()} ${pick(['+', '-', '*', '/', '//', '%', '**', '~', '~', '+'])} ${inner()}`;
      case 2: return `${inner()} ${pick(['==', '!=', '===', '!==', '<', '>', '<=', '>='])} ${inner()}`;
      case 3: return `${inner()} ${pick(['and', 'or'])} ${inner()}`;
      case 4: return `not ${inner()}`;
      case 5: return `${inner()} if ${inner()}${chance(0.7) ? ` else ${inner()}` : ''}`;
      case 6: case 7: case 8: return `${chance(0.5) ? pick(names) : `(${inner()})`} | ${pick(filterCalls)}`;
      case 9: return `${inner()} is ${chance(0.2) ? 'not ' : ''}${pick(plainTests)}`;
      case 10: return `${inner()} ${chance(0.3) ? 'not ' : ''}in ${inner()}`;
      case 11: return `[${some(3, inner).join(', ')}]`;
      case 12: return `{${some(3, () => `${pick(['a', '"b"', 'c_d'])}: ${inner()}`).join(', ')} }`;
      default: return pick([() => inner(), () => `${pick(names)}.${pick(methodCalls)}`, () => `${pick(names)}[${inner()}]`, () => `-${inner()}`, () => `${pick(names)}.${pick(['a', 'b', 'length', 'name', 'one.two'])}`, () => `m(${some(2, inner).join(', ')}${chance(0.3) ? '' : ''})`, () => `range(${pick(['2', '1, 4', '3, 0, -1'])})`])();
    }
  }
  const open = () => (chance(0.15) ? '{%-' : '{%');
  const close = () => (chance(0.15) ? '-%}' : '%}');
  const tag = (text) => `${open()} ${text} ${close()}`;
  const output = (depth) => `\${{${chance(0.08) ? '-' : ''} ${expression(depth)} ${chance(0.08) ? '-' : ''}}}`;
  const text = () => pick(['a', ' ', '\n', 'b\n', '  \n  ', '<p>', ', ', '}', '{', '$', '%', '#', '\t', 'é', '\r\n', '   ']);
  function body(depth) {
    return some(4, () => statement(depth)).join('');
  }
  function statement(depth) {
    const deeper = () => body(depth - 1);
    if (depth <= 0 || chance(0.35)) return chance(0.5) ? text() : output(2);
    switch (Math.floor(next() * 12)) {
      case 0: case 1: return `${tag(`if ${expression(2)}`)}${deeper()}${chance(0.3) ? `${tag(`elif ${expression(2)}`)}${deeper()}` : ''}${chance(0.4) ? `${tag('else')}${deeper()}` : ''}${tag('endif')}`;
      case 2: case 3: return `${tag(`for ${chance(0.3) ? `x, y in ${pick(['obj', 'pairs', 'nums', 'missing', 'none_'])}` : `${pick(['x', 'y', 'n'])} in ${chance(0.6) ? pick(['list', 'words', 'obj', 'objs', 'missing', 's', 'mixed', 'range(3)', 'none_']) : expression(1)}`}`)}${deeper()}\${{ ${pick(['loop.index', 'loop.last', 'x', 'y', 'loop.revindex'])} }}${chance(0.3) ? `${tag('else')}${deeper()}` : ''}${tag('endfor')}`;
      case 4: return tag(`set ${pick(['x', 'y', 'x, y', 's', 'list'])} = ${expression(2)}`);
      case 5: return `${tag(`set ${pick(['x', 'y'])}`)}${deeper()}${tag('endset')}`;
      case 6: return `${tag(`macro m(${pick(['', 'a', 'a, b', 'a, b=1', 'x=2', 'a, x=n, y=a'])})`)}${deeper()}\${{ ${pick(['a', 'b', 'x', 'y', 'caller() if caller'])} }}${tag('endmacro')}`;
      case 7: return `${tag('macro w(a) ')}[\${{ caller(${pick(['', '1', 'a'])}) }}]${tag('endmacro')}${tag(`call${pick(['', '(x)'])} w(${some(1, () => expression(1)).join('')})`)}${deeper()}${tag('endcall')}`;
      case 8: return `${tag(`filter ${pick(filterCalls)}`)}${deeper()}${tag('endfilter')}`;
      case 9: return `${tag(`switch ${expression(1)}`)}${tag('case "q"')}${some(3, () => `${tag(`case ${expression(0)}`)}${deeper()}`).join('')}${chance(0.5) ? `${tag('default')}${deeper()}` : ''}${tag('endswitch')}`;
      case 10: return pick([() => `{#${chance(0.2) ? '-' : ''} ${text()} ${chance(0.2) ? '-' : ''}#}`, () => `{% raw %}${text()}{{ x }}{% endraw %}a`, () => `{% verbatim %}${text()}{% endverbatim %}a`])();
      default: return output(3);
    }
  }
  const options = () => ({ tags: scaffolder, trimBlocks: chance(0.3), lstripBlocks: chance(0.3) });
  return () => (chance(0.4) ? { template: output(4), options: { tags: scaffolder } } : { template: body(3), options: options() });
}

export function* generated(seed, count) {
  const make = grammar(seed);
  for (let index = 0; index < count; index++) {
    const { template, options } = make();
    if (!/\brandom\b/.test(template) && template.length < 4000) yield { template, options };
  }
}
