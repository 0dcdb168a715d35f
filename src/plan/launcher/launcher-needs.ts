import { type Diagnostic, warning } from '../../diagnostic.js';
import { strip } from '../../systemd/unit/exec/word.js';
import { fileName, folderOf } from '../../systemd/unit/path.js';
import { lastOf, sinceReset, type UnitValues } from '../../systemd/unit/values.js';
import type { PlannedDirective } from '../plan.js';
import type { PlacedUnit } from '../request.js';
import { wrappedKeys } from './commands.js';
import { bindReadOnly, execPaths, requiresMounts } from './path-directives.js';
import { hiddenBy } from './visibility.js';

/** Directives for the drop-in, so that the launcher starts, sees its filter and may load it. */
export function launcherDirectives(
  request: PlacedUnit,
  values: UnitValues,
  noNewPrivileges: boolean,
): PlannedDirective[] {
  const has = (name: string) => sinceReset(values.get(name) ?? []).length > 0;
  const directives: PlannedDirective[] = [];
  const add = (name: string, value: string, because: string) =>
    directives.push({ name, values: [value], because });
  if (noNewPrivileges && !has('NoNewPrivileges')) {
    add('NoNewPrivileges', 'yes', 'without it only CAP_SYS_ADMIN may load a filter');
  }
  const identifier = syslogIdentifier(request);
  if (identifier) {
    add('SyslogIdentifier', identifier, 'the journal would show the name of the launcher');
  }
  if (has('NoExecPaths')) {
    directives.push(
      execPaths([request.target.launcher], 'NoExecPaths= would keep the launcher from starting'),
    );
  }
  const hidden = hiddenBy(values, neededPaths(request));
  if (hidden) {
    const because = `${hidden}= would hide the launcher or its filter`;
    const shown = neededPaths(request).map((path) => [path] as const);
    directives.push(bindReadOnly(shown, because));
  } else if (has('NoExecPaths')) {
    // ReadOnlyPaths= would not do: below another of its kind systemd drops it, and ExecPaths= of the same path with it.
    directives.push(
      bindReadOnly([[request.target.launcher]], 'ExecPaths= would leave the launcher writable'),
    );
  }
  if (request.places) {
    const paths = [request.target.launcher, folderOf(request.places.filterFile)];
    directives.push(requiresMounts(paths, 'the launcher and its filter may be on mounts of their own'));
  }
  return directives;
}

/** The files that the service must see so that the launcher can work. */
const neededPaths = ({ target, places }: PlacedUnit) => [
  target.launcher,
  ...(places ? [places.filterFile] : []),
];

/**
 * The SyslogIdentifier= for a unit that has none: systemd would take the name of the program that it starts, whatever
 * its argv[0]. One value is for all lines: the main program's name.
 */
function syslogIdentifier({ effective, policy }: PlacedUnit): string | undefined {
  const wrapped = wrappedKeys(policy).flatMap((key) => effective.execCommands(key));
  const main = effective.execCommands('ExecStart')[0] ?? wrapped[0];
  if (wrapped.length === 0 || !main || effective.last('Service', 'SyslogIdentifier')?.value) return undefined;
  // A value in a unit file has no white space at its ends.
  return strip(fileName(main.path.value));
}

/** A warning that the launcher sets no_new_privs whatever the unit says; the policy alone can tell it not to. */
export function setAnyway({ effective }: PlacedUnit, values: UnitValues): Diagnostic[] {
  if (lastOf(values, 'NoNewPrivileges') !== 'no') return [];
  const at = effective.last('Service', 'NoNewPrivileges')?.at;
  const message =
    'the unit has NoNewPrivileges=no, but the launcher sets no_new_privs for the programs that it starts';
  const hint = 'if they need new privileges and have CAP_SYS_ADMIN, set NoNewPrivileges = false in [service]';
  return [warning('no-new-privileges', message, { at, hint })];
}
