import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EXIT, UserError } from '../../../src/diagnostic.js';
import { whereKnown } from '../../../src/seccomp/syscalls/numbers.js';
import {
  areSetsOf,
  bundledSets,
  callsInSets,
  expandSet,
  parseSyscallFilterListing,
  setNames,
} from '../../../src/seccomp/syscalls/sets.js';
import { Box, boxAvailable } from '../../support/box.js';
import { alternatives } from '../../support/thorough.js';

const LISTING = `\
@default
    # System calls that are always permitted
    @sandbox
    read
    brk

@sandbox
    # Sandboxing
    seccomp

# Ungrouped System Calls (known but not included in any of the groups except @known):
#   s390_sthyi

# Unlisted System Calls (supported by the local kernel, but not included in any of the groups listed above):
#   open_tree_attr
`;

test('a listing gives the members of each set as listed, and no comment', () => {
  assert.deepEqual(parseSyscallFilterListing(LISTING, '257.13'), {
    source: 'target',
    systemd: '257.13',
    members: new Map([
      ['@default', ['@sandbox', 'read', 'brk']],
      ['@sandbox', ['seccomp']],
    ]),
  });
});

test('a set expands to its calls and those of the sets in it, sorted', () => {
  const sets = parseSyscallFilterListing(LISTING, '257.13');
  assert.deepEqual(expandSet(sets, '@default'), ['brk', 'read', 'seccomp']);
  assert.equal(expandSet(sets, '@default'), expandSet(sets, '@default'));
  assert.deepEqual(setNames(sets), ['@default', '@sandbox']);
  assert.deepEqual([...callsInSets(sets)], ['brk', 'read', 'seccomp']);
});

test('sets that contain each other expand to the calls of both', () => {
  const sets = parseSyscallFilterListing(
    '@default\n    @a\n@a\n    @b\n    read\n@b\n    @a\n    @b\n    open\n',
    '1',
  );
  for (const name of ['@default', '@a', '@b']) assert.deepEqual(expandSet(sets, name), ['open', 'read']);
});

test('a name that is no set expands to nothing', () => {
  const sets = bundledSets();
  for (const name of ['default', 'read', '@nope', '@constructor', '__proto__', '@', '']) {
    assert.equal(expandSet(sets, name), undefined);
  }
});

test('names of object properties are ordinary calls in a listing', () => {
  const sets = parseSyscallFilterListing('@default\n    __proto__\n    constructor\n', '1');
  assert.deepEqual(expandSet(sets, '@default'), ['__proto__', 'constructor']);
});

const MALFORMED: Record<string, readonly [text: string, why: string]> = {
  'nothing at all': ['', "it has no '@default'"],
  'an empty @default': ['@default\n@io\n    read\n', "it has no '@default'"],
  'a call before the first set': ['    read\n', "line 1 is not a set, a member or a comment: '    read'"],
  'an error message': [
    'Failed to connect to bus\n',
    "line 1 is not a set, a member or a comment: 'Failed to connect to bus'",
  ],
  colours: [
    '\u001b[1m@default\u001b[0m\n',
    "line 1 is not a set, a member or a comment: '\\x1b[1m@default\\x1b[0m'",
  ],
  'a directive in a name': [
    '@default\n    read SystemCallFilter=\n',
    "line 2 is not a set, a member or a comment: '    read SystemCallFilter='",
  ],
  capitals: ['@default\n    READ\n', "line 2 is not a set, a member or a comment: '    READ'"],
  'another indentation': ['@default\n  read\n', "line 2 is not a set, a member or a comment: '  read'"],
  'carriage returns': [
    '@default\r\n    read\r\n',
    "line 1 is not a set, a member or a comment: '@default\\x0d'",
  ],
  'a NUL': ['@default\n    read\0\n', "line 2 is not a set, a member or a comment: '    read\\x00'"],
  'a set twice': ['@default\n    read\n@default\n    open\n', "line 3 lists '@default' again"],
  'a reference to no set': ['@default\n    @io\n', "'@default' refers to '@io', which it doesn't list"],
  'too much': [`@default\n    read\n${'#'.repeat(1 << 20)}`, 'it is longer than 1048576 characters'],
};

for (const [what, [text, why]] of Object.entries(MALFORMED)) {
  test(`a listing with ${what} is refused`, () => {
    assert.throws(
      () => parseSyscallFilterListing(text, '1'),
      (e) => {
        assert.ok(e instanceof UserError);
        assert.equal(e.exit, EXIT.failure);
        const found = e.diagnostics.map(({ code, message }) => [code, message]);
        assert.deepEqual(found, [['manager-answer', `can't read the syscall sets of this systemd: ${why}`]]);
        return true;
      },
    );
  });
}

test('any text is read as names of sets and calls, or refused', () => {
  const line = fc.oneof(
    fc.constantFrom('@default', '@a', '    @a', '    read', '# x', ''),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      try {
        const { members } = parseSyscallFilterListing(lines.join('\n'), '1');
        for (const [set, names] of members) {
          assert.match(set, /^@[a-z0-9-]+$/);
          for (const name of names) assert.match(name, /^(@[a-z0-9-]+|[a-z0-9_]+)$/);
        }
      } catch (e) {
        assert.ok(e instanceof UserError);
      }
    }),
  );
});

test('the bundled sets are those of a systemd release', () => {
  const sets = bundledSets();
  assert.deepEqual([sets.source, sets.systemd], ['bundled', '257.13']);
  assert.equal(setNames(sets).length, 30);
  const holds = (set: string, call: string) => expandSet(sets, set)!.includes(call);
  const facts = [
    ['@default', 'execve', true],
    ['@default', 'seccomp', true],
    ['@default', 'execveat', false],
    ['@default', 'write', false],
    ['@process', 'execveat', true],
    ['@system-service', 'execve', true],
    ['@system-service', 'mount', false],
    ['@mount', 'umount2', true],
    ['@known', 's390_sthyi', true],
  ] as const;
  for (const [set, call, expected] of facts) assert.equal(holds(set, call), expected, `${call} in ${set}`);
  assert.equal(expandSet(sets, '@default')!.length, 70);
});

test('every call of the bundled sets is known, and most of them here', () => {
  const places = [...callsInSets(bundledSets())].map((name) => whereKnown(name));
  assert.ok(!places.includes(undefined));
  assert.ok(places.filter((place) => place === 'here').length > 480);
});

for (const tree of alternatives(['machine', 'bullseye', 'bookworm', 'forky'] as const)) {
  test(`the listing of systemd-analyze of ${tree} is read completely`, {
    skip: boxAvailable(tree),
  }, async () => {
    const box = await Box.boot({ tree });
    try {
      const listing = await box.succeed(['systemd-analyze', 'syscall-filter']);
      const [, release] = /\((\d+(?:\.\d+)*)/.exec(await box.succeed(['systemd-analyze', '--version']))!;
      const sets = parseSyscallFilterListing(listing, release!);
      const indented = listing.split('\n').filter((line) => /^ +[^ #]/.test(line));
      assert.equal([...sets.members.values()].flat().length, indented.length);
      if (release === bundledSets().systemd) assert.deepEqual(sets.members, bundledSets().members);
    } finally {
      await box.stop();
    }
  });
}

test('sets belong to a version, whatever a distribution appends to it', () => {
  const bundled = { ...bundledSets(), systemd: '257.13' };
  const matches = (version: string) => areSetsOf(bundled, version);
  assert.deepEqual(['257.13', '257.13-1~deb13u1', '257.13-1.fc42'].filter(matches).length, 3);
  const others = ['257', '257.12-1', '257.1', '257.130', '252.38', '257.13~rc1', '257.13.1', ''];
  assert.deepEqual(others.filter(matches), []);
  assert.ok(areSetsOf({ ...bundled, source: 'target' }, '252'));
});
