/** Call numbers of every ABI from asm/unistd.h. */
import { ABIS, evaluate, preprocess } from './compiler.mjs';

/**
 * Calls that kernels up to 7.3 added to the headers of 6.12. Since 5.1 a new call has one number on every machine.
 * Headers that have a call must agree with the row here.
 */
const LATER_EVERYWHERE = {
  setxattrat: 463,
  getxattrat: 464,
  listxattrat: 465,
  removexattrat: 466,
  open_tree_attr: 467,
  file_getattr: 468,
  file_setattr: 469,
  listns: 470,
  rseq_slice_yield: 471,
  fchroot: 472,
};
const LATER = {
  ...Object.fromEntries(ABIS.map((abi) => [abi, LATER_EVERYWHERE])),
  'x86-64': { ...LATER_EVERYWHERE, uprobe: 336 },
  x32: { ...LATER_EVERYWHERE, uprobe: 336 },
};

/** Bit 30 marks an x32 call; the table has x32's numbers without it. */
const X32_BIT = 0x40000000;

/** Lower-case names are calls; upper-case ones are bases and masks. */
const CALL = /^#define __(?:ARM_)?NR_([a-z_][a-z0-9_]*) /gm;
const NOT_CALLS = new Set(['syscalls', 'arch_specific_syscall']);

/** arm's header has two names for one call. The table has the one that systemd's sets know. */
const SECOND_NAMES = new Set(['arm_sync_file_range']);

function numbersOf(headers, abi) {
  const includes = ['asm/unistd.h'];
  const text = preprocess(headers, abi, includes);
  const macros = [...text.matchAll(CALL)].filter((m) => !NOT_CALLS.has(m[1]) && !SECOND_NAMES.has(m[1]));
  const names = macros.map((m) => m[0].split(' ')[1]);
  const values = evaluate(headers, abi, includes, names);
  const numbers = new Map(macros.map((m, i) => [m[1], Number(values.get(names[i]))]));
  if (abi === 'x32') for (const [name, nr] of numbers) numbers.set(name, nr ^ X32_BIT);
  for (const [name, nr] of Object.entries(LATER[abi])) {
    if ((numbers.get(name) ?? nr) !== nr)
      throw new Error(`${abi}: ${name} is ${numbers.get(name)}, not ${nr}`);
    numbers.set(name, nr);
  }
  if (new Set(numbers.values()).size !== numbers.size) throw new Error(`${abi}: a number has two names`);
  return numbers;
}

/** After a line of headings one line a call: its name and its number in each ABI, `-` where it has none. */
export function numbersTable(headers) {
  const tables = ABIS.map((abi) => numbersOf(headers, abi));
  const names = [...new Set(tables.flatMap((table) => [...table.keys()]))].sort();
  const rows = names.map((name) => [name, ...tables.map((table) => table.get(name) ?? '-')]);
  return [['call', ...ABIS], ...rows].map((row) => row.join(' '));
}
