/** The calls of an x86-64 machine's conventions, from its own headers. */
import { spawnSync } from 'node:child_process';
import { numbersSource } from '../../../src/seccomp/syscalls/generated/numbers.js';
import type { Convention } from './call-layouts.js';
import type { CallNames } from './policy-oracle.js';

const HEADERS: readonly [Convention, string][] = [
  ['x86-64', 'asm/unistd_64.h'],
  ['x32', 'asm/unistd_x32.h'],
  ['x86', 'asm/unistd_32.h'],
];

/** `#define __NR_name 1` or, of x32, `(__X32_SYSCALL_BIT + 1)`. */
const NUMBER = /^#define __NR_(\w+) (?:\(__X32_SYSCALL_BIT \+ )?(\d+)\)?$/gm;

/** The macros of a header. */
function macros(header: string): string {
  const options = ['-E', '-dM', '-include', header, '-x', 'c', '/dev/null'];
  return spawnSync('cc', options, { encoding: 'utf8' }).stdout ?? '';
}

/** Names by number; x32's numbers without their bit. */
export function callNames(): CallNames {
  const read = (header: string) =>
    [...macros(header).matchAll(NUMBER)].map(([, name, nr]): [number, string] => [Number(nr), name!]);
  return new Map(HEADERS.map(([convention, header]) => [convention, new Map(read(header))]));
}

/** Why the headers can't be held against the project's tables, or undefined. */
export function headersUnavailable(): string | undefined {
  const version = macros('linux/version.h');
  const part = (name: string) =>
    version.match(new RegExp(`^#define LINUX_VERSION_${name} (\\d+)$`, 'm'))?.[1];
  const found = `Linux ${part('MAJOR')}.${part('PATCHLEVEL')}`;
  return found === numbersSource ? undefined : `needs the headers of ${numbersSource}, these are of ${found}`;
}
