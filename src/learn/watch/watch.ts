/** A watch: services are observed at work, for a time or until the user ends it. */

import { type Diagnostic, EXIT, error, note, UserError } from '../../diagnostic.js';
import { Observer } from '../../observer/observer.js';
import { launchers, setups } from '../../observer/service-group.js';
import { obstacleTo } from '../../restart/may-restart.js';
import { preflightRestarts } from '../../restart/preflight.js';
import type { Service } from '../../state/service.js';
import type { Machine } from '../../syscalls/abi.js';
import type { Context } from '../../system/context.js';
import { isDown } from '../../system/unit-state.js';
import { holdSignals } from '../../transaction/held-signals.js';
import { assertKeepable } from '../recordings/store.js';
import { Course, type WatchOptions } from './course.js';
import { type Keep, SLICE } from './keeping.js';
import { watchedMachine } from './may-watch.js';
import { type Target, targets } from './target.js';
import { type Claim, claim } from './under-watch.js';

/**
 * Watches services.
 * @returns diagnostics about what went wrong meanwhile
 * @throws UserError as watchedMachine() and assertKeepable(), those of targets(), of Observer.start() and of
 *   preflightRestarts()
 */
export async function watch(
  context: Context,
  names: readonly string[],
  options: WatchOptions,
  keep: Keep,
): Promise<readonly Diagnostic[]> {
  const machine = await watchedMachine(context, names[0]!);
  const found = await targets(context, names);
  for (const { name } of found) await assertKeepable(context, name);
  const notes = options.restart ? await assertRestartable(context, found) : found.flatMap(downNote);
  const claims = await claimAll(context, found);
  try {
    return [...notes, ...(await watchClaimed(context, { found, claims, machine, keep, options }))];
  } finally {
    for (const claim of claims) await claim.release();
  }
}

/** A note of a service that can't be seen at work. */
const downNote = ({ name, state }: Target): Diagnostic[] =>
  isDown(state) ? [note('not-running', `${name} isn't running: it is watched from its next start on`)] : [];

async function claimAll(context: Context, services: readonly Service[]): Promise<Claim[]> {
  const claims: Claim[] = [];
  try {
    for (const { name } of services) claims.push(await claim(context, name));
    return claims;
  } catch (cause) {
    for (const one of claims) await one.release();
    throw cause;
  }
}

interface Wanted {
  readonly found: readonly Target[];
  readonly claims: readonly Claim[];
  readonly machine: Machine;
  readonly keep: Keep;
  readonly options: WatchOptions;
}

async function watchClaimed(
  context: Context,
  { found, claims, machine, keep, options }: Wanted,
): Promise<readonly Diagnostic[]> {
  const observer = await Observer.start(context, {
    machine,
    groups: found.map(({ group }) => group),
    setups: setups(context),
    launchers: launchers(context.placement),
    slice: SLICE,
  });
  const signals = holdSignals(context);
  const course = new Course({ machine, context, found, claims, observer, signals, keep }, options);
  try {
    return await course.run();
  } finally {
    context.caller.live(undefined);
    signals.release();
    await observer.end();
  }
}

async function assertRestartable(context: Context, services: readonly Service[]): Promise<Diagnostic[]> {
  const found = await preflightRestarts(context, 'learn --restart', services);
  const errors = found.filter(({ severity }) => severity === 'error');
  for (const service of services) {
    const obstacle = await obstacleTo(context, service);
    if (obstacle === undefined) continue;
    const hint = 'watch it without --restart, and restart it when that may be';
    errors.push(error('not-restarted', `${service.name} is not restarted: ${obstacle}`, { hint }));
  }
  if (errors.length > 0) throw new UserError(errors, EXIT.failure);
  return found;
}
