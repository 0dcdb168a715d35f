/** Diagnostics about lines of `[ready]` that say nothing, or something else than they do. */

import { type Diagnostic, error, type Location, note, warning } from '../../diagnostic.js';
import { FORKING } from '../../policy/alike.js';
import { checkReadyExpectations } from '../../policy/expect.js';
import type { Policy } from '../../policy/policy.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';
import { permits } from '../../seccomp/syscalls/action.js';
import { mayPass, type NamedPolicy } from '../../seccomp/syscalls/named-policy.js';
import { INDISPENSABLE } from '../../seccomp/syscalls/ready.js';
import { callsOf, resolve, resolveCalls, verdictOn } from '../../seccomp/syscalls/resolve.js';
import type { CallEntry, ReadySection } from '../../seccomp/syscalls/section.js';
import type { SyscallSets } from '../../seccomp/syscalls/sets.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';
import { cantBeMade } from '../calls/left-to-launcher.js';
import { absentCalls, foreignSets } from '../calls/notes.js';
import { type NamedLine, refusedLines } from '../calls/refused-by-unit.js';
import { isRefused } from '../lock-outs.js';
import type { ConfinedUnit } from '../request.js';
import { type CallTarget, type ResolvedReady, resolveReadyWith, takenAway } from './resolved.js';

/** Everything that the lists and rules of `[ready]` should say otherwise. */
export function readyChecks(
  { policy, effective }: ConfinedUnit,
  ready: ReadySection,
  meaning: ResolvedReady,
): Diagnostic[] {
  const { section, target, named, both } = meaning;
  const written = { ...section, allow: ready.allow };
  const context = { section: written, target, named, own: undefined, type: '' };
  return [
    ...nothingOrAll(policy, ready, meaning),
    ...refusedLines({ section: written, named: both, target }).map(refusedBefore),
    ...absentCalls(context),
    ...(policy.syscalls ? [] : foreignSets(written, target, undefined)),
    ...reloads(policy, effective, ready),
    ...noRespawn(ready, meaning),
    ...expectations(policy, meaning),
  ];
}

/** Diagnostics about `[[expect]]` tables that don't hold for a service that serves, even while it is permissive. */
function expectations(policy: Policy, meaning: ResolvedReady): Diagnostic[] {
  const { before, target } = meaning;
  const { sets, machine } = target;
  const section = { ...meaning.section, permissive: false };
  const of = (named: NamedPolicy) => ({ sets, named, machines: [resolve(named, machine)] });
  const start = { section: policy.syscalls, ...of(before) };
  return checkReadyExpectations(policy, start, { section, ...of(resolveCalls(section, sets)) });
}

type ReadyOnTarget = ResolvedReady<CallTarget>;

/** Errors about lines of `[ready]` that are wrong on all of these machines, whatever unit they are for. */
export function checkReadyAlone(
  policy: Policy,
  ready: ReadySection,
  sets: SyscallSets,
  machines: readonly Machine[],
): Diagnostic[] {
  const [first = [], ...others] = machines.map((machine) =>
    nothingOrAll(policy, ready, resolveReadyWith(undefined, policy, ready, { machine, sets })),
  );
  return first.filter(({ message }) => others.every((found) => found.some((one) => one.message === message)));
}

/** Errors about lines that take nothing away, and about those that take what every program needs. */
const nothingOrAll = (policy: Policy, ready: ReadySection, meaning: ReadyOnTarget): Diagnostic[] => [
  ...takesNothing(policy, ready, meaning),
  ...ready.deny.flatMap((entry) => indispensable(entry, meaning)),
];

function indispensable(entry: CallEntry, { named, target }: ReadyOnTarget): Diagnostic[] {
  const { name, at } = entry;
  const call = callsOf(entry, target.sets).find(
    (one) =>
      INDISPENSABLE.includes(one) && !mayPass(verdictOn(named, one)) && !cantBeMade(one, { named, target }),
  );
  if (call === undefined) return [];
  const isCall = name === call;
  const message = `${isCall ? '' : `'${name}' includes ${call}: `}no program can run without '${call}'`;
  const hint = isCall ? 'remove it from deny' : 'name its other calls one by one';
  return [error('indispensable', message, { at, hint })];
}

/** Errors about lines that refuse only what is refused from the start. A base of the policy doesn't know that. */
function takesNothing(policy: Policy, ready: ReadySection, meaning: ReadyOnTarget): Diagnostic[] {
  const { before, target, named } = meaning;
  const isIneffective = (call: string) => !mayPass(verdictOn(before, call));
  const denied = ready.deny.filter(
    (entry) =>
      !permits(entry.action ?? section(meaning)) &&
      callsOf(entry, target.sets).every(
        (call) => isIneffective(call) || cantBeMade(call, { named, target }),
      ) &&
      callsOf(entry, target.sets).some(isIneffective),
  );
  const ruled = ready.rules.filter(
    ({ syscall, action }) => !permits(action.value) && isIneffective(syscall.value),
  );
  const lines: NamedLine[] = [
    ...denied.map(({ name, at }) => ({ name, at })),
    ...ruled.map(({ syscall, at }) => ({ name: syscall.value, at })),
  ];
  const found = lines.filter(({ at }) => at.file === policy.file).map(ineffectiveLine);
  return found.length > 0 || changesAnything(ready, meaning) ? found : [ineffective(ready.at)];
}

const section = ({ section: { action } }: ReadyOnTarget) => action!.value;

const ineffectiveLine = ({ name, at }: NamedLine): Diagnostic =>
  error('contradiction', `'${name}' is refused from the start already: this line has no effect`, {
    at,
    hint: 'remove it from [ready], or allow it in [syscalls]',
  });

const ineffective = (at: Location): Diagnostic =>
  error('contradiction', '[ready] has no effect: it refuses no call that is allowed before', {
    at,
    hint: 'deny calls that only the start needs, such as execve, bind or setuid, or remove the table',
  });

function changesAnything({ log }: ReadySection, meaning: ReadyOnTarget): boolean {
  const { taken, narrowed } = takenAway(meaning);
  return taken.length + narrowed.length + log.length > 0 || permits(section(meaning));
}

/** A warning about a line that lets through what is refused from the start: a filter can only be added. */
const refusedBefore = ({ name, at }: NamedLine): Diagnostic =>
  warning('contradiction', `'${name}' is refused from the start, and [ready] can't allow it`, {
    at,
    hint: '[ready] can only refuse more: allow the call in [syscalls], too, or leave it out',
  });

/** fork(2) as C libraries make it: without CLONE_THREAD. */
const SIGCHLD = 17n;

/** A note that no process can be started any more: whether the service has workers isn't known. */
function noRespawn({ at }: ReadySection, { before, named, target }: ReadyOnTarget): Diagnostic[] {
  const passing = FORKING.filter((call) => mayPass(verdictOn(before, call)));
  const filter = resolve(named, target.machine);
  const starts = (call: string) =>
    mayPass(verdictOn(named, call)) && (call !== 'clone' || !isRefused('clone', [SIGCHLD], filter));
  if (passing.length === 0 || passing.some(starts)) return [];
  const message = 'once ready, the service can start no process: a worker that dies is not replaced';
  const kept = passing.filter((call) => !cantBeMade(call, { named, target })).join(', ');
  const hint = `if it has workers, keep ${kept} and the calls that a new worker makes, such as setuid`;
  return [note('indispensable', message, { at, hint })];
}

/** Whether systemd can reload a unit, by its own lines. */
export const hasReload = (effective: EffectiveUnit): boolean =>
  effective.execCommands('ExecReload').length > 0 ||
  effective.last('Service', 'Type')?.value === 'notify-reload';

/** Diagnostics about a reload, which makes calls of a start. */
function reloads(policy: Policy, effective: EffectiveUnit, { reload, at }: ReadySection): Diagnostic[] {
  if (reload?.value === false && policy.reload?.value === true) {
    const hint = 'remove one of the two';
    const message = '[ready] has reload = false, but [apply] has reload = true';
    return [error('contradiction', message, { at: reload.at, hint })];
  }
  if (!hasReload(effective) || reload) return [];
  const message = 'a reload may need calls that [ready] refuses, and could fail without notice';
  const hint =
    'reload = false restarts the service instead; reload = true says that [ready] allows what a reload needs';
  return [warning('ready-reload', message, { at, hint })];
}
