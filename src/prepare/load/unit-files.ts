import { systemctl } from '../../command-lines.js';
import { EXIT, error, UserError } from '../../diagnostic.js';
import type { Context } from '../../system/context.js';
import { parseUnitFile, type UnitFile } from '../../unit/unit-file.js';

/** The most bytes of a unit file that are read. */
export const MAX_UNIT_SIZE = 4 << 20;

/**
 * Reads unit files and drop-ins.
 * @throws UserError `unit-changed` if one of them is gone
 */
export async function readFiles(context: Context, paths: readonly string[]) {
  const files: UnitFile[] = [];
  for (const path of paths) {
    const file = await context.system.read(path, { limit: MAX_UNIT_SIZE });
    if (!file) {
      const hint = `run '${systemctl(context.placement.scope, 'daemon-reload')}', then try again`;
      throw new UserError(error('unit-changed', `${path} is gone`, { hint }), EXIT.failure);
    }
    files.push(parseUnitFile(path, file.bytes));
  }
  return { files, diagnostics: files.flatMap((file) => file.diagnostics) };
}
