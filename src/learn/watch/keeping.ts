/** A watch is kept now and then while it lasts, so that no more than that is lost, and at its end. */

import { type Diagnostic, note, UserError } from '../../diagnostic.js';
import type { RecordedEvent } from '../../evidence/recording/recording.js';
import type { Observer } from '../../observer/observer.js';
import { spanText } from '../../policy/time-span.js';
import { failureOf } from '../../state/failures.js';
import type { Service } from '../../state/service.js';
import type { Machine } from '../../syscalls/abi.js';
import type { Context } from '../../system/context.js';
import type { Life } from './life.js';
import type { Target } from './target.js';

/** A watched service, as far as it was seen. */
export interface Watched {
  readonly machine: Machine;
  readonly service: Service;
  /** Milliseconds since 1970. */
  readonly begin: number;
  readonly end: number;
  /** Seconds of a time slice. */
  readonly slice: number;
  /** The line that the observer has dumped: hostile text. */
  readonly dump: string;
  readonly events: readonly RecordedEvent[];
  /** The number of events that are not kept. */
  readonly lostEvents: number;
  /** Whether the watch isn't over, or was cut short. */
  readonly truncated: boolean;
}

/** Keeps all that was seen, in the place of what it has kept before. @throws UserError where it can't */
export type Keep = (watched: readonly Watched[]) => Promise<void>;

/** The length of a time slice, in seconds. */
export const SLICE = 10;

/** Time between two times of keeping, in milliseconds. */
const KEEP = 60_000;

export interface KeptParts {
  readonly context: Context;
  readonly machine: Machine;
  readonly found: readonly Target[];
  readonly lives: readonly Life[];
  readonly observer: Observer;
  readonly keep: Keep;
  /** Milliseconds since 1970. */
  readonly begin: number;
}

export class Keeping {
  readonly #parts: KeptParts;
  /** When it was last tried, and when it last succeeded. */
  #tried: number;
  #kept: number | undefined;
  #isFailing = false;

  constructor(parts: KeptParts) {
    this.#parts = parts;
    this.#tried = parts.begin;
  }

  /**
   * Keeps what was seen so far, if it is time. A failure ends no watch: a full disk may have room later, and the observer
   * has all that was seen.
   * @throws UserError `observer-ended`
   */
  async now() {
    const { context, keep } = this.#parts;
    if (context.system.now() < this.#tried + KEEP) return;
    const watched = await this.#watched(true);
    try {
      await keep(watched);
      this.#hasKept();
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      if (!this.#isFailing) context.caller.tell(`${cause.message}; it is tried again each minute`);
      this.#isFailing = true;
    }
  }

  /**
   * Keeps all that was seen.
   * @throws UserError `observer-ended`, and where it can't be written
   */
  async atEnd() {
    await this.#parts.keep(await this.#watched(false));
    this.#hasKept();
  }

  /** Keeps what there is of a watch that fails, if that can be. Returns a note about it. */
  async ofFailed(): Promise<Diagnostic> {
    await failureOf(async () => {
      await this.#parts.keep(await this.#watched(true));
      this.#hasKept();
    });
    if (this.#kept === undefined) return note('nothing-kept', 'nothing of this watch is kept');
    const lacking = spanText((this.#parts.context.system.now() - this.#kept) / 1000);
    return note('cut-short', `this watch is kept, without its last ${lacking}, and marked as cut short`);
  }

  #hasKept() {
    this.#kept = this.#tried;
    this.#isFailing = false;
  }

  async #watched(truncated: boolean): Promise<Watched[]> {
    const { context, machine, found, lives, observer, begin } = this.#parts;
    this.#tried = context.system.now();
    for (const life of lives) await life.lookAtLogs((this.#tried - begin) / 1000);
    const dumps = await observer.dump();
    return found.map(({ name, state }, i) => ({
      machine,
      service: { name, state },
      begin,
      end: context.system.now(),
      slice: SLICE,
      dump: dumps[i] ?? '',
      events: lives[i]!.events.kept,
      lostEvents: lives[i]!.events.lost,
      truncated,
    }));
  }
}
