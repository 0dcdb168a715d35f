/** Linux's error numbers by name (errno(3)); all ABIs of this program share them. */
import { errnoTable } from './generated/errno.js';

let numbers: ReadonlyMap<string, number> | undefined;
let names: ReadonlyMap<number, string> | undefined;

function errnos(): ReadonlyMap<string, number> {
  numbers ??= new Map(
    errnoTable
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name, number]) => [name!, Number(number)]),
  );
  return numbers;
}

/**
 * The number of an error, undefined for an unknown name.
 * @param name in capitals; EWOULDBLOCK, EDEADLOCK and ENOTSUP are second names of EAGAIN, EDEADLK and EOPNOTSUPP
 */
export const errnoNumber = (name: string): number | undefined => errnos().get(name);

/**
 * The name of a number; undefined for a number without a name. Of two names the result is the one that systemd knows,
 * too.
 */
export function errnoName(number: number): string | undefined {
  // The table has a number's second name after the first, so that the reversed table sets the first name last.
  names ??= new Map([...errnos()].reverse().map(([name, value]) => [value, name]));
  return names.get(number);
}

/** Every name, ordered by number. */
export const errnoNames = (): Iterable<string> => errnos().keys();
