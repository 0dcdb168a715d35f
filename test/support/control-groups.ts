/** Control groups of version 2, for what is observed in them. */
import { readFileSync } from 'node:fs';

/** Where they are mounted, if anywhere. */
export const GROUPS_ROOT: string | undefined = / \/ (\S+) .* - cgroup2 /.exec(
  readFileSync('/proc/self/mountinfo', 'utf8'),
)?.[1];

/** A command line that runs another in a control group: a shell moves itself into it. */
export const inGroup = (group: string, argv: readonly string[]): string[] => [
  ...['/bin/sh', '-c', 'echo $$ > "$0/cgroup.procs"; exec "$@"', group],
  ...argv,
];

/** The observer's line for the shell of {@link inGroup}: it sets up. */
export const SETUP = 'setup /bin/sh';
