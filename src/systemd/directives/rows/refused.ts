/** Settings of [Service] that a policy doesn't take: why not, and where they go. */

import { lazily } from '../../../collections.js';
import { condition, unitSettings } from './unit-settings.js';

export interface RefusedDirective {
  readonly reason: string;
  readonly hint: string;
}

const OWN_DROP_IN = 'put it in a drop-in of your own';

const OF_UNIT = { reason: 'belongs to the [Unit] section', hint: OWN_DROP_IN };

const all = (names: string, refusal: RefusedDirective): [string, RefusedDirective][] =>
  names.split(' ').map((name) => [name, refusal]);

const renamed = (name: string, to: string): [string, RefusedDirective] => [
  name,
  { reason: 'is an old name', hint: `write '${to}'` },
];

const controlGroups1 = (name: string, to: string): [string, RefusedDirective] => [
  name,
  { reason: 'belongs to cgroup v1, which systemd no longer uses', hint: `write '${to}'` },
];

const syscalls = (name: string, key: string): [string, RefusedDirective] => [
  name,
  { reason: 'is generated from the policy', hint: `write ${key} in [syscalls]` },
];

const groups = (): readonly (readonly [string, RefusedDirective][])[] => [
  [
    syscalls('SystemCallArchitectures', "'architectures'"),
    syscalls('SystemCallErrorNumber', "'action'"),
    syscalls('SystemCallFilter', "'allow' and 'deny'"),
    syscalls('SystemCallLog', "'log'"),
    renamed('InaccessibleDirectories', 'InaccessiblePaths'),
    renamed('ReadOnlyDirectories', 'ReadOnlyPaths'),
    renamed('ReadWriteDirectories', 'ReadWritePaths'),
    renamed('Capabilities', 'CapabilityBoundingSet'),
    controlGroups1('BlockIOAccounting', 'IOAccounting'),
    controlGroups1('BlockIODeviceWeight', 'IODeviceWeight'),
    controlGroups1('BlockIOReadBandwidth', 'IOReadBandwidthMax'),
    controlGroups1('BlockIOWeight', 'IOWeight'),
    controlGroups1('BlockIOWriteBandwidth', 'IOWriteBandwidthMax'),
    controlGroups1('CPUShares', 'CPUWeight'),
    controlGroups1('MemoryLimit', 'MemoryMax'),
    controlGroups1('StartupBlockIOWeight', 'StartupIOWeight'),
    controlGroups1('StartupCPUShares', 'StartupCPUWeight'),
  ],
  all('BusPolicy NetClass SysVStartPriority', {
    reason: 'was removed from systemd',
    hint: 'leave it out',
  }),
  all('DefaultMemoryLow DefaultMemoryMin DefaultStartupMemoryLow', {
    reason: 'is for the units below a slice, and a service has none',
    hint: "write 'MemoryLow' or 'MemoryMin'",
  }),
  all('ExecCondition ExecReload ExecReloadPost ExecStart ExecStartPost ExecStartPre ExecStop ExecStopPost', {
    reason: "sets the unit's commands, which a policy does not change",
    hint: "put it in a drop-in of your own, for example with 'systemctl edit'",
  }),
  all('Environment EnvironmentFile PassEnvironment UnsetEnvironment', {
    reason: "sets the service's environment, which doesn't confine it",
    hint: OWN_DROP_IN,
  }),
  all(
    'LogExtraFields LogFilterPatterns LogLevelMax LogRateLimitBurst LogRateLimitIntervalSec StandardError ' +
      'StandardInput StandardInputData StandardInputText StandardOutput SyslogFacility SyslogIdentifier ' +
      'SyslogLevel SyslogLevelPrefix TTYColumns TTYPath TTYReset TTYRows TTYVHangup TTYVTDisallocate ' +
      'UtmpIdentifier UtmpMode',
    { reason: "controls logging, input and output, which doesn't confine a service", hint: OWN_DROP_IN },
  ),
  all('FinalKillSignal KillMode KillSignal RestartKillSignal SendSIGHUP SendSIGKILL WatchdogSignal', {
    reason: 'controls how the unit is stopped',
    hint: OWN_DROP_IN,
  }),
  all(
    'BusName ExitType FileDescriptorStoreMax FileDescriptorStorePreserve GuessMainPID LUOSession NonBlocking ' +
      'NotifyAccess OpenFile PIDFile PermissionsStartOnly RefreshOnReload ReloadSignal RemainAfterExit Restart ' +
      'RestartForceExitStatus RestartMaxDelaySec RestartMode RestartPreventExitStatus RestartRandomizedDelaySec ' +
      'RestartSec RestartSteps RootDirectoryStartOnly RuntimeMaxSec RuntimeRandomizedExtraSec Sockets ' +
      'SuccessExitStatus TimeoutAbortSec TimeoutSec TimeoutStartFailureMode TimeoutStartSec ' +
      'TimeoutStopFailureMode TimeoutStopSec Type USBFunctionDescriptors USBFunctionStrings WatchdogSec',
    { reason: 'controls how the unit is run and supervised', hint: OWN_DROP_IN },
  ),
  all(
    ['Description', 'JobTimeoutSec', 'StartLimitInterval', ...unitSettings().map(({ name }) => name)].join(
      ' ',
    ),
    OF_UNIT,
  ),
];

/** Why, by the names of settings; conditions aside. */
export const refusals = lazily((): ReadonlyMap<string, RefusedDirective> => new Map(groups().flat()));

/** Why a policy doesn't take a setting; undefined for one that systemd doesn't have. */
export const refusalOf = (name: string): RefusedDirective | undefined =>
  refusals().get(name) ?? (condition(name) && OF_UNIT);
