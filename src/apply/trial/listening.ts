/** Services are held against the sockets at which they waited for others before their restart. */

import { groupBy, shortList } from '../../collections.js';
import { type Diagnostic, error, printable, warning } from '../../diagnostic.js';
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

/** UDP ports from here on are also those from which a program asks others: a resolver takes one a question. */
const FIRST_OF_CLIENTS = 1024;

/**
 * Names of Unix sockets have such numbers from process IDs, which differ from run to run. A small one tells only in the
 * name of a file that is renamed later, as haproxy binds `PATH.PID.tmp`.
 */
const NUMBERED = /(?:\d{3}[^/]*|\.\d+\.tmp)$/;

/** Whether a service has an address again after a restart, if all is well. */
function isLasting({ port, kind, address }: ServiceSocket, drawn: readonly [number, number]): boolean {
  if (port === undefined) return !NUMBERED.test(address);
  if (kind === 'udp') return port < FIRST_OF_CLIENTS;
  return port < drawn[0] || port > drawn[1];
}

const keyOf = ({ kind, address, isApart }: ServiceSocket): string =>
  // A Unix socket is found by its path, whatever the network namespace.
  `${kind} ${isApart && kind !== 'unix'} ${address}`;

/** Sockets of before that are there no more, and those in the place of others. */
interface Lost {
  readonly gone: readonly ServiceSocket[];
  /** Of these kinds there are as many new ones: a configuration may have changed, or a port is drawn. */
  readonly moved: readonly ServiceSocket[];
}

/**
 * Compares the sockets of a service before and after its restart.
 * @param drawn the first and the last of the ports that the kernel draws
 */
export function lostSockets(
  before: readonly ServiceSocket[],
  after: readonly ServiceSocket[],
  drawn: readonly [number, number],
): Lost {
  const [old, now] = [before, after].map((sockets) => new Set(sockets.map(keyOf)));
  const fresh = after.filter((socket) => !old!.has(keyOf(socket)) && !isShutOff(socket, before));
  const lost = unique(before.filter((one) => isLasting(one, drawn) && !now!.has(keyOf(one))));
  const byKind = [...groupBy(lost, ({ kind }) => kind)];
  const isMoved = ([kind, some]: (typeof byKind)[number]) =>
    unique(fresh.filter((one) => one.kind === kind)).length >= some.length;
  return {
    gone: byKind.filter((one) => !isMoved(one)).flatMap(([, some]) => some),
    moved: byKind.filter(isMoved).flatMap(([, some]) => some),
  };
}

/** Whether a socket is in a network namespace of its own, as none of the service's was. */
const isShutOff = ({ isApart }: ServiceSocket, before: readonly ServiceSocket[]): boolean =>
  isApart && before.every((one) => !one.isApart);

const unique = (sockets: readonly ServiceSocket[]): ServiceSocket[] => [
  ...new Map(sockets.map((one) => [keyOf(one), one])).values(),
];

/** Checks lost sockets by `listening` of [apply]: unless it says otherwise, one takes the policy back. */
function checkListening(
  { plan, policy: { policy } }: Prepared,
  { gone, moved }: Lost,
  after: readonly ServiceSocket[],
): TrialCheck {
  const { unit } = plan;
  const notes: Diagnostic[] = [];
  if (moved.length > 0)
    notes.push(warning('not-listening', `${unit} listened on ${names(moved)} and listens elsewhere now`));
  if (gone.length === 0) return { failures: [], notes };
  const isApart = gone.every((one) => after.some((now) => now.isApart && isSameAddress(now, one)));
  const how = isApart
    ? "listens there in a network namespace of its own, where it can't be reached"
    : 'no longer does under the policy';
  const message = `${unit} listened on ${names(gone)}, and ${how}`;
  const found = { code: 'not-listening', message } as const;
  if (policy.listening?.value === 'warn')
    return { failures: [], notes: [...notes, warning(found.code, found.message)] };
  const hint = 'if it needs more time, raise settle in [apply]; to accept this, set listening = "warn" there';
  return { failures: [error(found.code, found.message, { hint })], notes };
}

const isSameAddress = (one: ServiceSocket, other: ServiceSocket): boolean =>
  one.kind === other.kind && one.address === other.address;

const names = (sockets: readonly ServiceSocket[]): string =>
  shortList(
    sockets.map(({ kind, address }) => `${kind === 'unix' ? '' : `${kind} `}${printable(address)}`).sort(),
  );
