/**
 * Abilities that a directive needs besides systemd's version. systemd skips a directive silently where one is missing.
 */

/**
 * `cpu`, `cpuset`, `io`, `memory`, `pids`: the manager has this controller of control groups. `bpf`: systemd can load
 * its own programs for control groups; `bpf-lsm`: the kernel takes such programs for its security module. `cgroup2`:
 * the hierarchy of control groups that takes them. `apparmor`, `seccomp`, `selinux`, `smack`: systemd and the kernel
 * support them.
 */
export type Need =
  | 'apparmor'
  | 'bpf'
  | 'bpf-lsm'
  | 'cgroup2'
  | 'cpu'
  | 'cpuset'
  | 'io'
  | 'memory'
  | 'pids'
  | 'seccomp'
  | 'selinux'
  | 'smack';

const CONTROLLERS: ReadonlySet<Need> = new Set(['cpu', 'cpuset', 'io', 'memory', 'pids']);

/** The reason why a need isn't met, and a way out. */
export interface Lack {
  readonly reason: string;
  readonly hint: string;
}

/** The unmet needs of a machine, and the needs that can't be checked (offline), which are assumed to be met. */
export interface Abilities {
  readonly lacks: ReadonlyMap<Need, Lack>;
  readonly assumed: ReadonlySet<Need>;
}

/** Facts about a machine. A fact that can't be found out is undefined; offline only the libraries are known. */
export interface MachineFindings {
  /** The manager's property `Features`: `+SECCOMP -BPF_FRAMEWORK …`. */
  readonly features: string | undefined;
  /** Whether the dynamic linker's folders have libseccomp.so.2 and a libbpf.so. */
  readonly libseccomp: boolean | undefined;
  readonly libbpf: boolean | undefined;
  /** The security modules in use: `apparmor`, `bpf`, `selinux`, `smack`. */
  readonly modules: ReadonlySet<string> | undefined;
  /** Whether systemd has a hierarchy of control groups v2. */
  readonly cgroup2: boolean | undefined;
  /** The controllers that the manager can use for its units, by their names in control groups v2. */
  readonly controllers: ReadonlySet<string> | undefined;
}

/** The option of systemd's build for each need that has one. */
const OPTIONS: ReadonlyMap<Need, string> = new Map([
  ['apparmor', 'APPARMOR'],
  ['bpf', 'BPF_FRAMEWORK'],
  ['bpf-lsm', 'BPF_FRAMEWORK'],
  ['seccomp', 'SECCOMP'],
  ['selinux', 'SELINUX'],
  ['smack', 'SMACK'],
]);

/** Libraries that systemd loads when it needs them (systemd 259 and later: libseccomp, too). */
const LIBRARIES: ReadonlyMap<Need, 'libbpf' | 'libseccomp'> = new Map([
  ['bpf', 'libbpf'],
  ['bpf-lsm', 'libbpf'],
  ['seccomp', 'libseccomp'],
]);

/** The security module for each need that has one. */
const MODULES: ReadonlyMap<Need, string> = new Map([
  ['apparmor', 'apparmor'],
  ['bpf-lsm', 'bpf'],
  ['selinux', 'selinux'],
  ['smack', 'smack'],
]);

const NEEDS: readonly Need[] = [
  'apparmor',
  'bpf',
  'bpf-lsm',
  'cgroup2',
  ...CONTROLLERS,
  'seccomp',
  'selinux',
  'smack',
];

/** Tells which needs a machine doesn't meet, and which can't be checked. */
export function abilities(findings: MachineFindings): Abilities {
  const checked = NEEDS.map((need) => [need, checkNeed(need, findings)] as const);
  return {
    lacks: new Map(
      checked.flatMap(([need, verdict]) => (typeof verdict === 'object' ? [[need, verdict]] : [])),
    ),
    assumed: new Set(checked.flatMap(([need, verdict]) => (verdict === 'unknown' ? [need] : []))),
  };
}

function checkNeed(need: Need, findings: MachineFindings): Lack | 'met' | 'unknown' {
  const { features, modules, cgroup2, controllers } = findings;
  const option = OPTIONS.get(need);
  const library = LIBRARIES.get(need);
  const module = MODULES.get(need);
  if (option && features !== undefined && !isBuiltIn(option, features)) {
    return { reason: `systemd was built without ${option}`, hint: 'it needs another build of systemd' };
  }
  if (library && findings[library] === false) {
    return { reason: `systemd finds no ${library}`, hint: `install ${library}, and reboot` };
  }
  if (module && modules !== undefined && !modules.has(module)) {
    const hint = `boot a kernel that has it, with lsm=…,${module}`;
    return { reason: `the security module '${module}' is not in use`, hint };
  }
  if (need === 'cgroup2' && cgroup2 === false) {
    return {
      reason: 'the machine has no control groups v2',
      hint: 'boot with systemd.unified_cgroup_hierarchy=yes',
    };
  }
  if (CONTROLLERS.has(need) && controllers && !controllers.has(need)) {
    return {
      reason: `the service manager has no ${describeNeed(need)}`,
      hint: "a container needs it from its host, a user's manager from Delegate= in user@.service",
    };
  }
  // libseccomp is installed where systemd was built with it; libbpf is optional for every build.
  const isKnown = features !== undefined || (need === 'seccomp' && findings.libseccomp === true);
  return isKnown ? 'met' : 'unknown';
}

/** Whether a build has an option. An older systemd without BPF_FRAMEWORK doesn't list that option. */
function isBuiltIn(option: string, features: string): boolean {
  const words = features.split(' ');
  return words.includes(`+${option}`) || (option !== 'BPF_FRAMEWORK' && !words.includes(`-${option}`));
}

/** The name of a need in messages. */
export function describeNeed(need: Need): string {
  if (need === 'cgroup2') return 'control groups v2';
  if (CONTROLLERS.has(need)) return `control group controller '${need}'`;
  const option = OPTIONS.get(need)!;
  const module = MODULES.get(need);
  return module ? `systemd with ${option} and the security module '${module}'` : `systemd with ${option}`;
}
