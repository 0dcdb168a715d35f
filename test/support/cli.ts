import { elf } from './elf.js';
import { assertPrinted } from './printed-json.js';
import { inRepository } from './repository.js';
import { type RunResult, run } from './run.js';

/** The command as a package has it. */
export const CLI = inRepository('dist/sandbox-unit.cjs');

/** A bus that isn't there, so that this machine's own is left alone. */
export const ENVIRONMENT = {
  PATH: process.env.PATH ?? '',
  DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/bus',
};

/** Runs the command. */
export async function cli(...words: string[]): Promise<RunResult> {
  const result = await run([process.execPath, CLI, ...words], { env: ENVIRONMENT });
  assertPrinted(words, result.stdout);
  return result;
}

/** For `/usr/lib/systemd/libsystemd-shared-257.so`, which tells the version and the machine of an offline system. */
export const LIBRARY = elf();
LIBRARY[18] = 62; // EM_X86_64
