import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandsOf, FIELD_TYPES, parseUnitState } from '../../src/machine/unit-state.js';
import { inRepository } from '../support/repository.js';
import { unitState } from '../support/unit-state.js';

/** All fields but the properties by name. */
const fieldsOf = ({ properties: _, ...fields }: ReturnType<typeof unitState>) => fields;

test('each field has the name of its property', () => {
  const names = [...FIELD_TYPES.keys()];
  const fields = Object.keys(fieldsOf(unitState()));
  const found = fields.map((name) => name.toLowerCase());
  assert.deepEqual(
    found,
    names.map((name) => name.toLowerCase()),
  );
  assert.deepEqual(fields, fields.toSorted());
});

test('the sources read each field', () => {
  const directory = inRepository('src');
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const sources = paths.filter((path) => path.endsWith('.ts'));
  const text = sources.map((path) => readFileSync(join(directory, path), 'utf8')).join('');
  const isRead = (field: string) => new RegExp(`\\.${field}\\b|[{,] ${field}\\b|'${field}'`).test(text);
  const found = Object.keys(fieldsOf(unitState())).filter((field) => !isRead(field));
  assert.deepEqual(found, []);
  assert.equal(isRead('nothingOfTheKind'), false);
});

/** A property, its value on the bus, and the field. */
const VALUES: readonly [property: string, value: unknown, field: string, parsed: unknown][] = [
  ['ActiveState', 'refreshing', 'activeState', 'refreshing'],
  ['ActiveState', 'yet-unheard-of', 'activeState', 'unknown'],
  ['LoadState', 'not-found', 'loadState', 'not-found'],
  ['Result', 'exit-code', 'result', 'exit-code'],
  ['MainPID', 7, 'mainPid', 7],
  ['Transient', true, 'transient', true],
  ['BindsTo', ['a.mount', 'b.service'], 'bindsTo', ['a.mount', 'b.service']],
  ['InactiveExitTimestamp', 1_700_000_000_000_001n, 'inactiveExitTimestamp', 1_700_000_000_000_001],
  ['InvocationID', Buffer.from([0, 171]), 'invocationId', '00ab'],
  ['InvocationID', [1, 2], 'invocationId', '0102'],
  ['InvocationID', [], 'invocationId', ''],
  ['Job', [12, '/x'], 'job', 12],
  ['MemoryPeak', 5n, 'memoryPeak', 5n],
  ['MemoryPeak', 2n ** 64n - 1n, 'memoryPeak', undefined],
  ['JobTimeoutUSec', 2n ** 64n - 1n, 'jobTimeoutUSec', undefined],
  ['SystemCallFilter', [true, ['uname', 'read:5']], 'systemCallFilter', [true, ['uname', 'read:5']]],
  ['SuccessExitStatus', [[42], [10]], 'successExitStatus', { statuses: [42], signals: [10] }],
  ['Listen', [['Stream', '/run/x']], 'listen', [['Stream', '/run/x']]],
  [
    'IPAddressDeny',
    [[2, Buffer.from([10, 0, 0, 0]), 8]],
    'ipAddressDeny',
    [{ address: [10, 0, 0, 0], length: 8 }],
  ],
  [
    'Conditions',
    [['ConditionPathExists', true, false, '/x', 1]],
    'conditions',
    [{ name: 'ConditionPathExists', trigger: true, negate: false, parameter: '/x' }],
  ],
];

for (const [property, value, field, parsed] of VALUES) {
  test(`${property} ${String(value)} is ${JSON.stringify(parsed, (_, one) => (typeof one === 'bigint' ? `${one}` : one))}`, () => {
    assert.deepEqual(new Map(Object.entries(unitState({ [property]: value }))).get(field), parsed);
  });
}

test('a missing value is empty, 0 or false; unlimited and unknown are told apart', () => {
  const { activeState, loadState, type, mainPid, names, transient, memoryPeak } = unitState();
  assert.deepEqual([activeState, loadState, type, mainPid, names], ['unknown', 'unknown', '', 0, []]);
  assert.deepEqual([transient, memoryPeak], [false, undefined]);
});

/** Values of all shapes, of which none is a list of the right things. */
const ODD: readonly unknown[] = [
  ...[undefined, null, Number.NaN, 1.5, -1, Symbol('x'), {}, () => 1, new Map()],
  ...[[undefined], [null, null, null], [[]], [[[]]], [{}], [[null, 1, {}]], [Symbol('x')]],
];

for (const odd of ODD) {
  test(`${String(JSON.stringify(odd))} as every value is no error`, () => {
    const properties = new Map([...FIELD_TYPES.keys(), 'ExecStartEx'].map((name) => [name, odd]));
    const state = parseUnitState(properties);
    for (const [name, value] of Object.entries(fieldsOf(unitState()))) {
      const parsed = Object.entries(state).find(([other]) => other === name)?.[1];
      const isOptional = value === undefined || parsed === undefined;
      assert.ok(isOptional || typeof parsed === typeof value, name);
      assert.equal(Array.isArray(parsed) || isOptional, Array.isArray(value) || isOptional, name);
    }
    const texts = commandsOf(state, 'ExecStart').flatMap(({ path, argv, flags }) => [
      path,
      ...argv,
      ...flags,
    ]);
    assert.ok(texts.every((text) => typeof text === 'string'));
  });
}

test('a command has its end in its last two fields', () => {
  const times = [1n, 2n, 3n, 4n, 5];
  const ended = unitState({ ExecStartEx: [['/x', ['x', 'y'], ['ignore-failure'], ...times, 1, 203]] });
  const command = { path: '/x', argv: ['x', 'y'], flags: ['ignore-failure'] };
  assert.deepEqual(commandsOf(ended, 'ExecStart'), [
    { ...command, started: 2, code: 1, ended: 3, status: 203 },
  ]);
  assert.deepEqual(commandsOf(ended, 'ExecStop'), []);
});
