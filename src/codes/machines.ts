import type { Entries } from './entry.js';

/** Units and their files. */
export const UNITS = {
  'no-unit':
    'systemd has no unit of this name. `systemctl list-unit-files --type=service` lists the services.',
  'not-a-service': 'The unit is a socket, a timer or the like. Only services have a sandbox.',
  'invalid-unit-name': 'The name has characters that unit names cannot have, or is too long.',
  'unit-template': 'A template has no process. Name an instance of it that is loaded.',
  'unit-transient':
    'A program made the unit at run time. Use `sandbox-unit run` with the policy, or write a unit file.',
  'unit-exists': 'A unit of the name given to `run` already exists, or has failed and is still loaded.',
  'unit-changed': {
    cause: "systemd has not read the unit's files since they were changed.",
    wayOut: '`systemctl daemon-reload`, then run the command again.',
  },
  'not-loaded':
    'systemd cannot load the unit, or the unit is masked. `systemd-analyze verify UNIT` shows why.',
  'by-template': {
    cause:
      "The unit is an instance of a template. The template's drop-in confines it, or would replace its own lines.",
    wayOut:
      'Apply or revert the instance by itself first. `sandbox-unit revert TEMPLATE` frees all instances.',
  },
  unconfined: 'The unit has no drop-in of sandbox-unit. `sandbox-unit apply UNIT` makes one.',
  'bad-unit-file':
    'The unit file has a line that systemd refuses or skips. `systemd-analyze verify UNIT` explains it.',
  'unit-file-cut-short': 'systemd stops reading the file at this line. What follows has no effect.',
} as const satisfies Entries;

/** The machine, its service manager and its files. */
export const MACHINE = {
  'no-bus': {
    cause: 'No connection to the service manager could be made.',
    wayOut:
      'Follow the hint. Where systemd does not run, as in an image, `--root FOLDER` works on files alone.',
  },
  'bus-failed': 'The connection to the service manager was lost.',
  'manager-away':
    'The service manager left the bus before it answered, as it does when it re-executes itself.',
  'manager-answer':
    'The service manager did not answer in time, or its answer is not one that systemd gives.',
  'manager-refused': 'The service manager refused the request, for the reason in the message.',
  'access-denied': 'This user may not do that. Run the command as root, or with `--user` for your own unit.',
  'needs-root': 'The command changes system units, or reads what only root may read.',
  'systemd-version': {
    cause: 'The version of systemd is unknown, older than supported, or newer than any that was tested.',
    wayOut:
      'With a newer one read the plan, then run `sandbox-unit verify UNIT`. An image needs the libraries of systemd.',
  },
  offline: 'This needs the running machine, and `--root` or `--facts` names another one.',
  'no-helper':
    'A program that belongs to sandbox-unit is not installed, or this kind of machine is not known.',
  'no-user': 'This machine has no user of that name.',
  unreadable: 'The file or folder cannot be read, for the reason in the message.',
  unwritable: 'The file or folder cannot be written, or the output cannot be printed.',
  'bad-file':
    'The file, recording or facts are damaged, of another unit or version, or not a regular file; or a path has control characters.',
  'too-large': 'The file is larger than any file of its kind needs to be.',
  'file-changed': 'The file changed while it was read.',
  'untrusted-file': {
    cause:
      'Users other than root can change the file, a folder above it, or the place that a link points to.',
    wayOut:
      'Make root the only owner: the hint has the command. Or use a place below folders that only root can change.',
  },
  'cannot-watch': {
    cause:
      'The kernel lets no program watch services here: it is too old, locked down or built without BTF, or the process has too few rights.',
    wayOut:
      'Watch as root, outside of any container, on Linux 6.1 or later. Policies are enforced without it.',
  },
  'no-cgroup': 'The service has no control group that can be watched. Start it first.',
  'observer-failed':
    'The program that watches services is missing, damaged or of another version, or it failed.',
  internal: 'This is a mistake in sandbox-unit. Please report it.',
  usage: 'The command line is wrong. `--help` shows the options.',
} as const satisfies Entries;

/** Commands of `run`. */
export const TRANSIENT = {
  'without-launcher': 'Some commands of the unit run without the filter of the launcher.',
  'start-failed':
    'The unit did not start: the command was refused a call, or is missing, or has no folder or terminal.',
  'unit-gone': 'The unit was unloaded before its result could be read. This does not count as a success.',
} as const satisfies Entries;

/** Other hosts: facts, and files made for them. */
export const FACTS = {
  unanswered: {
    cause: 'The plan needs something about the other machine that its facts do not have.',
    wayOut:
      'Check the name of the unit. Run the printed command for that machine, and pass its output with another `--facts`.',
  },
  hosts: 'The other messages of this plan are about these hosts, which have the same facts.',
} as const satisfies Entries;
