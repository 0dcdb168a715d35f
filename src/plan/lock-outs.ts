/** What the plan says of access units. The rest a trial shows, and a change that nobody confirms goes back. */

import { asWarning, type Diagnostic, error, type Location, note } from '../diagnostic.js';
import { entryOn } from '../policy/expect.js';
import type { Policy } from '../policy/policy.js';
import { ABIS, abisOf } from '../syscalls/abi.js';
import { permits } from '../syscalls/action.js';
import { registersWith } from '../syscalls/arguments.js';
import { numbersOf } from '../syscalls/numbers.js';
import { evaluate, type SyscallPolicy } from '../syscalls/policy.js';
import type { SyscallSets } from '../syscalls/sets.js';
import { covers, pathsOf } from '../unit/values.js';
import { traitsOf } from './access-units.js';
import type { PlanRequest } from './request.js';
import { valuesOfAll } from './unit-values.js';

/** The line of a policy that refuses something. */
interface Line {
  readonly subject: string;
  readonly at: Location;
}

type OnUnit = Pick<PlanRequest, 'unit' | 'effective' | 'policy' | 'target'>;

/**
 * An error `locks-out` for each line of a policy that keeps a unit from executing programs whose work is to start some: no
 * login, job or container would start. They are warnings if the policy says that this is understood.
 * @param meaning the calls that the policy refuses
 */
export function lockOuts(request: OnUnit, meaning: SyscallPolicy | undefined): Diagnostic[] {
  const { unit, policy, target } = request;
  if (!traitsOf(request).has('starts')) return [];
  const lines = [
    ...(policy.syscalls && meaning && isRefused('execve', [], meaning)
      ? [execLine(policy.syscalls, target.sets)]
      : []),
    ...noExecLines(request),
  ];
  const found = lines.map(({ subject, at }) => {
    const message = `'${subject}' keeps ${unit.full} from executing programs, and starting programs is its work`;
    return error('locks-out', message, { at, hint: WAY_OUT });
  });
  return policy.understood.some(({ value }) => value === 'locks-out') ? found.map(asWarning) : found;
}

const WAY_OUT = `leave it out for this unit; if it is meant: understood = ["locks-out"] in [apply]`;

/** A note that a policy confines the sessions, too, that a unit gives. */
export function sessionsInherit(request: OnUnit): Diagnostic[] {
  if (!traitsOf(request).has('sessions')) return [];
  const message = `programs that people run through ${request.unit.full}, as root too, are confined by its policy; apply watches them for refused calls during the trial only`;
  return [note('logins-inherit', message, { hint: VERIFIES })];
}

/** ptrace(2) shows filters to no process that has one itself. */
const VERIFIES =
  "if that has a filter, verify reads none back in such a login: use 'systemd-run --wait --pipe sandbox-unit verify UNIT'";

/** Whether a policy refuses a call of the native ABI with these arguments, as registers. */
export function isRefused(call: string, args: readonly bigint[], meaning: SyscallPolicy): boolean {
  const abi = abisOf(meaning.machine)[0]!;
  const nr = numbersOf(abi).get(call)!;
  return !permits(evaluate(meaning, { arch: ABIS[abi].arch, nr, args: registersWith(abi, call, args) }));
}

/** The line of calls that refuses execve(2), or that would have to name it, as `allow` in `[ready]`. */
function execLine(section: NonNullable<Policy['syscalls']>, sets: SyscallSets): Line {
  const found = entryOn(section, 'execve', sets);
  if (found?.list === 'deny') return { subject: `deny ${found.entry.name}`, at: found.entry.at };
  return { subject: 'allow without execve', at: section.allow?.[0]?.at ?? section.at };
}

/** Where shells are, with /bin a link or not. */
const SHELL = ['/usr/bin/sh', '/bin/sh'];

/** The line of NoExecPaths= that closes the shell, unless ExecPaths= opens it. */
function noExecLines({ policy, effective }: OnUnit): Line[] {
  const line = policy.service.find(({ name }) => name === 'NoExecPaths');
  const values = valuesOfAll(policy, effective);
  const named = (name: string) =>
    pathsOf(values, name).some((above) => SHELL.some((path) => covers(above, path)));
  return line && named('NoExecPaths') && !named('ExecPaths') ? [{ subject: line.name, at: line.at }] : [];
}
