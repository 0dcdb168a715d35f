import { EXIT, error, UserError } from '../diagnostic.js';
import type { Alarm, System, Talk } from './system.js';

/** Methods that each such system has of its own. */
type Told =
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

/** A system that is only read. What only a running machine can do or tell is an error. */
export abstract class NotRunning implements Omit<System, Told> {
  readonly #hint: string;

  /** @param hint the way out, in errors about what needs the running machine */
  constructor(hint: string) {
    this.#hint = hint;
  }

  protected unavailable(what: string): UserError {
    const message = `${what} needs the running machine`;
    return new UserError(error('offline', message, { hint: this.#hint }), EXIT.failure);
  }

  async wait(): Promise<void> {}

  /** Never rings: nothing takes time. */
  alarm(): Alarm {
    return { rung: new Promise(() => undefined), stop: () => undefined };
  }

  uptime(): number {
    throw this.unavailable('this');
  }

  async endsIn(): Promise<undefined> {
    throw this.unavailable('what a process sees');
  }

  async assertWritable(): Promise<void> {
    throw this.unavailable('this');
  }

  async reach(): Promise<undefined> {
    throw this.unavailable('an endpoint');
  }

  async talk(): Promise<Talk> {
    throw this.unavailable('a program');
  }

  async lock(): Promise<() => void> {
    throw this.unavailable('a lock');
  }

  async reload(): Promise<void> {
    throw this.unavailable('a reload');
  }

  async waitForState(): Promise<void> {
    throw this.unavailable('this');
  }

  async changed(): Promise<boolean> {
    throw this.unavailable('this');
  }

  async restart(): Promise<string> {
    throw this.unavailable('a restart');
  }

  async startUnit(): Promise<string> {
    throw this.unavailable('a start');
  }

  async reloadUnit(): Promise<string> {
    throw this.unavailable('a reload');
  }

  async stopUnit(): Promise<string> {
    throw this.unavailable('a stop');
  }
}
