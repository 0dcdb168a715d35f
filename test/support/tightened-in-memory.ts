/** A machine in memory whose running service can be given filters: the program `tighten`, and what read-filters then prints. */
import { type TightenWords, tighten } from '../../src/cli/commands/tighten.js';
import type { Instruction } from '../../src/seccomp/filter/bpf.js';
import { decodeFilterFile } from '../../src/seccomp/filter/filter-file.js';
import { machine } from './apply-in-memory.js';
import { hexOf, READER } from './confined-in-memory.js';
import { NO_EXEC, UNIT } from './demo-service.js';
import { type FakeOptions, type FakeSystem, fakeContext, HOME, program } from './fake-system.js';

export const TIGHTEN = `${HOME}/native-helper/build/x86-64/tighten`;
export const GROUP = '/system.slice/demo.service';

/** Words that refuse programs. */
export const EXEC: TightenWords = { deny: ['execve,execveat'] };

/** The record of filters, and the file in which one is meanwhile. */
export const RECORD = `/run/sandbox-unit/injections/${UNIT}`;
export const FILE = `/run/sandbox-unit/filters/${UNIT}`;

/** Runs `tighten` as a command. */
export const runTighten = (system: FakeSystem, words = EXEC, units: readonly string[] = [UNIT]) =>
  tighten(fakeContext(system), units, words);

export const tightenedStates = ({ json }: Awaited<ReturnType<typeof tighten>>) =>
  (json.units as { unit: string; state: string }[]).map(({ unit, state }) => `${unit} ${state}`);

/** What `tighten` says: its lines, and its exit status. */
export type Said = readonly [stdout: string, status: number, stderr?: string];

export const DONE: Said = ['paused 1500\ntightened 3 2\n', 0];
export const FIT: Said = ['paused 1500\nfit 3 2\n', 0];

export interface Tightenable {
  readonly system: FakeSystem;
  /** The filters that the service's threads were given, the newest first. */
  readonly given: () => readonly (readonly Instruction[])[];
  /** The command lines of `tighten`. */
  readonly asked: readonly (readonly string[])[];
}

/**
 * @param says what `tighten` says to a command line; by default it does what it is told
 */
export function tightenable(
  policy = NO_EXEC,
  {
    says = (argv: readonly string[]): Said => (argv.includes('--dry-run') ? FIT : DONE),
    ...options
  }: FakeOptions & {
    readonly says?: (argv: readonly string[]) => Said;
  } = {},
): Tightenable {
  const asked: (readonly string[])[] = [];
  const stack: (readonly Instruction[])[] = [];
  const tighten = (argv: readonly string[]) => {
    asked.push(argv);
    const [stdout, status, stderr = ''] = says(argv);
    if (status === 0 && !argv.includes('--dry-run')) take(system, argv[argv.indexOf('--filter') + 1]!);
    return { status, stdout, stderr };
  };
  const take = ({ files }: FakeSystem, path: string) => {
    const file = decodeFilterFile(files.get(path)!.bytes);
    if (!('programs' in file) || !file.ready) throw new Error(`${path} is no filter file of stage ready`);
    stack.unshift(file.programs.get('x86-64')!);
    const pid = system.pidOf(UNIT);
    const status = `Name:\tdemod\nTgid:\t${pid}\nNoNewPrivs:\t1\nSeccomp:\t2\n`;
    files.set(`/proc/${pid}/status`, { bytes: new TextEncoder().encode(status), mode: 0o444 });
  };
  const read = () => {
    const lines = stack.map((one) => `filter ${hexOf(one)}\n`);
    return {
      status: 0,
      stdout: `thread ${system.pidOf(UNIT)} ${lines.length}\n${lines.join('')}`,
      stderr: '',
    };
  };
  const system: FakeSystem = machine(
    {
      ...options,
      files: {
        '/proc/self/mountinfo': '25 1 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
        [`/sys/fs/cgroup${GROUP}/cgroup.procs`]: '',
        [`/sys/fs/cgroup${GROUP}/cgroup.threads`]: '',
        [READER]: program('reader'),
        [TIGHTEN]: program('tighten'),
        ...options.files,
      },
      programs: { [READER]: read, [TIGHTEN]: tighten, ...options.programs },
      distort: (properties) => {
        properties.set('ControlGroup', GROUP);
        options.distort?.(properties);
      },
    },
    policy,
  );
  return { system, given: () => stack, asked };
}
