import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { causeOf } from '../../src/explain/cause.js';
import type { Confinement } from '../../src/explain/refused-call.js';
import { nameCall } from '../../src/explain/tally.js';
import { bundledSets } from '../../src/seccomp/syscalls/sets.js';
import { policyFrom } from '../support/policy.js';

const X86_64 = 0xc000003e;
const [PTRACE, CONNECT, EXECVE, NEWER] = [101, 42, 59, 9999];

const confinement = (text: string, tightened: readonly string[]): Confinement => ({
  policy: policyFrom(text),
  machine: 'x86-64',
  sets: bundledSets(),
  own: undefined,
  refusers: () => [],
  tightened,
});

describe('calls refused by tighten:', () => {
  const cases: readonly (readonly [what: string, policy: string, nr: number, kind: string, says: string])[] =
    [
      ['one that the policy lets through is of tighten', '', PTRACE, 'tightened', '(ptrace)'],
      ['one of a set of our own is named by it', '', CONNECT, 'tightened', '(@critical)'],
      [
        'one that the policy refuses, too, is of the policy',
        '[syscalls]\ndeny = ["ptrace"]',
        PTRACE,
        'denied',
        'deny ptrace',
      ],
      [
        'one that [ready] refuses, too, is of [ready]',
        '[ready]\ndeny = ["execve"]',
        EXECVE,
        'denied',
        'deny execve, once',
      ],
      [
        'one that the policy only records is of tighten',
        '[syscalls]\nlog = ["ptrace"]',
        PTRACE,
        'tightened',
        '(ptrace)',
      ],
      ['one that no table knows is of another filter', '', NEWER, 'elsewhere', 'another filter'],
    ];
  for (const [what, policy, nr, kind, says] of cases) {
    test(what, () => {
      const call = nameCall('x86-64', { arch: X86_64, nr });
      const cause = causeOf(call, confinement(policy, ['ptrace:EPERM', '@critical:kill']));
      assert.equal(cause.kind, kind);
      assert.ok(cause.what.includes(says), cause.what);
    });
  }
});

test("a call that was only recorded is not tighten's", () => {
  const call = nameCall('x86-64', { arch: X86_64, nr: PTRACE });
  const circumstances = { isRefused: false, mayBeServing: true };
  const { kind } = causeOf(
    call,
    confinement('[syscalls]\nlog = ["ptrace"]', ['ptrace:EPERM']),
    circumstances,
  );
  assert.equal(kind, 'recorded');
});
