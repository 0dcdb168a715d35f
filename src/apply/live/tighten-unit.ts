/** Takes calls from the running processes of a unit, until its restart. */

import { asWarning, type Diagnostic, EXIT, error, hasErrors, note, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { addInjection, deniedBy, type Injection, injectionsOf } from '../../machine/state/injections.js';
import { type Service, stateOf } from '../../machine/state/service.js';
import type { UnitState } from '../../machine/unit-state.js';
import { fullName, noUnit } from '../../prepare/load/load-unit.js';
import { answeredCalls } from '../../seccomp/syscalls/own-sets.js';
import { outsideOfLogin, ownCommand, systemctl } from '../../systemd/command-lines.js';
import { isTemplate, parseUnitName, type UnitName } from '../../systemd/unit/name.js';
import { isWithin, ownGroups } from '../restart/own-control-group.js';
import { type Denied, lockOutsOf } from './deny.js';
import { type Injected, inject, whileInjecting } from './inject.js';

/** The outcome for a unit. */
export interface Tightened extends Pick<Injected, 'threads' | 'processes' | 'paused'> {
  readonly unit: string;
  /** `pending`: nothing stands against it; `killed`: its processes were ended; `unknown`: nobody knows which of these it is. */
  readonly state: 'tightened' | 'pending' | 'refused' | 'killed' | 'unknown';
  readonly diagnostics: readonly Diagnostic[];
  /** The exit status where the command line or the machine is at fault. */
  readonly exit?: number;
}

interface TightenOptions {
  /** Whether it is only seen if it could be done. */
  readonly check?: boolean;
  /** Whether execve(2) may be taken from a unit whose work is to start programs. */
  readonly understood?: boolean;
}

const NONE = { threads: 0, processes: 0, paused: undefined };

/** Gives the processes of a unit the filter; what stands against it is among the diagnostics. */
export async function tightenUnit(
  context: Context,
  text: string,
  denied: Denied,
  options: TightenOptions,
): Promise<Tightened> {
  try {
    return await tightenRunning(context, await runningUnit(context, text), denied, options);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    const { diagnostics, exit } = cause;
    return { ...NONE, unit: fullName(text), state: 'refused', diagnostics, exit };
  }
}

async function tightenRunning(
  context: Context,
  unit: Service,
  denied: Denied,
  { check = false, understood = false }: TightenOptions,
): Promise<Tightened> {
  const lockOuts = await lockOutsOf(context, unit, denied);
  const before = [
    ...(understood ? lockOuts.map(asWarning) : lockOuts),
    ...(await inOwnGroup(context, unit, `tighten --deny ${denied.entries.join()}`)),
  ];
  if (hasErrors(before)) return { ...NONE, unit: unit.name, state: 'refused', diagnostics: before };
  before.push(...(await refusedAlready(context, unit, denied)));
  const { ending, failures, ...counts } = await inject(context, unit, denied.filter, check);
  const found = { ...counts, unit: unit.name, diagnostics: [...before, ...failures] };
  if (ending === 'unchanged') return { ...found, state: 'refused' };
  if (ending === 'fit') return { ...found, state: 'pending' };
  if (ending !== 'tightened') return { ...found, state: ending };
  const kept = await keepInjection(context, unit, { by: 'tighten', deny: denied.entries });
  if (hasErrors(kept)) return { ...found, state: 'unknown', diagnostics: [...found.diagnostics, ...kept] };
  return {
    ...found,
    state: 'tightened',
    diagnostics: [...found.diagnostics, untilRestart(context, unit), ...kept],
  };
}

/** A note if the run has such a filter: another is loaded all the same, for threads that have come from elsewhere since. */
async function refusedAlready(
  context: Context,
  unit: Service,
  { entries, target }: Denied,
): Promise<Diagnostic[]> {
  const answersOf = (all: readonly string[]) =>
    answeredCalls(all, target.sets).map(({ call, answer }) => `${call}:${answer}`);
  const known = new Set(answersOf(deniedBy(await injectionsOf(context, unit))));
  if (!answersOf(entries).every((one) => known.has(one))) return [];
  const message = `sandbox-unit tighten already refuses this in ${unit.name}: another filter adds nothing`;
  return [note('tightened', message)];
}

/** An error if this program is in the unit's control group: it would stand still with it, and get the filter. */
export async function inOwnGroup(
  context: Context,
  unit: Service,
  words: string,
): Promise<readonly Diagnostic[]> {
  if (!isWithin(await ownGroups(context), unit)) return [];
  const hint = `run it outside: '${outsideOfLogin(context.placement.scope, words, unit.name)}'`;
  return [
    error('own-service', `this command runs inside ${unit.name}, and would get the filter itself`, { hint }),
  ];
}

/**
 * Keeps which run of a unit has a filter.
 * @returns an error where the unit is in another run by now, and a warning where it can't be kept
 */
export async function keepInjection(
  context: Context,
  { name, state }: Service,
  what: Omit<Injection, 'invocation' | 'at'>,
): Promise<readonly Diagnostic[]> {
  const { system, placement } = context;
  const after = await orElse<UnitState | undefined>(() => stateOf(system, name), undefined);
  if (after && after.invocationId !== state.invocationId) {
    const hint = `'${ownCommand(placement.scope, 'status', name)}' shows whether it is running; then run the command again`;
    return [
      error(
        'restarted-since',
        `${name} restarted while the filter was being loaded; it may be running without it`,
        { hint },
      ),
    ];
  }
  const injection = { ...what, invocation: state.invocationId, at: system.now() };
  try {
    await whileInjecting(context, name, () => addInjection(context, name, injection));
    return [];
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return cause.diagnostics.map(asWarning);
  }
}

/** Filters can't be taken away: the kernel has no call for that. */
const untilRestart = ({ placement: { scope } }: Context, { name }: Service): Diagnostic =>
  note('keeps-filter', `${name} keeps the filter until its next start; nothing else removes it`, {
    ...(name.endsWith('.service') ? { hint: `'${systemctl(scope, 'restart', name)}' removes it` } : {}),
  });

/** Types of units that have processes of their own. */
const WITH_PROCESSES: readonly string[] = ['service', 'scope'];

/** The scope of the service manager itself, whose filter all that it starts would inherit. */
const MANAGER = 'init.scope';

const cant = (message: string, hint?: string) =>
  new UserError(error('not-tightened', message, { hint }), EXIT.failure);

/**
 * A service or a scope that runs, by a name or an alias.
 * @throws UserError `invalid-unit-name`, `no-unit`, `not-running`, `unit-template`, and `not-tightened` for other types
 */
export async function runningUnit(context: Context, text: string): Promise<Service> {
  const { system, placement } = context;
  const name = parseUnitName(text);
  if ('severity' in name) throw new UserError(name, EXIT.failure);
  if (!WITH_PROCESSES.includes(name.type)) throw wrongType(name);
  if (isTemplate(name)) throw await namesInstance(context, name);
  const state = await stateOf(system, name.full);
  if (state.loadState === 'not-found') {
    if (name.type === 'service') throw await noUnit(context, name);
    throw new UserError(error('no-unit', `there is no unit ${name.full}`), EXIT.failure);
  }
  const full = state.id || name.full;
  if (full === MANAGER)
    throw cant(`${MANAGER} is the service manager itself: everything that it starts would get the filter`);
  if (['', '/'].includes(state.controlGroup)) {
    const hint =
      name.type === 'service' ? `'${systemctl(placement.scope, 'status', full)}' shows why` : undefined;
    throw new UserError(error('not-running', `${full} isn't running: it has no process`, { hint }));
  }
  return { name: full, state };
}

const wrongType = ({ full, type }: UnitName): UserError =>
  cant(
    `'${full}' can't be tightened: a ${type} has no processes of its own`,
    type === 'slice'
      ? "name its units: 'systemd-cgls' lists them"
      : 'only services and scopes can be tightened',
  );

async function namesInstance({ system }: Context, name: UnitName): Promise<UserError> {
  const instances = name.type === 'service' ? await system.instances(name) : [];
  const hint = `name an instance: ${instances[0] ?? name.full.replace('@.', '@NAME.')}`;
  const message = `${name.full} is a template, and doesn't run itself`;
  return new UserError(error('unit-template', message, { hint }), EXIT.failure);
}
