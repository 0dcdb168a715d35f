import { type Diagnostic, error } from '../diagnostic.js';
import type { Context } from '../system/context.js';
import { failuresOf } from './failures.js';

/** The most time that a service may take to stop, in milliseconds. */
const STOP_TIMEOUT = 300_000;

/**
 * Stops a service.
 * @returns an error if it can't be stopped
 */
export async function stopUnit({ system, placement }: Context, unit: string): Promise<readonly Diagnostic[]> {
  const manager = placement.scope === 'user' ? ['--user'] : [];
  return failuresOf(async () => {
    const argv = ['systemctl', ...manager, 'stop', '--', unit];
    const { status, stderr } = await system.run(argv, { timeout: STOP_TIMEOUT });
    return status === 0 ? [] : [error('not-stopped', `${unit} can't be stopped again: ${stderr.trim()}`)];
  });
}
