/** A directive, other lines beside it, and whether a service with them is held to it. */
export interface ExemptCase {
  readonly directive: 'ProtectProc' | 'LimitNPROC';
  readonly value: string | number;
  readonly lines: string;
  readonly holds: boolean;
}

/** Users and groups beside those of every machine, for passwd(5) and group(5): other names of root, and who is in its group. */
export const ROOTS_NAMES = {
  passwd: [
    'toor:x:0:0::/root:/bin/sh',
    'toor-elsewhere:x:0:65534::/root:/bin/sh',
    'rooted:x:70001:0::/:/bin/sh',
    'member:x:70002:65534::/:/bin/sh',
    'other:x:70003:65534::/:/bin/sh',
  ],
  group: ['nought:x:0:other-one,member', 'ought:x:70000:other'],
};

const NO_PTRACE = 'CapabilityBoundingSet=~CAP_SYS_PTRACE';
const AMBIENT = 'User=nobody\nAmbientCapabilities=CAP_SYS_PTRACE';

/** By what the service has: held to invisible and noaccess, held to ptraceable. */
const PROCESSES: readonly (readonly [lines: string, hidden: boolean, ptraceable: boolean])[] = [
  ['', false, false],
  ['User=root', false, false],
  ['User=0', false, false],
  [NO_PTRACE, false, true],
  ['CapabilityBoundingSet=', false, true],
  ['SecureBits=noroot', false, true],
  ['Group=daemon', false, false],
  [`Group=daemon\n${NO_PTRACE}`, true, true],
  [`User=root\nGroup=daemon\n${NO_PTRACE}`, true, true],
  ['Group=daemon\nSecureBits=noroot', true, true],
  ['User=nobody', true, true],
  ['User=nobody\nGroup=root', false, true],
  ['User=nobody\nGroup=0', false, true],
  ['User=nobody\nSupplementaryGroups=daemon root', false, true],
  [AMBIENT, false, false],
  [`${AMBIENT}\n${NO_PTRACE}`, true, true],
  ['DynamicUser=yes', true, true],
  ['DynamicUser=yes\nSupplementaryGroups=root', false, true],
  ['DynamicUser=yes\nUser=root', false, false],
  ['PrivateUsers=yes', false, true],
  ['PrivateUsers=yes\nGroup=daemon', true, true],
  ['User=toor', false, false],
  [`User=toor\n${NO_PTRACE}`, false, true],
  [`User=toor\nGroup=daemon\n${NO_PTRACE}`, true, true],
  ['User=toor-elsewhere', false, false],
  [`User=toor-elsewhere\n${NO_PTRACE}`, true, true],
  ['User=rooted', false, true],
  ['User=70001', false, true],
  ['User=rooted\nGroup=daemon', true, true],
  ['User=rooted\nPrivateUsers=yes', false, true],
  ['User=member', false, true],
  ['User=70002', false, true],
  ['User=member\nGroup=daemon', false, true],
  ['User=member\nPrivateUsers=yes', false, true],
  ['User=other', true, true],
  ['User=70003\nSupplementaryGroups=ought', true, true],
  ['User=other\nGroup=nought', false, true],
  ['User=other\nSupplementaryGroups=ought nought', false, true],
  [`Group=nought\n${NO_PTRACE}`, false, true],
  ['DynamicUser=yes\nUser=toor', false, false],
  ['DynamicUser=yes\nUser=member', false, true],
  ['DynamicUser=yes\nUser=rooted', false, true],
  ['DynamicUser=yes\nSupplementaryGroups=nought', false, true],
];

const NUMBERS: readonly (readonly [lines: string, holds: boolean])[] = [
  ['', false],
  ['Group=daemon', false],
  ['CapabilityBoundingSet=', false],
  ['SecureBits=noroot', false],
  ['PrivateUsers=yes', false],
  ['User=nobody', true],
  ['DynamicUser=yes', true],
  ['User=nobody\nAmbientCapabilities=CAP_SYS_ADMIN', false],
  ['User=nobody\nAmbientCapabilities=CAP_SYS_ADMIN\nPrivateUsers=yes', true],
  ['User=nobody\nAmbientCapabilities=CAP_SYS_PTRACE', true],
  ['User=toor', false],
  ['User=toor-elsewhere\nGroup=daemon', false],
  ['DynamicUser=yes\nUser=toor', false],
  ['User=rooted', true],
  ['User=member', true],
  ['User=nobody\nGroup=nought', true],
];

export const EXEMPT_CASES: readonly ExemptCase[] = [
  ...PROCESSES.flatMap(([lines, hidden, ptraceable]): ExemptCase[] => [
    { directive: 'ProtectProc', value: 'invisible', lines, holds: hidden },
    { directive: 'ProtectProc', value: 'noaccess', lines, holds: hidden },
    { directive: 'ProtectProc', value: 'ptraceable', lines, holds: ptraceable },
  ]),
  ...NUMBERS.map(([lines, holds]): ExemptCase => ({ directive: 'LimitNPROC', value: 3, lines, holds })),
];
