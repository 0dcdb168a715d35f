import { type Diagnostic, error, printable } from '../diagnostic.js';
import type { DirectiveEntry, Policy } from '../policy/policy.js';
import type { EffectiveUnit } from '../unit/effective.js';
import type { Assignment } from '../unit/unit-file.js';
import { allWords, barePath, covers, plain, type UnitValues, wordsOf } from '../unit/values.js';
import { type Prefix, parsePrefixes, parseSocketRule } from './directive-values/network.js';
import { formatDirective, isFormatted } from './directive-values.js';
import { findDirective } from './directives.js';
import { contains, within } from './loosen/lists.js';
import { HOMES, VENDOR } from './loosen/paths.js';
import { loosens } from './loosen.js';

/** Whether these assignments of the unit's own undo what a policy's directive comes to. */
type Undoes = (ours: readonly string[], own: readonly string[]) => boolean;

/** Mounts in which what a directive closes at these paths is open, at another place. */
const shownElsewhere =
  (pathsOf: (ours: readonly string[]) => readonly string[]): Undoes =>
  (ours, own) =>
    allWords(own)
      .map(endsOf)
      .some(([from, to]) => from !== to && pathsOf(ours).some((path) => covers(from, path)));

/** Mounts on the very place where systemd would mount something empty, or something else: theirs is mounted last. */
const inThePlace =
  (pathsOf: (ours: readonly string[]) => readonly string[]): Undoes =>
  (ours, own) =>
    allWords(own).some((word) => {
      const [from, to] = endsOf(word);
      return from === to && pathsOf(ours).includes(from);
    });

const either =
  (...rules: readonly Undoes[]): Undoes =>
  (ours, own) =>
    rules.some((rule) => rule(ours, own));

/** `SOURCE:DESTINATION` of a bind mount, or a path alone. */
function endsOf(word: string): readonly [from: string, to: string] {
  const [from = '', to] = word.replace(/^-/, '').split(':');
  return [barePath(from), barePath(to || from)];
}

const listed = (ours: readonly string[]) => allWords(ours).map((word) => barePath(word.split(':')[0]!));

const last = (ours: readonly string[]) => plain(ours.at(-1) ?? '');

const systemPaths = (ours: readonly string[]): readonly string[] => {
  const ranks: Readonly<Record<string, readonly string[]>> = {
    yes: VENDOR,
    full: [...VENDOR, '/etc'],
    strict: ['/'],
  };
  return ranks[last(ours)] ?? [];
};
const homes = (ours: readonly string[]) => (['no', ''].includes(last(ours)) ? [] : HOMES);
const hiddenHomes = (ours: readonly string[]) => (last(ours) === 'read-only' ? [] : homes(ours));
const emptyHomes = (ours: readonly string[]) => (last(ours) === 'tmpfs' ? HOMES : []);
const where =
  (paths: readonly string[], ...values: readonly string[]) =>
  (ours: readonly string[]) =>
    values.includes(last(ours)) ? paths : [];
const temporary = where(['/tmp', '/var/tmp'], 'yes', 'disconnected');
const shownProcesses = where(['/proc'], 'invisible', 'ptraceable', 'noaccess', 'pid');
const controlGroups = where(['/sys/fs/cgroup'], 'yes', 'private', 'strict');

/** Whether prefixes let all of one through, each by itself or several together. */
function letThrough(denied: Prefix, allowed: readonly Prefix[]): boolean {
  if (allowed.some((outer) => contains(outer, denied))) return true;
  const inside = allowed.filter((inner) => contains(denied, inner));
  return inside.length > 1 && halves(denied).every((half) => letThrough(half, inside));
}

function halves({ bytes, bits }: Prefix): Prefix[] {
  const at = bits >> 3;
  const bit = 0x80 >> (bits & 7);
  const half = (byte: number) => ({ bytes: bytes.map((one, i) => (i === at ? byte : one)), bits: bits + 1 });
  return [half(bytes[at]! & ~bit), half(bytes[at]! | bit)];
}

const prefixes = (values: readonly string[]) => allWords(values).flatMap((word) => parsePrefixes(word) ?? []);
const rules = (values: readonly string[]) => allWords(values).flatMap((word) => parseSocketRule(word) ?? []);

const addresses: Undoes = (ours, own) => {
  const allowed = prefixes(own);
  return prefixes(ours).some((denied) => letThrough(denied, allowed));
};

const ports: Undoes = (ours, own) => {
  const allowed = rules(own);
  return rules(ours).some((denied) => allowed.some((outer) => within(outer, denied)));
};

const allDevices: Undoes = (ours, own) =>
  ['closed', 'strict'].includes(last(ours)) &&
  own.some((line) => ['char-*', 'block-*'].includes(wordsOf(line)[0] ?? ''));

const joined: Undoes = (ours, own) => last(ours) === 'yes' && last(own) !== '';

const BINDS = ['BindPaths', 'BindReadOnlyPaths'];
const WRITABLE_BINDS = ['BindPaths'];
/** Any of them has the path itself mounted, which is then the host's. */
const PATHS = ['ReadWritePaths', 'ReadOnlyPaths', 'ExecPaths', 'NoExecPaths'];

/**
 * Which directives of a unit undo which of a policy, without being set by it: what systemd 252 to 262 were seen to do,
 * and nothing else. ReadWritePaths= and ExecPaths= at the same path as a stricter directive don't; below it they are
 * exceptions, as meant.
 */
export const UNDONE_BY: readonly (readonly [directive: string, by: readonly string[], undoes: Undoes])[] = [
  ['DevicePolicy', ['DeviceAllow'], allDevices],
  ['IPAddressDeny', ['IPAddressAllow'], addresses],
  ['SocketBindDeny', ['SocketBindAllow'], ports],
  ['PrivateNetwork', ['NetworkNamespacePath'], joined],
  ['PrivateIPC', ['IPCNamespacePath'], joined],
  ['ProtectSystem', WRITABLE_BINDS, shownElsewhere(systemPaths)],
  ['ReadOnlyPaths', WRITABLE_BINDS, shownElsewhere(listed)],
  ['ProtectControlGroups', WRITABLE_BINDS, shownElsewhere(controlGroups)],
  ['InaccessiblePaths', BINDS, shownElsewhere(listed)],
  ['NoExecPaths', BINDS, shownElsewhere(listed)],
  ['TemporaryFileSystem', BINDS, either(shownElsewhere(listed), inThePlace(listed))],
  ['TemporaryFileSystem', PATHS, inThePlace(listed)],
  ['ProtectHome', WRITABLE_BINDS, shownElsewhere(homes)],
  ['ProtectHome', BINDS, either(shownElsewhere(hiddenHomes), inThePlace(emptyHomes))],
  ['ProtectHome', PATHS, inThePlace(emptyHomes)],
  ['PrivateTmp', BINDS, either(shownElsewhere(temporary), inThePlace(temporary))],
  ['ProtectProc', BINDS, either(shownElsewhere(shownProcesses), inThePlace(shownProcesses))],
  ['ProcSubset', BINDS, either(shownElsewhere(shownProcesses), inThePlace(shownProcesses))],
];

/** What the unit's own lines undo of a directive of `[service]`, unless the policy sets those itself. */
export function undone(
  entry: DirectiveEntry,
  values: readonly string[],
  policy: Policy,
  effective: EffectiveUnit,
): Diagnostic[] {
  const isOurs = (name: string) => policy.service.some((one) => one.name === name);
  const found = UNDONE_BY.filter(([directive]) => directive === entry.name).flatMap(([, by, undoes]) =>
    by.flatMap((name) => {
      const own = isOurs(name) ? [] : effective.list('Service', name);
      return undoes(values, valuesOf(own)) ? [[name, culprit(own, values, undoes)] as const] : [];
    }),
  );
  const once = new Map(found.map(([name, line]) => [name, line]));
  return [...once].map(([name, line]) => {
    const { file, line: number, column } = line.at;
    const shown = `${name}=${printable(line.value, 60)}`;
    const message = `the unit's own '${shown}' undoes ${entry.name} (${printable(file)}:${number}:${column})`;
    return error('gap-undone', message, { at: entry.at, hint: wayOut(name, effective) });
  });
}

const valuesOf = (lines: readonly Assignment[]): string[] => lines.map(({ value }) => value);

/** The line that does it by itself, else the first of those that do it together. */
const culprit = (own: readonly Assignment[], values: readonly string[], undoes: Undoes): Assignment =>
  own.find(({ value }) => undoes(values, [value])) ?? own[0]!;

function wayOut(name: string, effective: EffectiveUnit): string {
  const row = findDirective(name)!;
  const nothing = row.kind.type === 'path' ? '' : [];
  const formatted = formatDirective(row, nothing, { file: name, line: 1, column: 1 });
  const unit: UnitValues = { get: (one) => valuesOf(effective.all('Service', one)) };
  const resets = isFormatted(formatted) ? formatted.values : [];
  const weaker = loosens(row, unit.get(name)!, resets, unit);
  const reset = `${name} = ${nothing === '' ? '""' : '[]'}${weaker ? ` with loosen = ["${name}"]` : ''}`;
  return `in [service] ${reset} takes it back; ${name} with what the unit has says that it is meant`;
}
