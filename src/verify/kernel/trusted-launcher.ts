/** Tells whether the launcher has started a unit: a guard is worth no more than that. */
import { isSameBytes } from '../../collections.js';
import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { System } from '../../machine/system.js';
import type { UnitState } from '../../machine/unit-state.js';
import { IMAGES } from '../../plan/launcher/launch-paths.js';
import { systemctl } from '../../systemd/command-lines.js';
import { isOn } from '../../systemd/directives/is-on.js';
import { findDirective } from '../../systemd/directives/table.js';
import type { Target } from '../../systemd/target/target.js';
import type { ExpectedPolicy } from '../expected.js';
import type { UnitThread } from './unit-filters.js';

/** The most bytes of a launcher that are read: none is larger. */
const MAX_LAUNCHER = 4 << 20;

/** The launcher of a unit, and whether it loads a filter. */
type Launched = Pick<ExpectedPolicy, 'unit' | 'filter'> & {
  readonly target: Pick<Target, 'scope' | 'launcher'>;
};

/** The reason why the launcher isn't known to have started a service. */
export interface UnknownLauncher {
  readonly why: string;
  /** Whether the service's own doing can't be the reason: a service must not be able to refuse its confinement. */
  readonly isCertain: boolean;
}

/**
 * The unknown whether the launcher has started a system service: its guard lets an execve through by a key, which another
 * starter may know. Undefined if nothing gives reason for it. A user's own services are started by files that the user
 * can change.
 */
export async function unknownLauncher(
  system: System,
  { plan, unit }: { readonly plan: Launched; readonly unit: UnitState },
  threads: readonly UnitThread[],
): Promise<UnknownLauncher | undefined> {
  const filtered = threads.filter(({ stack }) => stack.length > 0);
  const own = filtered.find(({ pid }) => pid === unit.mainPid) ?? filtered[0];
  if (!own || !plan.filter || plan.target.scope === 'user') return undefined;
  const { launcher } = plan.target;
  // A thread may still be there when the first of its process has ended.
  const seen = await look(system, launcher, own.tid);
  if (seen === undefined) return undefined;
  if (seen !== 'unseen') return { why: seen, isCertain: true };
  const image = IMAGES.find((name) => isOn(findDirective(name)!, unit.properties.get(name)));
  if (image === undefined) return undefined;
  return { why: `${launcher} can't be inspected inside its ${image}=`, isCertain: false };
}

/**
 * Whether the guard in front of a program lets nothing through but the execve that has started the service. Where no
 * launcher is planned the service itself has made the guard.
 */
export const trustsGuards = (
  { filter }: Pick<ExpectedPolicy, 'filter'>,
  unknown: UnknownLauncher | undefined,
): boolean => filter !== undefined && !unknown?.isCertain;

/**
 * The reason why another launcher than root's may be in a process's mount namespace; 'unseen' if nobody can look there,
 * undefined if no other can be.
 */
async function look(system: System, launcher: string, pid: number): Promise<string | 'unseen' | undefined> {
  const { untrusted, content } = await system.walk(launcher, { process: pid });
  const [wrong] = untrusted;
  if (wrong) return `${printable(wrong.path)} ${wrong.why} in its mount namespace`;
  if (content === undefined) return 'unseen';
  const ours = (await system.read(launcher, { limit: MAX_LAUNCHER }))?.bytes;
  // A service that was started before an upgrade has a launcher of another version there.
  const isLauncher = (ours && isSameBytes(content, ours)) || latin1(content).includes(NAME);
  return isLauncher ? undefined : `${launcher} is another program in its mount namespace`;
}

/** A text of every launcher's own help. */
const NAME = 'usage: sandbox-unit-launcher';

const latin1 = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);

export function notTrusted({ unit, target }: Launched, { why }: UnknownLauncher): Diagnostic {
  const message = `${unit} may not have been started by the trusted launcher: ${why}`;
  return error('launcher-unknown', message, {
    hint: `'${systemctl(target.scope, 'restart', unit)}' starts it with the installed launcher`,
  });
}
