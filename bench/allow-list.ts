/** How many calls an allow list must have for a small program, by what loads the filter and when. */
import { spawnSync } from 'node:child_process';
import { abisOf } from '../src/seccomp/syscalls/abi.js';
import { numbersOf } from '../src/seccomp/syscalls/numbers.js';
import { launcherObstacle, MACHINE } from '../test/support/native.js';
import { inRepository } from '../test/support/repository.js';
import { needed } from './needed.js';
import type { Aim, Bench, Row } from './row.js';
import { compileFile, HELPERS, inFolder, type Stage, writeFilter } from './workshop.js';

/** The program of the talk "Sandboxing in Linux with zero lines of code", and what it prints. */
const PROGRAM = inRepository('test', 'booted', 'programs', 'myos.c');
const LINE = 'My OS is Linux!\n';

export const allowList: Bench = {
  name: 'allow-list',
  obstacle: launcherObstacle,
  run: () =>
    inFolder(async (folder) => {
      const calls = [...numbersOf(abisOf(MACHINE!)[0]!).keys()];
      const least = (program: string, start: Start) =>
        needed(calls, (list) => runs(start({ program, list, folder })));
      const dynamic = compileFile(folder, PROGRAM);
      const fixed = compileFile(folder, PROGRAM, '-static');
      const entry = { baseline: least(dynamic, atStage('exec')), ours: least(dynamic, atStage('entry')) };
      const library = { baseline: least(dynamic, bySandboxify), ours: least(dynamic, byLibrary) };
      const staticEntry = { baseline: least(fixed, atStage('exec')), ours: least(fixed, atStage('entry')) };
      return [
        row('dynamic program, stage entry', 'stage exec', entry, fewer(entry)),
        row('dynamic program, libsandbox.so', 'sandboxify', library, fewer(library)),
        row('static program, stage entry', 'stage exec', staticEntry),
      ];
    }),
};

/** A program, and the calls that it may make. */
interface Case {
  readonly program: string;
  readonly list: readonly string[];
  readonly folder: string;
}

interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

type Start = (given: Case) => Command;

const atStage =
  (stage: Stage): Start =>
  ({ program, list, folder }) => {
    const policy = `[syscalls]\nimplicit = false\nallow = ${JSON.stringify(list)}\n`;
    return { argv: [HELPERS.launcher, `--filter=${writeFilter(folder, policy, stage)}`, '--', program] };
  };

const bySandboxify: Start = ({ program, list }) => ({
  argv: [HELPERS.sandboxify, program],
  env: { SECCOMP_SYSCALL_ALLOW: list.join(':') },
});

const byLibrary: Start = ({ program, list }) => ({
  argv: [program],
  env: { SECCOMP_SYSCALL_ALLOW: list.join(':'), LD_PRELOAD: HELPERS.library },
});

/** Whether the program does what it does unconfined. */
function runs({ argv, env = {} }: Command): boolean {
  const { status, stdout } = spawnSync(argv[0]!, argv.slice(1), { env, encoding: 'utf8' });
  return status === 0 && stdout === LINE;
}

interface Lists {
  readonly baseline: readonly string[];
  readonly ours: readonly string[];
}

const fewer = ({ baseline, ours }: Lists): Aim => ({ text: 'fewer', met: ours.length < baseline.length });

function row(name: string, against: string, lists: Lists, aim?: Aim): Row {
  const ours = [...lists.ours].sort();
  const besides = lists.baseline.filter((call) => !ours.includes(call)).sort();
  const more = besides.length === 0 ? '' : `; for ${against} also ${besides.join(' ')}`;
  return {
    name: `allow list of a ${name}`,
    against,
    unit: 'calls',
    baseline: lists.baseline.length,
    ours: ours.length,
    ...(aim ? { aim } : {}),
    note: `${ours.join(' ')}${more}`,
  };
}
