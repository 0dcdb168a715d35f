import { once } from '../../collections.js';
import { type Diagnostic, failure, warning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { MACHINES, type Machine } from '../../seccomp/syscalls/abi.js';
import type { SyscallSets } from '../../seccomp/syscalls/sets.js';
import { MAX_MOUNTS, type Mount, parseMountInfo } from '../../systemd/formats/mount-info.js';
import { type InstalledProgram, installedProgram, packagedProgram } from '../../systemd/paths/programs.js';
import { SYSTEMD_RANGE, type Target } from '../../systemd/target/target.js';
import { exists } from '../load/exists.js';
import { findLibraries, probeAbilities } from './abilities.js';
import { setsOfTarget } from './target-sets.js';
import { unresolvedCalls } from './unresolved-calls.js';

/** Facts that all units of a machine share. */
export interface MachineFacts {
  readonly facts: Target;
  /** The sets, with the calls in them that systemd can't write: asked for by those who write an allow list. */
  readonly setsToWrite: () => Promise<SyscallSets>;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Learns the facts about the machine that plans need.
 * @throws UserError `systemd-version`, `no-helper`
 */
export async function probeMachine(context: Context): Promise<MachineFacts> {
  const { system, placement } = context;
  const manager = await system.manager();
  const { version, architecture } = manager;
  const [sets, launcher, mounts] = await Promise.all([
    // A process that runs while the rest is read.
    setsOfTarget(context, version),
    findProgram(context, 'launcher'),
    readMounts(context),
  ]);
  const systemd = majorVersion(version);
  const machine = machineOf(context, architecture);
  const libraries = await findLibraries(system, machine);
  const abilities = await probeAbilities(context, libraries, manager);
  const { scope } = placement;
  // Only a plan of [ready] asks the machine for a package's.
  const injector = installedProgram(placement, 'tighten');
  return {
    facts: { scope, systemd, version, machine, sets, mounts, launcher, injector, abilities },
    setsToWrite: once(async () => ({ ...sets, unresolved: await unresolvedCalls(system, libraries, sets) })),
    diagnostics: versionWarning(systemd),
  };
}

export function majorVersion(version: string): number {
  const [digits] = /^\d{3}/.exec(version) ?? [];
  if (digits === undefined) {
    throw failure('systemd-version', `can't read the version of systemd: '${version}'`);
  }
  return Number(digits);
}

function versionWarning(systemd: number): Diagnostic[] {
  const { oldest, newest } = SYSTEMD_RANGE;
  if (systemd < oldest) {
    const message = `systemd ${systemd} is too old: at least ${oldest} is needed`;
    throw failure('systemd-version', message);
  }
  if (systemd <= newest) return [];
  return [
    warning(
      'systemd-version',
      `systemd ${systemd} is newer than ${newest}, the newest version that was tested`,
    ),
  ];
}

export function machineOf(context: Context, architecture: string): Machine {
  const machine =
    MACHINES.find((name) => name === architecture) ?? (architecture ? undefined : context.machine);
  if (machine) return machine;
  throw failure('no-helper', `there are no syscall numbers for ${architecture}`, {
    hint: `supported: ${MACHINES.join(', ')}`,
  });
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
