// The part of the template language that a form reads in the browser says what the language itself says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import nunjucks from 'nunjucks';
import { evaluate, isFalsy, isUnderstood } from '../../web/src/scaffolder/form/expression.ts';

const environment = new nunjucks.Environment(null, { autoescape: false });

const parameters = {
  kind: 'web',
  name: 'Shop',
  count: 3,
  zero: 0,
  half: 1.5,
  on: true,
  off: false,
  empty: '',
  nothing: null,
  list: ['a', 'b', 'c'],
  few: [],
  box: { width: 2, deep: { colour: 'red' } },
  'odd name': 'x',
};

const EXPRESSIONS = `
parameters.kind
parameters.kind == 'web'
parameters.kind === "web"
parameters.kind != 'web'
parameters.count == '3'
parameters.count === '3'
parameters.count !== 3
parameters.missing
parameters.missing.deeper
parameters.missing == undefined
parameters.nothing == none
parameters.list[1]
parameters.list[9]
parameters['odd name']
parameters.box['width']
parameters.box.deep.colour
parameters.list.length
parameters.name.length
parameters.on and parameters.count
parameters.off or parameters.name
not parameters.off
not parameters.on and parameters.off
not (parameters.on and parameters.off)
parameters.count > 2
parameters.count >= 3 and parameters.count < 4
parameters.count <= 2 or parameters.on
'a' in parameters.list
'z' in parameters.list
'z' not in parameters.list
'ho' in parameters.name
'width' in parameters.box
parameters.kind in ['web', 'batch']
parameters.kind not in ['web', 'batch']
parameters.count + 1
parameters.count - 1 * 2
(parameters.count - 1) * 2
parameters.count / 2
parameters.count // 2
parameters.count % 2
-parameters.count
parameters.name ~ '-' ~ parameters.count
parameters.name + parameters.kind
'yes' if parameters.on else 'no'
'yes' if parameters.off else 'no'
'yes' if parameters.off
'a' if parameters.off else ('b' if parameters.on else 'c')
parameters.list | length
parameters.few | length
parameters.box | length
parameters.name | lower
parameters.name | upper
parameters.empty | default('x')
parameters.missing | default('x')
parameters.empty | default('x', true)
parameters.list | first
parameters.list | last
parameters.list | join('-')
'  x ' | trim
'12' | int
'x' | int(7)
'1.5' | float
parameters.count | string
parameters.list | length > 2
parameters.missing is defined
parameters.kind is defined
parameters.missing is undefined
parameters.kind is not defined
parameters.nothing is none
parameters.name is string
parameters.count is number
parameters.count is odd
parameters.count is even
parameters.count is divisibleby(3)
parameters.kind is equalto('web')
parameters.kind is sameas('web')
parameters.box is mapping
parameters.count is gt(2)
parameters.list.includes('b')
parameters.name.toLowerCase()
parameters.name.startsWith('Sh')
parameters.kind.split('e')
true and false
none
'it\\'s'
"a\\nb"
[1, 'two', parameters.count]
`
  .split('\n')
  .filter(Boolean);

const theirs = (expression) => {
  let seen;
  environment.addGlobal('keep', (value) => {
    seen = value;
    return '';
  });
  environment.renderString(`{{ keep(${expression}) }}`, { parameters });
  return seen;
};

for (const expression of EXPRESSIONS)
  test(`${expression} is what the language makes of it`, () => {
    const [ours, wanted] = [evaluate(expression, { parameters }), theirs(expression)];
    assert.deepEqual(JSON.stringify(ours ?? null), JSON.stringify(wanted ?? null));
    assert.equal(isFalsy(ours), isFalsy(wanted));
  });

test('what is beyond it is known to be', () => {
  for (const expression of ['parameters.list | reverse', 'range(3)', 'a b', '"open', 'x | replace(r/a/g, "b")', 'parameters.kind.constructor("x")', '1 if 2 else 3 if 4 else 5'])
    assert.throws(() => evaluate(expression, { parameters }), expression);
  assert.equal(isUnderstood('parameters.kind | reverse'), false);
  assert.equal(isUnderstood("parameters.kind == 'web'"), true);
});

test('nothing leads out of the values', () => {
  for (const expression of ['parameters.constructor', "parameters['__proto__']", 'parameters.kind.constructor', 'parameters.list.constructor', 'toString', 'constructor'])
    assert.equal(evaluate(expression, { parameters }), undefined);
});
