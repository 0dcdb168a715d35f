/** A watched service as the manager shows it: its phases, and the events of the checklist. */

import { printable } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { processesOf } from '../../machine/state/control-group.js';
import { orElse } from '../../machine/state/failures.js';
import type { Service } from '../../machine/state/service.js';
import type { System } from '../../machine/system.js';
import { commandsOf, type UnitState } from '../../machine/unit-state.js';
import type { LifePhase, RecordedEvent } from '../../observe/recording/recording.js';
import { EXEC_KEYS } from '../../systemd/unit/exec/keys.js';
import { linesOfCommands } from '../unit-facts.js';

/** The phase of a service in each state of its unit. */
const PHASE_OF: ReadonlyMap<UnitState['activeState'], LifePhase> = new Map([
  ['activating', 'start'],
  ['active', 'serving'],
  ['reloading', 'reload'],
  ['refreshing', 'reload'],
  ['deactivating', 'stop'],
]);

/**
 * Seconds for which a service counts as starting at least: one of Type=simple is active at once, before it has read its
 * own configuration.
 */
const SHORTEST_START = 1;

/** Seconds after which the manager is asked again without a signal of it: it sends none where it has read its files again. */
const ASK_AGAIN = 10;

/** Events of one kind, or of one command, that are kept: a service that fails and is restarted for a week has millions. */
const MOST_EVENTS = 500;

/** The longest line of a command that is kept, in characters. */
const LONGEST_LINE = 8000;

/** A phase that begins. */
export interface Entered {
  readonly phase: LifePhase;
  /** After a start: from when on the service was ready, however late that was seen, in microseconds of the monotonic clock. */
  readonly since?: number;
}

export class WatchedService {
  readonly name: string;
  readonly events: RecordedEvent[] = [];
  /** The number of events that are not kept. */
  lostEvents = 0;
  readonly #context: Context;
  readonly #logs = new LogFiles();
  readonly #counts = new Map<string, number>();
  #state: UnitState;
  #phase: LifePhase | undefined;
  #asked = Number.NEGATIVE_INFINITY;
  #started = Number.NEGATIVE_INFINITY;
  #lives = 0;
  #invocation: string;
  #lastCommand: number;
  #caused: RecordedEvent | undefined;

  /** @param service its state when the watch begins */
  constructor(context: Context, { name, state }: Service) {
    this.name = name;
    this.#context = context;
    this.#state = state;
    this.#phase = PHASE_OF.get(state.activeState);
    this.#invocation = state.invocationId;
    this.#lastCommand = Math.max(0, ...commandsIn(state).map(({ started }) => started));
    if (this.#phase === 'serving') this.note({ what: 'serving', at: 0 });
  }

  /** As the manager had it at the last question. */
  get state(): UnitState {
    return this.#state;
  }

  /** Undefined for a service that has been down all the time. */
  get phase(): LifePhase | undefined {
    return this.#phase;
  }

  note(event: RecordedEvent) {
    const kind = `${event.what} ${event.line ?? ''}`;
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    if (count < MOST_EVENTS) this.events.push(event);
    else this.lostEvents++;
  }

  /**
   * Asks the manager about the service, if it may have changed.
   * @param lives how often the control group was made since the begin
   * @param at seconds since the begin
   * @returns the phase that the observer is to be given, if it is another
   */
  async poll(lives: number, at: number): Promise<Entered | undefined> {
    const { system } = this.#context;
    const isChanged = await system.changed(this.name);
    if (isChanged || lives !== this.#lives || at >= this.#asked + ASK_AGAIN) {
      this.#asked = at;
      this.#state = await system.unit(this.name);
      await this.#noteCommands(at);
    }
    if (lives !== this.#lives || !['', this.#invocation].includes(this.#state.invocationId)) {
      this.#lives = lives;
      this.#start(at);
    }
    return this.#follow(at);
  }

  /** Checks the files that the service has open, which takes longer. */
  async checkLogs(at: number) {
    if (await this.#logs.isRotated(this.#context.system, this.#state))
      this.note({ what: 'log-rotation', at });
  }

  /** Enters a phase that the watch is about to cause, until settle(): the manager shows it later, or never. */
  cause(phase: LifePhase, at: number) {
    this.#phase = phase;
    this.#caused = { what: phase, at };
  }

  /** @param isDone whether the phase that was caused took place */
  settle(isDone: boolean) {
    if (this.#caused && isDone) this.note(this.#caused);
    this.#caused = undefined;
  }

  #start(at: number) {
    this.#invocation = this.#state.invocationId;
    this.#started = at;
    // A reload that ends in another start was none.
    this.settle(this.#caused?.what !== 'reload');
    this.#enter('start', at);
  }

  #follow(at: number): Entered | undefined {
    const { activeState, activeEnterTimestampMonotonic: active } = this.#state;
    // A service that is down has stopped, also between two questions. One that has failed has not.
    const hasStopped = activeState === 'inactive' && this.#phase !== undefined;
    const phase = PHASE_OF.get(activeState) ?? (hasStopped ? 'stop' : undefined);
    const isEarly = this.#caused !== undefined || at < this.#started + SHORTEST_START;
    if (phase === undefined || phase === this.#phase || (phase === 'serving' && isEarly)) return undefined;
    const isReady = this.#phase === 'start' && phase === 'serving' && active > 0;
    this.#enter(phase, at);
    return isReady ? { phase, since: active + SHORTEST_START * 1_000_000 } : { phase };
  }

  #enter(phase: LifePhase, at: number) {
    if (phase !== this.#phase) this.note({ what: phase, at });
    this.#phase = phase;
  }

  /** Notes commands that have begun since the last question: by their lines, or by the manager's words where the files have others. */
  async #noteCommands(at: number) {
    const begun = commandsIn(this.#state).filter(({ started }) => started > this.#lastCommand);
    if (begun.length === 0) return;
    this.#lastCommand = Math.max(...begun.map(({ started }) => started));
    const lines = await orElse(() => linesOfCommands(this.#context, this.name), new Map<string, string[]>());
    for (const { key, index, count, words } of begun) {
      const own = lines.get(key) ?? [];
      const line = printable(own.length === count ? own[index]! : `${key}=${words}`, LONGEST_LINE);
      this.note({ what: 'command', at, line });
    }
  }
}

/** The commands of a unit, and when the last process of each began, in microseconds of the monotonic clock. */
const commandsIn = (state: UnitState) =>
  EXEC_KEYS.flatMap((key) =>
    commandsOf(state, key).map(({ started, path, argv }, index, { length: count }) => {
      return { key, index, count, started, words: [path, ...argv.slice(1)].join(' ') };
    }),
  );

/** Processes of a service whose files are checked. */
const MOST_PROCESSES = 64;

/** Paths of logs: below a folder of them, as /var/log, or with their suffix. */
const LOG = /^\/(?:.*\/)?(?:logs?\/.*|[^/]*\.log)$/;

/** proc_pid_fd(5) has this behind the name of a file that is removed. */
const REMOVED = / \(deleted\)$/;

/**
 * Follows the log files that a service holds open. A rotation that renames is seen when the service has opened the file
 * of the old name again. One that copies and truncates isn't, since the service has no part in it; nor is one of logs
 * that a service opens for each line.
 */
export class LogFiles {
  readonly #inodes = new Map<string, Set<string>>();

  /** Whether another file is open under the name of one that an earlier check has seen. */
  async isRotated(system: System, state: UnitState): Promise<boolean> {
    const open = await openLogs(system, state);
    const isRotated = open.some(([path, inode]) => this.#inodes.get(path)?.has(inode) === false);
    for (const [path, inode] of open)
      this.#inodes.set(path, (this.#inodes.get(path) ?? new Set()).add(inode));
    return isRotated;
  }
}

/** The path and the inode of each open log: proc_pid_fd(5), proc_pid_fdinfo(5). */
async function openLogs(system: System, state: UnitState): Promise<[path: string, inode: string][]> {
  const logs: [string, string][] = [];
  const pids = await orElse(() => processesOf(system, state), []);
  for (const pid of pids.slice(0, MOST_PROCESSES)) {
    const links = await orElse(() => system.links(`/proc/${pid}/fd`), new Map<string, string>());
    for (const [descriptor, path] of links) {
      if (!LOG.test(path) || REMOVED.test(path)) continue;
      const file = await orElse(() => system.read(`/proc/${pid}/fdinfo/${descriptor}`), undefined);
      const [, inode] = /^ino:\s+(\d+)$/m.exec(new TextDecoder().decode(file?.bytes)) ?? [];
      if (inode !== undefined) logs.push([path, inode]);
    }
  }
  return logs;
}
