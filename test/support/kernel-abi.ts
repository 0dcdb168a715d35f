/** Headers of native-helper/ beside the system's own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository } from './repository.js';

/**
 * Writes two headers, for before and after those of the system: `renamed.h`, in which all that headers of
 * native-helper/ define begins with `our_` or `OUR_`, and `same.h`, which compares the constants.
 */
export function writeAbiHeaders(folder: string, ...headers: readonly string[]): void {
  const paths = ['kernel.h', ...headers].map((header) => inRepository('native-helper', header));
  const all = paths.map((path) => readFileSync(path, 'utf8'));
  const defined = (text: string) => unique(text.matchAll(/^#define ([A-Z]\w*) \S/gm));
  const own = all.slice(1).join('');
  const constants = defined(own);
  const structs = unique(own.matchAll(/^struct (\w+) \{/gm));
  writeFileSync(
    join(folder, 'renamed.h'),
    [
      ...structs.map((name) => `#define ${name} our_${name}`),
      ...paths.map((path) => `#include "${path}"`),
      ...constants.map((name) => `enum { OUR_${name} = (int)${name} };`),
      ...structs.map((name) => `#undef ${name}`),
      ...all.flatMap(defined).map((name) => `#undef ${name}\n`),
    ].join('\n'),
  );
  const theirs = (name: string) => name.replace(/^NR_/, '__NR_');
  const same = (name: string) => `_Static_assert(OUR_${name} == (int)${theirs(name)}, "${name}");\n`;
  writeFileSync(join(folder, 'same.h'), constants.map(same).join(''));
}

const unique = (matches: Iterable<RegExpMatchArray>): string[] => [
  ...new Set([...matches].map(([, name]) => name!)),
];
