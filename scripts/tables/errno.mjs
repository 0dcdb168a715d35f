/** Names of errnos from the headers of the kernel and, for ENOTSUP, of the C library. */
import { ABIS, evaluate, LIBC, preprocess } from './compiler.mjs';

const NAME = /^#define (E[A-Z0-9]+) \S/gm;

function errnosOf(headers, abi, header) {
  const names = [...preprocess(headers, abi, [header]).matchAll(NAME)].map((m) => m[1]);
  return evaluate(headers, abi, [header], names);
}

const lines = (errnos) => [...errnos].map(([name, n]) => `${name} ${n}`).sort();

/** One line a name: the name and its number, which all ABIs share; aliases come after the name that has the number first. */
export function errnoTable(headers) {
  const [first, ...others] = ABIS.map((abi) => errnosOf(headers, abi, 'asm/errno.h'));
  for (const other of others) {
    if (lines(other).join() !== lines(first).join()) throw new Error('the ABIs disagree on errnos');
  }
  const all = new Map([...first, ...errnosOf(headers, LIBC, 'errno.h')]);
  // Stable: of two names with one number the kernel's canonical one is defined first.
  return [...all].sort((a, b) => Number(a[1] - b[1])).map(([name, n]) => `${name} ${n}`);
}
