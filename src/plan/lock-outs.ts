/** Diagnostics about access units: what is certain. A trial shows the rest, and a change that isn't confirmed goes back. */

import { asWarning, type Diagnostic, error, type Location, note } from '../diagnostic.js';
import { entryOn } from '../policy/expect.js';
import { ABIS, abisOf } from '../seccomp/syscalls/abi.js';
import { permits } from '../seccomp/syscalls/action.js';
import { registersWith } from '../seccomp/syscalls/arguments.js';
import { numbersOf } from '../seccomp/syscalls/numbers.js';
import { evaluate, type SyscallPolicy } from '../seccomp/syscalls/policy.js';
import { covers, lastOf, pathsOf, plain } from '../systemd/unit/values.js';
import { TAKES, traitsOf } from './access-units.js';
import type { PlanRequest } from './request.js';
import { ownValues, valuesOfAll } from './unit-values.js';

/** The line of a policy that takes something. */
interface RestrictingLine {
  readonly subject: string;
  readonly at: Location;
}

type LockOutInput = Pick<PlanRequest, 'unit' | 'effective' | 'policy' | 'target'>;

/**
 * An error `locks-out` for each line of a policy that surely takes from a unit what its work needs: execve(2) from one that starts
 * programs, the homes from one that serves them. They are warnings if the policy says that this is understood.
 * @param meaning the calls that the policy refuses
 */
export function lockOuts(request: LockOutInput, meaning: SyscallPolicy | undefined): Diagnostic[] {
  const { unit, effective, policy } = request;
  const own = ownValues(effective);
  const traits = traitsOf(request);
  const exec = traits.has('starts') ? [...execLines(request, meaning), ...noExecLines(request)] : [];
  const found = [
    ...exec.map((line) => ({ ...line, what: 'starting programs' })),
    ...policy.service.flatMap(({ name, value, at }) => {
      const taken = TAKES.get(name);
      const isTaken = taken && traits.has(taken) && isOff(lastOf(own, name)) && !isOff(plain(String(value)));
      return isTaken ? [{ subject: name, at, what: taken.replace('-', ' ') }] : [];
    }),
  ].map(({ subject, at, what }) => {
    const message = `'${subject}' would break ${unit.full}, which can't work without ${what}`;
    return error('locks-out', message, { at, hint: WAY_OUT });
  });
  return policy.understood.some(({ value }) => value === 'locks-out') ? found.map(asWarning) : found;
}

const isOff = (value: string): boolean => ['', 'no'].includes(value);

const WAY_OUT = `remove it for this unit; if this is intended, set understood = ["locks-out"] in [apply]`;

/** A note that a policy confines the sessions, too, that a unit gives. */
export function sessionsInherit(request: LockOutInput): Diagnostic[] {
  if (!traitsOf(request).has('sessions')) return [];
  const message = `programs that people start through ${request.unit.full}, even as root, are confined by its policy; apply watches them for refused calls during the trial only`;
  return [note('logins-inherit', message, { hint: VERIFIES })];
}

/** ptrace(2) shows filters to no process that has one itself. */
const VERIFIES =
  "verify can't read filters from such a login: use 'systemd-run --wait --pipe sandbox-unit verify UNIT' there";

/** Whether a policy refuses a call of the native ABI with these arguments, as registers. */
export function isRefused(call: string, args: readonly bigint[], meaning: SyscallPolicy): boolean {
  const abi = abisOf(meaning.machine)[0]!;
  const nr = numbersOf(abi).get(call)!;
  return !permits(evaluate(meaning, { arch: ABIS[abi].arch, nr, args: registersWith(abi, call, args) }));
}

/** The line of calls that refuses execve(2), or that would have to name it, as `allow` in `[ready]`. */
function execLines(
  { policy: { syscalls }, target }: LockOutInput,
  meaning: SyscallPolicy | undefined,
): RestrictingLine[] {
  if (!syscalls || !meaning || !isRefused('execve', [], meaning)) return [];
  const found = entryOn(syscalls, 'execve', target.sets);
  if (found?.list === 'deny') return [{ subject: `deny ${found.entry.name}`, at: found.entry.at }];
  return [{ subject: 'allow without execve', at: syscalls.allow?.[0]?.at ?? syscalls.at }];
}

/** Where shells are, with /bin a link or not. */
const SHELL = ['/usr/bin/sh', '/bin/sh'];

/** The line of NoExecPaths= that closes the shell, unless ExecPaths= opens it. */
function noExecLines({ policy, effective }: LockOutInput): RestrictingLine[] {
  const line = policy.service.find(({ name }) => name === 'NoExecPaths');
  const values = valuesOfAll(policy, effective);
  const named = (name: string) =>
    pathsOf(values, name).some((above) => SHELL.some((path) => covers(above, path)));
  return line && named('NoExecPaths') && !named('ExecPaths') ? [{ subject: line.name, at: line.at }] : [];
}
