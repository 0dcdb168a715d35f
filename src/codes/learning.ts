import type { Entries } from './entry.js';

/** Refused calls, and their records. */
export const REFUSALS = {
  'refused-call': {
    cause: 'A filter refused a call of the service. The place is the line of the policy that decided.',
    wayOut:
      'If the service needs the call, `sandbox-unit explain --write UNIT` makes the change that is proposed.',
  },
  'recorded-call': 'A call was allowed and recorded, by `log`, an argument rule or a permissive policy.',
  opens: {
    cause:
      'The policy, or the change that would allow a call, gives the service something dangerous, which the message names.',
    wayOut:
      'Keep it only if the service needs it. For `/run`: set `RuntimeDirectory=NAME` in a drop-in, have the service write to `/run/NAME`, and watch it again.',
  },
  'no-record': {
    cause:
      'Calls that fail with an errno leave no record. The message says what is on record, and since when.',
    wayOut:
      'If the service works, nothing. `sandbox-unit explain --record UNIT` watches a run, and sees such calls, too.',
  },
  'records-incomplete': {
    cause:
      'Records of refused calls are missing or cannot be read: the log of the kernel gets no more than 10 in 5 seconds, or a watch missed calls.',
    wayOut:
      'Follow the hint. auditd, or `systemd-journald-audit.socket`, gets all records. In a container they are in the log of the host.',
  },
  'nothing-to-write': 'No change of the policy is proposed, or the policy has no `[syscalls]`.',
  'not-restarted': 'The command has to restart the service and cannot, for the reason in the message.',
  written: 'The changes are in the policy file. `sandbox-unit apply UNIT` puts them into force.',
  'not-written': 'The file was not written: it is a template, or was edited, or belongs to a package.',
} as const satisfies Entries;

/** Watching services, and policies from what was seen. */
export const LEARNING = {
  recorded: 'The watch has ended, and what it saw is kept as a recording.',
  watched: 'The service is being watched.',
  'not-watched': 'There is no watch of this service in the background that could be ended.',
  'watch-failed': 'The watch failed. Nothing of what it saw is kept, or not all of it.',
  'exercise-failed':
    'The reload, or the command of `--exercise`, failed. The service may not have done all its work.',
  'no-recording': 'There is no recording of the unit that counts for this machine, or it has no calls.',
  'recordings-differ': 'The recordings are of other machines or of other versions of the program.',
  'recording-incomplete': {
    cause: 'A recording lacks events: the watch had no room for them, or this kernel cannot show them.',
    wayOut: 'Watch again: all recordings count together. Until then check the lines that the message names.',
  },
  'reachable-unknown': {
    cause:
      'The code of the program does not show which calls it can reach. Calls that were not seen are allowed and logged.',
    wayOut: 'Watch for longer. `sandbox-unit learn --promote UNIT` later refuses what was never used.',
  },
  tiers: {
    cause: 'The learned policy allows some calls, logs others, and refuses the rest.',
    wayOut: 'Nothing now. `sandbox-unit learn --promote UNIT` ends the logging when enough was seen.',
  },
  'recording-leavers': 'Processes left the control group of the service, as logins do, and were not watched.',
  'ready-unknown': {
    cause:
      '`--ready` was given, and the recordings do not show which calls only the start of the service needs.',
    wayOut:
      'The hint has the command that watches a start and work. Without `--ready` the policy is the same.',
  },
  ready: '`[ready]` of the learned policy refuses calls that the service made only until it was ready.',
  'not-promoted':
    'The unit was not watched for long enough under its policy, or nothing of it waits for more.',
  promoted:
    'Logged calls that were used are now allowed, and those that were never used are refused. Lines of `[service]` that waited are stated.',
  'not-stated': {
    cause: 'Lines of `[service]` rest on what the service did not do. A short watch can not show that.',
    wayOut:
      'Watch for a week, then run `sandbox-unit learn --promote UNIT`. Until then the lines are comments.',
  },
  'stated-early': '`--now` was given. The service may need on another day what `[service]` refuses.',
  'still-logged': 'The service used a call with other arguments than its rules have. It stays logged.',
} as const satisfies Entries;
