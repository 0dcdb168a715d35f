import { commandsOf, type UnitState } from '../../system/unit-state.js';
import { EXEC_KEYS } from '../../unit/exec/keys.js';

/** The lines of a unit's commands by key, one a command in the manager's order. */
export type LinesOfCommands = ReadonlyMap<string, readonly string[]>;

/** A command of a unit whose process has begun. */
interface Started {
  readonly key: string;
  readonly index: number;
  /** The number of commands of the key. */
  readonly count: number;
  /** The manager's words, where the line isn't known. */
  readonly words: string;
}

/** Follows which commands of a unit run, by the times that the manager has of their last processes. */
export class Commands {
  readonly #times = new Map<string, number>();
  readonly #lines: () => Promise<LinesOfCommands>;

  /**
   * @param state the unit when the watch begins
   * @param lines reads the unit's files, in which an administrator may have changed the lines meanwhile
   */
  constructor(state: UnitState, lines: () => Promise<LinesOfCommands>) {
    this.#lines = lines;
    this.#startedIn(state);
  }

  /** Lines of the commands that have begun since the last look, each once. */
  async look(state: UnitState): Promise<string[]> {
    const started = this.#startedIn(state);
    if (started.length === 0) return [];
    const lines = await this.#lines();
    return started.map(({ key, index, count, words }) => {
      const own = lines.get(key) ?? [];
      return own.length === count ? own[index]! : `${key}=${words}`;
    });
  }

  /** A manager that reads its files again forgets times: only a later one counts. */
  #startedIn(state: UnitState): Started[] {
    return EXEC_KEYS.flatMap((key) => {
      const all = commandsOf(state, key);
      return all.flatMap(({ started, path, argv }, index) => {
        const place = `${key} ${index}`;
        if (started <= (this.#times.get(place) ?? 0)) return [];
        this.#times.set(place, started);
        return [{ key, index, count: all.length, words: [path, ...argv.slice(1)].join(' ') }];
      });
    });
  }
}
