import type { LearnedDirectives, ProvedDirective, UnprovedDirective } from '../directives/directives.js';
import { assignment, comment, tomlValue } from './toml.js';

/** The section `[service]`: a comment and a line a directive, then those that aren't stated. */
export function serviceLines({ proved, unproved }: Pick<LearnedDirectives, 'proved' | 'unproved'>): string[] {
  if (proved.length === 0 && unproved.length === 0) return [];
  return [
    ...(proved.length > 0 ? ['[service]', ...proved.flatMap(provedLines)] : []),
    ...(unproved.length > 0
      ? ['', comment('Not stated, since the evidence speaks against them or is not whole:')]
      : []),
    ...unproved.map(unprovedLine),
  ];
}

const provedLines = ({ name, value, why }: ProvedDirective): string[] => [
  comment(why),
  assignment(name, value),
];

/** A wanted value in words stands for one that the evidence would have given. */
function unprovedLine({ name, wanted, reason }: UnprovedDirective): string {
  const isWords = typeof wanted === 'string' && wanted.includes(' ');
  return comment(isWords ? `${name}: ${reason}.` : `${name} = ${tomlValue(wanted)}: ${reason}.`);
}
