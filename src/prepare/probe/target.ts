import { type Diagnostic, EXIT, error, UserError, warning } from '../../diagnostic.js';
import { HEAD_SIZE, readProgram } from '../../formats/elf.js';
import { MAX_MOUNTS, type Mount, parseMountInfo } from '../../formats/mount-info.js';
import { type InstalledProgram, installedProgram, packagedProgram } from '../../paths/programs.js';
import { MACHINES, type Machine } from '../../syscalls/abi.js';
import { areSetsOf, bundledSets, parseSyscallFilterListing, type SyscallSets } from '../../syscalls/sets.js';
import type { Context } from '../../system/context.js';
import { type Program, SYSTEMD_RANGE, type Target } from '../../target/target.js';
import { exists } from '../load/exists.js';
import { findLibraries, probeAbilities } from './abilities.js';
import { unresolvedCalls } from './unresolved-calls.js';

/** The most output of `systemd-analyze syscall-filter`, in bytes; systemd 257 prints 20 kB. */
const MAX_LISTING = 1 << 20;

/** Facts that all units of a machine share. */
export interface MachineFacts {
  readonly facts: Omit<Target, 'programs'>;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Learns the facts about the machine that plans need.
 * @throws UserError `old-systemd`, `unknown-systemd`, `unknown-machine`
 */
export async function probeMachine(context: Context): Promise<MachineFacts> {
  const { system, placement } = context;
  const manager = await system.manager();
  const { version, architecture } = manager;
  const [listed, launcher, mounts, ptraceScope] = await Promise.all([
    // A process that runs while the rest is read.
    setsOfTarget(context, version),
    findProgram(context, 'launcher'),
    readMounts(context),
    readPtraceScope(context),
  ]);
  const systemd = majorVersion(version);
  const machine = machineOf(context, architecture);
  const libraries = await findLibraries(system, machine);
  const sets = { ...listed, unresolved: await unresolvedCalls(system, libraries, listed) };
  const abilities = await probeAbilities(context, libraries, manager);
  const { scope } = placement;
  // Only a plan of [ready] asks the machine for a package's.
  const injector = installedProgram(placement, 'tighten');
  const facts = {
    scope,
    systemd,
    version,
    machine,
    sets,
    mounts,
    launcher,
    injector,
    abilities,
    ptraceScope,
  };
  return { facts, diagnostics: versionWarning(systemd) };
}

/**
 * Learns the facts about a unit's programs that a plan needs.
 * @param programs the possible paths of each program by its name: the first that exists counts
 */
export async function probeTarget(
  context: Context,
  { facts }: MachineFacts,
  programs: ReadonlyMap<string, readonly string[]>,
): Promise<Target> {
  return { ...facts, programs: await readPrograms(context, programs) };
}

export function majorVersion(version: string): number {
  const [digits] = /^\d{3}/.exec(version) ?? [];
  if (digits === undefined) {
    throw new UserError(
      error('unknown-systemd', `can't read the version of systemd: '${version}'`),
      EXIT.failure,
    );
  }
  return Number(digits);
}

function versionWarning(systemd: number): Diagnostic[] {
  const { oldest, newest } = SYSTEMD_RANGE;
  if (systemd < oldest) {
    const message = `systemd ${systemd} is too old: at least ${oldest} is needed`;
    throw new UserError(error('old-systemd', message), EXIT.failure);
  }
  if (systemd <= newest) return [];
  return [
    warning('new-systemd', `systemd ${systemd} is newer than ${newest}, the newest that is known here`),
  ];
}

export function machineOf(context: Context, architecture: string): Machine {
  const machine =
    MACHINES.find((name) => name === architecture) ?? (architecture ? undefined : context.machine);
  if (machine) return machine;
  throw new UserError(
    error('unknown-machine', `there are no syscall numbers for ${architecture}`, {
      hint: `only for ${MACHINES.join(', ')}`,
    }),
    EXIT.failure,
  );
}

/** The command prints no escape codes, whatever the terminal. */
const SETS = ['env', 'SYSTEMD_COLORS=0', 'systemd-analyze', 'syscall-filter'];

/** The sets that came with this program, where they are those of the target's release. */
const knownSets = (version: string): SyscallSets | undefined =>
  areSetsOf(bundledSets(), version) ? { ...bundledSets(), source: 'target', systemd: version } : undefined;

/** The target's own sets; those that came with this program if the target's systemd-analyze can't be run. */
async function setsOfTarget({ system }: Context, version: string): Promise<SyscallSets> {
  const known = knownSets(version);
  if (known) return known;
  const { status, stdout } = await system.run(SETS, { limit: MAX_LISTING });
  return status === 0 ? parseSyscallFilterListing(stdout, version) : bundledSets();
}

/**
 * The sets by which the running manager has read its files. Undefined if they can't be had: the installed
 * systemd-analyze may be newer already.
 * @param version the manager's
 */
export async function setsOfManager({ system }: Context, version: string): Promise<SyscallSets | undefined> {
  const known = knownSets(version);
  if (known) return known;
  const [listing, said] = await Promise.all([
    system.run(SETS, { limit: MAX_LISTING }),
    system.run(['systemd-analyze', '--version'], { limit: MAX_LISTING }),
  ]);
  const isItsOwn = listing.status === 0 && said.stdout.includes(`(${version})`);
  return isItsOwn ? parseSyscallFilterListing(listing.stdout, version) : undefined;
}

/** The path of a package's program, else of the one that apply installs. */
export async function findProgram({ system, placement }: Context, name: InstalledProgram): Promise<string> {
  const packaged = packagedProgram(name);
  return (await exists(system, packaged)) ? packaged : installedProgram(placement, name);
}

/** The mounts of the running system; none offline, where they aren't known. */
async function readMounts({ system, offline }: Context): Promise<Mount[]> {
  const file = offline ? undefined : await system.read('/proc/self/mountinfo', { limit: MAX_MOUNTS });
  return file ? parseMountInfo(new TextDecoder().decode(file.bytes)) : [];
}

/** Yama's scope, a digit; 0 without Yama, which has the file (Documentation/admin-guide/LSM/Yama.rst). */
async function readPtraceScope({ system, offline }: Context): Promise<number> {
  const file = offline ? undefined : await system.read('/proc/sys/kernel/yama/ptrace_scope', { limit: 16 });
  return file ? Number.parseInt(new TextDecoder().decode(file.bytes), 10) || 0 : 0;
}

/** S_ISUID and S_ISGID, and the right to execute for anybody (inode(7)). */
const SETUID_SETGID = 0o6000;

async function readPrograms(
  context: Context,
  places: ReadonlyMap<string, readonly string[]>,
): Promise<Target['programs']> {
  const programs = new Map<string, Program>();
  for (const [name, paths] of places) {
    for (const path of paths) {
      const program = await readOne(context, path);
      if (program) programs.set(name, program);
      if (program) break;
    }
  }
  return programs;
}

/**
 * The facts about one file. A program that can't be read is no obstacle: systemd may see another file there, and may
 * execute it.
 */
async function readOne({ system }: Context, path: string): Promise<Program | undefined> {
  try {
    const head = await system.read(path, { limit: HEAD_SIZE, head: true });
    if (!head) return undefined;
    const { bytes, mode } = head;
    return { file: readProgram(bytes), setuid: (mode & SETUID_SETGID) !== 0 };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { file: { kind: 'other' }, setuid: false };
  }
}
