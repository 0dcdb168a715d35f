import type { Diagnostic } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { Service } from '../../machine/state/service.js';
import type { ExistingFile } from '../../plan/emit/changes.js';
import type { DropInFacts } from '../../plan/emit/drop-in-facts.js';
import type { NamedProgram } from './named-programs.js';
import type { ServiceState } from './service-state.js';

/** A unit with files of ours. */
export interface InstalledUnit {
  readonly unit: string;
  readonly facts: DropInFacts;
  /** All of the unit's own that there are, the drop-in among them. */
  readonly files: readonly ExistingFile[];
  /** The services that the drop-in is for, and their state; undefined offline. */
  readonly services: readonly Service[] | undefined;
  readonly state: ServiceState | undefined;
  /** The programs of ours that its files name. */
  readonly programs: readonly NamedProgram[];
}

/** A change since a policy was applied, which may make other files now. */
export interface Suspect {
  readonly code: 'drift-policy' | 'drift-unit' | 'drift-systemd';
  readonly why: string;
}

/** Whether root, whose units they are, can read more than who asks. */
export const isDenied = ({ superuser, placement }: Context, diagnostics: readonly Diagnostic[]): boolean =>
  !superuser && placement.scope === 'system' && diagnostics.some(({ code }) => code === 'unreadable');
