/** The command line of `run`: systemd-run(1)'s options by their names, and a policy in a few words. */

/** The flags of an option, and its help. */
export type OptionRow = readonly [flags: string, does: string];

/**
 * The values of options, by their flags: a text for `<value>`, a text or true for `[value]`, else a boolean, which is false for an
 * option that begins with `--no-`. Options of `Lists` may be given several times.
 */
export type OptionValues<Rows extends Readonly<Record<string, OptionRow>>, Lists> = {
  readonly [Name in keyof Rows]?: Name extends Lists ? readonly string[] : ValueOf<Rows[Name][0]>;
};

type ValueOf<Flags extends string> = Flags extends `${string}<${string}`
  ? string
  : Flags extends `${string}[${string}`
    ? string | boolean
    : boolean;

/** The options of `run`; those in LISTS may be given several times. */
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
} as const satisfies Readonly<Record<string, OptionRow>>;

/** Options that may be given several times. */
export const LISTS = [
  ...(['allow', 'deny', 'log', 'property', 'setenv', 'timerProperty'] as const),
  ...(['onActive', 'onBoot', 'onStartup', 'onUnitActive', 'onUnitInactive', 'onCalendar'] as const),
] as const;

export type RunOptions = OptionValues<typeof RUN_OPTIONS, (typeof LISTS)[number]>;

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
