/** The command line of `run`: systemd-run(1)'s options by their names, and a policy in a few words. */

export interface RunOptions {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly log?: readonly string[];
  readonly errno?: string;
  readonly stage?: string;
  readonly unit?: string;
  readonly description?: string;
  readonly property?: readonly string[];
  readonly serviceType?: string;
  readonly slice?: string;
  readonly uid?: string;
  readonly gid?: string;
  readonly nice?: string;
  readonly workingDirectory?: string;
  readonly sameDir?: boolean;
  readonly setenv?: readonly string[];
  readonly expandEnvironment?: string;
  readonly remainAfterExit?: boolean;
  readonly pty?: boolean;
  readonly pipe?: boolean;
  readonly shell?: boolean;
  readonly wait?: boolean;
  /** False with --no-block. */
  readonly block?: boolean;
  readonly collect?: boolean;
  readonly onActive?: readonly string[];
  readonly onBoot?: readonly string[];
  readonly onStartup?: readonly string[];
  readonly onUnitActive?: readonly string[];
  readonly onUnitInactive?: readonly string[];
  readonly onCalendar?: readonly string[];
  readonly onTimezoneChange?: boolean;
  readonly onClockChange?: boolean;
  readonly timerProperty?: readonly string[];
}

/** The flags of each option, and its help; options in LISTS may be given several times. */
export const RUN_OPTIONS = {
  allow: ['--allow <calls>', 'allow only these calls and @sets, separated by commas'],
  deny: ['--deny <calls>', 'refuse these; name:ERRNO, name:kill, name:log'],
  log: ['--log <calls>', 'let these through, but record them'],
  errno: ['--errno <errno>', 'what refused calls get (default: the process is killed)'],
  stage: ['--stage <stage>', "load the filter at 'exec', or at 'entry', the entry point of the program"],
  unit: ['-u, --unit <name>', 'the name of the unit'],
  description: ['--description <text>', "the unit's description"],
  property: ['-p, --property <name=value>', 'a directive of the unit'],
  serviceType: ['--service-type <type>', "'exec', 'oneshot', 'notify' …"],
  slice: ['--slice <slice>', 'run it in this slice'],
  uid: ['--uid <user>', 'run it as this user'],
  gid: ['--gid <group>', 'run it as this group'],
  nice: ['--nice <level>', 'run it at this nice level'],
  workingDirectory: ['--working-directory <dir>', 'run it in this folder'],
  sameDir: ['-d, --same-dir', 'run it in the current folder'],
  setenv: ['-E, --setenv <name[=value]>', 'an environment variable; without a value, the one of the caller'],
  expandEnvironment: ['--expand-environment <bool>', "expand $NAME in the command's words (default: no)"],
  remainAfterExit: ['-r, --remain-after-exit', 'keep the unit active after the command has ended'],
  pty: ['-t, --pty', 'run it on a terminal of its own, connected to this one'],
  pipe: ['-P, --pipe', 'connect it to the standard input, output and error of this command'],
  shell: ['-S, --shell', 'run $SHELL in the current folder, and wait for it'],
  wait: ['--wait', "wait for its end; the exit status is the command's"],
  block: ['--no-block', "don't wait until it has started"],
  collect: ['-G, --collect', 'unload the unit when it has ended, even if it failed'],
  onActive: ['--on-active <time>', 'start it by a timer, this time from now'],
  onBoot: ['--on-boot <time>', 'this time after the boot'],
  onStartup: ['--on-startup <time>', 'this time after the start of the manager'],
  onUnitActive: ['--on-unit-active <time>', 'this time after its last start'],
  onUnitInactive: ['--on-unit-inactive <time>', 'this time after its last end'],
  onCalendar: ['--on-calendar <when>', "at these times: 'daily', 'Mon 02:00'"],
  onTimezoneChange: ['--on-timezone-change', 'when the time zone changes'],
  onClockChange: ['--on-clock-change', 'when the clock is set'],
  timerProperty: ['--timer-property <name=value>', 'a directive of the timer'],
} as const satisfies Readonly<Record<keyof RunOptions, readonly [flags: string, does: string]>>;

/** Options that may be given several times. */
export const LISTS: readonly string[] = [
  ...['allow', 'deny', 'log', 'property', 'setenv', 'timerProperty'],
  ...['onActive', 'onBoot', 'onStartup', 'onUnitActive', 'onUnitInactive', 'onCalendar'],
];

const SCOPE = "a scope's processes are the caller's own: systemd can't confine them";
const ELSEWHERE = 'run sandbox-unit on that machine';

/** systemd-run's options that `run` lacks, with the reason or another way. */
export const ABSENT: ReadonlyMap<string, string> = new Map([
  ['--verbose', 'see the journal of the unit: journalctl --follow --unit'],
  ['-v', 'see the journal of the unit: journalctl --follow --unit'],
  ['--pty-late', 'use --pty, which waits for the start of the unit anyway'],
  ['-T', 'use --pty, which waits for the start of the unit anyway'],
  ['--root-directory', 'use --property RootDirectory=…'],
  ['-R', 'use --property RootDirectory=…'],
  ['--background', 'run does not colour the terminal'],
  ['--host', ELSEWHERE],
  ['-H', ELSEWHERE],
  ['--machine', ELSEWHERE],
  ['-M', ELSEWHERE],
  ['--ignore-failure', "the caller may ignore the exit status: '|| :' in a shell"],
  ['--job-mode', 'a new unit has no other jobs'],
  ['--path-property', 'name the unit with --unit, and write a path unit for it'],
  ['--scope', SCOPE],
  ['--send-sighup', 'use --property SendSIGHUP=yes'],
  ['--slice-inherit', 'name the slice with --slice'],
  ['--socket-property', 'name the unit with --unit, and write a socket unit for it'],
]);
