import { EXIT, error, UserError } from '../diagnostic.js';
import type { Alarm, System } from './system.js';

/** Methods that each such system has of its own. */
type OwnMethods =
  | 'read'
  | 'list'
  | 'links'
  | 'walk'
  | 'replace'
  | 'remove'
  | 'now'
  | 'run'
  | 'manager'
  | 'unit'
  | 'anyUnit'
  | 'instances'
  | 'services';

/** A system that is only read. What only a running machine can do or answer is an error. */
export abstract class NotRunning implements Omit<System, OwnMethods> {
  readonly #hint: string;

  /** @param hint the way out, in errors about what needs the running machine */
  constructor(hint: string) {
    this.#hint = hint;
  }

  /** Every method that only a running machine has. */
  protected readonly refuse = async (): Promise<never> => this.uptime();

  readonly assertWritable = this.refuse;
  readonly changed = this.refuse;
  readonly lock = this.refuse;
  readonly reach = this.refuse;
  readonly reload = this.refuse;
  readonly reloadUnit = this.refuse;
  readonly restart = this.refuse;
  readonly startUnit = this.refuse;
  readonly stopUnit = this.refuse;
  readonly lineChild = this.refuse;
  readonly waitForState = this.refuse;
  readonly walkIn = this.refuse;

  async wait(): Promise<void> {}

  /** Never rings: nothing takes time. */
  alarm(): Alarm {
    return { rung: new Promise(() => undefined), stop: () => undefined };
  }

  /** @throws UserError `offline` */
  uptime(): never {
    throw new UserError(
      error('offline', 'this needs the running machine', { hint: this.#hint }),
      EXIT.failure,
    );
  }
}
