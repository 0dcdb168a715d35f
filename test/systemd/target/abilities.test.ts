import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directiveGap } from '../../../src/systemd/directives/format.js';
import { directives, findDirective } from '../../../src/systemd/directives/table.js';
import { abilities, type MachineFindings } from '../../../src/systemd/target/abilities.js';
import { planned, targetOf } from '../../support/planned.js';

const LIMITS = ['cpu', 'cpuset', 'io', 'memory', 'pids'];

const ALL: MachineFindings = {
  features: '+PAM +SELINUX +APPARMOR +SMACK +SECCOMP +BPF_FRAMEWORK',
  libseccomp: true,
  libbpf: true,
  modules: new Set(['apparmor', 'bpf', 'selinux', 'smack']),
  cgroup2: true,
  controllers: new Set(['cpu', 'cpuset', 'io', 'memory', 'pids']),
};
const NONE: MachineFindings = {
  features: undefined,
  libseccomp: undefined,
  libbpf: undefined,
  modules: undefined,
  cgroup2: undefined,
  controllers: undefined,
};

const without = (feature: string): MachineFindings => ({
  ...ALL,
  features: ALL.features!.replace(`+${feature}`, `-${feature}`),
});

const CASES: readonly [says: string, findings: MachineFindings, lacks: string[], assumed: string[]][] = [
  ['all', ALL, [], []],
  [
    'nothing known',
    NONE,
    [],
    ['apparmor', 'bpf', 'bpf-lsm', 'cgroup2', ...LIMITS, 'seccomp', 'selinux', 'smack'],
  ],
  [
    'files alone',
    { ...NONE, libseccomp: true, libbpf: true },
    [],
    ['apparmor', 'bpf', 'bpf-lsm', 'cgroup2', ...LIMITS, 'selinux', 'smack'],
  ],
  [
    'files without libbpf',
    { ...NONE, libseccomp: true, libbpf: false },
    ['bpf', 'bpf-lsm'],
    ['apparmor', 'cgroup2', ...LIMITS, 'selinux', 'smack'],
  ],
  ['libraries in unusual places', { ...ALL, libseccomp: undefined, libbpf: undefined }, [], []],
  ['no libseccomp', { ...ALL, libseccomp: false }, ['seccomp'], []],
  ['no controllers', { ...ALL, controllers: new Set() }, LIMITS, []],
  ['what a user gets', { ...ALL, controllers: new Set(['cpu', 'memory', 'pids']) }, ['cpuset', 'io'], []],
  ['no control groups v2', { ...ALL, cgroup2: false }, ['cgroup2'], []],
  ['no security modules', { ...ALL, modules: new Set() }, ['apparmor', 'bpf-lsm', 'selinux', 'smack'], []],
  ['-SECCOMP', without('SECCOMP'), ['seccomp'], []],
  ['-APPARMOR', without('APPARMOR'), ['apparmor'], []],
  ['-SELINUX', without('SELINUX'), ['selinux'], []],
  ['-SMACK', without('SMACK'), ['smack'], []],
  ['-BPF_FRAMEWORK', without('BPF_FRAMEWORK'), ['bpf', 'bpf-lsm'], []],
  ['an option that newer systemd no longer names', { ...ALL, features: '+BPF_FRAMEWORK' }, [], []],
  ['an older systemd that does not name it', { ...ALL, features: '+SECCOMP' }, ['bpf', 'bpf-lsm'], []],
];

for (const [says, findings, lacks, assumed] of CASES) {
  test(`with ${says}: lacks ${lacks.join(', ') || 'nothing'}`, () => {
    const judged = abilities(findings);
    assert.deepEqual([[...judged.lacks.keys()], [...judged.assumed]], [lacks, assumed]);
  });
}

test('a directive without its requirement is a gap, unless it closes nothing', () => {
  const machine = { ...targetOf(257), abilities: abilities({ ...ALL, features: '', libseccomp: false }) };
  const gap = (name: string, value: unknown) =>
    directiveGap(findDirective(name)!, value, { file: 'p', line: 1, column: 1 }, machine)?.message;
  assert.equal(
    gap('LockPersonality', true),
    "'LockPersonality' would have no effect: systemd finds no libseccomp",
  );
  assert.equal(
    gap('SocketBindDeny', ['any']),
    "'SocketBindDeny' would have no effect: systemd was built without BPF_FRAMEWORK",
  );
  assert.deepEqual(
    [gap('LockPersonality', false), gap('SocketBindDeny', ''), gap('ProtectSystem', 'full')],
    [undefined, undefined, undefined],
  );
});

test('directives with requirements are in the table', () => {
  const needing = (need: string) =>
    directives()
      .filter((row) => row.needs?.some((one) => one === need))
      .map(({ name }) => name);
  assert.deepEqual(needing('bpf'), [
    'BindNetworkInterface',
    'RestrictNetworkInterfaces',
    'SocketBindAllow',
    'SocketBindDeny',
  ]);
  assert.deepEqual(needing('bpf-lsm'), ['RestrictFileSystems']);
  assert.deepEqual(needing('pids'), ['TasksMax']);
  assert.deepEqual(needing('cpu'), ['CPUQuota', 'CPUQuotaPeriodSec', 'CPUWeight', 'StartupCPUWeight']);
  const limiting =
    /^(Startup)?(Allowed|CPU(Quota|SetP|Weight)|IO(?!Acc|Press|Sched)|Memory(High|Low|M|S|ZSwapM))|^TasksM/;
  assert.deepEqual(
    directives()
      .filter(({ name }) => limiting.test(name) && !/DenyWrite/.test(name))
      .filter(({ needs }) => !needs)
      .map(({ name }) => name),
    [],
  );
});

test('each assumption is named once, with its purpose', () => {
  const policy =
    '[syscalls]\ndeny = ["uname"]\n[service]\nSocketBindDeny = ["any"]\nLockPersonality = true\n';
  const plan = planned(policy, '', targetOf(257, { abilities: abilities(NONE) }));
  assert.deepEqual(
    plan.diagnostics.map(({ severity, code, message }) => [severity, code, message]),
    [
      [
        'warning',
        'assumed',
        'this plan assumes that the target has systemd with SECCOMP (for SystemCallFilter=, LockPersonality=); ' +
          'systemd with BPF_FRAMEWORK (for SocketBindDeny=); control groups v2 (for SocketBindDeny=)',
      ],
    ],
  );
  assert.deepEqual(planned('[service]\nProtectSystem = true', '', plan.target).diagnostics, []);
});
