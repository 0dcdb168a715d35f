/** A directive, other lines beside it, and whether a service with them is held to it. */
export interface ExemptCase {
  readonly directive: 'ProtectProc' | 'LimitNPROC';
  readonly value: string | number;
  readonly lines: string;
  readonly holds: boolean;
}

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
  ['DynamicUser=yes\nUser=root', false],
  ['User=nobody\nGroup=root', true],
];

export const EXEMPT_CASES: readonly ExemptCase[] = [
  ...PROCESSES.flatMap(([lines, hidden, ptraceable]): ExemptCase[] => [
    { directive: 'ProtectProc', value: 'invisible', lines, holds: hidden },
    { directive: 'ProtectProc', value: 'noaccess', lines, holds: hidden },
    { directive: 'ProtectProc', value: 'ptraceable', lines, holds: ptraceable },
  ]),
  ...NUMBERS.map(([lines, holds]): ExemptCase => ({ directive: 'LimitNPROC', value: 3, lines, holds })),
];
