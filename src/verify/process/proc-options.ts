/** Options of the process's own /proc (proc(5)). */

import type { Get } from '../../directives/directive.js';
import { mountAt } from '../../formats/mount-tree.js';
import { EQUAL, type Finding, looser } from './finding.js';
import { word } from './loaded-lines.js';
import type { View } from './seen-process.js';

/** Spellings of `hidepid=` by value of ProtectProc=: numbers up to Linux 5.7. */
const HIDEPID: ReadonlyMap<string, readonly string[]> = new Map([
  ['invisible', ['hidepid=invisible', 'hidepid=2']],
  ['noaccess', ['hidepid=noaccess', 'hidepid=1']],
  ['ptraceable', ['hidepid=ptraceable', 'hidepid=4']],
]);

const hasOne = ({ tree }: View, options: readonly string[]): boolean => {
  const mount = mountAt(tree, '/proc');
  return mount?.type !== 'proc' || options.some((option) => mount.options.has(option));
};

export function protectProc(get: Get, view: View): Finding {
  const options = HIDEPID.get(word(get, 'ProtectProc'));
  return options === undefined || hasOne(view, options) ? EQUAL : looser(`/proc hasn't ${options[0]}`);
}

export const procSubset = (get: Get, view: View): Finding =>
  word(get, 'ProcSubset') !== 'pid' || hasOne(view, ['subset=pid'])
    ? EQUAL
    : looser("/proc hasn't subset=pid");
