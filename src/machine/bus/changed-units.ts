import type { UnitProperties } from '../unit-state.js';

/** A unit that is followed. */
interface FollowedUnit {
  isChanged: boolean;
  /** Its states in the last signal. */
  states: string;
}

/** Units that may have changed since somebody last asked about them. */
export class ChangedUnits {
  readonly #units = new Map<string, FollowedUnit>();
  #wake: (() => void) | undefined;
  /** Whether a unit has entered another state since somebody last waited for that. */
  #isOther = false;

  /**
   * Asks about a unit, and begins to follow it.
   * @returns whether it may have changed since the last question; undefined for the first one
   */
  ask(path: string): boolean | undefined {
    const unit = this.#units.get(path);
    const answer = unit?.isChanged;
    if (unit) unit.isChanged = false;
    else this.#units.set(path, { isChanged: false, states: '' });
    return answer;
  }

  /**
   * Waits for another state: other changes may come by the thousand.
   * @param wake called when a followed unit enters one, or has since the last wait; undefined: nobody waits
   */
  onState(wake: (() => void) | undefined) {
    this.#wake = wake;
    if (wake && this.#isOther) this.#tell();
  }

  #tell() {
    this.#isOther = this.#wake === undefined;
    this.#wake?.();
  }

  /** @param properties those that a signal has */
  note(path: string, properties: UnitProperties) {
    const unit = this.#units.get(path);
    if (!unit) return;
    const states = `${properties.get('ActiveState')} ${properties.get('SubState')}`;
    const isOther = states !== unit.states;
    Object.assign(unit, { isChanged: true, states });
    if (isOther) this.#tell();
  }

  /** Takes note of changes that nobody may have told of. */
  noteAll() {
    for (const unit of this.#units.values()) unit.isChanged = true;
    this.#tell();
  }
}
