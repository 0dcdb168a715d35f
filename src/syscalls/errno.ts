/** Linux's error numbers by name (errno(3)). All our ABIs share them. */
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

/** @param name in capitals; EWOULDBLOCK, EDEADLOCK and ENOTSUP are second names of EAGAIN, EDEADLK and EOPNOTSUPP. */
export const errnoNumber = (name: string): number | undefined => errnos().get(name);

/** The name of a number: of two names the one that systemd knows, too. Undefined for numbers without a name. */
export function errnoName(number: number): string | undefined {
  // The table has a second name after the first: the first is the last to be set.
  names ??= new Map([...errnos()].reverse().map(([name, value]) => [value, name]));
  return names.get(number);
}

/** Every name, by number. */
export const errnoNames = (): Iterable<string> => errnos().keys();
