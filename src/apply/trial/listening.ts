/** Services are held against the sockets at which they waited for others before their restart. */

import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import {
  drawnPorts,
  listeningOf,
  type ServiceSocket,
  type SocketsByNamespace,
} from '../../machine/state/listening.js';
import { hasJob, isUp } from '../../machine/state/service-run.js';
import type { System } from '../../machine/system.js';
import type { Prepared } from '../../prepare/prepare.js';
import { checkListening, type Lost, lostSockets } from './check-listening.js';
import type { TrialCheck } from './check-refusals.js';

/** How long a service that has stayed up may take to listen, in milliseconds. */
const PATIENCE = 10_000;

const NONE: TrialCheck = { failures: [], notes: [] };

export class ListeningBefore {
  readonly #system: System;
  readonly #sockets = new Map<string, readonly ServiceSocket[]>();

  constructor({ system }: Context) {
    this.#system = system;
  }

  /** Looks at services that are about to be restarted. Of one that is down, or can't be looked at, nothing is asked then. */
  async look(services: readonly string[]): Promise<void> {
    const seen: SocketsByNamespace = new Map();
    for (const name of services) this.#sockets.set(name, (await this.#now(name, seen)) ?? []);
  }

  /** Checks what a restarted service has lost, which has stayed up. One that listens late is waited for. */
  async check(prepared: Prepared): Promise<TrialCheck> {
    const { unit } = prepared.plan;
    const before = this.#sockets.get(unit) ?? [];
    const drawn = before.length > 0 ? await drawnPorts(this.#system) : undefined;
    if (!drawn) return NONE;
    let after: readonly ServiceSocket[] = [];
    let lost: Lost | undefined;
    const isThere = async () => {
      const now = await this.#now(unit);
      after = now ?? [];
      lost = now && lostSockets(before, now, drawn);
      return lost === undefined || lost.gone.length + lost.moved.length === 0;
    };
    if (await isThere()) return NONE;
    await this.#system.wait(PATIENCE, isThere);
    await isThere();
    return lost ? checkListening(prepared, lost, after) : NONE;
  }

  async #now(name: string, seen?: SocketsByNamespace): Promise<readonly ServiceSocket[] | undefined> {
    const state = await orElse(() => this.#system.unit(name), undefined);
    return state && isUp(state) && !hasJob(state) ? listeningOf(this.#system, state, seen) : undefined;
  }
}
