/** A watch: services are observed at work, for a time or until the user ends it. */

import { obstacleTo } from '../../apply/restart/may-restart.js';
import { preflightRestarts } from '../../apply/restart/outlook.js';
import { type Diagnostic, EXIT, error, note, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { holdSignals } from '../../machine/held-signals.js';
import type { Service } from '../../machine/state/service.js';
import { isDown } from '../../machine/unit-state.js';
import { assertKeepable } from '../../observe/recordings/store.js';
import { observeServices } from '../../observe/service-group.js';
import { noUnit, serviceName } from '../../prepare/load/load-unit.js';
import { namedUnit } from '../../prepare/load/named-unit.js';
import { withCapabilities } from '../../systemd/command-lines.js';
import { isTemplate } from '../../systemd/unit/name.js';
import { lockForWatch, type WatchLock } from './under-watch.js';
import { SLICE, WatchLoop, type WatchOptions, type WatchResult } from './watch-loop.js';

/**
 * Services of the system are root's to watch. Those of a user's own manager take capabilities, which the kernel asks for.
 * @throws UserError `needs-root`
 */
export function assertMayWatch({ superuser, placement }: Context, what = 'watch services') {
  if (superuser || placement.scope === 'user') return;
  throw new UserError(
    error('needs-root', `only root may ${what}`, { hint: 'run it with sudo' }),
    EXIT.failure,
  );
}

/**
 * Watches services, and keeps recordings of them.
 * @throws UserError `needs-root`, `no-helper`, `unit-template`, `no-unit`, `no-cgroup`, `unwritable`, `watched`,
 *   `not-restarted`, those of Observer.start(), and those that end a watch
 */
export async function watch(
  context: Context,
  names: readonly string[],
  options: WatchOptions,
): Promise<WatchResult> {
  assertMayWatch(context);
  const services = await servicesNamed(context, names);
  for (const { name } of services) await assertKeepable(context, name);
  const notes = options.restart ? await assertRestartable(context, services) : services.flatMap(downNote);
  const locks: WatchLock[] = [];
  try {
    for (const { name } of services) locks.push(await lockForWatch(context, name));
    const { diagnostics, saved } = await observe(context, { services, locks, options });
    return { diagnostics: [...notes, ...diagnostics], saved };
  } finally {
    for (const one of locks) await one.release();
  }
}

interface WatchRequest {
  readonly services: readonly Service[];
  readonly locks: readonly WatchLock[];
  readonly options: WatchOptions;
}

async function observe(context: Context, wanted: WatchRequest): Promise<WatchResult> {
  const { machine } = context;
  if (machine === undefined) {
    const message = "services can't be watched on this kind of machine";
    throw new UserError(error('no-helper', message), EXIT.failure);
  }
  const observer = await observeServices(context, wanted.services, {
    ...{ machine, slice: SLICE },
    rights: context.placement.scope === 'user' ? withRights(wanted.services[0]!.name) : undefined,
  });
  const signals = holdSignals(context);
  try {
    return await new WatchLoop(context, { ...wanted, machine, observer, signals }).run();
  } finally {
    signals.release();
    await observer.end();
  }
}

/** The command line by which a user watches a service of the own manager. */
export const withRights = (unit: string): string =>
  withCapabilities('CAP_PERFMON CAP_BPF', 'learn', unit, 'pty');

/** The services of names, each once. */
async function servicesNamed(context: Context, names: readonly string[]): Promise<Service[]> {
  const found = new Map<string, Service>();
  for (const text of names) {
    const name = serviceName(text);
    if (isTemplate(name)) {
      const hint = `name an instance: ${name.prefix}@INSTANCE.service`;
      const message = `${name.full} is a template, not a service`;
      throw new UserError(error('unit-template', message, { hint }), EXIT.failure);
    }
    const { exists, services } = await namedUnit(context, text);
    if (!exists) throw await noUnit(context, name);
    for (const service of services) found.set(service.name, service);
  }
  return [...found.values()];
}

/** A note of a service that can't be seen at work. */
const downNote = ({ name, state }: Service): Diagnostic[] =>
  isDown(state)
    ? [note('not-running', `${name} isn't running; it will be watched from its next start on`)]
    : [];

async function assertRestartable(context: Context, services: readonly Service[]): Promise<Diagnostic[]> {
  const found = await preflightRestarts(context, 'learn --restart', services);
  const errors = found.filter(({ severity }) => severity === 'error');
  for (const service of services) {
    const obstacle = await obstacleTo(context, service);
    if (obstacle === undefined) continue;
    const hint = 'watch it without --restart, and restart it yourself when you can';
    errors.push(error('not-restarted', `${service.name} is not restarted: ${obstacle}`, { hint }));
  }
  if (errors.length > 0) throw new UserError(errors, EXIT.failure);
  return found;
}
