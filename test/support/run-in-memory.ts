/** `run` on a machine in memory. */
import { run } from '../../src/cli/commands/run.js';
import { UserError } from '../../src/diagnostic.js';
import type { PseudoTerminal } from '../../src/machine/pseudo-terminal.js';
import type { Outcome } from '../../src/outcome.js';
import { elf } from './elf.js';
import { type FakeOptions, FakeSystem, fakeContext, HOME, program } from './fake-system.js';
import { type FakeRun, FakeUnits } from './fake-units.js';

export type Options = Parameters<typeof run>[2];

export interface Ran {
  readonly outcome: Outcome;
  readonly units: FakeUnits;
  readonly system: FakeSystem;
}

/** Runs a command line on a fake machine that has /usr/bin/myos. */
export async function ran(
  options: Options,
  {
    words = ['myos'],
    terminal,
    input,
    ...more
  }: FakeRun & FakeOptions & { words?: readonly string[]; terminal?: PseudoTerminal; input?: string } = {},
): Promise<Ran> {
  const system = new FakeSystem({
    ...more,
    files: {
      '/usr/bin/myos': program(elf()),
      [`${HOME}/native-helper/build/x86-64/launcher`]: program('launcher of this build'),
      ...more.files,
    },
  });
  const units = new FakeUnits(more);
  const { whyNotExecutable } = system.caller();
  const caller = units.caller({
    whyNotExecutable,
    ...(input === undefined ? {} : { readInput: async () => new TextEncoder().encode(input) }),
    ...(terminal ? { openTerminal: async () => terminal } : {}),
  });
  const context = fakeContext(system, { units, caller });
  try {
    return { outcome: await run(context, words, options), units, system };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    const { diagnostics, exit, sources } = cause;
    return { outcome: { diagnostics, exit, sources, json: {}, text: '' }, units, system };
  }
}

export const codes = ({ outcome }: Ran) => outcome.diagnostics.map(({ code }) => code);
export const propertiesOf = ({ units }: Ran) => units.started[0]!.properties;
export const argvOf = (one: Ran) =>
  (propertiesOf(one).get('ExecStartEx') as [string, string[], string[]][])[0]!;

export const UNAME = { deny: ['uname'], errno: 'ENETDOWN' };
