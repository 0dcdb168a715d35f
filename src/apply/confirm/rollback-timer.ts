/**
 * Rollback timers: transient timers of the manager's, which undo what is not confirmed in time and outlive the run that starts
 * them. A unit on disk does the same at the next boot, which has no such timer. What is due is in the undo records alone: a
 * timer that finds nothing ends.
 */

import { EXIT, error, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { isRunning } from '../../machine/state/service-run.js';
import { exists } from '../../prepare/load/exists.js';
import { journalctl } from '../../systemd/command-lines.js';
import { ROLLBACK, rollbackPaths, rollbackStartPath, rollbackUnitPath } from '../../systemd/paths/records.js';
import { quoteExecWord } from '../../systemd/unit/exec/wrap.js';
import { execStart, property, type UnitProperty } from '../../systemd/unit/unit-property.js';
import { recordedUnits } from '../undo-record.js';

const DESCRIPTION = 'Roll-back of changes that are not confirmed in time';

/** The seconds after which a roll-back that fails is tried again. */
const AGAIN = 5;

/** The command line by which the manager runs this program. */
const command = ({ self, placement: { scope } }: Context): readonly string[] => [
  ...self,
  'confirm',
  '--undo-late',
  ...(scope === 'user' ? ['--user'] : []),
];

/**
 * Has the next boot undo what still waits then. The caller has the lock.
 * @throws UserError `untrusted-file`, and where a file can't be written
 */
export async function writeBootUnit(context: Context): Promise<void> {
  const { system, placement } = context;
  await assertTrusted(context);
  const write = (path: string, text: string) =>
    system.replace(path, new TextEncoder().encode(text), { mode: 0o644 });
  await write(rollbackUnitPath(placement), bootUnit(context));
  await write(rollbackStartPath(placement), `[Unit]\nWants=${ROLLBACK}.service\n`);
}

const bootUnit = (context: Context): string => `[Unit]
Description=${DESCRIPTION}
Documentation=man:sandbox-unit-confirm(1)
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${command(context)
  .map((word) => quoteExecWord(word, { noEnv: false }))
  .join(' ')}
Restart=on-failure
RestartSec=${AGAIN}
`;

/** Refuses to have the manager run, as root and later on, what others can change. @throws UserError `untrusted-file` */
async function assertTrusted({ system, self, placement }: Context): Promise<void> {
  if (placement.scope === 'user') return;
  for (const path of self) {
    const [first] = (await system.walk(path)).untrusted;
    if (!first) continue;
    const message = `${first.path} ${first.why}: ${path} can't be trusted with the roll-back`;
    const hint = 'install sandbox-unit below folders that only root can change';
    throw new UserError(error('untrusted-file', message, { hint }), EXIT.failure);
  }
}

/**
 * Starts a timer that undoes what is due then. Each has a name of its own: one that elapses while another run of the service
 * is under way would else be lost.
 * @param within milliseconds
 * @returns the time of which a record may say that the timer undoes it, in milliseconds since the boot
 * @throws UserError `not-scheduled`, `manager-refused`
 */
export async function startTimer(context: Context, within: number): Promise<number> {
  const by = context.system.uptime() + within;
  const name = `${ROLLBACK}-${Math.round(by)}`;
  const timer = await context.units.start(`${name}.timer`, timerProperties(within), {
    unit: `${name}.service`,
    properties: serviceProperties(context),
  });
  const result = await timer.job();
  if (result === 'done') return by;
  const hint = `'${journalctl(context.placement.scope, `${name}.timer`)}' shows the reason`;
  const message = `can't start ${name}.timer, which rolls back unconfirmed changes: '${result}'`;
  throw new UserError(error('not-scheduled', message, { hint }), EXIT.failure);
}

const timerProperties = (within: number): readonly UnitProperty[] => [
  property('Description', 's', DESCRIPTION),
  property('IgnoreOnIsolate', 'b', true),
  property('TimersMonotonic', 'a(st)', [['OnActiveSec', BigInt(Math.ceil(within)) * 1000n]]),
  property('AccuracyUSec', 't', 100_000n),
  property('RemainAfterElapse', 'b', false),
];

const serviceProperties = (context: Context): readonly UnitProperty[] => [
  property('Description', 's', DESCRIPTION),
  property('Type', 's', 'exec'),
  execStart(command(context)),
  property('Restart', 's', 'on-failure'),
  property('RestartUSec', 't', BigInt(AGAIN) * 1_000_000n),
  property('StartLimitIntervalUSec', 't', 0n),
  property('CollectMode', 's', 'inactive-or-failed'),
];

/** Whether a timer's roll-back has begun: it waits for the end of the run that has the lock. */
export async function isRollbackDue({ system }: Context): Promise<boolean> {
  const names = (await system.services()).filter((name) => name.startsWith(`${ROLLBACK}-`));
  const states = await Promise.all(names.map((name) => system.unit(name)));
  return states.some(isRunning);
}

/**
 * Removes timers and the unit for the boot, if no undo record is left. A failure is ignored: what is left finds nothing to undo.
 * The caller has the lock.
 */
export const cancelRollback = (context: Context): Promise<void> => orElse(() => cancel(context), undefined);

async function cancel(context: Context): Promise<void> {
  const { system, placement } = context;
  if ((await recordedUnits(context)).length > 0) return;
  const there: string[] = [];
  for (const path of rollbackPaths(placement)) if (await exists(system, path)) there.push(path);
  // The manager may have yet to read that they are gone.
  const isKnown = there.length > 0 || (await system.unit(`${ROLLBACK}.service`)).loadState === 'loaded';
  if (!isKnown) return;
  const user = placement.scope === 'user' ? ['--user'] : [];
  // Without --quiet systemctl asks for the timers that are gone, and the manager logs that it can't load them.
  await system.run(['systemctl', ...user, '--quiet', 'stop', `${ROLLBACK}-*.timer`]);
  for (const path of there) await system.remove(path);
  await system.reload();
}
