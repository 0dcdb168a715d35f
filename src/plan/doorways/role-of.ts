import type { Target } from '../../target/target.js';
import type { EffectiveUnit } from '../../unit/effective.js';
import { argumentsOf, type ExecCommand } from '../../unit/exec/line.js';
import { isTemplate, parseUnitName, type UnitName } from '../../unit/name.js';
import { fileName } from '../../unit/path.js';
import { allWords } from '../../unit/values.js';
import type { PlanRequest } from '../request.js';
import type { Role } from './role.js';
import { ROLES as DOORWAYS } from './roles.js';
import { SERVER_ROLES } from './server-roles.js';

/** All roles. The first that fits a unit is its own. */
const ROLES: readonly Role[] = [...DOORWAYS, ...SERVER_ROLES];

/** Facts by which a unit's role is told. */
export type Known = Pick<PlanRequest, 'unit' | 'effective' | 'surroundings'> & {
  readonly target?: Pick<Target, 'commands'>;
};

/**
 * The role of a unit by which people and machines get in, or run things; undefined for any other. It is known by the
 * programs of ExecStart= and those that a shell's script starts by their paths, by its name on the bus, by the service of
 * PAM whose sessions it opens, by what its socket units listen on, or by a name of its own.
 */
export function roleOf({ unit, effective, surroundings, target }: Known): Role | undefined {
  const programs = new Set(
    effective.execCommands('ExecStart').flatMap((one) => programsOf(one, target?.commands)),
  );
  const units = new Set([unit, ...aliases(effective)].map(stemOf));
  const last = (key: string) => effective.last('Service', key)?.value ?? '';
  return (
    ROLES.find((role) => role.programs.some((program) => programs.has(program))) ??
    ROLES.find(
      ({ busNames = [], pamNames = [] }) =>
        busNames.includes(last('BusName')) || pamNames.includes(last('PAMName')),
    ) ??
    roleBySocket(surroundings?.listens ?? []) ??
    ROLES.find((role) => role.units?.some((name) => units.has(name)))
  );
}

/** Sockets that belong to one purpose whoever serves them, and a program of the role: 22 is the port of SSH (RFC 4253). */
const SOCKETS: readonly (readonly [address: RegExp, program: string])[] = [
  [/^(?:.*:)?22$/, 'sshd'],
  [/^(?:.*:)?23$/, 'telnetd'],
  [/^\/(?:var\/)?run\/dbus\/system_bus_socket$/, 'dbus-daemon'],
  [/^\/(?:var\/)?run\/docker\.sock$/, 'dockerd'],
  [/^\/(?:var\/)?run\/snapd\.socket$/, 'snapd'],
  [/^\/run\/udev\/control$/, 'systemd-udevd'],
];

const roleBySocket = (listens: readonly string[]): Role | undefined => {
  const found = SOCKETS.find(([address]) => listens.some((one) => address.test(one)));
  return found && ROLES.find(({ programs }) => programs.includes(found[1]));
};

const aliases = (effective: EffectiveUnit): UnitName[] =>
  allWords(effective.all('Install', 'Alias').map(({ value }) => value))
    .map(parseUnitName)
    .filter((name) => 'full' in name);

/** A unit's name without its type, and without its instance: `ssh`, `getty@`. */
const stemOf = (unit: UnitName): string =>
  unit.instance === undefined && !isTemplate(unit) ? unit.prefix : `${unit.prefix}@`;

/** Programs that start the one that their command line names first. */
export const STARTERS = /^(?:(?:ba|da|k|z|a)?sh|busybox|node(?:js)?|(?:php|python|ruby|perl)[\d.]*)$/;

/** Programs that start one behind options and arguments of their own. */
const WRAPPERS = new RegExp(
  `^(?:${[
    ...[
      'capsh',
      'catchsegv',
      'chpst',
      'choom',
      'chroot',
      'chrt',
      'daemonize',
      'dbus-run-session',
      'env',
      'flock',
    ],
    ...[
      'ionice',
      'linux(?:32|64)',
      'nice',
      'nohup',
      'nsenter',
      'numactl',
      'prlimit',
      'runcon',
      'runuser',
      'setarch',
    ],
    ...[
      'setpriv',
      'setsid',
      'softlimit',
      'start-stop-daemon',
      'stdbuf',
      'strace',
      'su',
      'sudo',
      'systemd-cat',
    ],
    ...['systemd-inhibit', 'systemd-run', 'taskset', 'time', 'timeout', 'unbuffer', 'unshare', 'valgrind'],
  ].join('|')})$`,
);

/**
 * The file names of the programs that a command starts, as far as its line, the links to its program and the script that
 * it is tell.
 */
function programsOf(command: ExecCommand, commands: Target['commands']): string[] {
  const { value: path } = command.path;
  const { files = [], script = '' } = commands?.get(path) ?? {};
  const itself = [path, ...(files[0] ?? [])].map(fileName);
  const inFile = startedInFile(script).map(fileName);
  return [...new Set([...itself, ...startedByLine(fileName(path), argumentsOf(command)), ...inFile])];
}

/** The file names of what a program starts by its arguments. */
function startedByLine(program: string, given: readonly string[]): string[] {
  const isWrapper = WRAPPERS.test(program);
  if (!isWrapper && !STARTERS.test(program)) return [];
  const script = given[given.findIndex((word) => /^-[a-z]*c$/.test(word)) + 1];
  const inScript = script !== undefined && script !== given[0] ? startedBy(script) : undefined;
  const plain = given.filter((word) => !/^-|=|^\d+$/.test(word));
  const named = isWrapper ? plain : inScript ? [] : plain.slice(0, 1);
  return [...named, ...(inScript ?? [])].map(fileName);
}

/** Words of a shell before a command that start it. */
const BEFORE = /^(?:exec|nohup|setsid|command|then|do|else|!|\{|[A-Za-z_]\w*=.*)$/;

/** Commands of a shell's script that are paths, or stand behind `exec`. Comments, tests and arguments are none. */
export const startedInFile = (script: string): string[] =>
  script
    .split(/\n|[;&|()`]/)
    .map((command) => command.trim().split(/\s+/))
    .flatMap((all) => {
      const at = all.findIndex((word) => !BEFORE.test(word));
      const [program = '', ...given] = at < 0 ? [] : all.slice(at);
      const isStarted = /^\//.test(program) || all[at - 1] === 'exec';
      return isStarted ? [program, ...startedByLine(fileName(program), given)] : [];
    });

/** Words of a shell's script that are paths, or stand behind `exec`. */
const startedBy = (script: string): string[] => {
  const parts = script.split(/[\s;&|()"'`]+/);
  return parts.filter((word, i) => word.startsWith('/') || parts[i - 1] === 'exec');
};

/** The role of a unit of the system's manager; a user's own units and transient units have none. */
export const doorwayOf = (
  request: Pick<PlanRequest, 'unit' | 'effective' | 'places' | 'target' | 'surroundings'>,
): Role | undefined => (request.places && request.target.scope === 'system' ? roleOf(request) : undefined);
