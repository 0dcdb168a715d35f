/** The life of a watched service, as far as the manager and /proc tell it. */

import { orElse } from '../../state/failures.js';
import type { Context } from '../../system/context.js';
import type { UnitState } from '../../system/unit-state.js';
import { linesOfCommands } from '../unit-facts.js';
import { Commands } from './commands.js';
import { Events } from './events.js';
import { LogFiles } from './log-files.js';
import { type Entered, Phases } from './phases.js';
import type { Target } from './target.js';

/**
 * Seconds after which the manager is asked again though it has told of no change: it tells of none where it has read its
 * files again.
 */
const NET = 10;

export class Life {
  readonly #context: Context;
  readonly #name: string;
  readonly events = new Events();
  readonly phases: Phases;
  readonly #logs: LogFiles;
  #state: UnitState;
  #commands: Commands | undefined;
  #lives = 0;
  #asked = Number.NEGATIVE_INFINITY;

  constructor(context: Context, { name, state }: Target) {
    this.#context = context;
    this.#name = name;
    this.#state = state;
    this.phases = new Phases(state, this.events);
    this.#logs = new LogFiles(context.system);
  }

  /**
   * Takes a look. The manager is asked only where it has told of a change, or the control group was made anew.
   * @param lives how often the control group was made since the begin
   * @param at seconds since the begin
   * @returns the phase that the observer is to be told, if it is another
   */
  async look(lives: number, at: number): Promise<Entered | undefined> {
    const isChanged = await this.#context.system.changed(this.#name);
    if (isChanged || lives !== this.#lives || at >= this.#asked + NET) await this.#ask(at);
    this.#lives = lives;
    return this.phases.look(this.#state, lives, at);
  }

  async #ask(at: number) {
    this.#asked = at;
    this.#state = await this.#context.system.unit(this.#name);
    // All that the first answer has is of before the watch.
    this.#commands ??= new Commands(this.#state, () => this.#lines());
    for (const line of await this.#commands.look(this.#state))
      this.events.note({ what: 'command', at, line });
  }

  /** Files that can't be read, or that the manager hasn't read, have no lines. */
  #lines() {
    return orElse(() => linesOfCommands(this.#context, this.#name), new Map());
  }

  /** Looks at the files that the service has open, which takes longer. */
  async lookAtLogs(at: number) {
    if (await this.#logs.isRotated(this.#state)) this.events.note({ what: 'log-rotation', at });
  }
}
