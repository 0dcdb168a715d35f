import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Location } from '../../../src/diagnostic.js';
import type { Directive } from '../../../src/systemd/directives/directive.js';
import { directiveGap, formatDirective, type GapTarget } from '../../../src/systemd/directives/format.js';
import { findTransient, ownDirectives } from '../../../src/systemd/directives/rows/transient.js';
import { directives, findDirective } from '../../../src/systemd/directives/table.js';
import { wordsOf } from '../../../src/systemd/unit/values.js';
import { BAD } from '../../support/bad-values.js';
import { GOOD } from '../../support/good-values.js';
import { inputs } from '../../support/thorough.js';

const AT: Location = { file: 'policy.toml', line: 7, column: 20, length: 3 };

const format = (name: string, value: unknown) => formatDirective(findDirective(name)!, value, AT);

test('a value is written in the form that systemd reads', () => {
  for (const [name, value, values] of GOOD) {
    assert.deepEqual({ ...format(name, value), needs: [] }, { values, needs: [] }, `${name} = ${value}`);
  }
});

test('every kind has good and wrong values here', () => {
  const kindsOf = (rows: readonly Directive[]) => new Set(rows.map((row) => row.kind.type));
  const tried = (names: readonly string[]) => kindsOf(names.map((name) => findTransient(name)!));
  const refused = Object.values(BAD).flatMap((cases) => cases.map(([name]) => name));
  assert.deepEqual(sorted(tried(GOOD.map(([name]) => name))), sorted(kindsOf(directives())));
  assert.deepEqual(
    sorted(tried(refused)),
    sorted(kindsOf([...directives(), ...ownDirectives(), findTransient('ConditionUser')!])),
  );
});

const sorted = (names: Iterable<string>) => [...names].sort();

test('a message names what is expected and suggests a name', () => {
  const cases: readonly (readonly [string, unknown, string, string | undefined])[] = [
    [
      'ProtectSystem',
      'strickt',
      "'ProtectSystem' expects true, false or one of full, strict, not 'strickt'",
      "did you mean 'strict'?",
    ],
    [
      'CapabilityBoundingSet',
      'SYS_ADMIN',
      "'CapabilityBoundingSet' expects names of capabilities, not 'SYS_ADMIN'",
      "did you mean 'CAP_SYS_ADMIN'?",
    ],
    ['UMask', 77, "'UMask' expects an octal mode as text, not 77", 'write it in quotes: "0077"'],
    ['Nice', 99, "'Nice' expects an integer from -20 to 19, not '99'", undefined],
    [
      'ReadWritePaths',
      '/a/../b',
      "'ReadWritePaths' expects a path without '..' and with at most 255 bytes between slashes, not '/a/../b'",
      undefined,
    ],
    ['NoNewPrivileges', { a: 1 }, "'NoNewPrivileges' expects true or false, not a table", undefined],
    [
      'NoNewPrivileges',
      '',
      "'NoNewPrivileges' expects a value, since systemd can't unset it, not an empty text",
      undefined,
    ],
    [
      'ProtectSystem',
      '',
      "'ProtectSystem' expects a value, since systemd can't unset it, not an empty text",
      undefined,
    ],
    [
      'RestrictAddressFamilies',
      [],
      "'RestrictAddressFamilies' expects at least one name, not an empty list",
      'write "none" to forbid all, "" to lift the restriction',
    ],
    [
      'SetCredential',
      'secret',
      "'SetCredential' expects NAME:VALUE with at most 65536 characters, not 'something else'",
      undefined,
    ],
  ];
  for (const [name, value, message, hint] of cases) {
    const expected = {
      severity: 'error',
      code: 'directive-value',
      message,
      ...(hint ? { hint } : {}),
      at: AT,
    };
    assert.deepEqual(format(name, value), [expected]);
  }
});

test('all errors of a list are reported at once', () => {
  const result = format('CapabilityBoundingSet', ['CAP_A', 'CAP_KILL', 'CAP_B']);
  assert.equal(Array.isArray(result) && result.length, 2);
});

test('values that are too long or too many are refused', () => {
  const long = 'a'.repeat(5000);
  const many = new Array(1001).fill('/a');
  const heavy = new Array(1000).fill(`/${'a'.repeat(200)}/${'b'.repeat(200)}`);
  for (const value of [`/${long}`, [long], many, heavy])
    assert.ok(Array.isArray(format('ReadOnlyPaths', value)));
  assert.ok(Array.isArray(format('SetCredential', `a:${'b'.repeat(70_000)}`)));
});

/** Anything that a TOML file can hold, and some that it can't. */
const anyValue = () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom(...'/-+~:%.,"\'\\ \n\t=ayS0159;#[]$', '\ufffe', '\ud800'),
      maxLength: 20,
    }),
    fc.constantFrom(...GOOD.flatMap(([, value]) => value).filter((value) => typeof value === 'string')),
  );
  const scalar = fc.oneof(text, fc.integer(), fc.bigInt(), fc.boolean(), fc.double(), fc.constant(undefined));
  return fc.oneof(scalar, fc.array(scalar, { maxLength: 5 }), fc.constant({ a: 1 }));
};

test('no value can write beyond its line', () => {
  fc.assert(
    fc.property(fc.constantFrom(...directives()), anyValue(), (row, value) => {
      const result = formatDirective(row, value, AT);
      if (Array.isArray(result)) return result.length > 0;
      return result.values.every(
        (text) =>
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
          !/[\u0000-\u001f\u007f\ufffe\uffff]|\\$/.test(text) &&
          text === text.trim() &&
          !/\p{Surrogate}/u.test(text),
      );
    }),
    inputs(20_000),
  );
});

test('a list of paths reads back word for word', () => {
  const unit = fc.constantFrom(...'ab \'"\\:;#=,é');
  const path = fc.string({ unit, minLength: 1, maxLength: 12 }).map((text) => `/${text}`);
  fc.assert(
    fc.property(fc.array(path, { minLength: 1, maxLength: 4 }), (list) => {
      const result = format('ReadOnlyPaths', list);
      assert.ok(!Array.isArray(result));
      assert.deepEqual(wordsOf(result.values[0]!), list);
    }),
  );
});

test('a target that is too old for a directive or a part of its value leaves a gap', () => {
  const update = (since: number) => `it needs systemd ${since} or later: update the target, or leave it out`;
  const cases: readonly (readonly [string, unknown, GapTarget, string | undefined, string?])[] = [
    [
      'PrivatePIDs',
      true,
      { systemd: 256, scope: 'system' },
      "systemd 256 ignores 'PrivatePIDs'",
      update(257),
    ],
    ['PrivatePIDs', true, { systemd: 257, scope: 'system' }, undefined],
    ['PrivateTmp', true, { systemd: 247, scope: 'system' }, undefined],
    [
      'PrivateTmp',
      'disconnected',
      { systemd: 256, scope: 'system' },
      "systemd 256 doesn't know the value 'disconnected' of 'PrivateTmp'",
      update(257),
    ],
    [
      'PrivateUsers',
      'managed',
      { systemd: 259, scope: 'system' },
      "systemd 259 doesn't know the value 'managed' of 'PrivateUsers'",
      update(260),
    ],
    [
      'ProtectHostname',
      'private:a',
      { systemd: 257, scope: 'system' },
      "systemd 257 doesn't know the value 'private' of 'ProtectHostname'",
      update(258),
    ],
    [
      'RestrictAddressFamilies',
      'none',
      { systemd: 248, scope: 'system' },
      "systemd 248 doesn't know the value 'none' of 'RestrictAddressFamilies'",
      update(249),
    ],
    [
      'CPUWeight',
      'idle',
      { systemd: 251, scope: 'system' },
      "systemd 251 doesn't know the value 'idle' of 'CPUWeight'",
      update(252),
    ],
    [
      'StateDirectory',
      'a::ro',
      { systemd: 256, scope: 'system' },
      "systemd 256 doesn't know the flag 'ro' of 'StateDirectory'",
      update(257),
    ],
    [
      'StateDirectory',
      'a:b',
      { systemd: 250, scope: 'system' },
      "systemd 250 doesn't know a symbolic link after the name of 'StateDirectory'",
      update(251),
    ],
    [
      'ReadOnlyPaths',
      '%D/a',
      { systemd: 255, scope: 'system' },
      "systemd 255 doesn't know the specifier '%D' of 'ReadOnlyPaths'",
      update(256),
    ],
    [
      'CPUAccounting',
      true,
      { systemd: 258, scope: 'system' },
      "systemd 258 ignores 'CPUAccounting', which systemd 258 removed",
      'leave it out',
    ],
    [
      'ProtectProc',
      'invisible',
      { systemd: 257, scope: 'user' },
      "the user manager does not enforce 'ProtectProc'",
      'make it a system unit, or leave it out',
    ],
    [
      'RootImage',
      '/a',
      { systemd: 257, scope: 'user' },
      "the user manager does not enforce 'RootImage'",
      'make it a system unit, or leave it out',
    ],
    ['RootImage', '/a', { systemd: 262, scope: 'user' }, undefined],
    [
      'ProtectSystem',
      true,
      { systemd: 253, scope: 'user' },
      "the user manager of systemd 253 does not enforce 'ProtectSystem' by itself",
      "set 'PrivateUsers = true' as well",
    ],
    ['ProtectSystem', true, { systemd: 253, scope: 'user', privateUsers: true }, undefined],
    ['ProtectSystem', true, { systemd: 254, scope: 'user' }, undefined],
    ['NoNewPrivileges', true, { systemd: 247, scope: 'user' }, undefined],
    ['NoNewPrivileges', 'wrong', { systemd: 247, scope: 'user' }, undefined],
  ];
  for (const [name, value, target, message, hint] of cases) {
    const expected = message && { severity: 'error', code: 'gap-directive', message, hint, at: AT };
    assert.deepEqual(
      directiveGap(findDirective(name)!, value, AT, target),
      expected,
      `${name} ${target.systemd}`,
    );
  }
});
