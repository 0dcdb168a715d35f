import { EXIT } from '../../diagnostic.js';
import type { StartedUnit } from '../../machine/bus/transient.js';
import type { Interrupt } from '../../machine/caller.js';
import type { PseudoTerminal, RelayEnd } from '../../machine/pseudo-terminal.js';

/** Events that may end the waiting for a unit before the unit itself ends. */
export interface Attention {
  /** The awaited value; undefined if the waiting ends before. */
  unlessDetached<T>(awaited: Promise<T>): Promise<T | undefined>;
  /** The exit status that an event has set, if one has come. */
  exit(): number | undefined;
}

/** A shell's status for a command that a signal has ended. */
const SIGNALLED = 128;

const unlessDetached =
  (detached: Promise<unknown>): Attention['unlessDetached'] =>
  (awaited) =>
    Promise.race([awaited, detached.then(() => undefined)]);

/**
 * Attends a unit: the first interrupt has it stopped, and the second ends the waiting for its end.
 * @param next waits for an interrupt
 */
export function attendUnit(
  unit: string,
  started: StartedUnit,
  next: () => Promise<Interrupt>,
  tell: (line: string) => void,
): Attention {
  let exit: number | undefined;
  const detached = async () => {
    const { name, number } = await next();
    exit = SIGNALLED + number;
    tell(`${name}: stopping ${unit}; a second signal ends the wait for it`);
    const second = next();
    await Promise.race([started.stop(), second]);
    await second;
    tell(`Detached: ${unit} is being stopped`);
  };
  return { unlessDetached: unlessDetached(detached()), exit: () => exit };
}

/**
 * Attends a unit with a terminal. A unit that loses it is hung up, and may end of that. If the unit is waited for, a
 * caller who detaches leaves it the terminal.
 */
export function attendTerminal(
  unit: string,
  terminal: PseudoTerminal,
  next: () => Promise<Interrupt>,
  { tell, waits }: { readonly tell: (line: string) => void; readonly waits: boolean },
): Attention {
  let exit: number | undefined;
  const hangUp = (status: number) => {
    exit ??= status;
    terminal.hangUp();
  };
  const interrupted = async () => {
    hangUp(SIGNALLED + (await next()).number);
    // The second interrupt ends the waiting: a relay that was stopped doesn't end.
    await next();
  };
  void terminal.detached.then(() => {
    tell(`Disconnected from ${unit}, which ${waits ? 'runs on' : 'is hung up'}`);
    if (!waits) hangUp(EXIT.ok);
  });
  const detached = Promise.race([
    interrupted(),
    terminal.ended.then((end) => {
      exit ??= end.how === 'delivered' ? undefined : statusOf(end);
    }),
  ]);
  return { unlessDetached: unlessDetached(detached), exit: () => exit };
}

const statusOf = (end: RelayEnd): number =>
  end.how === 'interrupted' ? SIGNALLED + end.signal : EXIT.findings;
