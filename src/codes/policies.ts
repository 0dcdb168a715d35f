import type { Entries } from './entry.js';

/** The text of a policy. */
export const POLICY_TEXT = {
  'policy-syntax': 'The file is not valid TOML, is not UTF-8 text, or is larger than any policy needs to be.',
  'unknown-key': 'This table has no key of that name. `man sandbox-unit.toml` lists the keys.',
  'policy-value': 'The value is missing, of the wrong type, or not one that the key takes here.',
  'too-many':
    'The policy has more mistakes of this kind than are listed. Correct these, then run the command again.',
  'unknown-syscall':
    'No system call or set of this name is known here, or only for other kinds of machines or newer kernels.',
  'unknown-directive': '`[service]` does not accept a directive of this name.',
  'refused-directive':
    'A policy cannot set this directive: it is made from `[syscalls]`, or it confines nothing.',
  'directive-value': 'systemd would not accept this value, and would start the service without the line.',
  'no-policy': 'No policy was found where the command looks for one, or the policy confines nothing.',
  'unknown-template': 'No template of that name is installed.',
  'host-defaults':
    'The defaults of the host can only take rights from services, and only a policy can extend them.',
} as const satisfies Entries;

/** The meaning of a policy. */
export const POLICY_MEANING = {
  contradiction: 'Two lines of the policy contradict each other, or one makes the other ineffective.',
  'expectation-failed': 'An `[[expect]]` names the answer to a call, but the policy gives another one.',
  indispensable: {
    cause:
      'The policy refuses a call that every program makes, or one that a new worker of the service needs.',
    wayOut:
      'Allow the call. Without `fork`, `vfork`, `clone` and `clone3` a worker that dies is not replaced; a service with only one process does not need these calls.',
  },
  'ready-reload': {
    cause:
      'The unit can be reloaded, by `systemctl reload` or by logrotate(8), and a reload makes calls that `[ready]` refuses or may refuse. Some daemons do not report that a reload failed.',
    wayOut:
      'Watch a reload and learn the policy again. With `reload = false` in `[ready]`, the service is restarted instead; `reload = true` states that the lists have what a reload needs.',
  },
  'open-door': {
    cause: 'The policy refuses a call, but allows another one that does the same.',
    wayOut: 'Refuse the calls in the hint, too. If the other call has to pass, the refusal protects nothing.',
  },
  'filter-too-long':
    'The filter has more instructions than the kernel accepts, or than can be proven in full. Use fewer argument rules.',
} as const satisfies Entries;

/** Kinds of gaps, which `--allow-gaps` takes by name. */
export const GAPS = {
  'gap-directive': {
    cause:
      "The target's systemd does not know the directive or its value, or cannot enforce it there. It would skip the line.",
    wayOut: 'Update the target, or remove the line. `--allow-gaps` continues without it.',
  },
  'gap-undone': {
    cause: 'A line of the unit, of a socket unit or of a slice opens something that the directive closes.',
    wayOut: 'Remove the line that the message names. `--allow-gaps` continues with it.',
  },
  'gap-no-launcher': {
    cause: 'Only the launcher can enforce this line, but there is none for this kind of machine.',
    wayOut: 'Remove the line. `--allow-gaps` continues without it.',
  },
  'gap-ready': {
    cause:
      'The filter of `[ready]` cannot be loaded into this service once it is ready, because of its type, its manager, its root directory or the machine.',
    wayOut:
      'Follow the hint, or remove `[ready]`. With `--allow-gaps` the service keeps the calls of its start.',
  },
  'gap-no-command': {
    cause:
      'The policy needs the launcher, but no `ExecStart=` runs through it: the unit has none, or `wrap` leaves it out.',
    wayOut:
      'Add `"ExecStart"` to `wrap`, or remove the lines that `sandbox-unit plan UNIT` shows as the launcher\'s.',
  },
  'gap-exec': {
    cause:
      'The launcher cannot be put in front of this command. It has a prefix that skips a part of the sandbox, or a path that only systemd can determine.',
    wayOut:
      'Put the line, without the prefix or the specifier, into a drop-in of the unit, after an empty `ExecStart=`.',
  },
  'gap-exec-privileged': {
    cause: 'systemd runs a command with the prefix `+` outside every sandbox.',
    wayOut:
      'Put the line without `+` into a drop-in of the unit, or leave that kind of command out of `wrap`.',
  },
} as const satisfies Entries;

/** Directives that open something, or have no effect. */
export const DIRECTIVES = {
  loosens: {
    cause: 'With this line the service would have more rights than it has without the policy.',
    wayOut:
      'Write a value that is at least as strict. If more rights are meant, name the directive in `loosen` of `[service]`.',
  },
  loosened:
    'The policy is weaker than the unit in this directive, and `loosen` declares that this is intended.',
  'leaves-open': {
    cause:
      'Making a path read-only or not executable does not cover mounts of other directives, or later mounts of the host. These stay open.',
    wayOut:
      'List the paths that have to be closed in the directive that the hint names. A restart closes later mounts.',
  },
  'file-mask': {
    cause:
      'The policy closes a single file or socket by a mount over it. The kernel removes that mount when the file is deleted or replaced, for instance by an upgrade or `useradd`. The new file is open to the service until its next start.',
    wayOut:
      'Close the parent directory, if the service does not need it. Otherwise restart the service when the file is replaced; `status` and `verify` check whether the file is closed.',
  },
  renamable: {
    cause:
      'The service can write two or more levels above a closed path. It can rename the directory between and make another path of that name, which the next start closes instead of the real one.',
    wayOut:
      'Close a directory directly below the writable one, or list less in `ReadWritePaths`. `BindPaths` of the directory to itself prevents the renaming. If the service has no write permission on the directory above, nothing is needed.',
  },
  overridden: {
    cause:
      'A drop-in that sorts after that of sandbox-unit sets the directive again, and the last line counts.',
    wayOut:
      'Rename that file so that it sorts earlier, or mask it with a link to `/dev/null` and move its line into the policy.',
  },
  shadows:
    'Another drop-in has the same name as that of sandbox-unit, and systemd would read only one of the two.',
  assumed:
    'The target, or the root directory of the unit, cannot be examined. The plan assumes that it can enforce the lines.',
  'own-filter': {
    cause:
      "The unit has a `SystemCallFilter=` of its own. A call has to pass both filters, unless `inherit = false` drops the unit's.",
    wayOut:
      "`inherit = false` in `[syscalls]` replaces the unit's filter; without it the unit's refusals stay.",
  },
  'own-filter-word-ignored':
    'systemd ignores a word of the `SystemCallFilter=` of the unit: no call or set has this name.',
  permissive: 'With `--permissive`, calls that the policy would refuse are allowed and recorded.',
} as const satisfies Entries;

/** Programs, and what a policy takes from them. */
export const PROGRAMS = {
  'locks-out': {
    cause:
      'The line takes away something that the work of this unit needs: programs from a login, home directories from a file server, the clock from a time server.',
    wayOut:
      'Remove the line for this unit. If it is intended, set `understood = ["locks-out"]` in `[apply]`.',
  },
  'logins-inherit': {
    cause: 'This unit starts sessions, which inherit its filter and its directives, even sessions of root.',
    wayOut:
      'Test a login while another session is open. `apply --confirm` undoes the change unless it is confirmed. In a confined session, use `systemd-run --wait --pipe sandbox-unit verify UNIT`.',
  },
  'no-program': 'The program that the unit starts was not found.',
  'makes-code': {
    cause:
      'The program generates machine code at run time, but the policy refuses memory that is writable and executable.',
    wayOut: 'Remove that line for this service. If the message is a note, the program only becomes slower.',
  },
  'no-new-privileges': {
    cause:
      'The launcher or the policy sets no_new_privs: without it, only a service with CAP_SYS_ADMIN may load a filter. Programs with set-user-ID or set-group-ID bits then gain no rights from these.',
    wayOut:
      'If the service needs such a program and keeps CAP_SYS_ADMIN, write `NoNewPrivileges = false` in `[service]`.',
  },
  'untrusted-path': {
    cause:
      'Users other than root can change a program that runs outside the filter, or a directory above it, and could put another program there.',
    wayOut:
      'Make the file and all directories above it belong to root alone, or name a copy in such a directory.',
  },
} as const satisfies Entries;
