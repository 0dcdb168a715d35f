import type { Diagnostic } from '../diagnostic.js';

/** With --allow-gaps: what nobody enforces is a warning. */
export const tolerateGap = (d: Diagnostic): Diagnostic =>
  d.code.startsWith('gap-') ? { ...d, severity: 'warning' } : d;
