import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Variant } from 'dbus-next';
import { codeOf } from '../../../src/diagnostic.js';
import {
  changedIn,
  managerOf,
  otherJobsIn,
  serviceOf,
  unitOf,
  unitsIn,
  valuesOf,
} from '../../../src/machine/bus/answers.js';

const UNIT = {
  ActiveState: new Variant('s', 'active'),
  DropInPaths: new Variant('as', ['/a/b.conf']),
  FragmentPath: new Variant('s', '/a/b.service'),
  Id: new Variant('s', 'b.service'),
  InvocationID: new Variant('ay', []),
  Job: new Variant('(uo)', [0, '/']),
  LoadState: new Variant('s', 'loaded'),
};
const SERVICE = {
  ControlGroup: new Variant('s', ''),
  MainPID: new Variant('u', 7),
  Nice: new Variant('i', 1),
  SystemCallFilter: new Variant('(bas)', [false, []]),
};
const text = new Variant('s', 'x');
const start = new Variant('t', 1n);
const PATHS = new Variant('as', ['/x']);

test('answers of a manager are converted to values', () => {
  const { id, properties } = serviceOf({ ...UNIT, ...SERVICE });
  assert.deepEqual([id, properties.get('Nice'), properties.size], ['b.service', 1, 11]);
  const facts = {
    version: 'x',
    architecture: 'x',
    features: 'x',
    started: 1n,
    unitPath: ['/x'],
    controlGroup: '/a.slice',
  };
  assert.deepEqual(
    managerOf([text, text, text, start, new Variant('as', ['/x']), new Variant('s', '/a.slice')]),
    facts,
  );
});

test('a signal with unexpected values causes a new request for the unit', () => {
  assert.deepEqual([...changedIn({ Id: text })], [['Id', 'x']]);
  for (const table of [undefined, 'x', { Id: 'x' }, { ActiveState: new Variant('u', 1) }]) {
    assert.equal(changedIn(table).size, 0);
  }
});

const { Id: _, ...NAMELESS } = UNIT;

/** Answers that no manager gives. */
const WRONG: readonly [what: string, read: () => unknown, message: RegExp][] = [
  [
    'a control group elsewhere',
    () => managerOf([text, text, text, start, PATHS, new Variant('s', '/../x')]),
    /no control group/,
  ],
  ['no control group', () => managerOf([text, text, text, start, PATHS]), /no control group/],
  ['no table', () => valuesOf(undefined), /no properties/],
  ['a text for a table', () => valuesOf('x'), /no properties/],
  ['a value without a type', () => valuesOf({ Id: 'x' }), /no value for Id/],
  ['a number for paths', () => valuesOf({ DropInPaths: new Variant('u', 1) }), /'u', not 'as'/],
  ['paths that are numbers', () => valuesOf({ DropInPaths: new Variant('au', [1]) }), /'au', not 'as'/],
  ['a text for an invocation', () => valuesOf({ InvocationID: text }), /'s', not 'ay'/],
  ['no value at all', () => valuesOf({ Id: undefined }), /no value for Id/],
  ['a unit without a name', () => serviceOf({ ...NAMELESS, ...SERVICE }), /no Id/],
  ['a service that has nothing of one', () => serviceOf(UNIT), /no ControlGroup/],
  [
    'a service without a process',
    () => serviceOf({ ...UNIT, ...SERVICE, MainPID: undefined }),
    /no value for MainPID/,
  ],
  [
    'a number for a version',
    () => managerOf([new Variant('u', 257), text, text]),
    /no version, architecture/,
  ],
  ['a unit of no state', () => unitOf({ Id: text }), /no ActiveState/],
  ['no list of units', () => unitsIn([text]), /no unit names/],
  ['units without names', () => unitsIn([[[1]]]), /no unit names/],
  ['no jobs of other units', () => otherJobsIn([7, '/job/7', 'x.service', '/', 'restart']), /no jobs/],
  ['a job of no unit', () => otherJobsIn([7, '/job/7', 'x.service', '/', 'restart', [[8]]]), /no jobs/],
  ['no unit folders', () => managerOf([text, text, text, start, new Variant('as', [])]), /no unit folders/],
  [
    'a folder without a path',
    () => managerOf([text, text, text, start, new Variant('as', ['x'])]),
    /no unit folders/,
  ],
  ['a text for folders', () => managerOf([text, text, text, start, text]), /no unit folders/],
  ['no time of a start', () => managerOf([text, text, text, text]), /no start time/],
  ['nothing of a manager', () => managerOf([]), /no version, architecture/],
];

for (const [what, read, message] of WRONG) {
  test(`${what} is refused`, () => {
    assert.throws(read, (cause: Error) => codeOf(cause) === 'manager-answer' && message.test(cause.message));
  });
}
