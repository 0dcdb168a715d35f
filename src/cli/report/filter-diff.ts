/** A change of a filter, told call by call. */

import { printable } from '../../diagnostic.js';
import type { FileChange } from '../../plan/emit/changes.js';
import type { Plan, PlannedFilter } from '../../plan/plan.js';
import type { Instruction } from '../../seccomp/filter/bpf.js';
import { decodeFilterFile, type FilterFile } from '../../seccomp/filter/filter-file.js';
import { answersTo } from '../../seccomp/filter/own-answers.js';
import { Unprovable } from '../../seccomp/filter/prove-numbers.js';
import {
  type AnsweredSample,
  answerTo,
  callsOf,
  firstOfEach,
  type SampleCall,
} from '../../seccomp/filter/sample-calls.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';
import type { SyscallPolicy } from '../../seccomp/syscalls/policy.js';
import { type NamedCalls, nameCalls } from '../../verify/kernel/name-calls.js';

/**
 * A change of a filter as a diff of calls, for the machine that the plan is for: `-` before an answer by the file that is
 * there, `+` before one by the policy. Undefined where there is nothing to compare: no file yet, none any more, or one that
 * can't be read or isn't for that machine.
 */
export function filterDiff({ path, before, after }: FileChange, plan: Plan): string | undefined {
  const filter = plannedAt(path, plan);
  if (!before || !after || !filter) return undefined;
  const file = decodeFilterFile(before.content);
  if ('severity' in file) return undefined;
  const { machine } = plan.target;
  const start = differencesOf(file.start, filter.start, machine);
  const whole = differencesOf(file.programs, filter.policies, machine);
  if (!whole || !start) return undefined;
  const isOther = (file.start === undefined) !== (filter.start === undefined);
  const lines = [
    ...flagLines('no_new_privs', file.noNewPrivileges, filter.noNewPrivileges),
    ...flagLines('refusals are recorded', file.log, filter.log),
    ...(isOther ? flagLines('stage entry', file.start !== undefined, filter.start !== undefined) : []),
    ...start.flatMap((one) => differenceLines(one, ', before the entry point')),
    ...whole.flatMap((one) => differenceLines(one, path === plan.ready?.file ? ', once it serves' : '')),
  ];
  return `--- ${printable(path)}\n+++ ${printable(path)}\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** The filter that is planned for a path; undefined for other files. */
const plannedAt = (path: string, { filter, filterFile, ready }: Plan): PlannedFilter | undefined =>
  path === filterFile ? filter : path === ready?.file ? ready.filter : undefined;

const flagLines = (name: string, before: boolean, after: boolean): string[] =>
  before === after ? [] : [`-${name}: ${yes(before)}`, `+${name}: ${yes(after)}`];

const yes = (is: boolean): string => (is ? 'yes' : 'no');

/** Differences of the machine's programs from its policy; undefined where that can't be told. */
function differencesOf(
  programs: FilterFile['start'],
  policies: readonly SyscallPolicy[] | undefined,
  machine: Machine,
): readonly NamedCalls[] | undefined {
  if (!programs || !policies) return [];
  const program = programs.get(machine);
  const policy = policies.find((one) => one.machine === machine);
  if (!program || !policy) return undefined;
  try {
    return nameCalls(machine, firstOfEach(callsOf(policy).flatMap((call) => otherAnswer(program, call))));
  } catch (thrown) {
    if (!(thrown instanceof Unprovable)) throw thrown;
    return undefined;
  }
}

/**
 * A call with the answer of a program, where it isn't the policy's for all arguments; nothing where it is.
 * @throws Unprovable for a program that our compiler didn't make
 */
function otherAnswer(program: readonly Instruction[], call: SampleCall): AnsweredSample[] {
  const answer = answerTo(program, call);
  const got = answer ?? answersTo(program, call).find((one) => one !== call.expected);
  if (got === undefined || got === call.expected) return [];
  return [{ ...call, isByNumber: call.isByNumber && answer !== undefined, got }];
}

function differenceLines({ abi, calls, got, expected, someArguments }: NamedCalls, when: string): string[] {
  // Calls may be very many, so that the answer comes first.
  const of = `(${abi}${someArguments ? ', some arguments' : ''}${when}): ${calls.join(', ')}`;
  return [`-${got} ${of}`, `+${expected} ${of}`];
}
