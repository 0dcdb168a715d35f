/** The words by which shells list units. */
import { dropInPath } from '../../paths/own-files.js';
import { LIFETIMES, type Placement } from '../../paths/placement.js';

const PRINTED = '--type=service --full --plain --no-legend --no-pager';

/** Words of systemctl(1) that list units in the first words of lines: those with files, and those that are loaded. */
export const UNIT_LISTS: readonly string[] = [`list-unit-files ${PRINTED}`, `list-units --all ${PRINTED}`];

/** Variables of shells, which are quoted, in the place of a user's folders. */
const FOLDERS = { home: '"$HOME"', runtimeDirectory: '"$XDG_RUNTIME_DIR"' } as const;

/** Patterns of shells for the drop-ins of all units, which are at `UNIT.d/NAME`. */
const dropIns = (scope: Placement['scope']): string[] =>
  LIFETIMES.map((lifetime) => dropInPath({ scope, lifetime, ...FOLDERS }, '*.service'));

/** The patterns of drop-ins of the system's units, and of a user's. */
export const DROP_INS = { system: dropIns('system'), user: dropIns('user') } as const;
