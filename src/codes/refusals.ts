import type { Entries } from './entry.js';

/** Refused calls, and their records. */
export const REFUSALS = {
  'refused-call': {
    cause: 'A filter refused a call that the service made. The place is the line of the policy that decided.',
    wayOut:
      'If the service needs the call, make the change that is proposed, or have `sandbox-unit explain --write UNIT` make it.',
  },
  'recorded-call': {
    cause: 'A call was let through and recorded, by a permissive policy, `log` or an argument rule.',
    wayOut: 'Allow the call before you enforce the policy, if the service needs it.',
  },
  opens: {
    cause:
      'The change that would allow the call gives the service something dangerous. The message says what.',
    wayOut: 'Allow it only if the service is known to need it. Otherwise leave the call refused.',
  },
  'no-record': {
    cause:
      'Calls that fail with an errno leave no record. What is on record, and since when, is told besides.',
    wayOut:
      'Nothing, if the service works. `sandbox-unit learn UNIT` sees such calls while they are refused, `sandbox-unit explain --record UNIT` in one run.',
  },
  'records-inconclusive': {
    cause: 'The service was killed for a call that left no record, or a recorded run may have missed calls.',
    wayOut:
      'Do as the hint says. A run with all calls recorded tells: `sandbox-unit apply --permissive UNIT`.',
  },
  'records-incomplete': {
    cause: 'The observer could not watch the recorded run, or had no room for some calls.',
    wayOut: 'Do as the hint says, or record once more.',
  },
  'records-suppressed': {
    cause: "The kernel's log gets no more than 10 records in 5 seconds, and there were as many.",
    wayOut:
      'Enable `systemd-journald-audit.socket`, or run auditd. Otherwise look again: calls that are made again are recorded again.',
  },
  'records-unreadable': {
    cause: "The kernel's records of refused calls can't be read here.",
    wayOut:
      'Run the command as root, with a journal that is kept. In a container they are in the log of the host.',
  },
  'nothing-to-record': {
    cause: 'The policy has no `[syscalls]`, so that there is no call to let through and record.',
    wayOut: 'Look at what the unit itself refuses: `systemctl cat UNIT`.',
  },
  'not-restartable': {
    cause: 'A recorded run restarts the service, and this one must not be restarted.',
    wayOut:
      'The hint says why. `sandbox-unit apply --permissive --no-restart UNIT` has its next start recorded.',
  },
  'nothing-to-write': {
    cause: 'No change of the policy is proposed, so that `--write` has nothing to do.',
    wayOut:
      "Nothing. A guess is never written: add such a call by hand if you know that it is the service's.",
  },
  'policy-written': {
    cause: "The proposed changes are in the policy's file. The unit is still confined by the earlier text.",
    wayOut: '`sandbox-unit apply UNIT` puts them into force.',
  },
  'not-written': {
    cause:
      "The file was not changed: it is a template or a package's, has changed meanwhile, or the watch that should fill it failed.",
    wayOut: 'Do as the hint says. A copy in `/etc/sandbox-unit` can be written.',
  },
} as const satisfies Entries;
