import { type Diagnostic, error, printable } from '../../diagnostic.js';
import { loosens } from '../../directives/against-unit.js';
import { formatDirective, isFormatted } from '../../directives/format.js';
import { parseSocketRule, within } from '../../directives/kinds/network/socket-rules.js';
import { findDirective } from '../../directives/table.js';
import type { DirectiveEntry, Policy } from '../../policy/policy.js';
import type { EffectiveUnit } from '../../unit/effective.js';
import type { Assignment } from '../../unit/unit-file.js';
import { allWords, scalarOf, wordsOf } from '../../unit/values.js';
import { ownValues, valuesOfAll } from '../unit-values.js';
import { letsAddressesThrough } from './addresses.js';
import {
  allowedDevices,
  CLOSED,
  either,
  inThePlace,
  type MakesIneffective,
  mountedBelow,
  shownElsewhere,
} from './by-mounts.js';

const rules = (values: readonly string[]) => allWords(values).flatMap((word) => parseSocketRule(word) ?? []);

const ports: MakesIneffective = (ours, own) => {
  const allowed = rules(own);
  return rules(ours).some((denied) => allowed.some((outer) => within(outer, denied)));
};

const allDevices: MakesIneffective = (ours, own) =>
  ['closed', 'strict'].includes(scalarOf(ours)) &&
  own.some((line) => ['char-*', 'block-*'].includes(wordsOf(line)[0] ?? ''));

const joined: MakesIneffective = (ours, own) => scalarOf(ours) === 'yes' && scalarOf(own) !== '';

const BINDS = ['BindPaths', 'BindReadOnlyPaths'];
const WRITABLE_BINDS = ['BindPaths'];
/** Directives that mount each of their paths itself: the host's files are seen there. */
const PATHS = ['ReadWritePaths', 'ReadOnlyPaths', 'ExecPaths', 'NoExecPaths'];

/**
 * Directives of a policy, and the unit's directives that undo them without setting them: only pairs that were seen on
 * systemd 252 to 262. ReadWritePaths= doesn't undo ReadOnlyPaths= of the same path, nor ExecPaths= NoExecPaths=. Below
 * that path they are exceptions, as meant.
 */
export const INEFFECTIVE_BY: readonly (readonly [
  directive: string,
  by: readonly string[],
  undoes: MakesIneffective,
])[] = [
  ['DevicePolicy', ['DeviceAllow'], allDevices],
  ['IPAddressDeny', ['IPAddressAllow'], letsAddressesThrough],
  ['SocketBindDeny', ['SocketBindAllow'], ports],
  ['PrivateDevices', BINDS, allowedDevices],
  ['PrivateNetwork', ['NetworkNamespacePath'], joined],
  ['PrivateIPC', ['IPCNamespacePath'], joined],
  ['ProtectSystem', WRITABLE_BINDS, shownElsewhere(CLOSED.system)],
  ['ReadOnlyPaths', WRITABLE_BINDS, shownElsewhere(CLOSED.readOnlyPaths)],
  ['ProtectControlGroups', WRITABLE_BINDS, shownElsewhere(CLOSED.controlGroups)],
  ['ProtectKernelTunables', WRITABLE_BINDS, shownElsewhere(CLOSED.tunables)],
  ['ProtectKernelTunables', BINDS, shownElsewhere(CLOSED.addresses)],
  ['ProtectKernelLogs', BINDS, shownElsewhere(CLOSED.logs)],
  ['ProtectKernelModules', BINDS, shownElsewhere(CLOSED.modules)],
  ['InaccessiblePaths', BINDS, shownElsewhere(CLOSED.inaccessible)],
  ['NoExecPaths', BINDS, either(shownElsewhere(CLOSED.noExec), mountedBelow)],
  ['NoExecPaths', ['ReadWritePaths', 'ReadOnlyPaths'], mountedBelow],
  ['TemporaryFileSystem', BINDS, either(shownElsewhere(CLOSED.emptied), inThePlace(CLOSED.emptied))],
  ['TemporaryFileSystem', PATHS, inThePlace(CLOSED.emptied)],
  ['ProtectHome', WRITABLE_BINDS, shownElsewhere(CLOSED.readOnlyHomes)],
  ['ProtectHome', BINDS, shownElsewhere(CLOSED.hiddenHomes)],
  ['ProtectHome', BINDS, either(shownElsewhere(CLOSED.emptiedHomes), inThePlace(CLOSED.emptiedHomes))],
  ['ProtectHome', PATHS, inThePlace(CLOSED.emptiedHomes)],
  ['PrivateTmp', BINDS, either(shownElsewhere(CLOSED.temporary), inThePlace(CLOSED.temporary))],
  ['ProtectProc', BINDS, either(shownElsewhere(CLOSED.processes), inThePlace(CLOSED.processes))],
  [
    'ProcSubset',
    BINDS,
    either(shownElsewhere(CLOSED.otherThanProcesses), inThePlace(CLOSED.otherThanProcesses)),
  ],
];

/** Gaps where the unit's own lines undo a directive of `[service]`. Lines that the policy sets itself don't count. */
export function ineffective(
  entry: DirectiveEntry,
  values: readonly string[],
  policy: Policy,
  effective: EffectiveUnit,
): Diagnostic[] {
  const isOurs = (name: string) => policy.service.some((one) => one.name === name);
  const all = valuesOfAll(policy, effective);
  const found = INEFFECTIVE_BY.filter(([directive]) => directive === entry.name).flatMap(([, by, undoes]) =>
    by.flatMap((name) => {
      const own = isOurs(name) ? [] : effective.list('Service', name);
      return undoes(values, valuesOf(own), all)
        ? [[name, culprit(own, (one) => undoes(values, one, all))] as const]
        : [];
    }),
  );
  const once = new Map(found.map(([name, line]) => [name, line]));
  return [...once].map(([name, line]) => {
    const { file, line: number, column } = line.at;
    const shown = `${name}=${printable(line.value, 60)}`;
    const message = `the unit's own '${shown}' undoes ${entry.name} (${printable(file)}:${number}:${column})`;
    return error('gap-undone', message, { at: entry.at, hint: wayOut(name, effective) + otherWayOut(entry) });
  });
}

const valuesOf = (lines: readonly Assignment[]): string[] => lines.map(({ value }) => value);

/** The first line that undoes the directive by itself, else the first of all. */
const culprit = (own: readonly Assignment[], undoes: (own: readonly string[]) => boolean): Assignment =>
  own.find(({ value }) => undoes([value])) ?? own[0]!;

const otherWayOut = ({ name }: DirectiveEntry): string =>
  name === 'NoExecPaths' ? '; or list the place of the mount in NoExecPaths, too' : '';

function wayOut(name: string, effective: EffectiveUnit): string {
  const row = findDirective(name)!;
  const nothing = row.kind.type === 'path' ? '' : [];
  const formatted = formatDirective(row, nothing, { file: name, line: 1, column: 1 });
  const unit = ownValues(effective);
  const resets = isFormatted(formatted) ? formatted.values : [];
  const weaker = loosens(row, unit.get(name)!, resets, unit);
  const reset = `${name} = ${nothing === '' ? '""' : '[]'}${weaker ? ` with loosen = ["${name}"]` : ''}`;
  return `in [service] ${reset} takes it back; ${name} with what the unit has says that it is meant`;
}
