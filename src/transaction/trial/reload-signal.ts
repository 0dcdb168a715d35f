/** Services that don't survive their own reload: it sends them a signal that they don't handle. */

import { type Diagnostic, warning } from '../../diagnostic.js';
import { readStatus } from '../../state/process-status.js';
import type { System } from '../../system/system.js';
import { commandsOf, type UnitState } from '../../system/unit-state.js';
import { signalNumber } from '../../unit/exit-status.js';

/** A warning about a service whose reload would end it with any policy, and with none; undefined for any other. */
export async function fatalReload(
  system: System,
  unit: string,
  state: UnitState,
): Promise<Diagnostic | undefined> {
  const signal = sentSignal(state);
  const status = signal === undefined ? undefined : await readStatus(system, String(state.mainPid));
  if (signal === undefined || status === undefined) return undefined;
  const isHandled = HANDLED.some((mask) => isIn(status.get(mask), signal));
  if (isHandled) return undefined;
  const message = `${unit} was not reloaded: ExecReload= sends it signal ${signal}, which would end it`;
  return warning('reload-kills', message, {
    hint: "its program doesn't handle that signal; 'reload = true' in [apply] tries it all the same",
  });
}

/**
 * Fields of proc_pid_status(5) with the signals that don't end the process: those caught, ignored, and blocked as for
 * signalfd(2) and sigwait(3).
 */
const HANDLED = ['SigCgt', 'SigIgn', 'SigBlk'];

/** Signals whose default is to end no process: CHLD, CONT, URG, WINCH (signal(7), x86 and arm). */
const HARMLESS: ReadonlySet<number> = new Set([17, 18, 23, 28]);

/** The signal by which kill(1), as the only command of the reload, would end the main process; undefined for others. */
function sentSignal(state: UnitState): number | undefined {
  const [command, ...more] = commandsOf(state, 'ExecReload');
  if (command === undefined || more.length > 0 || !command.path.endsWith('/kill')) return undefined;
  const [, option, ...rest] = command.argv;
  const [name, target] = option === '-s' ? rest : [option?.replace(/^-/, ''), ...rest];
  if (!option?.startsWith('-') || target !== '$MAINPID' || state.mainPid === 0) return undefined;
  const number = signalNumber(name ?? '');
  return number !== undefined && HARMLESS.has(number) ? undefined : number;
}

/** Whether a mask in hexadecimal digits has a signal, or can't be read. */
const isIn = (mask: string | undefined, signal: number): boolean =>
  !/^[0-9a-f]{1,16}$/.test(mask ?? '') || ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
