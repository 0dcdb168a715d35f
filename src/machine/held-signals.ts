import { EXIT, error, UserError } from '../diagnostic.js';
import type { Context } from './context.js';

/** Signals that ask this program to end, held up while something must not be left half done. */
export interface HeldSignals {
  /** The first signal that has come, as `SIGINT`. */
  came(): string | undefined;
  /**
   * Runs a step and stops waiting for it when a signal comes. Only for steps that change no file.
   * @throws UserError `interrupted`
   */
  unlessCame<T>(step: () => Promise<T>): Promise<T>;
  /**
   * Runs a step and stops waiting for it when a second signal comes.
   * @throws UserError `interrupted`
   */
  unlessAgain<T>(step: () => Promise<T>): Promise<T>;
  /** @throws UserError `interrupted` where one has come */
  assertNone(): void;
  /** Lets signals end the program again. */
  release(): void;
}

/** @param onFirst called when the first has come */
export function holdSignals(
  { caller }: Context,
  onFirst: (name: string) => void = () => undefined,
): HeldSignals {
  const { next, release } = caller.interrupts();
  let came: string | undefined;
  const first = next().then(({ name }) => {
    came = name;
    onFirst(name);
    throw interrupted(name);
  });
  first.catch(() => undefined);
  const second = first
    .catch(() => next())
    .then(({ name }) => {
      throw interrupted(name);
    });
  second.catch(() => undefined);
  const before = <T>(signal: Promise<never>, step: () => Promise<T>): Promise<T> => {
    const taken = step();
    taken.catch(() => undefined);
    return Promise.race([signal, taken]);
  };
  const assertNone = () => {
    if (came !== undefined) throw interrupted(came);
  };
  return {
    came: () => came,
    async unlessCame(step) {
      assertNone();
      return before(first, step);
    },
    unlessAgain: (step) => before(second, step),
    assertNone,
    release,
  };
}

const interrupted = (signal: string) =>
  new UserError(error('interrupted', `interrupted by ${signal}`), EXIT.failure);
