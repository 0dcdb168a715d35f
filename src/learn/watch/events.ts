import type { RecordedEvent } from '../../evidence/recording/recording.js';

/** Events of one kind, or of one command, that are kept: a service that fails and is restarted for a week has millions. */
const MOST = 500;

/** The events of a watched service. */
export class Events {
  readonly #counts = new Map<string, number>();
  /** Those that are kept, in their order. */
  readonly kept: RecordedEvent[] = [];
  #lost = 0;

  /** The number of those that are not kept. */
  get lost(): number {
    return this.#lost;
  }

  note(event: RecordedEvent) {
    const kind = `${event.what} ${event.line ?? ''}`;
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    if (count < MOST) this.kept.push(event);
    else this.#lost++;
  }
}
