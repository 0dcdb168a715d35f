/** Whoever may run eBPF programs may watch services. */
import { withCapabilities } from '../../command-lines.js';
import { EXIT, error, UserError } from '../../diagnostic.js';
import { readStatus } from '../../state/process-status.js';
import type { Machine } from '../../syscalls/abi.js';
import type { Context } from '../../system/context.js';

/** CAP_PERFMON and CAP_BPF as bits of capability(7): linux/capability.h. */
const NEEDED = (1n << 38n) | (1n << 39n);

/**
 * The machine whose services this program may watch. The service of a user's own manager may be watched by that user
 * with the capabilities that it takes, since the manager speaks to nobody else.
 * @throws UserError `needs-root`, `unknown-machine`
 */
export async function watchedMachine(
  context: Context,
  unit: string,
  { background = false } = {},
): Promise<Machine> {
  const { superuser, machine, offline, placement } = context;
  const mayWatch =
    superuser || (placement.scope === 'user' && !background && (await hasCapabilities(context)));
  if (!mayWatch || offline) throw needsRoot(context, unit, background);
  if (machine !== undefined) return machine;
  throw new UserError(
    error('unknown-machine', 'services of this kind of machine can not be watched'),
    EXIT.failure,
  );
}

async function hasCapabilities({ system }: Context): Promise<boolean> {
  const mask = (await readStatus(system, 'self'))?.get('CapEff') ?? '';
  return /^[\da-f]{1,16}$/.test(mask) && (BigInt(`0x${mask}`) & NEEDED) === NEEDED;
}

const onlyRoot = (what: string) =>
  new UserError(error('needs-root', `only root may ${what}`, { hint: 'run it with sudo' }), EXIT.failure);

/**
 * Watches can be listed and ended by the user whose they are: their locks and files are that user's alone.
 * @throws UserError `needs-root`
 */
export function assertMayList({ superuser, placement: { scope } }: Context) {
  if (!superuser && scope === 'system') throw onlyRoot('list and end watches of services');
}

function needsRoot({ placement: { scope } }: Context, unit: string, background: boolean): UserError {
  if (scope === 'system') return onlyRoot('watch services');
  const message = background
    ? "a user's manager has no right to watch services in the background"
    : 'watching services takes the capabilities CAP_PERFMON and CAP_BPF';
  const hint = withCapabilities('CAP_PERFMON CAP_BPF', 'learn', unit, 'pty');
  return new UserError(error('needs-root', message, { hint }), EXIT.failure);
}
