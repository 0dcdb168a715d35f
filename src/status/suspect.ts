import type { Diagnostic } from '../diagnostic.js';
import type { Context } from '../system/context.js';

/** A change since a policy was applied, which may make other files now. */
export interface Suspect {
  readonly code: 'drift-policy' | 'drift-unit' | 'drift-systemd';
  readonly why: string;
}

/** Whether root, whose units they are, can read more than who asks. */
export const isDenied = ({ superuser, placement }: Context, diagnostics: readonly Diagnostic[]): boolean =>
  !superuser && placement.scope === 'system' && diagnostics.some(({ code }) => code === 'unreadable');
