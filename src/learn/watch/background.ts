/** Watches in the background: each in a transient unit of its own, which goes on after a logout. */

import { type Diagnostic, EXIT, error, note, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { storedRecordings } from '../../observe/recordings/store.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { journalctl, ownCommand } from '../../systemd/command-lines.js';
import { execStart, property } from '../../systemd/unit/unit-property.js';
import { backgroundUnit, type UnderWatch, underWatch } from './under-watch.js';

/**
 * Begins a watch in the background, and waits until it has begun.
 * @param words the words of the command line that the background runs, after the program's own
 * @returns a note on the way to its end
 * @throws UserError `not-watched`, and as TransientUnits.start()
 */
export async function watchInBackground(
  { units, self, placement: { scope } }: Context,
  unit: string,
  words: readonly string[],
): Promise<Diagnostic> {
  const name = backgroundUnit(unit);
  const started = await units.start(name, [
    property('Description', 's', `sandbox-unit learn ${unit}`),
    // The watch says so when it has begun, by a program: systemd-notify(1).
    property('Type', 's', 'notify'),
    property('NotifyAccess', 's', 'all'),
    // The watch ends its observer itself, after the last look at what that has seen.
    property('KillMode', 's', 'mixed'),
    property('CollectMode', 's', 'inactive-or-failed'),
    execStart([...self, ...words]),
  ]);
  if ((await started.job()) === 'done') {
    const hint = `'${ownCommand(scope, 'learn --stop', unit)}' ends the watch and keeps what was seen`;
    return note('watched', `${unit} is being watched by ${name}`, { hint });
  }
  const hint = `'${journalctl(scope, name)}' shows why`;
  throw new UserError(error('not-watched', `the watch of ${unit} did not start`, { hint }), EXIT.failure);
}

/**
 * Ends the watch of a service in the background, which keeps what it has seen.
 * @throws UserError `not-watched`, `not-stopped`, `watch-failed`
 */
export async function stopWatch(context: Context, unit: string): Promise<void> {
  const { system, placement } = context;
  const found = (await underWatch(context)).find((one) => one.unit === unit);
  if (!found) {
    const hint = `'${ownCommand(placement.scope, 'learn --list')}' lists the services that are being watched`;
    throw new UserError(error('not-watched', `${unit} is not being watched`, { hint }), EXIT.failure);
  }
  const { background } = found;
  if (background === null) {
    const message = `${unit} is being watched in the foreground`;
    const hint = 'press Ctrl-C in its terminal to end it';
    throw new UserError(error('not-watched', message, { hint }), EXIT.failure);
  }
  const result = await system.stopUnit(background);
  if (result !== 'done') {
    const message = `can't stop ${background}: its stop job ended with '${result}'`;
    throw new UserError(error('not-stopped', message), EXIT.failure);
  }
  await assertKept(context, found);
}

/** A watch that can't write its recording says so in the journal alone. @throws UserError `watch-failed` */
async function assertKept(context: Context, { unit, begin, background }: UnderWatch) {
  const { recordings } = await storedRecordings(context, serviceName(unit), begin);
  if (recordings.some(({ recording }) => !recording.truncated)) return;
  const hint = `'${journalctl(context.placement.scope, background!)}' shows why`;
  const message = `the watch of ${unit} has ended, but its recording was not saved completely`;
  throw new UserError(error('watch-failed', message, { hint }), EXIT.failure);
}
