import type { Entries } from './entry.js';

/** Changes: apply, revert and confirm. */
export const CHANGES = {
  busy: {
    cause: 'Another sandbox-unit process is changing units.',
    wayOut:
      'Run the command again when it has ended. `fuser` on the lock file in the hint shows the process.',
  },
  'half-done': {
    cause: 'A unit is being changed, or could not be rolled back after an earlier or a recorded run.',
    wayOut: '`sandbox-unit status UNIT`, as root, rolls the unit back, or says why it cannot.',
  },
  'put-back': 'A change that an earlier run left unfinished or unconfirmed was rolled back.',
  'undo-file': 'The undo record is damaged or was not written by sandbox-unit. Nothing was undone.',
  'changed-since': {
    cause:
      'The unit files were edited after a run began to change them. Undoing the run would undo that edit.',
    wayOut: 'Decide which state is right, then run `sandbox-unit apply UNIT` or `sandbox-unit revert UNIT`.',
  },
  interrupted: 'A signal ended the run early. `apply` rolls its changes back.',
  'enabled-at-boot': {
    cause:
      'A boot generator of an earlier version confined the unit. This version has none: the unit may start unconfined at the next boot.',
    wayOut: 'Run the commands in the hint. They remove the old files and apply the policy for good.',
  },
  'not-confirmed': 'The change was not confirmed in time. The unit is as it was before.',
  unconfirmed: {
    cause: 'The change is rolled back unless it is confirmed. Until then, no other run changes the unit.',
    wayOut: '`sandbox-unit confirm UNIT` keeps it. `sandbox-unit confirm --undo UNIT` rolls it back now.',
  },
  untried: 'Nothing was restarted under the change, so being able to log in proves nothing yet.',
  'not-waiting': 'No change of this unit waits for a confirmation.',
  'not-scheduled': 'The timer that rolls back an unconfirmed change did not start. Nothing was changed.',
  'restarted-since':
    'The service was restarted, or went down, after its trial. The tested processes no longer run.',
  'left-as-it-is': {
    cause: 'The unit was applied with other options than this run has, or its files were edited.',
    wayOut: 'The command in the hint changes it. Remove edited files yourself.',
  },
  purged:
    '`--purge` reverts units that are not named or no longer have a policy; or files for former hosts were removed.',
  'reload-due': 'systemd had to read its unit files again, and was reloaded.',
} as const satisfies Entries;

/** Restarts and trials. */
export const TRIALS = {
  'would-restart': 'With `--check`: the change would restart the service.',
  'restart-due': {
    cause:
      'The files are in place, but the service was not restarted since: it keeps its earlier filter and directives.',
    wayOut: 'Restart the service at a suitable time, unless the hint gives a reason against it.',
  },
  'no-restart': 'The service already runs with this filter and these directives.',
  'not-running': 'The service does not run. Its policy takes effect at its next start.',
  'own-service':
    'This command runs inside the service that would be restarted, and would be stopped with it.',
  'takes-along': 'systemd restarts or stops these units together with the service.',
  'on-failure': 'Stopping the service, or a failed trial, would start other units or reboot the machine.',
  'service-failed': {
    cause:
      'The service did not start under the change, did not stay up, or a probe of `[apply]` failed. `apply` rolls back.',
    wayOut:
      'The hint shows the last lines of the service. Run a failed probe by hand. `sandbox-unit explain --record UNIT` lists the calls that the service needs.',
  },
  'service-down': {
    cause: 'The change was rolled back, but the service still does not start.',
    wayOut: '`systemctl status UNIT` and the journal show why. The reason may not be the policy.',
  },
  failed: 'Under its policy, the service has failed, or is restarted again and again.',
  'stays-stopped': 'The service was stopped during the change, and is not started.',
  'not-stopped': 'A service or watch that this run started could not be stopped.',
  'still-under-way': 'A start, stop or restart takes very long; the command no longer waits for it.',
  'went-down':
    'The service, or a unit that depends on it, went down. The message says whether it was started again.',
  probe: 'A host without Node cannot try every kind of probe of `[apply]`.',
  'reload-kills': {
    cause: 'The signal that the reload sends kills the service, with or without a policy.',
    wayOut:
      "Correct the unit's `ExecReload=`. `reload = false` in `[apply]` leaves the reload out of the trial.",
  },
  'not-listening': {
    cause: 'The service does not listen on an address on which it listened before.',
    wayOut:
      'Allow the sockets or capabilities that it needs. If it is slow to start, use a longer `settle` in `[apply]`.',
  },
  'refusals-unseen':
    'Some refused calls may not have been seen during the trial. `sandbox-unit explain UNIT` checks again.',
  'refused-in-trial': {
    cause: 'During the trial, the policy refused a call, which harmed the service.',
    wayOut: 'Allow the listed calls. To apply such a policy anyway, set `refused = "warn"` in `[apply]`.',
  },
} as const satisfies Entries;

/** Filters for running processes: `apply --live` and `tighten`. */
export const LIVE = {
  'not-live': {
    cause:
      'A running service can only get a more restrictive filter, no directives, and only on x86-64 and arm64.',
    wayOut: 'Without `--live`, a restart applies the whole policy.',
  },
  'keeps-filter': 'Running processes keep the filter until they exit, even after a roll-back.',
  'not-tightened':
    'The filter was not loaded: there is no process, the calls cannot be refused, or `tighten` failed.',
  'processes-killed':
    'Some threads had the filter, but another could not get it, so all processes were killed.',
  'thread-stuck': {
    cause:
      'A thread cannot be stopped or filtered: it waits for a device or in a call that the filter refuses, is traced, or is in another namespace.',
    wayOut:
      'Run the command again, as root and outside any container. A restart under a policy gives every process the filter.',
  },
  tightened: '`sandbox-unit tighten` makes the running processes lose calls.',
} as const satisfies Entries;

/** Changes since a policy was applied, and scores. */
export const STATUS = {
  'not-applied': 'The unit is not confined as the policy says, or the unit of the policy does not exist.',
  'drift-policy': 'The policy, or a policy that it extends, has changed since it was applied.',
  'drift-unit': 'The unit files have changed, so the policy would now produce other files.',
  'drift-command': 'A command of the unit has changed, for instance after an upgrade.',
  'drift-systemd': 'The files were made for another version of systemd.',
  'drift-files': {
    cause:
      'The drop-in or a file beside it is missing, was edited, or can be changed by users other than root.',
    wayOut: 'Apply the policy again with the command in the hint. `sandbox-unit revert UNIT` removes it.',
  },
  'drift-loaded': {
    cause: 'The values that systemd has loaded differ from the drop-in on disk.',
    wayOut:
      '`systemctl daemon-reload`, then run the command again. `systemctl cat UNIT` shows the file that sets a value last.',
  },
  'drift-launcher':
    'The launcher, or the program for `[ready]`, belongs to another version of sandbox-unit. `apply` replaces it.',
  'drift-unknown': 'Whether something has changed is unknown, because this user cannot read a file.',
  'cannot-start': {
    cause: 'A file that the unit needs to start is missing, damaged or not executable. The next start fails.',
    wayOut: 'Apply the policy again with the command in the hint.',
  },
  'gaps-allowed': 'The unit was applied with `--allow-gaps`: lines of these kinds have no effect.',
  'other-policy': 'The unit is confined by another policy than the one that would now be found for it.',
  exposed: 'The exposure of the unit is above the limit of `--max`.',
} as const satisfies Entries;

/** Findings of verify. */
export const VERIFY = {
  looser: {
    cause:
      'A process may make calls that the policy refuses: it was started before the policy, or without the launcher.',
    wayOut:
      'Restart the service. If that does not help, the command that starts the process needs `wrap` in `[exec]`.',
  },
  'looser-directive': {
    cause:
      'A directive is loaded, but does not restrict a process, which started earlier, or something overrides the directive.',
    wayOut:
      'Restart the service. If that does not help, look for a privileged helper, or for a mount of the unit itself, such as `BindPaths=/tmp` beside `PrivateTmp`. Under `ProtectSystem=strict`, name a path of `NoExecPaths` in `BindReadOnlyPaths`, not in `ReadOnlyPaths`. From systemd 255 on, use `ProtectKernelTunables` to close `/sys`.',
  },
  'left-over': {
    cause:
      'A process has survived from before the service was started with the policy. A restart does not confine it.',
    wayOut: 'The command in the hint stops the service, kills that process, and starts the service again.',
  },
  'launcher-unknown':
    'Something other than the installed launcher may have loaded the filter. Restart the service.',
  'filters-unreadable': {
    cause:
      'Filters cannot be read from the kernel: this process is not root or has a filter itself, or there are too many filters. A login through a confined ssh has the filter of ssh.',
    wayOut:
      'Run the command as root, outside any container. In a login that has a filter, use `systemd-run --wait --pipe sandbox-unit verify UNIT`.',
  },
  'processes-unreadable': 'Some processes of the service could not be examined.',
  'processes-unseen':
    'Processes of the service are in places that are not checked, or no process shows whether a directive applies.',
  'not-serving':
    'The unit has processes and is starting, stopping or failed. It may be without the filter of `[ready]`.',
} as const satisfies Entries;
