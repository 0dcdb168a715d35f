/** Tables of a recording and their kinds of evidence. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isSurelyRefused, KINDS, kindsIn } from '../../../src/observe/recording/kinds.js';
import { inRepository } from '../../support/repository.js';

test('a table holds its kind of evidence', () => {
  assert.deepEqual(kindsIn('numbers'), ['calls']);
  assert.deepEqual(kindsIn('memory'), ['arguments', 'paths', 'peers']);
});

test('a table with an unknown name may hold all kinds', () => assert.equal(kindsIn('misses'), KINDS));

test("a call counts as refused if it isn't known to have begun", () => {
  assert.deepEqual([{ marks: 1 }, { misses: 2 }, { marks: 0, paths: 3 }].map(isSurelyRefused), [
    false,
    false,
    true,
  ]);
});

test("the observer's blind spots are known", () => {
  const programs = readFileSync(inRepository('native-helper/observe/programs.c'), 'utf8');
  const lists = [...programs.matchAll(/\.evidence = \{([^}]+)\}/g)].map(([, list]) => list!);
  const names = lists.flatMap((list) => [...list.matchAll(/"(\w+)"/g)].map(([, name]) => name!));
  assert.ok(names.length > 4);
  const found = names.filter((name) => kindsIn(name) === KINDS);
  assert.deepEqual(found, []);
});

test("the observer's tables of losses are known, except two that concern all", () => {
  const names = readFileSync(inRepository('native-helper/observe/names.c'), 'utf8');
  const tables = [...names.matchAll(/\[LOST_\w+\] = "(\w+)"/g)].map(([, name]) => name!);
  assert.ok(tables.length > 8);
  const found = tables.filter((table) => kindsIn(table) === KINDS);
  assert.deepEqual(found, ['groups', 'hidden']);
});
