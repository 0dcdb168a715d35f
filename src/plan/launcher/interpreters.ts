import type { ProgramFacts } from '../../systemd/formats/elf.js';

/**
 * systemd's search path (`systemd-path search-binaries-default`), with the folders that older systems don't merge into
 * /usr. The launcher has the same.
 */
export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'.split(':');

/**
 * The files that the kernel runs in the place of a script: its interpreter, and what `env` may start as such (env(1)).
 * Empty for any other program.
 */
export function interpretersOf(program: ProgramFacts): string[] {
  if (program.kind !== 'script') return [];
  const { interpreter, words } = program;
  const name = interpreter.endsWith('/env') ? words.find((word) => !/^-|=/.test(word)) : undefined;
  if (name === undefined) return [interpreter];
  return [
    interpreter,
    ...(name.includes('/') ? [name] : SEARCH_PATH.map((directory) => `${directory}/${name}`)),
  ];
}
