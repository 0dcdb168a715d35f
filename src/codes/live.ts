import type { Entries } from './entry.js';

/** Filters for processes that run: apply --live and tighten. */
export const LIVE = {
  'not-live': {
    cause:
      'The change can not be made to what runs. A filter can only be added, only to processes that are there, and only on x86-64 and arm64.',
    wayOut: 'Leave `--live` out: the restart gives the whole policy to what is started.',
  },
  'live-directives': {
    cause:
      'The policy changes directives besides those on calls. systemd puts them into force at a start alone.',
    wayOut:
      'Leave `--live` out, or take the directives out of the policy for now. `sandbox-unit tighten` takes single calls at once.',
  },
  'keeps-filter': {
    cause:
      'The kernel has no call that takes a filter away. What runs keeps each until its end, also after a roll-back. A call that an earlier filter refuses stays refused, though the policy lets it through now.',
    wayOut: 'Restart the unit where a filter is to go: `systemctl restart UNIT`.',
  },
  'not-tightened': {
    cause:
      'The unit has no processes of its own, the calls can not be refused, or the program that loads the filter has failed.',
    wayOut: 'Do as the message says. Nothing was changed unless it says otherwise.',
  },
  'processes-killed': {
    cause:
      'Some threads had the filter when another could not be given it. So that none goes on without it, all processes of the unit were killed.',
    wayOut: '`systemctl status UNIT` says whether systemd has started it again. Start it if not.',
  },
  'started-meanwhile': {
    cause: 'The unit was started anew while its processes were given the filter.',
    wayOut: 'Run the command again.',
  },
  'thread-waits': {
    cause:
      'A thread waits in a call that the filter refuses. When it goes on, the kernel makes the call again, which would fail.',
    wayOut: 'Leave that call out, or try again when no thread waits in it. Nothing was changed.',
  },
  'thread-traced': {
    cause: 'Another program traces a thread, and the kernel lets only one do so.',
    wayOut: 'End the debugger or `strace`, then run the command again. Nothing was changed.',
  },
  'thread-stuck': {
    cause:
      'A thread can not be stopped: it waits for a device or for the child of a vfork, its control group is frozen, or threads come too fast.',
    wayOut: 'Run the command again. A restart under a policy gives the filter to all that is started.',
  },
  'thread-unprivileged': {
    cause: 'The kernel takes filters from processes with `no_new_privs` or CAP_SYS_ADMIN alone.',
    wayOut:
      '`tighten --no-new-privileges` sets `no_new_privs`, as a filter that refuses both `execve` and `execveat` does. Or restart the unit with `NoNewPrivileges = true`.',
  },
  'thread-unreachable': {
    cause:
      'A thread can not be traced or read, or can make no call: for its state, for a namespace, or for the rights of this program.',
    wayOut: 'Run the command as root, on the host and outside of a container. Otherwise restart the unit.',
  },
  'thread-evades': {
    cause:
      'A thread did not make the call that it was made to make, or lacks the filter after it. Something writes to its memory.',
    wayOut: 'Look for what runs as the same user: it may be an attack. Restart the unit under a policy.',
  },
  restless: {
    cause:
      'The threads of a service, or their programs, were never the same ones for as long as `settle` of `[ready]` says. After the longest wait they got the filter all the same. It may have refused calls of the start.',
    wayOut:
      'A shorter `settle` finds a service at rest that starts programs all the time. With `"0"` no start waits. See `explain` where a call of the start was refused.',
  },
  tightened: {
    cause: 'Somebody has taken calls from what runs by `sandbox-unit tighten`.',
    wayOut: 'Nothing, if it is meant. Restart the unit to take it back: `revert` is for policies.',
  },
} as const satisfies Entries;
