import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changes, hasEffect, isPending } from '../../../src/plan/emit/changes.js';
import { existing } from '../../support/fake-system.js';

const kinds = (...args: Parameters<typeof changes>) =>
  changes(...args).map(({ kind, path }) => `${kind} ${path}`);

test('wanted files are created, replaced or unchanged, in their order; then others are removed', () => {
  const wanted = [existing('/new', 'a'), existing('/same', 'b'), existing('/other', 'c')];
  const current = [
    existing('/gone', 'x'),
    existing('/other', 'd'),
    existing('/same', 'b'),
    existing('/gone-too', 'y'),
  ];
  assert.deepEqual(changes(wanted, current), [
    { kind: 'create', path: '/new', before: undefined, after: wanted[0] },
    { kind: 'unchanged', path: '/same', before: current[2], after: wanted[1] },
    { kind: 'replace', path: '/other', before: current[1], after: wanted[2] },
    { kind: 'remove', path: '/gone', before: current[0], after: undefined },
    { kind: 'remove', path: '/gone-too', before: current[3], after: undefined },
  ]);
});

test('a file differs by any byte, by its length and by its mode', () => {
  assert.deepEqual(kinds([existing('/a', 'xy')], [existing('/a', 'xz')]), ['replace /a']);
  assert.deepEqual(kinds([existing('/a', 'xy')], [existing('/a', 'x')]), ['replace /a']);
  assert.deepEqual(kinds([existing('/a', 'x')], [existing('/a', 'xy')]), ['replace /a']);
  assert.deepEqual(kinds([existing('/a', '')], [existing('/a', '')]), ['unchanged /a']);
  assert.deepEqual(kinds([existing('/a', 'x', 0o755)], [existing('/a', 'x', 0o644)]), ['replace /a']);
});

test('a change is due unless all files are unchanged', () => {
  assert.equal(isPending([]), false);
  assert.equal(isPending(changes([existing('/a', 'x')], [existing('/a', 'x')])), false);
  assert.equal(isPending(changes([existing('/a', 'x')], [])), true);
  assert.equal(isPending(changes([], [existing('/a', 'x')])), true);
});

test('the version of systemd in a drop-in is updated, but not to one that is only partly known', () => {
  const dropIn = (version: string, more = '', name = '/a.conf') =>
    existing(name, `# Made\n# For systemd ${version}\n[Service]\n${more}`);
  const before = [dropIn('257.13')];
  const look = (after: ReturnType<typeof existing>, offline: boolean, current = before) => {
    const [change] = changes([after], current, { offline });
    return [change!.kind, change!.commentsOnly ?? false];
  };
  assert.deepEqual(look(dropIn('257.13'), false), ['unchanged', false]);
  assert.deepEqual(look(dropIn('257.14'), false), ['replace', true]);
  assert.deepEqual(look(dropIn('257'), true), ['unchanged', false]);
  assert.deepEqual(look(dropIn('257.14', '# x\n'), false), ['replace', true]);
  assert.deepEqual(look(dropIn('257.14', 'Nice=5\n'), true), ['replace', false]);
  assert.deepEqual(look(dropIn('257.14'), false, []), ['create', false]);
  const offline = [dropIn('257')];
  for (const version of ['257', '257.13', '257~rc1']) {
    assert.equal(look(dropIn(version), false, offline)[0], 'unchanged', version);
  }
  for (const version of ['258', '2571', '25']) {
    assert.equal(look(dropIn(version), false, offline)[0], 'replace', version);
  }
  const other = [dropIn('257.13', '', '/a')];
  assert.deepEqual(look(dropIn('257', '', '/a'), true, other), ['replace', false]);
});

test('comments of a drop-in are written, and change nothing in running services', () => {
  const dropIn = (text: string, mode = 0o644) => existing('/a.conf', text, mode);
  const before = [dropIn('# one\n[Service]\n# why\nNice=5\n')];
  const effect = (after: ReturnType<typeof existing>) => {
    const [change] = changes([after], before);
    return [change!.kind, change!.commentsOnly ?? false, isPending([change!]), hasEffect([change!])];
  };
  assert.deepEqual(effect(before[0]!), ['unchanged', false, false, false]);
  assert.deepEqual(effect(dropIn('# two\n[Service]\nNice=5\n')), ['replace', true, true, false]);
  assert.deepEqual(effect(dropIn('# one\n[Service]\n# why\nNice=6\n')), ['replace', false, true, true]);
  assert.deepEqual(effect(dropIn('# two\n[Service]\nNice=5\n', 0o600)), ['replace', false, true, true]);
  const other = changes([existing('/a', '# two\n')], [existing('/a', '# one\n')]);
  assert.deepEqual([isPending(other), hasEffect(other)], [true, true]);
});

test('the text of a kept policy counts as a comment', () => {
  const kept = (text: string) => existing('/x.d/zz-sandbox-unit.toml', text);
  for (const [wanted, current] of [
    [[kept('a')], []],
    [[kept('a')], [kept('b')]],
    [[], [kept('b')]],
  ] as const) {
    const list = changes(wanted, current);
    assert.deepEqual([isPending(list), hasEffect(list)], [true, false]);
  }
});
