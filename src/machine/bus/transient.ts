import type { UnitProperty } from '../../systemd/unit/unit-property.js';
import type { UnitState } from '../unit-state.js';

/** Transient units, which exist from their start to their end. */
export interface TransientUnits {
  /**
   * Lets properties carry open files, `h`. Must be called before anything is asked of the manager.
   * @param sender path of send-descriptors
   */
  passDescriptors(sender: string): void;
  /**
   * Creates a unit, and queues its start.
   * @param besides a unit that is created and not started: the one that a timer starts
   * @throws UserError `access-denied`, `manager-refused`
   */
  start(unit: string, properties: readonly UnitProperty[], besides?: TransientUnit): Promise<StartedUnit>;
}

/** A transient unit by its full name. */
export interface TransientUnit {
  readonly unit: string;
  readonly properties: readonly UnitProperty[];
}

/** A transient unit that was started. */
export interface StartedUnit {
  /** The result of the start job, once it has one: `done`. */
  job(): Promise<string>;
  /** Settles when the unit is starting, or has ended already. */
  underway(): Promise<void>;
  /** The unit's invocation ID in hex; undefined while it isn't known. */
  invocation(): string | undefined;
  /**
   * Waits until the unit has stopped or failed and has no job.
   * @returns the unit with the properties that show how it has ended
   * @throws UserError `unit-gone`, `bus-failed` where that can't be found out
   */
  end(): Promise<UnitState>;
  /** The unit as end() gives it, at this moment. */
  state(): Promise<UnitState>;
  /** Queues the stop of the unit, without waiting for it. */
  stop(): Promise<void>;
}
