import type { Entries } from './entry.js';

/** Programs, and what a policy takes from them. */
export const PROGRAMS = {
  'locks-out': {
    cause:
      'The line takes from the unit what its work needs: programs from a login, homes from a file server, the clock from a time server.',
    wayOut: 'Leave the line out for this unit. If it is meant: `understood = ["locks-out"]` in `[apply]`.',
  },
  'logins-inherit': {
    cause:
      'Sessions are started by this unit, and inherit its filter and its directives. That holds for root, too. With a filter, `verify` and `apply` in such a session read no filters back: `filters-unreadable`.',
    wayOut:
      'Try a login while you still have another way in. `apply --confirm` takes the change back if nobody confirms it. In such a session, verify other units by `systemd-run --wait --pipe sandbox-unit verify UNIT`.',
  },
  'no-program': {
    cause: 'The file that is to be started is not there, as far as this program sees.',
    wayOut: 'Install the package that has it, or correct the path or name.',
  },
  'makes-code': {
    cause:
      'The program has an engine that makes machine code at run time, and the policy refuses memory that is writable and executable.',
    wayOut:
      'Leave that line out for this service. A note instead of a warning says that the program only becomes slower.',
  },
  'set-id-lost': {
    cause:
      'The program starts others that need their set-user-ID or set-group-ID bits. Without new privileges these have no effect.',
    wayOut: 'Where that is needed, write `NoNewPrivileges = false` in `[service]`.',
  },
  'no-reload': {
    cause: '`reload = true` asks for a reload in the trial, and the unit has no means to be reloaded.',
    wayOut: 'Leave `reload` out: a unit that can be reloaded is reloaded anyway.',
  },
  'no-new-privileges': {
    cause:
      'The launcher sets no_new_privs although the unit does not: without it only a service with CAP_SYS_ADMIN may load a filter.',
    wayOut:
      'If the programs need new privileges and keep CAP_SYS_ADMIN, write `NoNewPrivileges = false` in `[service]`.',
  },
  'untrusted-path': {
    cause:
      'Others than root can change a folder or file on the way to the launcher, or to a program that runs without it. They could put another program in its place. Without the launcher run lines outside of `wrap`. Programs of lines with `+` or `!` count with any policy, all programs with `[ready]`.',
    wayOut: 'Let root alone own and change it and all folders above it, or name a copy below such folders.',
  },
  'identifier-changes': {
    cause:
      'The journal names the output by one identifier for the unit, and behind the launcher several programs share it.',
    wayOut: 'Nothing, unless something looks for the other names in the journal.',
  },
} as const satisfies Entries;
