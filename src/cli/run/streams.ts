import type { Context } from '../../machine/context.js';
import type { PseudoTerminal } from '../../machine/pseudo-terminal.js';
import { nativeProgram } from '../../prepare/load/installed-programs.js';
import type { UnitProperty } from '../../systemd/unit/unit-property.js';
import type { RunOptions } from './options.js';

/** The place of a command's standard input, output and error: the journal, a terminal of its own, or the caller's. */
export type Stdio = 'journal' | 'terminal' | 'inherited';

/**
 * The place by the options. With both --pty and --pipe, or for a shell with neither, it is a terminal if all three of
 * the caller's are one.
 */
export async function stdioOf({ caller }: Context, { pty, pipe, shell }: RunOptions): Promise<Stdio> {
  const either = (pty && pipe) || (shell && !pty && !pipe);
  if (either) return (await caller.terminals()).every((is) => is) ? 'terminal' : 'inherited';
  if (pty) return 'terminal';
  return pipe ? 'inherited' : 'journal';
}

/** The properties that a command is started with, and the terminal to be attended while it runs. */
export interface Streams {
  readonly properties: readonly UnitProperty[];
  /** Properties that the command line may override. */
  readonly defaults: readonly UnitProperty[];
  readonly terminal?: PseudoTerminal;
}

/**
 * Opens the streams of a command.
 * @throws UserError `no-helper`, `start-failed`
 */
export async function openStreams(context: Context, stdio: Stdio): Promise<Streams> {
  const { environment, terminals, openTerminal } = context.caller;
  if (stdio === 'journal') return { properties: [], defaults: [] };
  if (stdio === 'inherited') {
    const defaults = (await terminals()).some((is) => is) ? termOf(environment.TERM) : [];
    return { properties: ofAllThree('FileDescriptor', 'h', (fd) => fd), defaults };
  }
  const terminal = await openTerminal(await nativeProgram(context, 'pty-relay'));
  const path = { name: 'TTYPath', signature: 's', value: terminal.path };
  return {
    terminal,
    properties: [...ofAllThree('', 's', () => 'tty'), path],
    // Without TERM the manager asks the terminal what it is, from systemd 258 on.
    defaults: termOf(environment.TERM || 'dumb'),
  };
}

const ofAllThree = (suffix: string, signature: string, value: (fd: number) => unknown): UnitProperty[] =>
  ['Input', 'Output', 'Error'].map((name, fd) => ({
    name: `Standard${name}${suffix}`,
    signature,
    value: value(fd),
  }));

const termOf = (name: string | undefined): UnitProperty[] =>
  name === undefined ? [] : [{ name: 'Environment', signature: 'as', value: [`TERM=${name}`] }];
