/** Runs that others than root may have started otherwise than their files say. They are kept until the next boot. */
import { confinedPath } from '../../systemd/paths/records.js';
import type { Context } from '../context.js';
import { orElse } from './failures.js';
import { readOwnFiles } from './own-files.js';
import type { Service } from './service.js';
import { isRunning } from './service-run.js';

/** Larger than any such file, in bytes. */
const MAX_RECORD = 1 << 20;

/** Lines that are kept of a unit: the last. */
const MOST_LINES = 5_000;

const lineOf = ({ state }: Service): string => `${state.invocationId} untrusted`;

async function linesOf({ system, placement }: Context, unit: string): Promise<string[]> {
  const read = () => system.read(confinedPath(placement, unit), { limit: MAX_RECORD, trusted: true });
  const file = await orElse(read, undefined);
  return new TextDecoder().decode(file?.bytes).split('\n').filter(Boolean);
}

export const isUntrustedRun = async (context: Context, unit: string, service: Service): Promise<boolean> =>
  (await linesOf(context, unit)).includes(lineOf(service));

/**
 * Marks runs whose files are unknown: others than root could change how they were started, though
 * that may be mended by now.
 */
export async function keepUntrusted(
  context: Context,
  unit: string,
  services: readonly Service[],
): Promise<void> {
  if (!context.superuser || context.offline || (await readOwnFiles(context, unit)).length === 0) return;
  const { system, placement } = context;
  const known = await linesOf(context, unit);
  const added = services.filter(({ state }) => isRunning(state)).map(lineOf);
  if (added.every((line) => known.includes(line))) return;
  const text = [...new Set([...known, ...added])]
    .slice(-MOST_LINES)
    .map((line) => `${line}\n`)
    .join('');
  const write = () =>
    system.replace(confinedPath(placement, unit), new TextEncoder().encode(text), { mode: 0o644 });
  await orElse(write, undefined);
}
