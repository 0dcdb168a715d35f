import type { Entries } from './entry.js';

/** Watching services, and policies from what was seen. */
export const LEARNING = {
  recorded: {
    cause: 'The watch is over, and what was seen is kept as a recording.',
    wayOut: '`sandbox-unit learn --show UNIT` tells what it proves.',
  },
  watched: {
    cause: 'The service is being watched, by this watch in the background or by another program.',
    wayOut: '`sandbox-unit learn --stop UNIT` ends a watch in the background, and keeps what was seen.',
  },
  'not-begun': {
    cause: 'A watch in the background did not begin.',
    wayOut: 'The command in the hint shows its reason in the journal.',
  },
  'not-watched': {
    cause: 'No watch of this service is under way.',
    wayOut: '`sandbox-unit learn --list` names what is watched.',
  },
  'in-foreground': {
    cause: 'The watch runs in a terminal, and only that can end it.',
    wayOut: 'Press Ctrl-C in that terminal.',
  },
  'not-kept': {
    cause: 'The watch is over, and not all that was seen could be written.',
    wayOut: 'The command in the hint shows the reason in the journal. A full disk is one.',
  },
  'cut-short': {
    cause: 'The watch failed. What it had seen is kept, and marked as incomplete.',
    wayOut: 'Watch the service again if more is needed.',
  },
  'nothing-kept': {
    cause: 'The watch failed before anything of it was written.',
    wayOut: 'Mend what the other message names, then watch the service again.',
  },
  'not-restarted': {
    cause: '`--restart` would restart the service, and something stands against that.',
    wayOut: 'Watch it without `--restart`, and restart it when that is possible.',
  },
  'reload-failed': {
    cause: 'The service could not be reloaded while it was watched.',
    wayOut: '`systemctl reload UNIT` and the journal say why. What was seen otherwise counts.',
  },
  'exercise-failed': {
    cause:
      'The command of `--exercise` ended with an error. The service may not have done all its work under the watch.',
    wayOut: 'Mend the command, then watch again.',
  },
  recording: {
    cause: 'The file is no recording, is of another unit, or was written by a newer version.',
    wayOut:
      "Give a file that `sandbox-unit learn` has written, or update sandbox-unit. `sandbox-unit learn --forget UNIT` removes a unit's own.",
  },
  'no-recording': {
    cause: 'No recording of the unit is kept here that counts for this machine.',
    wayOut:
      '`sandbox-unit learn UNIT` makes one, and `sandbox-unit learn --merge FILE UNIT` adds one of another host.',
  },
  'other-unit': {
    cause:
      "The recording is of another unit, or of another manager's units, than the one that it was to be added to.",
    wayOut: 'The hint has the command that adds it to its own unit.',
  },
  'other-machine': {
    cause: 'Some recordings are of another architecture, where calls differ. They have no part in this.',
    wayOut: 'Nothing. Learn on hosts of each architecture that the policy is for.',
  },
  'programs-differ': {
    cause:
      "The unit's programs were not the same files in all recordings, as after an upgrade. They count together.",
    wayOut: 'Forget the old recordings and watch again, if the earlier version no longer matters.',
  },
  'programs-unread': {
    cause:
      'Some programs could not be read, so that nobody knows whether they are the same in all recordings.',
    wayOut: 'Nothing, if the hosts have the same packages.',
  },
  'recording-lost': {
    cause: 'The watch had no room for everything. Lines that rest on the lost records may be missing.',
    wayOut:
      'Watch again for a shorter time: all recordings count together. Until then read the lines that the message names with care.',
  },
  'recording-blind': {
    cause: "The kernel can't show this kind of event, so that the recording has none of it.",
    wayOut: 'Decide the lines that the message names by hand, or watch on a newer kernel.',
  },
  'recording-leavers': {
    cause: "Processes were moved out of the service's control group, as logins are, and were not watched.",
    wayOut: 'Read every line of a policy with these in mind: they are confined as the service is.',
  },
  'recording-truncated': {
    cause: 'The watch ended before its time, so that what comes late may be missing.',
    wayOut: 'Watch again for the whole time.',
  },
  'watches-overlap': {
    cause:
      'Several watches of one host took place at the same time. Their counts are too high, their lines are right.',
    wayOut: 'Nothing.',
  },
  'nothing-seen': {
    cause: 'The service made no call while it was watched. Nothing can be learned of that.',
    wayOut: '`sandbox-unit learn --restart UNIT` watches a whole life of it, with its start.',
  },
  'unit-unread': {
    cause: "The unit's files could not be read, so that its commands are not on the checklist.",
    wayOut: 'Mend what the message names. What was seen counts all the same.',
  },
  'reachable-unknown': {
    cause:
      "The program's code does not tell which calls it can reach. Calls that were not seen are let through and logged.",
    wayOut: 'Watch for longer. `sandbox-unit learn --promote UNIT` later refuses what was never used.',
  },
  'loads-others': {
    cause: 'The program can load other files while it runs, and what these can do is not known.',
    wayOut: 'Have the service use what it loads, such as plugins, while it is watched.',
  },
  tiers: {
    cause: 'The learned policy has calls that are allowed, calls that are logged, and refuses all others.',
    wayOut: 'Nothing. `sandbox-unit learn --promote UNIT` ends the logging when enough was seen.',
  },
  'dangerous-seen': {
    cause: 'Calls that attackers want most are allowed, since the service made them while it was watched.',
    wayOut:
      '`sandbox-unit learn --show UNIT` tells when and by which program. Refuse those that it does not need.',
  },
  'defaults-refuse': {
    cause: "The service made calls that the host's defaults refuse, whatever the learned policy allows.",
    wayOut: 'Allow them by rules of the policy, or write `defaults = false` in it.',
  },
  'run-writable': {
    cause:
      "The service makes more than a file with its process ID directly in `/run`. The learned policy lets it write to all of `/run`, where root's other programs find what they start.",
    wayOut:
      'Write `RuntimeDirectory=NAME` in a drop-in of the unit, have the service write to `/run/NAME`, and watch it again.',
  },
  ready: {
    cause:
      '`[ready]` of the learned policy refuses calls that the service made until it was ready, and not since.',
    wayOut: 'Nothing. A list that is too long for the message is in the policy.',
  },
  'ready-unknown': {
    cause:
      "`[ready]` was asked for, and the recordings don't tell what the service does no more once it serves.",
    wayOut:
      'The hint has the command that watches a start, and work, or what `--no-reload` would take. Without `--ready` the policy is the same.',
  },
  'ready-left': {
    cause:
      'Calls were made at the start alone that work may need as well, or a reload with another configuration. They stay.',
    wayOut:
      'Watch again with `--exercise` and a command that gives the service work, or for a day. `--no-reload` takes those of a reload.',
  },
  'ready-older': {
    cause:
      "Some recordings are of an older version. They don't tell exactly which calls came once the service was ready.",
    wayOut: 'Nothing, where newer ones have seen the same. `sandbox-unit learn --forget UNIT` removes all.',
  },
  'rotation-reloads': {
    cause:
      '`[ready]` is for a service that is not reloaded. A file of logrotate(8) reloads it when logs are rotated. invoke-rc.d does so past systemd, and the service may fail then; `systemctl reload` is refused.',
    wayOut: 'Write the command in the hint in its place, or learn without `--no-reload`.',
  },
  'reload-unseen': {
    cause: 'The unit can be reloaded, and no reload was watched. It may need calls that `[ready]` refuses.',
    wayOut: 'Watch one by `--restart`, or give `--no-reload`: the service is restarted in its place.',
  },
  written: {
    cause: 'The learned policy is written to the file.',
    wayOut: 'Read it, then run the command in the hint.',
  },
  'policy-exists': {
    cause:
      'A file is at that place that `learn --write` has not written, or that somebody has changed since.',
    wayOut: 'Write to another file, and compare the two.',
  },
  'not-watched-enough': {
    cause: 'The unit was not watched for long enough under its policy to end the trial.',
    wayOut: 'The command in the hint watches the rest. `--after` asks for less.',
  },
  'records-lost': {
    cause: 'A recording has lost calls. A call that seems unused may be one that was lost.',
    wayOut: 'Watch the unit again.',
  },
  'nothing-to-promote': {
    cause: 'The policy logs nothing that could be allowed or refused instead.',
    wayOut: 'Nothing.',
  },
  promoted: {
    cause: 'Calls that were logged and used are now allowed, and those that were never used are refused.',
    wayOut: '`sandbox-unit apply UNIT` puts the policy into force.',
  },
  'still-logged': {
    cause:
      'The service used a call with other arguments than its rules have, or with some that could not be seen. It is still logged.',
    wayOut: 'Add a rule for these arguments. `sandbox-unit learn --show UNIT` tells which were used.',
  },
  'refusals-lost': {
    cause: 'A watch may have missed refused calls: it had no room for them, or was blind for them.',
    wayOut: 'Watch the service again.',
  },
} as const satisfies Entries;
