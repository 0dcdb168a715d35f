import type { UnitState } from '../unit-state.js';

/** Services that end all that runs, or have it sleep, with no target in between. */
const ENDING_ALL =
  /^systemd-(?:exit|halt|hibernate|hybrid-sleep|kexec|poweroff|reboot|soft-reboot|suspend|suspend-then-hibernate)\.service$/;

export interface Triggered {
  readonly units: readonly string[];
  /** The line by which more ends than the unit itself; undefined if there is none. */
  readonly endsMore: string | undefined;
}

/** The units that systemd starts when a unit fails, or ends with success (systemd.unit(5)). */
export function triggered(state: UnitState, by: 'OnFailure' | 'OnSuccess'): Triggered {
  const [units, jobMode] =
    by === 'OnFailure'
      ? [state.onFailure, state.onFailureJobMode]
      : [state.onSuccess, state.onSuccessJobMode];
  const isolates = units.length > 0 && jobMode === 'isolate';
  const endsMore = isolates || units.some((unit) => unit.endsWith('.target') || ENDING_ALL.test(unit));
  const mode = isolates ? ` with ${by}JobMode=isolate` : '';
  return { units, endsMore: endsMore ? `${by}=${units.join(' ')}${mode}` : undefined };
}
