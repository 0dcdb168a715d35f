import type { Entries } from './entry.js';

/** Programs, and what a policy takes from them. */
export const PROGRAMS = {
  'locks-out': {
    cause:
      'People or machines get in by this unit, or depend on it, and the line takes something that it needs for that.',
    wayOut: 'Leave the line out for this unit. If it is meant: `understood = ["locks-out"]` in `[apply]`.',
  },
  'logins-inherit': {
    cause:
      'Sessions are started by this unit, and inherit its filter and its directives. That holds for root, too. With a filter, `verify` and `apply` in such a session read no filters back: `filters-unreadable`.',
    wayOut:
      'Try a login while you still have another way in. `apply --confirm` takes the change back if nobody confirms it. In such a session, verify other units by `systemd-run --wait --pipe sandbox-unit verify UNIT`.',
  },
  'unreachable-program': {
    cause:
      "The policy hides a program of the unit, makes it not executable, or takes a capability without which it can't start.",
    wayOut: 'Do as the hint says: show the path, list it in `ExecPaths`, or leave the capability in place.',
  },
  'no-program': {
    cause: 'The file that is to be started is not there, as far as this program sees.',
    wayOut: 'Install the package that has it, or correct the path or name.',
  },
  'start-script': {
    cause:
      'The command is a shell or a script, and the policy refuses `execve`. It could start no other program.',
    wayOut:
      'If it becomes the daemon, refuse `execve` in `[ready]` instead: the daemon loses it once it serves. If it runs programs, do not refuse `execve`.',
  },
  'start-calls': {
    cause: "The program's dynamic linker and C library make calls at each start that the policy refuses.",
    wayOut:
      'Add the calls to `allow`, or use `stage = "entry"`, which needs none of those of the dynamic linker.',
  },
  'go-calls': {
    cause: 'The program is written in Go. Its runtime makes calls of its own, which the policy refuses.',
    wayOut: 'Add the calls that the message names to `allow`.',
  },
  'makes-code': {
    cause:
      'The program has an engine that makes machine code at run time, and the policy refuses memory that is writable and executable.',
    wayOut:
      'Leave that line out for this service. A note instead of a warning says that the program only becomes slower.',
  },
  'setuid-program': {
    cause: 'The program has a set-user-ID or set-group-ID bit. Without new privileges the kernel ignores it.',
    wayOut: 'Set `User=` and the capabilities in `[service]` instead.',
  },
  'set-id-lost': {
    cause:
      'The program starts others that need their set-user-ID or set-group-ID bits. Without new privileges these have no effect.',
    wayOut: 'Where that is needed, write `NoNewPrivileges = false` in `[service]`.',
  },
  'capabilities-lost': {
    cause: "The program's file gives it capabilities, and the policy makes that ineffective.",
    wayOut: 'Give the capabilities by `AmbientCapabilities`, with that name in `loosen`.',
  },
  'pam-fails': {
    cause: 'The program asks PAM, whose modules and helpers need something that the policy takes.',
    wayOut: 'If people get in by this service, leave that line out.',
  },
  'programs-unseen': {
    cause:
      "The unit has a root folder or image of its own, and nobody looks into the files there. Only the programs' names are known.",
    wayOut: 'Read the policy with these programs in mind.',
  },
  'no-reload': {
    cause: '`reload = true` asks for a reload in the trial, and the unit has no means to be reloaded.',
    wayOut: 'Leave `reload` out: a unit that can be reloaded is reloaded anyway.',
  },
  'no-new-privileges': {
    cause:
      'Without no_new_privs the launcher needs CAP_SYS_ADMIN to load a filter; or it sets no_new_privs although the unit does not.',
    wayOut:
      'Leave `NoNewPrivileges` out of the policy. If the programs need new privileges and keep CAP_SYS_ADMIN, set it to false.',
  },
  'stage-unsupported': {
    cause:
      'Stage `entry` traces the program to its entry point. That fails with a PID namespace, for a 32-bit program, and where tracing is forbidden.',
    wayOut: 'Use `stage = "exec"`.',
  },
  'launcher-hidden': {
    cause: 'A directive hides the launcher or its filter from the service. Its start would fail.',
    wayOut:
      'Do as the hint says. `ProtectHome = "tmpfs"`, for instance, hides homes and still lets the launcher be shown.',
  },
  'mounted-noexec': {
    cause: 'The file system with the launcher is mounted `noexec`.',
    wayOut: 'Mount it without `noexec`.',
  },
  'untrusted-path': {
    cause:
      'Others than root can change a folder or file on the way to the launcher, or to a program that runs without it. They could put another program in its place. Without the launcher run lines outside of `wrap`. Programs of lines with `+` or `!` count with any policy, all programs with `[ready]`.',
    wayOut: 'Let root alone own and change it and all folders above it, or name a copy below such folders.',
  },
  'label-on-launcher': {
    cause:
      'A security label of the unit takes effect when the launcher starts, before it executes the program.',
    wayOut: "See that the label's rules let the launcher execute the program.",
  },
  'identifier-changes': {
    cause:
      'The journal names the output by one identifier for the unit, and behind the launcher several programs share it.',
    wayOut: 'Nothing, unless something looks for the other names in the journal.',
  },
  'mount-points': {
    cause: "The unit's image may be read-only, and must have files where the launcher is mounted.",
    wayOut: 'Put empty files at the paths in the message, if the image is read-only and lacks them.',
  },
} as const satisfies Entries;
