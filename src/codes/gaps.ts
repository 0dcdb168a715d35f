import type { Entries } from './entry.js';

/** Lines that nobody would enforce. */
export const GAPS = {
  'gap-directive': {
    cause:
      "The target's systemd does not know the directive or its value, or lacks the means for it. systemd would skip it in silence.",
    wayOut: 'Update the target, leave the line out, or accept that it has no effect: `--allow-gaps`.',
  },
  'gap-undone': {
    cause: "Something opens what the directive closes: a line of the unit's own, a socket unit, or a slice.",
    wayOut: 'Take out the line that the message names. `--allow-gaps` says that it is meant.',
  },
  'gap-no-launcher': {
    cause: 'Only the launcher could enforce this line, and there is no launcher for this kind of machine.',
    wayOut: 'Leave the line out, or accept that it has no effect: `--allow-gaps`.',
  },
  'gap-ready': {
    cause:
      "Nobody could load the filter of `[ready]` into the running service: for its type, its manager, its root or the machine. Or a failure to load it would count as a success, by `SuccessExitStatus=`. Or a file of the service's output would be emptied for it, by `truncate:`.",
    wayOut:
      'Do as the hint says, or leave `[ready]` out. `--allow-gaps` goes on without it: then a service keeps the calls of its start.',
  },
  'gap-no-command': {
    cause:
      'The policy needs the launcher, and no `ExecStart=` is put behind it: the unit has none, or `wrap` leaves it out.',
    wayOut:
      'Add `"ExecStart"` to `wrap`, or leave out the lines that `sandbox-unit plan UNIT` shows as the launcher\'s.',
  },
  'gap-exec-key': {
    cause: "`wrap` names a kind of command line that the target's systemd does not know.",
    wayOut: 'Leave it out of `wrap`, or update systemd on the target.',
  },
  'gap-exec-prefix': {
    cause: 'The main command has a prefix, `+` or `!`, which makes systemd leave out a part of the sandbox.',
    wayOut: "Put the line without the prefix into a drop-in of the unit's own, behind an empty `ExecStart=`.",
  },
  'gap-exec-privileged': {
    cause:
      "A command has the prefix `+`, with which systemd runs it outside of every sandbox. The launcher can't stand in front of it.",
    wayOut:
      "Put the line without `+` into a drop-in of the unit's own, or leave that kind of command out of `wrap`.",
  },
  'gap-exec-via-shell': {
    cause:
      'A command has the prefix `|`: a shell runs the line, so that there is no program to put the launcher in front of.',
    wayOut: "Write the command without `|` in a drop-in of the unit's own.",
  },
  'gap-exec-argv0-variable': {
    cause:
      "The command's argv[0] is a variable that systemd splits into words. The launcher can't pass it on unchanged.",
    wayOut: "Write the variable's name in braces in the unit's line, or `$$` for a dollar sign.",
  },
  'gap-exec-path-specifier': {
    cause:
      "A specifier in the program's path may become a dollar sign, at which systemd would look for a variable.",
    wayOut: 'Write the path without that specifier, or put the prefix `:` in front of the line.',
  },
  'gap-search-path': {
    cause:
      "A program without a path is looked for in folders, and one of these has a specifier. Which program it is can't be told.",
    wayOut: "Write the program's path, or an `ExecSearchPath=` without specifiers.",
  },
} as const satisfies Entries;
