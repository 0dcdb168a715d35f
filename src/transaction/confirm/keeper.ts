/**
 * The deadline keeper: a service of the manager that undoes what nobody confirms in time. It outlives the run that starts
 * it, and a boot starts it again.
 */

import { journalctl } from '../../command-lines.js';
import { EXIT, error, UserError } from '../../diagnostic.js';
import { KEEPER, keeperPath, keeperPaths, keeperStartPath } from '../../paths/records.js';
import { exists } from '../../prepare/load/exists.js';
import type { Context } from '../../system/context.js';
import { quoteExecWord } from '../../unit/exec/wrap.js';
import { recordedUnits } from '../undo-record.js';

/** The words of the command line by which the service runs this program. */
const WORDS = ['confirm', '--undo-late'];

const STARTED_BY_BOOT = `[Unit]\nWants=${KEEPER}\n`;

/**
 * Type=notify: its start is done when it has read the records. Signals that systemd takes for a clean exit (systemd.service(5))
 * are no end of it either: only a job that stops it is.
 */
const keeperUnit = ({ self, placement: { scope } }: Context): string => {
  const words = [...self, ...WORDS, ...(scope === 'user' ? ['--user'] : [])];
  return `[Unit]
Description=Undo of changes that nobody confirms in time
Documentation=man:sandbox-unit-confirm(1)
IgnoreOnIsolate=yes
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=all
ExecStart=${words.map((word) => quoteExecWord(word, { noEnv: false })).join(' ')}
TimeoutStartSec=60
Restart=on-failure
RestartForceExitStatus=SIGTERM SIGHUP SIGINT SIGPIPE
RestartSec=5
`;
};

/**
 * Starts the keeper, now and at the next boot. Whoever calls it has the lock, so that a keeper which runs has nothing under
 * way.
 * @throws UserError `untrusted-file`, `not-armed`, and where a file can't be written
 */
export async function arm(context: Context): Promise<void> {
  const { system, placement } = context;
  await assertTrusted(context);
  const write = (path: string, text: string) =>
    system.replace(path, new TextEncoder().encode(text), { mode: 0o644 });
  await write(keeperPath(placement), keeperUnit(context));
  await write(keeperStartPath(placement), STARTED_BY_BOOT);
  await system.reload();
  // One that is about to end, since nothing waits any more, would count as started.
  const result = await system.restart(KEEPER);
  if (result === 'done') return;
  const hint = `'${journalctl(placement.scope, KEEPER)}' has the reason`;
  const message = `${KEEPER}, which undoes what is not confirmed, does not start: '${result}'`;
  throw new UserError(error('not-armed', message, { hint }), EXIT.failure);
}

/** Refuses to have the manager run, as root and later on, what others can change. @throws UserError `untrusted-file` */
async function assertTrusted({ system, self, placement }: Context): Promise<void> {
  if (placement.scope === 'user') return;
  for (const path of self) {
    const [first] = (await system.walk(path)).untrusted;
    if (!first) continue;
    const message = `${first.path} ${first.why}: nothing can be undone later by ${path}`;
    const hint = 'install sandbox-unit below folders that only root can change';
    throw new UserError(error('untrusted-file', message, { hint }), EXIT.failure);
  }
}

/**
 * Removes the keeper's files, if no record is left. Whoever calls it has the lock.
 * @param stop whether a keeper that runs is stopped; it ends by itself, too, when it looks again
 * @returns whether no record is left
 */
export async function disarm(context: Context, { stop }: { readonly stop: boolean }): Promise<boolean> {
  const { system, placement } = context;
  if ((await recordedUnits(context)).length > 0) return false;
  const there: string[] = [];
  for (const path of keeperPaths(placement)) if (await exists(system, path)) there.push(path);
  // The manager may have yet to read that they are gone.
  const isKnown = there.length > 0 || (await system.unit(KEEPER)).loadState === 'loaded';
  if (!isKnown) return true;
  if (stop) await system.stopUnit(KEEPER);
  for (const path of there) await system.remove(path);
  await system.reload();
  return true;
}
