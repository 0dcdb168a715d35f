import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAsShown, shownAnew, withShown } from './shown.js';

const lines = (text: string): string[] => (text === '' ? [] : text.split('|'));

for (const [shown, printed, isRight] of [
  ['', '', true],
  ['', 'a', false],
  ['a', '', false],
  ['a|b', 'a|b', true],
  ['a|b', 'a|b|c', false],
  ['…', 'a|b', true],
  ['a|…', 'a|b|c', true],
  ['a|…', 'b|a', false],
  ['…|c', 'a|b|c', true],
  ['…|c', 'c|d', false],
  ['a|…|c|d|…|e', 'a|x|c|d|e', true],
  ['a|…|d|…|c|…', 'a|c|d', false],
  ['a|…|a', 'a', false],
  ['…|b|…|b', 'b', false],
  ['a … c', 'a long b c', true],
  ['a … c', 'a b', false],
  ['took 3.2 s (pid 12)', 'took 700 ms (pid 9)', true],
  ['took 3.2 s', 'took 3.2 kg', false],
  ['at 2026-11-28 10:00:00', 'at 2027-01-02 23:59:01', true],
  ['1 call', '2 call', false],
  ['a  b', 'a     b ', true],
  ['a.b', 'axb', false],
] as const) {
  test(`'${printed}' is${isRight ? '' : ' not'} what '${shown}' shows`, () => {
    assert.equal(isAsShown(lines(shown), lines(printed)), isRight);
  });
}

test('the blocks of a page are replaced piece by piece', () => {
  const shown = ['units:', '…', 'nginx.service … on  3 s', 'redis  off', '…'];
  const printed = [
    'units: 2',
    'other',
    'nginx.service  is on  9 s',
    'between',
    'redis  permissive off',
    'end',
  ];
  const anew = shownAnew(shown, printed);
  const wanted = ['nginx.service … on  3 s', 'between', 'redis  permissive off'];
  assert.deepEqual(anew.slice(-4), [...wanted, '…']);
  assert.ok(isAsShown(anew, printed));
  assert.deepEqual(shownAnew(['a'], ['b', 'c']), ['b', 'c']);
  assert.deepEqual(shownAnew([], ['b']), ['b']);
  assert.throws(() => shownAnew(['…', 'lost line', '…'], ['other text']), /like the line 'lost line'/);
});

test('a page gets other lines in several places', () => {
  const changed = withShown('a\nb\nc\nd\n', [
    [{ from: 1, to: 1 }, ['x', 'y']],
    [{ from: 2, to: 4 }, ['z']],
  ]);
  assert.equal(changed, 'a\nx\ny\nb\nz\n');
});
