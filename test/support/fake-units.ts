/** Transient units of a fake manager, and a caller that is told things. */
import assert from 'node:assert/strict';
import type { Code } from '../../src/codes/subjects.js';
import { EXIT, error, UserError } from '../../src/diagnostic.js';
import type { StartedUnit, TransientUnit, TransientUnits } from '../../src/machine/bus/transient.js';
import type { Caller, Interrupt } from '../../src/machine/caller.js';
import type { UnitState } from '../../src/machine/unit-state.js';
import type { UnitProperty } from '../../src/systemd/unit/unit-property.js';
import { PLAIN } from '../../src/theme.js';
import { unitState } from './unit-state.js';

/** What becomes of a unit. */
export interface FakeRun {
  /** The manager refuses the unit. */
  readonly refused?: UserError;
  readonly job?: string;
  /** What the unit says when it has ended; a code of an error: that is thrown instead. */
  readonly end?: Readonly<Record<string, unknown>> | Code;
  /** Interrupts that come while it is waited for. */
  readonly interrupts?: readonly Interrupt[];
  /** False: it goes on although it is stopped. */
  readonly stops?: boolean;
}

/** A unit that has exited with 0. */
export const SUCCESS: Readonly<Record<string, unknown>> = {
  LoadState: 'loaded',
  ActiveState: 'inactive',
  Result: 'success',
  ExecMainCode: 1,
  ExecMainStatus: 0,
};

export class FakeUnits implements TransientUnits {
  /** What was started: the name and its properties. */
  readonly started: { readonly unit: string; readonly properties: ReadonlyMap<string, unknown> }[] = [];
  /** Units that were made besides, and not started. */
  readonly made: TransientUnit[] = [];
  readonly stopped: string[] = [];
  readonly senders: string[] = [];
  readonly told: string[] = [];
  readonly #run: FakeRun;
  readonly #note: (call: string) => void;
  readonly #interrupts: Interrupt[];
  #haveStopped: () => void = () => undefined;
  /** A unit that is interrupted runs until it is stopped. */
  readonly #isStopped = new Promise<void>((resolve) => {
    this.#haveStopped = resolve;
  });

  /** @param note is called before anything is started */
  constructor(run: FakeRun = {}, note: (call: string) => void = () => undefined) {
    this.#run = run;
    this.#note = note;
    this.#interrupts = [...(run.interrupts ?? [])];
  }

  passDescriptors(sender: string): void {
    this.senders.push(sender);
  }

  async start(
    unit: string,
    properties: readonly UnitProperty[],
    besides?: TransientUnit,
  ): Promise<StartedUnit> {
    const { refused, job = 'done', end = SUCCESS } = this.#run;
    this.#note(`start-transient ${unit}`);
    if (refused) throw refused;
    if (besides) this.made.push(besides);
    this.started.push({ unit, properties: new Map(properties.map(({ name, value }) => [name, value])) });
    return {
      job: async () => job,
      underway: async () => undefined,
      invocation: () => '0'.repeat(31) + this.started.length,
      end: () => this.#end(end),
      state: async () => unitState(typeof end === 'string' ? {} : end),
      stop: async () => {
        this.stopped.push(unit);
        if (this.#run.stops ?? true) this.#haveStopped();
      },
    };
  }

  async #end(end: Required<FakeRun>['end']): Promise<UnitState> {
    if (this.#run.interrupts) await this.#isStopped;
    if (typeof end === 'string') throw new UserError(error(end, 'injected'), EXIT.failure);
    return unitState(end);
  }

  caller(more: Partial<Caller> = {}): Caller {
    return {
      directory: '/folder',
      environment: { PATH: '/usr/bin:/bin' },
      whyNotExecutable: () => 'no such file',
      tell: (line) => void this.told.push(line),
      tellIfLong: (_, step) => step(),
      during: (_, step) => step(),
      theme: PLAIN,
      interrupts: () => ({
        next: async () => this.#interrupts.shift() ?? new Promise(() => undefined),
        release: () => undefined,
      }),
      readLine: () => assert.fail('nobody is to be asked'),
      readInput: () => assert.fail('no standard input is to be read'),
      terminals: async () => [false, false, false],
      openTerminal: async () => assert.fail('no terminal is to be opened'),
      ...more,
    };
  }
}
