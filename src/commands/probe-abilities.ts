import { UserError } from '../diagnostic.js';
import { type Abilities, abilities } from '../plan/needs.js';
import type { Machine } from '../syscalls/abi.js';
import type { Context } from '../system/context.js';
import type { System } from '../system/system.js';

const TRIPLETS: Readonly<Record<Machine, string>> = {
  'x86-64': 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
};

/** Most that a file of sysfs holds, in bytes. */
const PAGE = 4096;

/**
 * Learns what systemd and the kernel can do, from where systemd itself does. Offline only files of the system are
 * seen, not what runs.
 * @param features as the manager says them
 */
export async function probeAbilities(
  { system, offline }: Context,
  machine: Machine,
  features: string | undefined,
): Promise<Abilities> {
  const libraries = await findLibraries(system, machine);
  return abilities({
    features,
    libseccomp: libraries?.has('libseccomp.so.2'),
    libbpf: libraries && (libraries.has('libbpf.so.1') || libraries.has('libbpf.so.0')),
    modules: offline ? undefined : await findModules(system),
    cgroup2: offline ? undefined : await hasCgroup2(system),
  });
}

/** What is beside the C library; undefined where that isn't in a usual place. */
async function findLibraries(system: System, machine: Machine): Promise<ReadonlySet<string> | undefined> {
  const triplet = TRIPLETS[machine];
  const places = [
    [`/usr/lib/${triplet}`, `/lib/${triplet}`],
    ['/usr/lib64', '/lib64'],
    ['/usr/lib', '/lib'],
  ];
  for (const folders of places) {
    const names = new Set((await Promise.all(folders.map((folder) => namesIn(system, folder)))).flat());
    if (names.has('libc.so.6')) return names;
  }
  return undefined;
}

/** Security modules that systemd takes for active. */
async function findModules(system: System): Promise<ReadonlySet<string>> {
  const [lsm, apparmor, selinux, smack] = await Promise.all([
    textOf(system, '/sys/kernel/security/lsm'),
    textOf(system, '/sys/module/apparmor/parameters/enabled'),
    namesIn(system, '/sys/fs/selinux'),
    namesIn(system, '/sys/fs/smackfs'),
  ]);
  const found: readonly (readonly [string, boolean])[] = [
    ['apparmor', apparmor === 'Y'],
    ['bpf', lsm.split(',').includes('bpf')],
    ['selinux', selinux.length > 0],
    ['smack', smack.length > 0],
  ];
  return new Set(found.filter(([, active]) => active).map(([name]) => name));
}

/** Control groups v2, or beside v1 the hierarchy that systemd keeps. */
async function hasCgroup2(system: System): Promise<boolean> {
  const names = await namesIn(system, '/sys/fs/cgroup');
  return names.includes('cgroup.controllers') || names.includes('unified');
}

const textOf = async (system: System, path: string): Promise<string> =>
  new TextDecoder().decode((await ifReadable(system.read(path, { limit: PAGE })))?.bytes).trimEnd();

const namesIn = async (system: System, folder: string): Promise<readonly string[]> =>
  (await ifReadable(system.list(folder))) ?? [];

/** What can't be read isn't there for systemd either. */
async function ifReadable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (cause) {
    if (cause instanceof UserError) return undefined;
    throw cause;
  }
}
