/** Permissive policies beside the same ones enforced. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ownLimits } from '../../../src/plan/calls/own-limits.js';
import { asPermissive } from '../../../src/policy/permissive.js';
import { loadPolicy } from '../../../src/prepare/load/load-policy.js';
import { ABIS, abisOf, kernelNumber, MACHINES, type Machine } from '../../../src/seccomp/syscalls/abi.js';
import { type Action, ENOSYS, LOG, permits } from '../../../src/seccomp/syscalls/action.js';
import { MULTIPLEXED } from '../../../src/seccomp/syscalls/multiplex.js';
import type { NamedPolicy } from '../../../src/seccomp/syscalls/named-policy.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { isPermissive } from '../../../src/seccomp/syscalls/permissive.js';
import { evaluate, type SeccompData } from '../../../src/seccomp/syscalls/policy.js';
import { resolve, resolveCalls } from '../../../src/seccomp/syscalls/resolve.js';
import { NO_SYSCALLS, type SyscallsSection } from '../../../src/seccomp/syscalls/section.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { FakeSystem, fakeContext, HOME } from '../../support/fake-system.js';
import { ownFilterLines, section, unitWith } from '../../support/named-policies.js';
import { syscallsFrom } from '../../support/policy.js';
import { inRepository, templateFiles } from '../../support/repository.js';

const SETS = bundledSets();
/** A number that no table has. */
const NOBODYS = 1000;

/** What a unit refuses by itself: nothing is closed by the policy. */
const UNIT_ALONE: SyscallsSection = {
  ...NO_SYSCALLS,
  architectures: Object.keys(ABIS).map((value) => ({ value, at: NO_SYSCALLS.at })),
};

/** Every call of a machine, by every ABI of it, and an unknown number. */
function calls(
  machine: Machine,
  args: readonly bigint[],
): (SeccompData & { readonly name: string | undefined })[] {
  return abisOf(machine).flatMap((abi) => {
    const doors = (MULTIPLEXED.get(abi) ?? []).map(({ call }) => call);
    const table = [...numbersOf(abi), [undefined, NOBODYS] as const].filter(
      ([name]) => !doors.includes(name!),
    );
    return table.map(([name, nr]) => ({ name, arch: ABIS[abi].arch, nr: kernelNumber(abi, nr), args }));
  });
}

function meanings(written: SyscallsSection, machine: Machine, own?: NamedPolicy) {
  const mean = (one: SyscallsSection) => resolve(resolveCalls(one, SETS, own), machine);
  return {
    enforced: mean(written),
    permissive: mean({ ...written, permissive: true }),
    unit: mean(UNIT_ALONE),
  };
}

/** x32 numbers of 64-bit calls alone reach no call in the kernel, whatever a policy says. */
const isNoCall = ({ nr }: SeccompData, answer: Action) => nr > 0x40000000 && answer === ENOSYS;

const registers = () => fc.array(fc.bigInt({ min: 0n, max: 9n }), { minLength: 6, maxLength: 6 });

test('calls that a policy lets through are unchanged, and all others are recorded, by every ABI', () => {
  fc.assert(
    fc.property(section(), registers(), fc.constantFrom(...MACHINES), (written, args, machine) => {
      const { enforced, permissive } = meanings(written, machine);
      for (const call of calls(machine, args)) {
        const [was, is] = [evaluate(enforced, call), evaluate(permissive, call)];
        assert.ok(is === (permits(was) ? was : LOG) || isNoCall(call, is), `${call.name}: ${was}, ${is}`);
      }
    }),
    { numRuns: 100 },
  );
});

test('calls that the unit itself refuses stay refused, and no others', () => {
  fc.assert(
    fc.property(section(), ownFilterLines(), registers(), (written, lines, args) => {
      const own = ownLimits(unitWith(lines), SETS, 257);
      const { permissive, unit } = meanings(written, 'x86-64', own);
      for (const call of calls('x86-64', args)) {
        const [limit, is] = [evaluate(unit, call), evaluate(permissive, call)];
        if (isNoCall(call, is)) continue;
        if (permits(limit)) assert.ok(permits(is), `${call.name}`);
        else assert.equal(is, limit, `${call.name}`);
      }
    }),
    { numRuns: 100 },
  );
});

test('a call behind a multiplexer is let through, too', () => {
  for (const written of [syscallsFrom('deny = ["socket", "semop:kill"]'), syscallsFrom('allow = ["read"]')]) {
    const { permissive } = meanings(written, 'x86-64');
    for (const { call, calls: inner } of MULTIPLEXED.get('x86')!) {
      const nr = numbersOf('x86').get(call)!;
      for (const [selector] of inner) {
        const args = [selector, 0n, 0n, 0n, 0n, 0n];
        assert.ok(permits(evaluate(permissive, { arch: ABIS.x86.arch, nr, args })));
      }
    }
  }
});

const TEMPLATES = new Map(
  templateFiles().map((name) => [
    `${HOME}/templates/${name}`,
    readFileSync(inRepository(`templates/${name}`), 'utf8'),
  ]),
);

for (const path of TEMPLATES.keys()) {
  test(`${path} refuses nothing when it is permissive`, async () => {
    const system = new FakeSystem({ files: Object.fromEntries(TEMPLATES) });
    const { policy } = await loadPolicy(fakeContext(system), { system, path }, { trusted: true });
    const { syscalls } = policy;
    if (syscalls === undefined) return assert.deepEqual(asPermissive(policy).service, []);
    for (const machine of MACHINES) {
      const { enforced, permissive } = meanings(syscalls, machine);
      const all = calls(machine, [0n, 0n, 0n, 0n, 0n, 0n]);
      const refused = all.filter((call) => !permits(evaluate(permissive, call)));
      assert.ok(refused.every((call) => isNoCall(call, evaluate(permissive, call))));
      assert.ok(all.some((call) => !permits(evaluate(enforced, call))));
    }
  });
}

test('a policy is permissive by itself if it refuses no call and records some', () => {
  const is = (lines: string) => isPermissive(resolveCalls(syscallsFrom(lines), SETS));
  for (const lines of [
    'deny = ["execve"]\naction = "log"',
    'allow = ["read"]\naction = "log"',
    'log = ["uname"]',
    'deny = ["uname:log"]',
  ]) {
    assert.ok(is(lines), lines);
  }
  for (const lines of [
    'deny = ["execve"]',
    'deny = ["execve", "uname:log"]',
    'allow = ["read"]\naction = "log"\nunknown = "kill"',
    'allow = ["read"]\nlog = ["uname"]',
    'architectures = ["native"]',
  ]) {
    assert.ok(!is(lines), lines);
  }
});

test('a call whose arguments no filter can compare is recorded if some answers refuse it', () => {
  const written = syscallsFrom(
    'architectures = ["x86"]\nrules = [{ syscall = "mmap", when = [{ arg = 2, eq = 7 }], action = "EPERM" }]',
  );
  const { enforced, permissive } = meanings(written, 'x86-64');
  const call: SeccompData = {
    arch: ABIS.x86.arch,
    nr: numbersOf('x86').get('mmap')!,
    args: [0n, 0n, 0n, 0n, 0n, 0n],
  };
  assert.equal(permits(evaluate(enforced, call)), false);
  assert.equal(evaluate(permissive, call), LOG);
});
