/** How long it takes to compile and prove many policies. */

import { parsePolicy } from '../src/policy/parse.js';
import { compile } from '../src/seccomp/filter/compile/compile.js';
import { assertProven } from '../src/seccomp/filter/prove.js';
import type { SyscallPolicy } from '../src/seccomp/syscalls/policy.js';
import { resolve, resolveCalls } from '../src/seccomp/syscalls/resolve.js';
import { bundledSets, expandSet } from '../src/seccomp/syscalls/sets.js';
import { type Bench, median, type Row } from './row.js';

const COUNTS = [250, 500, 1000] as const;
const MOST_SECONDS = 10;
/** How much more a policy may take among many than among few. */
const LINEAR = 1.2;

export const compileProve: Bench = {
  name: 'compile-prove',
  obstacle: () => undefined,
  run: async () => {
    const policies = makePolicies(COUNTS.at(-1)!);
    measure(makePolicies(50)); // the first ones pay for Node's compiler
    const [few, more, most] = COUNTS.map((count) => measure(policies.slice(0, count))) as [
      Measured,
      Measured,
      Measured,
    ];
    return [rowOf(more, few), rowOf(most, few)];
  },
};

interface Measured {
  readonly count: number;
  readonly seconds: number;
  /** Of each program. */
  readonly instructions: readonly number[];
}

function measure(policies: readonly SyscallPolicy[]): Measured {
  const start = performance.now();
  const instructions = policies.map((policy) => {
    const program = compile(policy);
    assertProven(program, policy);
    return program.length;
  });
  return { count: policies.length, seconds: (performance.now() - start) / 1000, instructions };
}

function rowOf(run: Measured, few: Measured): Row {
  const baseline = (few.seconds * run.count) / few.count;
  const lengths = [...run.instructions].sort((a, b) => a - b);
  return {
    name: `compile and prove ${run.count} policies`,
    against: `${run.count / few.count} times ${few.count} policies`,
    unit: 's',
    baseline,
    ours: run.seconds,
    aim: {
      text: `linear, 1000 in at most ${MOST_SECONDS} s`,
      met: run.seconds <= baseline * LINEAR && run.seconds <= (MOST_SECONDS * run.count) / 1000,
    },
    note: `instructions: ${lengths[0]} to ${lengths.at(-1)}, half of the programs at most ${median(lengths)}`,
  };
}

/** Policies as administrators write them, all different: a set less some calls, with rules about arguments. */
function makePolicies(count: number): SyscallPolicy[] {
  const sets = bundledSets();
  const calls = [...expandSet(sets, '@system-service')!].sort();
  const pick = picker();
  return Array.from({ length: count }, () => {
    const { policy, diagnostics } = parsePolicy(policyText(calls, pick), 'policy.toml');
    if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
    return resolve(resolveCalls(policy.syscalls!, sets), 'x86-64');
  });
}

type Pick = <T>(from: readonly T[]) => T;

/** A fixed sequence of choices (a linear congruential generator): every run has the same policies. */
function picker(): Pick {
  let state = 1;
  return (from) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return from[Math.floor((state / 2 ** 32) * from.length)]!;
  };
}

const ACTIONS = ['EPERM', 'EACCES', 'ENOSYS', 'kill'];
const RULES = [
  '{ syscall = "socket", when = [{ arg = 0, in = ["AF_UNIX", "AF_INET", "AF_INET6"] }], action = "allow" }',
  '{ syscall = "personality", when = [{ arg = 0, eq = 0 }], action = "allow" }',
  '{ syscall = "clone", when = [{ arg = 0, bits-any = "CLONE_NEWUSER|CLONE_NEWNS" }], action = "EPERM" }',
  '{ syscall = "ioctl", when = [{ arg = 1, eq = "TIOCSTI" }], action = "EPERM" }',
  '{ syscall = "mmap", when = [{ arg = 2, bits-set = "PROT_WRITE|PROT_EXEC" }], action = "EACCES" }',
  '{ syscall = "prctl", when = [{ arg = 0, in = ["PR_SET_DUMPABLE", "PR_SET_SECUREBITS"] }], action = "EPERM" }',
  '{ syscall = "lseek", when = [{ arg = 1, gt = 1099511627776, width = 64 }], action = "EPERM" }',
  '{ syscall = "kill", when = [{ arg = 0, ne = 0 }, { arg = 1, ge = 32 }], action = "EPERM" }',
];
const SIZES = Array.from({ length: 30 }, (_, size) => size);

function policyText(calls: readonly string[], pick: Pick): string {
  const deny = Array.from({ length: pick(SIZES) }, () => `"${pick(calls)}:${pick(ACTIONS)}"`);
  const rules = RULES.filter(() => pick([true, false]));
  return `[syscalls]
allow = ["@system-service"]
deny = [${deny.join(', ')}]
action = "${pick(ACTIONS)}"
rules = [${rules.join(', ')}]
`;
}
