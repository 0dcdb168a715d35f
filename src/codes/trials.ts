import type { Entries } from './entry.js';

/** Restarts and trials. */
export const TRIALS = {
  'would-restart': {
    cause: '`--check` tells that the change would restart the service.',
    wayOut: 'Nothing. `--no-restart` leaves the service as it runs until its next start.',
  },
  'activation-failed': {
    cause:
      'Ansible has a host without the command changed by the script `activate`. The script has refused a unit or put it back, or has failed itself. The message is its own.',
    wayOut:
      'Where a service has ended, run the `journalctl` line of the message on the host. Correct the policy, then run the task again.',
  },
  'restart-due': {
    cause:
      'The files are in place, and the service runs as it was started before: a restart was not wanted, or is not possible. Or `verify` has found another filter in a process than the files have.',
    wayOut: "Restart the service when that suits, unless the hint says why it can't be.",
  },
  'no-restart': {
    cause: 'The service runs with this filter and these directives already.',
    wayOut: 'Nothing.',
  },
  'not-running': {
    cause:
      'The service does not run. Its policy takes effect at its next start, and there are no processes to look at.',
    wayOut: '`systemctl start UNIT`, if it should run. A oneshot unit has processes only while it works.',
  },
  'own-service': {
    cause: 'This program runs inside the service that is to be restarted, and would be ended with it.',
    wayOut: 'Run it from another place, by the `systemd-run` line in the hint, or use `--no-restart`.',
  },
  'takes-along': {
    cause: 'Other units are tied to the service, and systemd restarts or stops them with it.',
    wayOut: 'Choose a time at which that does no harm, or use `--no-restart`.',
  },
  'on-success': {
    cause: 'The unit has `OnSuccess=`, so that its stop starts another unit. A restart does that, too.',
    wayOut: 'Nothing, unless the other unit must not run now. `--no-restart` avoids it.',
  },
  'on-failure': {
    cause: 'The unit has `OnFailure=`. A trial that fails starts the units named there.',
    wayOut: 'Nothing, unless these must not run now. `--no-restart` tries nothing.',
  },
  'failure-action': {
    cause:
      'A failing trial would do more than stop the service: a line of the unit reboots the machine, or the like.',
    wayOut: 'Do as the hint says. `--no-restart` tries nothing.',
  },
  'service-failed': {
    cause:
      'The service did not come up under the change, did not stay up, or a probe of `[apply]` failed. A failed apply puts everything back.',
    wayOut:
      'Run a failed probe by hand. Else `sandbox-unit explain --record UNIT` names the calls that the service needs; the hint has its last words.',
  },
  'service-down': {
    cause: 'The change was put back, and the service does not come up again as it was before.',
    wayOut: '`systemctl status UNIT` and the journal say why: it may have another reason than the policy.',
  },
  'started-again': {
    cause: 'The service, or a unit that went down with it, has ended and was started again.',
    wayOut:
      'If it goes on ending, the journal has the reason. `sandbox-unit explain UNIT` says whether it was refused a call.',
  },
  failed: {
    cause: 'The service has failed, or fails and is started again and again, under its policy.',
    wayOut: '`sandbox-unit explain UNIT` says whether it was refused a call. The journal has what it said.',
  },
  'stays-stopped': {
    cause: 'This service was stopped while it was changed or tried. It is not started.',
    wayOut: '`systemctl start UNIT`, if it should run.',
  },
  'not-stopped': {
    cause: 'A service that was started for this run, or a watch, could not be stopped again.',
    wayOut: '`systemctl stop UNIT` by hand. The journal has what stands against it.',
  },
  'still-under-way': {
    cause: 'A restart or a stop on the way back takes very long, and is not waited for any longer.',
    wayOut:
      '`systemctl list-jobs` shows what is under way. `sandbox-unit status UNIT` tells what came of it.',
  },
  'went-down': {
    cause: 'A unit went down with the restart of the service, and systemd does not start it again.',
    wayOut: 'The command in the hint starts it, once the reason in the message is gone.',
  },
  'dependent-failed': {
    cause: 'A unit that went down with the service does not stay up with it since then.',
    wayOut:
      '`sandbox-unit explain UNIT` names calls that were refused to the service. The journal has what the other unit said.',
  },
  'no-probe': {
    cause: "The first word of a probe's command is no program that can be run here.",
    wayOut: "Give the program's path, or install it. No shell reads the words of a probe.",
  },
  'probe-home': {
    cause:
      'The probe runs as `probe-as`, outside of the policy. Many programs read files in the home of their user, and some start what these say, as `psql` does by `~/.psqlrc`. The service can write to that home.',
    wayOut:
      'Use `psql -X`, `curl -q` or `pg_isready`, which start nothing by such files. Else close the home to the service, or name another user.',
  },
  'untried-probe': {
    cause: 'A host without Node tries commands alone, and this probe is an address.',
    wayOut: 'Make it a command, or try the address from elsewhere and use `--confirm`.',
  },
  'reload-kills': {
    cause:
      'The service has a reload that only sends it a signal, and it ends by that signal, with or without a policy.',
    wayOut:
      "Mend the unit's `ExecReload=`. `reload = false` in `[apply]` leaves the reload out of the trial.",
  },
  'not-listening': {
    cause:
      "The service listened on an address before its restart, and doesn't under the policy. Who used it would find nothing.",
    wayOut:
      'Let it have the sockets or capabilities that it needs. If it takes its time, a longer `settle` in `[apply]` helps.',
  },
  'listens-elsewhere': {
    cause:
      "The service listens on another address than before, as servers with a port of the kernel's choice do.",
    wayOut: 'Nothing, if nobody relies on the earlier address.',
  },
  'refused-in-trial': {
    cause:
      'A line of the policy refused the service a call while it was tried, and that ended a process or took something from it.',
    wayOut:
      'Allow the calls that are named beside this. To keep such a policy: `refused = "warn"` in `[apply]`.',
  },
  'refusals-unseen': {
    cause:
      'Not all calls that were refused during the trial could be seen. A trial without findings proves less.',
    wayOut: 'Do as the hint says, if there is one. `sandbox-unit explain UNIT` looks again later.',
  },
} as const satisfies Entries;
