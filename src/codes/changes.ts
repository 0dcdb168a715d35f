import type { Entries } from './entry.js';

/** Changes: apply, revert and confirm. */
export const CHANGES = {
  busy: {
    cause: 'Another sandbox-unit is changing units.',
    wayOut:
      'Run the command again when it has ended. `fuser` on the lock file in the hint shows the process.',
  },
  'half-done': {
    cause: 'A unit is being changed, or could not be put back after an earlier or a recorded run.',
    wayOut: '`sandbox-unit status UNIT`, as root, rolls the unit back, or says why it cannot.',
  },
  'put-back': 'A change that an earlier run left unfinished or unconfirmed was rolled back.',
  'undo-file': 'The undo record is damaged or was not written by sandbox-unit. Nothing was undone.',
  'changed-since': {
    cause:
      'The unit files were edited after a run began to change them. Undoing the run would undo that edit.',
    wayOut: 'Decide which state is right, then run `sandbox-unit apply UNIT` or `sandbox-unit revert UNIT`.',
  },
  interrupted: 'A signal ended the run early. An apply rolls back what it has changed.',
  'enabled-at-boot': {
    cause:
      'A boot generator of an earlier version put the policy into force. This version has none: the unit may start unconfined at the next boot.',
    wayOut: 'Run the commands in the hint. They remove what is left and apply the policy for good.',
  },
  'not-confirmed': 'The change was not confirmed in time. The unit is as it was before.',
  unconfirmed: {
    cause: 'The change is rolled back unless it is confirmed. Until then nothing else changes the unit.',
    wayOut: '`sandbox-unit confirm UNIT` keeps it. `sandbox-unit confirm --undo UNIT` rolls it back now.',
  },
  untried: 'Nothing was restarted with the change yet, so a login that works proves nothing.',
  'not-waiting': 'No change of this unit waits for a confirmation.',
  'not-scheduled': 'The timer that rolls back an unconfirmed change did not start. Nothing was changed.',
  'restarted-since':
    'The service was restarted, or went down, after its trial, so the tested processes are gone.',
  'left-as-it-is': {
    cause: 'The unit is confined in another way than this run would confine it, or its files were edited.',
    wayOut: 'The command in the hint changes it. Files that were edited are yours to remove.',
  },
  purged:
    '`--purge` reverts units that are not named or have no policy. `generate --hosts` removes files that no host needs.',
  'reload-due': 'systemd had not read changed unit files, and was reloaded.',
} as const satisfies Entries;

/** Restarts and trials. */
export const TRIALS = {
  'would-restart': 'With `--check`: the change would restart the service.',
  'restart-due': {
    cause:
      'The files are in place, but the service was not restarted since: it keeps its earlier filter and directives.',
    wayOut: 'Restart the service when it suits you, unless the hint gives a reason against it.',
  },
  'no-restart': 'The service already runs with this filter and these directives.',
  'not-running': 'The service does not run. Its policy takes effect at its next start.',
  'own-service': 'This command runs inside the service that would be restarted, and would end with it.',
  'takes-along': 'systemd restarts or stops these units together with the service.',
  'on-failure': 'The stop, or a failed trial, of the service starts other units, or reboots the machine.',
  'service-failed': {
    cause:
      'The service did not start under the change, did not stay up, or a probe of `[apply]` failed. `apply` rolls back.',
    wayOut:
      'The hint has the last lines of the service. Run a failed probe by hand. `sandbox-unit explain --record UNIT` lists the calls that the service needs.',
  },
  'service-down': {
    cause: 'The change was rolled back, and the service still does not start.',
    wayOut: '`systemctl status UNIT` and the journal show why. The reason may not be the policy.',
  },
  failed: 'The service has failed, or is restarted again and again, under its policy.',
  'stays-stopped': 'The service was stopped during the change, and is not started.',
  'not-stopped': 'A service or watch that this run started could not be stopped.',
  'still-under-way': 'A start, stop or restart took too long, and sandbox-unit stopped waiting for it.',
  'went-down':
    'The service, or a unit that depends on it, went down. The message says whether it was started again.',
  probe: 'A host without Node cannot try every kind of probe of `[apply]`.',
  'reload-kills': {
    cause: 'The service ends at the signal that its reload sends, with or without a policy.',
    wayOut:
      "Correct the unit's `ExecReload=`. `reload = false` in `[apply]` leaves the reload out of the trial.",
  },
  'not-listening': {
    cause: 'The service does not listen on an address on which it listened before.',
    wayOut:
      'Allow the sockets or capabilities that it needs. If it is slow to start, use a longer `settle` in `[apply]`.',
  },
  'refusals-unseen':
    'Some refused calls may not have been seen during the trial. `sandbox-unit explain UNIT` looks again.',
  'refused-access': {
    cause:
      'A directive of the policy refused the service a path, an address, a capability, or memory that it asked for.',
    wayOut:
      'If the service needs it, make the change of the hint. With `refused = "rollback"` in `[apply]` such a policy is rolled back.',
  },
  'refused-in-trial': {
    cause: 'During the trial the policy refused something, and the service was harmed by it.',
    wayOut: 'Allow what is listed. To apply such a policy anyway: `refused = "warn"` in `[apply]`.',
  },
} as const satisfies Entries;

/** Filters for running processes: `apply --live` and `tighten`. */
export const LIVE = {
  'not-live': {
    cause:
      'A running service can only be given a more restrictive filter, only on x86-64 and arm64, and no directives.',
    wayOut: 'Without `--live`, a restart puts the whole policy into force.',
  },
  'keeps-filter': 'Running processes keep the filter until they end, also after a roll-back.',
  'not-tightened':
    'The filter was not loaded: there is no process, the calls cannot be refused, or `tighten` failed.',
  'processes-killed':
    'Some threads had the filter and another could not be given it, so all processes were killed.',
  'thread-stuck': {
    cause:
      'A thread cannot be stopped or given a filter: it waits for a device or in a call that the filter refuses, is traced, or is in another namespace.',
    wayOut:
      'Run the command again, as root and outside of any container. A restart under a policy gives every process the filter.',
  },
  tightened: '`sandbox-unit tighten` has taken calls from the running processes.',
} as const satisfies Entries;

/** Changes since a policy was applied, and scores. */
export const STATUS = {
  'not-applied': 'The unit is not confined as the policy says, or the unit of the policy does not exist.',
  'drift-policy': 'The policy, or what it extends, has changed since it was applied.',
  'drift-unit': 'The unit files have changed, and the policy would give other files now.',
  'drift-command': 'A command of the unit has changed, as after an upgrade.',
  'drift-systemd': 'systemd is another version than the files were made for.',
  'drift-files': {
    cause: 'The drop-in or a file beside it is gone, was edited, or can be changed by users other than root.',
    wayOut: 'Apply the policy again by the command in the hint. `sandbox-unit revert UNIT` removes it.',
  },
  'drift-loaded': {
    cause: 'systemd has loaded other values than the drop-in on disk sets.',
    wayOut:
      '`systemctl daemon-reload`, then run the command again. `systemctl cat UNIT` shows which file sets it last.',
  },
  'drift-launcher':
    'The launcher, or the program for `[ready]`, is of another version of sandbox-unit. `apply` replaces it.',
  'drift-unknown': 'Whether something has changed is unknown, since this user cannot read a file.',
  'cannot-start': {
    cause: 'A file that the unit needs to start is gone, damaged or not executable. The next start fails.',
    wayOut: 'Apply the policy again by the command in the hint.',
  },
  'gaps-allowed': 'The unit was applied with `--allow-gaps`: lines of these kinds have no effect.',
  'other-policy': 'The unit is confined by another policy than the one that is found for it now.',
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
      'A directive is loaded, but a process is not restricted by it: it started earlier, or something overrides it.',
    wayOut:
      "Restart the service. If that does not help, look for a helper with privileges, or for a mount of the unit's own, such as `BindPaths=/tmp` beside `PrivateTmp`. Under `ProtectSystem=strict`, name a path of `NoExecPaths` in `BindReadOnlyPaths`, not in `ReadOnlyPaths`. From systemd 255 on, use `ProtectKernelTunables` to close `/sys`.",
  },
  'left-over': {
    cause:
      'A process from before the service was started with the policy is still running. A restart does not confine it.',
    wayOut: 'The command in the hint stops the service, kills that process, and starts the service again.',
  },
  'launcher-unknown':
    'Something other than the installed launcher may have loaded the filter. Restart the service.',
  'filters-unreadable': {
    cause:
      'Filters cannot be read from the kernel: this process is not root, has a filter itself, or there are too many. A login through a confined ssh has the filter of ssh.',
    wayOut:
      'Run the command as root, outside of any container. In a login that has a filter: `systemd-run --wait --pipe sandbox-unit verify UNIT`.',
  },
  'processes-unreadable': 'Some processes of the service could not be examined.',
  'processes-unseen':
    'Some processes of the service are where `verify` does not look, or no process shows whether a directive has its effect.',
  'not-serving':
    'The unit has processes and is starting, stopping or failed. It may be without the filter of `[ready]`.',
} as const satisfies Entries;
