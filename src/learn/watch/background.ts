/** Watches in the background: each in a transient unit of its own, which goes on after a logout. */

import { journalctl, ownCommand } from '../../command-lines.js';
import { type Diagnostic, EXIT, error, note, UserError } from '../../diagnostic.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { ownGroups } from '../../restart/own-control-group.js';
import type { Context } from '../../system/context.js';
import type { UnitProperty } from '../../unit/unit-property.js';
import { storedRecordings } from '../recordings/store.js';
import { watchedMachine } from './may-watch.js';
import { type UnderWatch, underWatch } from './under-watch.js';

const PREFIX = 'sandbox-unit-learn-';

/** The transient unit for the watch of a service; an `@` would make it an instance. */
const backgroundUnit = (unit: string): string => `${PREFIX}${unit.replaceAll('@', '\\x40')}`;

/** The transient unit that this program runs in; undefined for one that a user runs. */
export async function backgroundName(context: Context): Promise<string | undefined> {
  const names = (await ownGroups(context)).map((group) => group.slice(group.lastIndexOf('/') + 1));
  return names.find((name) => name.startsWith(PREFIX));
}

/** Pause between two looks whether a watch has begun, and the number of looks: half a minute for a slow machine. */
const PAUSE = 200;
const LOOKS = 150;

/**
 * Begins a watch in the background, and waits until it has begun.
 * @param words the words of the command line that the background runs, after the program's own
 * @returns a note on the way to its end
 * @throws UserError as watchedMachine(), `not-begun`, `watched`, and as TransientUnits.start()
 */
export async function watchInBackground(
  context: Context,
  unit: string,
  words: readonly string[],
): Promise<Diagnostic> {
  const { system, placement } = context;
  await watchedMachine(context, unit, { background: true });
  const name = backgroundUnit(unit);
  const started = await context.units.start(name, [
    property('Description', 's', `sandbox-unit learn ${unit}`),
    property('Type', 's', 'exec'),
    // The observer is ended by its watcher, which asks it first for what it has seen.
    property('KillMode', 's', 'mixed'),
    property('CollectMode', 's', 'inactive-or-failed'),
    // The manager expands variables in arguments.
    property('ExecStart', 'a(sasb)', [[context.self[0], [...context.self, ...words].map(literal), false]]),
  ]);
  // Until its start has a result the unit is inactive, as one that has ended is.
  const isStarted = (await started.job()) === 'done';
  for (let look = 0; isStarted && look < LOOKS; look++) {
    const found = (await underWatch(context)).find((one) => one.background === name);
    if (found) return begun(context, found);
    const { activeState } = await started.state();
    if (activeState === 'failed' || activeState === 'inactive') break;
    await system.wait(PAUSE);
  }
  await started.stop();
  const hint = `'${journalctl(placement.scope, name)}' has its reason`;
  throw new UserError(error('not-begun', `the watch of ${unit} does not begin`, { hint }), EXIT.failure);
}

const literal = (word: string): string => word.replaceAll('$', '$$$$');

const property = (name: string, signature: string, value: unknown): UnitProperty => ({
  name,
  signature,
  value,
});

const begun = ({ placement: { scope } }: Context, { unit, background }: UnderWatch): Diagnostic =>
  note('watched', `${unit} is being watched by ${background}`, {
    hint: `'${ownCommand(scope, 'learn --stop', unit)}' ends the watch and keeps what was seen`,
  });

/**
 * Ends the watch of a service in the background, which keeps what it has seen.
 * @throws UserError `not-watched`, `in-foreground`, `not-stopped`, `not-kept`
 */
export async function stopWatch(context: Context, unit: string): Promise<void> {
  const { scope } = context.placement;
  const found = (await underWatch(context)).find((one) => one.unit === unit);
  if (!found) {
    const hint = `'sandbox-unit learn --list${scope === 'user' ? ' --user' : ''}' names what is watched`;
    throw new UserError(error('not-watched', `${unit} is not being watched`, { hint }), EXIT.failure);
  }
  if (found.background === null) {
    const hint = 'Ctrl-C in its terminal ends it';
    throw new UserError(
      error('in-foreground', `${unit} is being watched in the foreground`, { hint }),
      EXIT.failure,
    );
  }
  const result = await context.system.stopUnit(found.background);
  if (result === 'done') return assertKept(context, found);
  throw new UserError(
    error('not-stopped', `${found.background} can't be stopped: '${result}'`),
    EXIT.failure,
  );
}

/** A watch that can't write its recording says so where nobody may look. @throws UserError `not-kept` */
async function assertKept(context: Context, { unit, begin, background }: UnderWatch) {
  const { recordings } = await storedRecordings(context, serviceName(unit), begin);
  if (recordings.some(({ recording }) => !recording.truncated)) return;
  const hint = `'${journalctl(context.placement.scope, background!)}' has the reason`;
  const message = `the watch of ${unit} is over, and not all that was seen is kept`;
  throw new UserError(error('not-kept', message, { hint }), EXIT.failure);
}
