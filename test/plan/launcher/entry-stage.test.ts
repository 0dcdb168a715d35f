import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { callsToLoad, TRACER_CALLS } from '../../../src/filter/filter-file.js';
import type { ProgramFacts } from '../../../src/formats/elf.js';
import { START_CALLS } from '../../../src/plan/calls/start-calls.js';
import type { Plan } from '../../../src/plan/plan.js';
import { ABIS, kernelNumber } from '../../../src/syscalls/abi.js';
import { ALLOW, stricter } from '../../../src/syscalls/action.js';
import { formatAction } from '../../../src/syscalls/action-text.js';
import { isKnownCall, numbersOf } from '../../../src/syscalls/numbers.js';
import { evaluate } from '../../../src/syscalls/policy.js';
import { ownFilterLines, section } from '../../support/named-policies.js';
import { planned, policyOf, targetOf } from '../../support/planned.js';

const registers = () =>
  fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { minLength: 6, maxLength: 6 });

const ENTRY = '[syscalls]\ndeny = ["uname"]\nstage = "entry"\n';
const located = { value: 'entry' as const, at: { file: 'x', line: 1, column: 1 } };

const refusals = ({ diagnostics }: Plan) =>
  diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message }) => `${code}: ${message}`);

const says = (problem: string) => [
  `stage-unsupported: stage "entry" can't serve this service, which ${problem}`,
];

test('before the entry point a program gets what the policy says or a start needs, at it the policy', () => {
  fc.assert(
    fc.property(section({ stage: located }), ownFilterLines(), registers(), (one, lines, args) => {
      const { filter, diagnostics } = planned(policyOf(one), lines);
      fc.pre(filter !== undefined && !diagnostics.some(({ severity }) => severity === 'error'));
      assert.equal(filter!.start!.length, filter!.policies.length);
      filter!.policies.forEach((policy, i) => {
        const start = filter!.start![i]!;
        for (const abi of policy.abis.keys()) {
          for (const [name, nr] of [...numbersOf(abi), ['a newer call', 0x3ffffff] as const]) {
            const call = { arch: ABIS[abi].arch, nr: kernelNumber(abi, nr), args };
            const [main, early] = [evaluate(policy, call), evaluate(start, call)];
            // Both are loaded from the entry point on; of two errnos the newer filter's counts.
            assert.equal(formatAction(stricter(main, early)), formatAction(main), `${abi} ${name}`);
            if (!START_CALLS.includes(name)) assert.equal(early, main, `${abi} ${name}`);
            else if (name.startsWith('open'))
              assert.ok(lines || [ALLOW, main].includes(early), `${abi} ${name}`);
            else if (lines === '') assert.equal(early, ALLOW, `${abi} ${name}`);
          }
        }
        const native = policy.machine === 'arm64' ? 'arm64' : 'x86-64';
        const seccomp = { arch: ABIS[native].arch, nr: numbersOf(native).get('seccomp')!, args };
        assert.equal(evaluate(start, seccomp), ALLOW);
      });
    }),
    { numRuns: 40 },
  );
});

test('before the entry point files are opened for reading, otherwise as the policy says', () => {
  const [WRONLY, RDWR, CREAT, TRUNC, CLOEXEC, OWN_TMPFILE] = [
    1n,
    2n,
    0o100n,
    0o1000n,
    0o2000000n,
    0o20000000n,
  ];
  const X86_AND_ARM64_DIRECTORY = 0o240000n;
  const UPPER_HALF = 0xffff_ffff_0000_0000n;
  const reading = [0n, CLOEXEC, X86_AND_ARM64_DIRECTORY, UPPER_HALF];
  const writing = [WRONLY, RDWR, WRONLY | RDWR, CREAT, TRUNC, OWN_TMPFILE, RDWR | CREAT | CLOEXEC];
  const others = 0xffff_ffffn;
  const check = (policy: string, call: string, flagsOf: (flags: bigint) => bigint[], expected: string) => {
    const found = (flags: bigint) =>
      planned(`[syscalls]\nstage = "entry"\n${policy}`).filter!.start!.flatMap((start) =>
        [...start.abis.keys()].flatMap((abi) => {
          const nr = numbersOf(abi).get(call);
          if (nr === undefined) return [];
          const { arch } = ABIS[abi];
          return formatAction(evaluate(start, { arch, nr: kernelNumber(abi, nr), args: flagsOf(flags) }));
        }),
      );
    for (const flags of reading) assert.deepEqual([...new Set(found(flags))], ['allow'], `${call} ${flags}`);
    for (const flags of writing) assert.deepEqual([...new Set(found(flags))], [expected], `${call} ${flags}`);
  };
  const calls = [
    ['open', (flags: bigint) => [others, flags, others, 0n, 0n, 0n]],
    ['openat', (flags: bigint) => [others, others, flags, others, 0n, 0n]],
  ] as const;
  for (const [call, flagsOf] of calls) {
    check(`deny = ["${call}"]\naction = "EPERM"\n`, call, flagsOf, 'EPERM');
    check('allow = ["getpid"]\naction = "EPERM"\n', call, flagsOf, 'EPERM');
    check('deny = ["uname"]\n', call, flagsOf, 'allow');
    const rule = `[[syscalls.rules]]\nsyscall = "${call}"\nwhen = [{ arg = 0, eq = ${others} }]\naction = "EACCES"\n`;
    check(rule, call, flagsOf, 'EACCES');
  }
});

test('nothing of the policy is for systemd, but what the unit itself refuses stays refused', () => {
  const filterOf = (policy: string, lines = '') =>
    planned(policy, lines).directives.find(({ name }) => name === 'SystemCallFilter')?.values;
  assert.deepEqual(filterOf(ENTRY), ['']);
  const own = planned(ENTRY, 'SystemCallFilter=~ptrace uname').systemCalls!;
  assert.deepEqual([...own.refused.keys()], ['uname']);
  for (const call of callsToLoad('entry')) assert.ok(own.passing.has(call), call);
});

test('the calls of a start are known ones, and start nothing and trace nothing', () => {
  for (const call of START_CALLS) assert.ok(isKnownCall(call), call);
  for (const call of [
    'execve',
    'execveat',
    'fork',
    'vfork',
    'clone3',
    'socket',
    'connect',
    ...TRACER_CALLS,
  ]) {
    if (call === 'getpid' || call === 'getppid' || call === 'rt_sigprocmask') continue;
    assert.ok(!START_CALLS.includes(call), call);
  }
});

test('a service whose tracer would be its child is refused', () => {
  assert.deepEqual(
    refusals(planned(ENTRY, 'PrivatePIDs=yes')),
    says('has PrivatePIDs=yes: its tracer would be its child'),
  );
  assert.deepEqual(refusals(planned(`${ENTRY}[service]\nPrivatePIDs = false`, 'PrivatePIDs=no')), []);
  assert.deepEqual(refusals(planned(ENTRY.replace('entry', 'exec'), 'PrivatePIDs=yes')), []);
});

test('a 32-bit program is refused', () => {
  const withProgram = (file: ProgramFacts) =>
    targetOf(257, { programs: new Map([['/usr/sbin/demod', { file, setuid: false }]]) });
  const narrow = withProgram({ kind: 'static', bits: 32 });
  assert.deepEqual(refusals(planned(ENTRY, '', narrow)), says('starts /usr/sbin/demod, a 32-bit program'));
  assert.deepEqual(refusals(planned(ENTRY, '', withProgram({ kind: 'static', bits: 64 }))), []);
});

test('where Yama allows no tracer, or only a capable one, a service is refused that has none', () => {
  const at = (ptraceScope: number, lines = '', scope: 'system' | 'user' = 'system') =>
    refusals(planned(ENTRY, lines, targetOf(257, { ptraceScope, scope }))).length === 0;
  assert.ok(at(0) && at(1, 'User=x\nCapabilityBoundingSet='));
  assert.ok(at(2) && at(2, 'User=x\nAmbientCapabilities=CAP_SYS_PTRACE'));
  assert.ok(!at(2, 'User=x') && !at(2, 'CapabilityBoundingSet=~CAP_SYS_PTRACE') && !at(2, '', 'user'));
  assert.ok(!at(3));
  assert.deepEqual(
    refusals(planned(ENTRY, '', targetOf(257, { ptraceScope: 3 }))),
    says("can't be traced: kernel.yama.ptrace_scope is 3"),
  );
});
