/** A header of native-helper/ beside the system's own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository } from './repository.js';

/**
 * Writes two headers, for before and after those of the system: `renamed.h`, in which all that a header of
 * native-helper/ defines begins with `our_` or `OUR_`, and `same.h`, which compares the constants.
 */
export function writeAbiHeaders(folder: string, header: string): void {
  const path = inRepository('native-helper', header);
  const all = [readFileSync(inRepository('native-helper/kernel.h'), 'utf8'), readFileSync(path, 'utf8')];
  const defined = (text: string) => unique(text.matchAll(/^#define ([A-Z]\w*) \S/gm));
  const constants = defined(all[1]!);
  const structs = unique(all[1]!.matchAll(/^struct (\w+) \{/gm));
  writeFileSync(
    join(folder, 'renamed.h'),
    [
      ...structs.map((name) => `#define ${name} our_${name}`),
      `#include "${path}"`,
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
