import type { Entries } from './entry.js';

/** Directives that open something, or do not hold. */
export const DIRECTIVES = {
  loosens: {
    cause: 'A line of the policy would leave the service less confined than it is without the policy.',
    wayOut:
      'Write a value at least as strict. If it is meant, name the directive in `loosen` of `[service]`.',
  },
  loosened: {
    cause: 'The policy is weaker than the unit in this directive, and `loosen` says that it is meant.',
    wayOut: 'Nothing. Take the name out of `loosen` to have it refused again.',
  },
  'weaker-default': {
    cause:
      "A line of the host's defaults is weaker than the unit's own line, or can not be compared with it.",
    wayOut: "Nothing: the unit's own line stays. A policy that sets the directive decides otherwise.",
  },
  'loosens-other-lines': {
    cause:
      'The launcher needs calls that the unit itself refuses. Command lines without the launcher would gain these calls.',
    wayOut: 'Put these command lines behind the launcher, too: name them in `wrap` of `[exec]`.',
  },
  'leaves-open': {
    cause:
      'systemd leaves out mounts of other directives when it makes a path read-only or not executable, and what the host mounts there after the start. `BindPaths` of the unit may show closed files at another path. That part stays open. It is seen where the service runs.',
    wayOut:
      "List what is to be closed in the directive that the hint names. For `/run` that is `ReadOnlyPaths`: a bind mount of it would show the host's files a second time, in a folder that systemd has there. A restart closes what was mounted since the start.",
  },
  'file-mask': {
    cause:
      'The policy closes a single file or socket. systemd mounts something over it, and the kernel takes that mount away when the file is removed or another one is renamed over it. An upgrade does so, `useradd` does so to `/etc/shadow`, and a server makes its socket anew. The new file is open to the service until its next start.',
    wayOut:
      'Name the folder above in the place of the file, if the service can do without it: its mount stays. Else restart the service whenever the file is replaced. `status` and `verify` look whether the file is closed.',
  },
  renamable: {
    cause:
      'A path that is closed lies two or more levels below one that the service can write to. The service can rename the folder between, and make another path of that name. The next start closes the new path and leaves the old one open. The kernel renames no folder on which something is mounted itself.',
    wayOut:
      'Close a folder directly below the writable one, or name less in `ReadWritePaths`. `BindPaths` of the folder in its own place keeps it from being renamed, too. A service without the right to write to the folder above can not rename it: then do nothing.',
  },
  overridden: {
    cause: 'Another drop-in sorts after ours and sets the directive again. systemd lets the last one count.',
    wayOut:
      'Rename that file so that it sorts before ours, or mask it by a link to `/dev/null` and move its line into the policy.',
  },
  shadows: {
    cause:
      'The unit has a drop-in with the name of ours elsewhere. systemd would read ours in its place, and its lines would be lost.',
    wayOut:
      'Set its lines in the policy too, or rename the file. Do as the hint says where it is a filter that would be lost.',
  },
  assumed: {
    cause:
      "The plan is made for a machine that can't be asked, and takes for granted that it has what these directives need.",
    wayOut: 'Plan on the running target, or with its facts, to be sure.',
  },
  'own-filter-replaced': {
    cause: "`inherit = false` drops what the unit's own system call filter refuses, instead of adding to it.",
    wayOut: "Leave `inherit` out to keep the unit's refusals.",
  },
  'own-filter-word-ignored': {
    cause:
      "systemd skips this word in the unit's own system call filter, since it names neither a call nor a set.",
    wayOut: "Correct the word in the unit's file. The filter is in force without it.",
  },
  'refused-by-unit': {
    cause:
      "The policy lets a call through that the unit's own filter refuses. Both filters count, so it stays refused.",
    wayOut: "`inherit = false` in `[syscalls]` replaces the unit's filter by the policy's.",
  },
  'sockets-stay': {
    cause:
      'A socket unit hands over sockets that were made outside of the private network. Who reaches them reaches the service.',
    wayOut:
      'Restrict the socket unit itself with `IPAddressDeny=` and `IPAddressAllow=` in a drop-in of its own.',
  },
  permissive: {
    cause: 'With `--permissive` the calls that the policy would refuse are let through and recorded.',
    wayOut:
      '`sandbox-unit explain UNIT` shows what was recorded. `sandbox-unit apply UNIT` enforces the policy.',
  },
} as const satisfies Entries;
