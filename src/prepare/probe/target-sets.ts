/** Sets of system calls of the target's systemd. */

import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import {
  areSetsOf,
  bundledSets,
  parseSyscallFilterListing,
  type SyscallSets,
} from '../../seccomp/syscalls/sets.js';
import { setsPath } from '../../systemd/paths/records.js';

/** The most bytes of a listing; systemd 257 prints 20 kB. */
const MAX_LISTING = 1 << 20;

/** The command prints no escape codes, whatever the terminal. */
const LIST = ['env', 'SYSTEMD_COLORS=0', 'systemd-analyze', 'syscall-filter'];

/**
 * The target's own sets; those that came with this program if the target's systemd-analyze can't be run. To list them takes
 * longer than to make a plan: root keeps the listing of a version until the next boot.
 * @throws UserError `manager-answer`
 */
export async function setsOfTarget(context: Context, version: string): Promise<SyscallSets> {
  if (areSetsOf(bundledSets(), version)) return { ...bundledSets(), source: 'target', systemd: version };
  const kept = await keptListing(context, version);
  if (kept !== undefined) return parseSyscallFilterListing(kept, version);
  const { status, stdout } = await context.system.run(LIST, { limit: MAX_LISTING });
  if (status !== 0) return bundledSets();
  const sets = parseSyscallFilterListing(stdout, version);
  await keep(context, `${heading(version)}${stdout}`);
  return sets;
}

/** Whether listings are kept: by root, of this machine's own manager. The file is read if it is root's alone. */
const keeps = ({ superuser, offline, isRecorded, placement }: Context): boolean =>
  superuser && !offline && !isRecorded && placement.scope === 'system';

/** The first line of a kept listing, a comment as others there. */
const heading = (version: string): string => `# systemd ${version}\n`;

async function keptListing(context: Context, version: string): Promise<string | undefined> {
  if (!keeps(context)) return undefined;
  const read = () => context.system.read(setsPath(context.placement), { limit: MAX_LISTING, trusted: true });
  const file = await orElse(read, undefined);
  const text = file && new TextDecoder().decode(file.bytes);
  return text?.startsWith(heading(version)) ? text : undefined;
}

/** Where nothing can be written, the next command lists them again. */
async function keep(context: Context, text: string): Promise<void> {
  const content = new TextEncoder().encode(text);
  const write = () => context.system.replace(setsPath(context.placement), content, { mode: 0o644 });
  if (keeps(context)) await orElse(write, undefined);
}
