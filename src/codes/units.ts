import type { Entries } from './entry.js';

/** Units and their files. */
export const UNITS = {
  'no-unit': {
    cause: 'systemd knows no unit of this name, or it has no unit file.',
    wayOut:
      "`systemctl list-unit-files --type=service` lists the units there are. A policy of a user's own unit takes `--user`.",
  },
  'not-a-service': {
    cause:
      'The unit is of another type than a service, as a socket or a timer is. Only services have a sandbox.',
    wayOut: 'Name the service that it starts: `systemctl show --property=Triggers UNIT`.',
  },
  'invalid-unit-name': {
    cause:
      'The name has characters that unit names do not have, is too long, or lacks a part before its `@` or its type.',
    wayOut: 'Name the unit, not its file. `systemd-escape` turns any text into a unit name.',
  },
  'unit-name-too-long': {
    cause:
      'The folder of drop-ins is called like the unit with `.d` behind it, and no file name is longer than 255 bytes.',
    wayOut: 'Give the unit, or the instance, a shorter name.',
  },
  'unit-template': {
    cause: 'A template has no process of its own: only its instances run.',
    wayOut: 'Name an instance, as the hint shows.',
  },
  'unit-masked': {
    cause: 'The unit is masked, so that systemd never starts it.',
    wayOut: '`systemctl unmask UNIT`, if it is to run.',
  },
  'unit-transient': {
    cause:
      'The unit was made by a program at run time, as `systemd-run` does. Its drop-ins go with it when it stops.',
    wayOut: 'Write a unit file for it, or start it by `sandbox-unit run` with the policy.',
  },
  'unit-exists': {
    cause: 'A unit of the name that was given to `run` is there already, or has failed and is still loaded.',
    wayOut:
      'Give another name or none. `systemctl stop UNIT` and `systemctl reset-failed UNIT` free the name of a transient unit.',
  },
  'unit-changed': {
    cause:
      "The unit's files are others than systemd has read. A plan of the new files would not be about what is loaded.",
    wayOut: '`systemctl daemon-reload`, then run the command again.',
  },
  'not-loaded': {
    cause: "systemd can't load the unit, or does not read its drop-in from where it was written.",
    wayOut:
      '`systemd-analyze verify UNIT` says what is wrong with its files, and `systemctl cat UNIT` which of them are read.',
  },
  'no-instance': {
    cause: 'No instance of the template is loaded, so that there is nothing to look at.',
    wayOut: 'Name an instance, or start one.',
  },
  'instance-differs': {
    cause:
      'An instance of the template has lines of its own, and the drop-in of the template would take their place.',
    wayOut: "`sandbox-unit apply INSTANCE` first: its own drop-in is read in the place of the template's.",
  },
  'by-template': {
    cause: "The unit is confined as an instance of its template, by the template's drop-in.",
    wayOut:
      "`sandbox-unit revert TEMPLATE` frees all instances. A policy for the instance alone takes the template's place.",
  },
  unconfined: {
    cause: 'No drop-in of sandbox-unit is there for the unit.',
    wayOut:
      '`sandbox-unit apply UNIT`, with a policy at the path in the hint, or one named by `--policy` or `--template`.',
  },
  'bad-unit-file': {
    cause: "The unit's own file has a line for which systemd refuses the whole unit.",
    wayOut:
      'Correct the line that the message shows. `systemd-analyze verify UNIT` tells what systemd thinks of it.',
  },
  'invalid-exec-line': {
    cause:
      "systemd would not start this command: a quote is not closed, the path is no path, or a word can't be read.",
    wayOut:
      "Correct the line in the unit's file, or the one in the policy's `start-pre`. A warning is about a command that may fail, or that systemd skips.",
  },
  'drop-in-cut-short': {
    cause:
      "systemd stops reading a drop-in at a line that it can't take. All that follows in the file is not in force.",
    wayOut: 'Correct the line that the message shows, then `systemctl daemon-reload`.',
  },
  'unit-file-cut-short': {
    cause:
      "systemd stops reading a unit file at a line that it can't take. All that follows in the file is not in force.",
    wayOut: 'Correct the line that the message shows, then `systemctl daemon-reload`.',
  },
  'unit-line-ignored': {
    cause: "A line of the unit's file stands outside of a section, or is no assignment. systemd skips it.",
    wayOut: 'Correct the line, or remove it.',
  },
} as const satisfies Entries;
