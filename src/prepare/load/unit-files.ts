import { failure } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { systemctl } from '../../systemd/command-lines.js';
import { ownDropInPaths } from '../../systemd/paths/own-files.js';
import type { UnitName } from '../../systemd/unit/name.js';
import { parseUnitFile, type UnitFile } from '../../systemd/unit/unit-file.js';
import { exists } from './exists.js';
import { type FoundTemplate, findUnit } from './find-unit.js';

/** An instance that has files besides its template's, or in their place. */
export interface OwnInstance {
  readonly name: UnitName;
  /** All files that systemd reads of it but ours, its template's among them. */
  readonly files: readonly UnitFile[];
}

/**
 * The instances with files of their own to which a drop-in of their template applies. An instance with a drop-in of
 * ours reads that in the place of the template's, and a masked one doesn't run.
 */
export async function ownInstances(context: Context, template: FoundTemplate): Promise<OwnInstance[]> {
  const found: OwnInstance[] = [];
  for (const name of template.instances) {
    const unit = await findUnit(context, name);
    const ours = ownDropInPaths(context.placement, name.full).map((path) => exists(context.system, path));
    if (unit.name.full !== name.full || unit.fragment === undefined) continue;
    if ((await Promise.all(ours)).includes(true)) continue;
    const { files } = await readFiles(context, [unit.fragment, ...unit.dropIns]);
    if (files[0]!.assignments.length > 0) found.push({ name, files });
  }
  return found;
}

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
      throw failure('unit-changed', `${path} is gone`, { hint });
    }
    files.push(parseUnitFile(path, file.bytes));
  }
  return { files, diagnostics: files.flatMap((file) => file.diagnostics) };
}
