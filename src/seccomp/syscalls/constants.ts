/**
 * Constants by name for argument rules, with their value in each ABI. The values of `O_DIRECTORY` and of ioctl numbers
 * differ.
 */
import type { Abi } from './abi.js';
import { constantsTable } from './generated/constants.js';

/** Rows of the table by name: the value in most ABIs, then `abi=value` for the others. */
let rows: ReadonlyMap<string, string> | undefined;

function constants(): ReadonlyMap<string, string> {
  // Only the first space splits a row: there are thousands of rows, and a policy asks for a few.
  const row = (line: string): [string, string] => {
    const end = line.indexOf(' ');
    return [line.slice(0, end), line.slice(end + 1)];
  };
  rows ??= new Map(constantsTable.trimEnd().split('\n').map(row));
  return rows;
}

/**
 * The value of a constant as an argument register holds it: unsigned, and as wide as the constant's C type. AT_FDCWD is
 * an int and so 0xffffff9c: a rule compares it in 32 bits, since the register's upper half may hold anything. The table
 * lacks SIGRTMIN, SO_RCVTIMEO and other constants that a C library defines by its own choice.
 * @returns undefined where the ABI has no such constant
 */
export function constantValue(abi: Abi, name: string): bigint | undefined {
  const [common, ...others] = (constants().get(name) ?? '-').split(' ');
  const own = others.find((other) => other.startsWith(`${abi}=`))?.slice(abi.length + 1);
  const value = own ?? common!;
  return value === '-' ? undefined : BigInt(value);
}

/** Every constant that some ABI has, in alphabetical order. */
export const constantNames = (): Iterable<string> => constants().keys();
