import { ownDropInPaths } from '../../paths/own-files.js';
import type { Context } from '../../system/context.js';
import type { UnitName } from '../../unit/name.js';
import type { UnitFile } from '../../unit/unit-file.js';
import { exists } from './exists.js';
import { type FoundTemplate, findUnit } from './find-unit.js';
import { readFiles } from './unit-files.js';

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
