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
  'unknown-directive': 'The name is not one of the sandboxing directives that `[service]` takes.',
  'refused-directive':
    'A policy cannot set this directive: it is written from `[syscalls]`, or it confines nothing.',
  'directive-value': 'systemd would not accept this value, and would start the service without the line.',
  'no-policy': 'No policy was found where the command looks for one, or the policy confines nothing.',
  'unknown-template': 'No template of that name is installed.',
  'host-defaults':
    'The defaults of the host can only take rights from services, and only a policy can ask for them.',
} as const satisfies Entries;

/** The meaning of a policy. */
export const POLICY_MEANING = {
  contradiction: 'Two lines of the policy contradict each other, or one makes the other useless.',
  'expectation-failed': 'An `[[expect]]` names the answer to a call, and the policy gives another one.',
  indispensable: {
    cause:
      'The policy refuses a call that every program makes, or one that a new worker of the service needs.',
    wayOut:
      'Allow the call. Without `fork`, `vfork`, `clone` and `clone3` a worker that dies is not replaced; a service of one process needs none.',
  },
  'ready-reload': {
    cause:
      'The unit can be reloaded, by `systemctl reload` or by logrotate(8), and a reload makes calls that `[ready]` refuses or may refuse. Some daemons do not report that a reload failed.',
    wayOut:
      'Watch a reload and learn the policy again. `reload = false` in `[ready]` has the service restarted instead; `reload = true` states that the lists have what a reload needs.',
  },
  'open-door': {
    cause: 'The policy refuses a call and allows another one that does the same work.',
    wayOut: 'Refuse the calls in the hint, too. If the other call has to pass, the refusal protects nothing.',
  },
  'filter-too-long':
    'The filter has more instructions than the kernel accepts, or than can be proven in full. Use fewer argument rules.',
} as const satisfies Entries;

/** Kinds of gaps, which `--allow-gaps` takes by name. */
export const GAPS = {
  'gap-directive': {
    cause:
      'The systemd of the target does not know the directive or its value, or lacks what it takes. systemd would skip the line.',
    wayOut: 'Update the target, or remove the line. `--allow-gaps` goes on without it.',
  },
  'gap-undone': {
    cause: 'A line of the unit, a socket unit or a slice opens what the directive closes.',
    wayOut: 'Remove the line that the message names. `--allow-gaps` goes on with it.',
  },
  'gap-no-launcher': {
    cause: 'Only the launcher can enforce this line, and there is none for this kind of machine.',
    wayOut: 'Remove the line. `--allow-gaps` goes on without it.',
  },
  'gap-ready': {
    cause:
      'The filter of `[ready]` cannot be loaded into this service: because of its type, its manager, its root folder or the machine.',
    wayOut:
      'Follow the hint, or remove `[ready]`. With `--allow-gaps` the service keeps the calls of its start.',
  },
  'gap-no-command': {
    cause:
      'The policy needs the launcher, but no `ExecStart=` is started through it: the unit has none, or `wrap` leaves it out.',
    wayOut:
      'Add `"ExecStart"` to `wrap`, or remove the lines that `sandbox-unit plan UNIT` shows as the launcher\'s.',
  },
  'gap-exec': {
    cause:
      'The launcher cannot be put in front of this command. It has a prefix that skips a part of the sandbox, or a path that only systemd can work out.',
    wayOut:
      'Put the line, without the prefix or the specifier, into a drop-in of the unit, behind an empty `ExecStart=`.',
  },
  'gap-exec-privileged': {
    cause: 'systemd runs a command with the prefix `+` outside of every sandbox.',
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
  loosened: 'The policy is weaker than the unit in this directive, and `loosen` states that it is meant.',
  'leaves-open': {
    cause:
      'systemd does not make mounts of other directives read-only or not executable, nor what the host mounts after the start. These stay open.',
    wayOut:
      'List what has to be closed in the directive that the hint names. A restart closes what was mounted since the start.',
  },
  'file-mask': {
    cause:
      'The policy closes a single file or socket by a mount over it. An upgrade or `useradd` replaces such a file, and the kernel then removes the mount. The new file is open to the service until its next start.',
    wayOut:
      'Close the folder above it, if the service can do without it. Otherwise restart the service when the file is replaced; `status` and `verify` check whether the file is closed.',
  },
  renamable: {
    cause:
      'The service can write two or more levels above a closed path. It can rename the folder in between and create another one with that name. The next start then closes the wrong path.',
    wayOut:
      'Close a folder directly below the writable one, or list less in `ReadWritePaths`. `BindPaths` of the folder to itself keeps it from being renamed. A service without write permission on the folder above needs nothing.',
  },
  overridden: {
    cause:
      'A drop-in that sorts after that of sandbox-unit sets the directive again, and the last line wins.',
    wayOut:
      'Rename that file so that it sorts earlier, or mask it by a link to `/dev/null` and move its line into the policy.',
  },
  shadows:
    'Another drop-in has the name of the one of sandbox-unit, and systemd would read only one of the two.',
  assumed:
    'The target, or the root folder of the unit, cannot be examined. The plan assumes that it supports all lines.',
  'own-filter': {
    cause:
      "The unit has a `SystemCallFilter=` of its own. A call has to pass both filters, unless `inherit = false` drops the unit's.",
    wayOut:
      "`inherit = false` in `[syscalls]` replaces the unit's filter; without it the unit's refusals stay.",
  },
  'own-filter-word-ignored':
    'systemd ignores a word of the `SystemCallFilter=` of the unit: no call or set has this name.',
  permissive:
    'With `--permissive`, calls that the policy would refuse are allowed and recorded, and lines of `[service]` are lifted.',
} as const satisfies Entries;

/** Programs, and what a policy takes from them. */
export const PROGRAMS = {
  'locks-out': {
    cause:
      'The line takes away what the unit is for: programs of a login, home folders of a file server, the clock of a time server.',
    wayOut: 'Remove the line for this unit. If it is meant: `understood = ["locks-out"]` in `[apply]`.',
  },
  'logins-inherit': {
    cause: "This unit starts sessions, which inherit its filter and its directives. That includes root's.",
    wayOut:
      'Test a login while you have another way in. `apply --confirm` undoes the change unless it is confirmed. From such a session, run `systemd-run --wait --pipe sandbox-unit verify UNIT`.',
  },
  'no-program': 'The program that the unit starts was not found.',
  'makes-code': {
    cause:
      'The program generates machine code at run time, and the policy refuses memory that is both writable and executable.',
    wayOut:
      'Remove that line for this service. If the message is a note, the program works without such memory, but more slowly.',
  },
  'no-new-privileges': {
    cause:
      'The launcher or the policy sets no_new_privs, which a service without CAP_SYS_ADMIN needs to load a filter. The set-user-ID and set-group-ID bits of programs then have no effect.',
    wayOut:
      'If the service needs such a program and keeps CAP_SYS_ADMIN, write `NoNewPrivileges = false` in `[service]`.',
  },
  'untrusted-path': {
    cause:
      'Users other than root can change a program that runs outside of the filter, or a folder above it, and could put another program there.',
    wayOut:
      'Make root the only owner of the file and of all folders above it, or name a copy in such a folder.',
  },
} as const satisfies Entries;
