import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { fileText } from '../../machine/state/process-status.js';
import type { ManagerFacts, System } from '../../machine/system.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';
import { type Abilities, abilities } from '../../systemd/target/abilities.js';
import { exists } from '../load/exists.js';

const TRIPLETS: Readonly<Record<Machine, string>> = {
  'x86-64': 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
};

const CGROUPS = '/sys/fs/cgroup';

/** The file of a control group of v2 that lists its controllers (Documentation/admin-guide/cgroup-v2.rst). */
const CONTROLLERS = 'cgroup.controllers';

/** The most bytes that a file of sysfs holds. */
const PAGE = 4096;

/**
 * Learns the abilities of systemd and of the kernel, from the sources that systemd itself uses. Offline only files of
 * the system are seen, not the running one.
 * @param libraries as findLibraries()
 * @param manager the manager's facts about itself
 */
export async function probeAbilities(
  context: Context,
  libraries: Libraries,
  { features, controlGroup }: Pick<ManagerFacts, 'features' | 'controlGroup'>,
): Promise<Abilities> {
  const { system, offline } = context;
  return abilities({
    features,
    libseccomp: libraries?.has('libseccomp.so.2'),
    libbpf: libraries && (libraries.has('libbpf.so.1') || libraries.has('libbpf.so.0')),
    modules: offline ? undefined : await findModules(system),
    cgroup2: offline ? undefined : await hasCgroup2(system),
    controllers: offline ? undefined : await findControllers(context, controlGroup),
  });
}

/** The C library, and those that systemd loads when it needs them. */
const LIBRARIES = ['libc.so.6', 'libseccomp.so.2', 'libbpf.so.1', 'libbpf.so.0'];

/** Paths of LIBRARIES that are there, by their names; undefined if that isn't in a usual place. */
export type Libraries = ReadonlyMap<string, string> | undefined;

export async function findLibraries(system: System, machine: Machine): Promise<Libraries> {
  const triplet = TRIPLETS[machine];
  const places = [
    [`/usr/lib/${triplet}`, `/lib/${triplet}`],
    ['/usr/lib64', '/lib64'],
    ['/usr/lib', '/lib'],
  ];
  for (const folders of places) {
    const looks = folders.flatMap((folder) =>
      LIBRARIES.map(async (name) => {
        const path = `${folder}/${name}`;
        const isThere = await orElse(() => exists(system, path), true);
        return isThere ? ([[name, path]] as const) : [];
      }),
    );
    const paths = new Map((await Promise.all(looks)).flat());
    if (paths.has('libc.so.6')) return paths;
  }
  return undefined;
}

/** Security modules that systemd takes for active. */
async function findModules(system: System): Promise<ReadonlySet<string>> {
  const [lsm, apparmor, selinux, smack] = await Promise.all([
    readSmall(system, '/sys/kernel/security/lsm'),
    readSmall(system, '/sys/module/apparmor/parameters/enabled'),
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

/** Whether there are control groups v2, alone or as systemd's own hierarchy beside v1. */
async function hasCgroup2(system: System): Promise<boolean> {
  const names = await namesIn(system, CGROUPS);
  return names.includes(CONTROLLERS) || names.includes('unified');
}

/** The hierarchies of v1 by which systemd limits units, and the names of their controllers in v2. */
const OLD_CONTROLLERS: ReadonlyMap<string, string> = new Map([
  ['blkio', 'io'],
  ['cpu', 'cpu'],
  ['memory', 'memory'],
  ['pids', 'pids'],
]);

/**
 * The controllers that the manager can give its units; undefined if that can't be seen.
 * @param group the manager's own control group
 */
async function findControllers(
  { system, placement }: Context,
  group = '',
): Promise<ReadonlySet<string> | undefined> {
  const names = await namesIn(system, CGROUPS);
  if (!names.includes(CONTROLLERS)) {
    // A user's manager gets no hierarchy of v1.
    const usable = placement.scope === 'user' ? [] : names;
    return new Set(usable.flatMap((name) => OLD_CONTROLLERS.get(name) ?? []));
  }
  const folder = `${CGROUPS}${group.replace(/\/$/, '')}`;
  const text = await orElse(() => fileText(system, `${folder}/${CONTROLLERS}`, { limit: PAGE }), undefined);
  return text === undefined ? undefined : new Set(text.trim().split(/\s+/));
}

/** The text of a small file; empty where systemd can't read it, either. */
const readSmall = async (system: System, path: string): Promise<string> =>
  (await orElse(() => fileText(system, path, { limit: PAGE }), undefined))?.trim() ?? '';

const namesIn = (system: System, folder: string): Promise<readonly string[]> =>
  orElse(() => system.list(folder), []);
