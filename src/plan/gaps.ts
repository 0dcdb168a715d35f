import type { Diagnostic } from '../diagnostic.js';

/** The gaps that are let through: all (--allow-gaps), none, or those with the listed codes. */
export type AllowedGaps = boolean | readonly string[];

const isGap = ({ code }: Diagnostic): boolean => code.startsWith('gap-');

/** The diagnostic, as a warning if it is a gap that is allowed. */
export const tolerateGap = (d: Diagnostic, allowed: AllowedGaps = true): Diagnostic =>
  isGap(d) && (allowed === true || (allowed !== false && allowed.includes(d.code)))
    ? { ...d, severity: 'warning' }
    : d;

/** The codes of gaps that were let through, each once, sorted. */
export const toleratedGaps = (diagnostics: readonly Diagnostic[]): string[] =>
  [
    ...new Set(diagnostics.filter((d) => isGap(d) && d.severity === 'warning').map(({ code }) => code)),
  ].sort();
