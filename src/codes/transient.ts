import type { Entries } from './entry.js';

/** Commands of run. */
export const TRANSIENT = {
  'transient-value': {
    cause:
      "A transient unit has no files, and the bus can't say this of it: a specifier, or a directive that only files have.",
    wayOut:
      'Do as the hint says, or write what a specifier stands for. What only files can say needs a unit file.',
  },
  'without-launcher': {
    cause: "Some commands of the unit run without the launcher's filter.",
    wayOut: 'Name them in `wrap` of `[exec]`, if they are to be confined, too.',
  },
  'start-failed': {
    cause: 'The unit did not start. The command may be refused a call, or not be there.',
    wayOut:
      'The commands in the hint show what systemd and the command said. `sandbox-unit explain UNIT` tells of refused calls.',
  },
  'unit-gone': {
    cause:
      "The unit was unloaded before anybody saw how it ended. What nobody saw succeed doesn't count as a success.",
    wayOut: 'The journal may have its end, by the command in the hint.',
  },
  'no-directory': {
    cause:
      "The folder that the command was called in is gone, or its name is no text. A unit can't work there.",
    wayOut: 'Call it in another folder, or leave `--same-dir` and `--shell` out.',
  },
} as const satisfies Entries;
