/** Tries whether endpoints of services answer. */

import type { IncomingMessage } from 'node:http';
import { UserError } from '../diagnostic.js';
import type { Endpoint } from '../policy/probe.js';
import { type BusPlace, Connection } from './bus/connection.js';

/** The conditions under which an endpoint is tried. */
export interface Reaching {
  /** Ends the try. */
  readonly signal: AbortSignal;
  /** The bus on which a name is looked for. */
  readonly bus: BusPlace;
}

/**
 * Tries an endpoint once: a connection that is taken, an HTTP status from 200 to 399, a name that has an owner.
 * Redirects aren't followed.
 * @returns the reason why it doesn't answer; undefined if it does
 */
export async function reach(endpoint: Endpoint, { signal, bus }: Reaching): Promise<string | undefined> {
  try {
    if (endpoint.kind === 'tcp') return await connected(endpoint, signal);
    return endpoint.kind === 'http' ? await requested(endpoint.url, signal) : await owned(endpoint.name, bus);
  } catch (cause) {
    return reasonOf(cause);
  }
}

async function connected(
  { host, port }: Endpoint & { kind: 'tcp' },
  signal: AbortSignal,
): Promise<undefined> {
  const { connect } = await import('node:net');
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, signal }, () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}

async function requested(url: string, signal: AbortSignal): Promise<string | undefined> {
  const { get } = url.startsWith('https:') ? await import('node:https') : await import('node:http');
  const status = await new Promise<number>((resolve, reject) => {
    const take = (response: IncomingMessage) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    };
    get(url, { signal, agent: false, headers: { 'user-agent': 'sandbox-unit' } }, take).on('error', reject);
  });
  return status >= 200 && status < 400 ? undefined : `HTTP status ${status}`;
}

async function owned(name: string, bus: BusPlace): Promise<string | undefined> {
  const connection = await Connection.connect(bus);
  try {
    const [isOwned] = await connection.callBus('NameHasOwner', name);
    return isOwned === true ? undefined : 'the name has no owner on the bus';
  } finally {
    connection.close();
  }
}

/** Reasons in words for errors of the network; others have their own. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['ABORT_ERR', 'no answer in time'],
  ['ECONNREFUSED', 'nothing listens there'],
  ['ECONNRESET', 'the other end closed the connection'],
  ['EHOSTUNREACH', 'the host is unreachable'],
  ['ENETUNREACH', 'the network is unreachable'],
  ['ENOTFOUND', 'no such host'],
]);

function reasonOf(cause: unknown): string {
  if (cause instanceof UserError) return cause.message;
  const { code = '', message } = cause as NodeJS.ErrnoException;
  // A name may have several addresses: Node has tried each, and has no text for all of them together.
  const [first] = (cause as AggregateError).errors ?? [];
  return REASONS.get(code) ?? (first === undefined ? message || code : reasonOf(first));
}
