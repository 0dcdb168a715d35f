import type { Socket } from 'node:net';
import type { Message, MessageBus } from 'dbus-next';
import type { Code } from '../../codes/subjects.js';
import { EXIT, error, UserError } from '../../diagnostic.js';
import { passDescriptors } from '../files/descriptors.js';
import { BUS } from './names.js';
import { receive } from './receive.js';

const BUS_PATH = '/org/freedesktop/DBus';

/** Longest wait for the answer to a call that starts nothing, in milliseconds; sd-bus waits 25 s, too. */
const CALL_TIMEOUT = 25_000;

export interface BusPlace {
  /** The address: `unix:path=…`. */
  readonly address: string;
  /** The hint if the bus can't be reached. */
  readonly hint: string;
  /** Path of send-descriptors, if messages carry open files: type `h`, a descriptor of this process. */
  readonly sender?: string | undefined;
}

/** A call of a method: of the bus itself, or of the program that has a name on it. */
export interface MethodCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly unknown[];
  /** Longest wait for the answer, in milliseconds. */
  readonly timeout?: number;
}

/** A signal, sent to everybody who listens. */
export interface Signal {
  /** The sender's own name, `:1.2`, or that of the bus. */
  readonly sender: string;
  readonly path: string;
  readonly member: string;
  readonly body: readonly unknown[];
}

interface DBusFailure {
  readonly type?: string;
  readonly text?: string;
  readonly message: string;
}

const failure = (code: Code, message: string, hint?: string) =>
  new UserError(error(code, message, { hint }), EXIT.failure);

const lost = () => failure('bus-failed', 'the bus closed the connection');

/** The error of a connection that has ended: its other end failed, or dbus-next, which throws on malformed messages. */
function connectionFailure(cause: Error): UserError {
  if (['EPIPE', 'ECONNRESET'].includes((cause as NodeJS.ErrnoException).code ?? '')) return lost();
  const isOurs = cause instanceof TypeError || cause instanceof RangeError;
  return failure('bus-failed', `the bus failed: ${isOurs ? 'it sent an invalid message' : cause.message}`);
}

/**
 * Errors of the bus for a program that has left it, before or after it got the call. The bus starts systemd by running
 * /bin/false (org.freedesktop.systemd1.service), whose exit is the third error.
 */
const AWAY: ReadonlySet<string> = new Set(
  ['NoReply', 'ServiceUnknown', 'Spawn.ChildExited', 'NameHasNoOwner'].map(
    (name) => `org.freedesktop.DBus.Error.${name}`,
  ),
);

/** Errors for a caller without the right to a call; the second comes from polkit where there is no user to ask. */
const DENIED: readonly (string | undefined)[] = [
  'org.freedesktop.DBus.Error.AccessDenied',
  'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired',
];

const unreachable = ({ address, hint }: BusPlace, cause: unknown) =>
  failure('no-bus', `can't reach the bus at ${address}: ${(cause as Error).message}`, hint);

/**
 * Most calls under way. dbus-daemon lets a connection wait for 128 answers (max_replies_per_connection), and refuses
 * further calls.
 */
const MOST_UNDER_WAY = 100;

/**
 * Creates a connection, which isn't established yet.
 * @throws UserError `no-bus` for an address that is none
 */
function busAt(dbus: typeof import('dbus-next'), place: BusPlace): MessageBus {
  try {
    // dbus-next would start a program for other kinds of addresses, and tries each of a list.
    if (!/^(?:unix|tcp):\w+=[^;]*$/.test(place.address))
      throw new Error('this is not a bus address (unix:path=…)');
    return dbus.sessionBus({ busAddress: place.address });
  } catch (cause) {
    throw unreachable(place, cause);
  }
}

/**
 * A connection to a bus. dbus-next never settles a call whose connection has ended, and has no time-outs: every call
 * here races with both.
 */
export class Connection {
  readonly #bus: MessageBus;
  readonly #dbus: typeof import('dbus-next');
  readonly #lost: Promise<never>;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  private constructor(dbus: typeof import('dbus-next'), bus: MessageBus) {
    this.#dbus = dbus;
    this.#bus = bus;
    this.#lost = new Promise((_, reject) => {
      bus.on('error', (cause: Error) => reject(connectionFailure(cause)));
      const { _connection } = bus as unknown as { _connection: NodeJS.EventEmitter };
      _connection.on('end', () => reject(lost()));
    });
    this.#lost.catch(() => undefined);
  }

  /**
   * Connects to a bus.
   * @throws UserError `no-bus`
   */
  static async connect(place: BusPlace): Promise<Connection> {
    const { sender } = place;
    const dbus = (await import('dbus-next')).default;
    const bus = busAt(dbus, place);
    receive(bus, dbus.Message);
    if (sender !== undefined) passDescriptors(bus, sender);
    const connection = new Connection(dbus, bus);
    try {
      const connected = new Promise((resolve) => connection.#bus.once('connect', resolve));
      await connection.#withTimeout(connected, CALL_TIMEOUT);
    } catch (cause) {
      connection.close();
      throw unreachable(place, cause);
    }
    return connection;
  }

  close() {
    this.#bus.disconnect();
    // A bus that hangs doesn't close its end.
    (this.#bus as unknown as { _connection: { stream: Socket } })._connection.stream.unref();
  }

  /** Rejects when the connection has ended, for whatever reason. */
  get lost(): Promise<never> {
    return this.#lost;
  }

  /** A value with its type, for `v`. */
  variant(signature: string, value: unknown): unknown {
    return new this.#dbus.Variant(signature, value);
  }

  /**
   * Handles signals. Every program on the bus can send a signal of any name to this connection: the handler must check its
   * sender.
   */
  onSignal(handle: (signal: Signal) => void) {
    this.#bus.on('message', (message: Message) => {
      if (message.type === this.#dbus.MessageType.SIGNAL) handle(message as Signal & Message);
    });
  }

  /** Calls a method of the bus itself. */
  callBus(member: string, text: string): Promise<unknown[]> {
    const own = { destination: BUS, path: BUS_PATH, interface: BUS };
    return this.call({ ...own, member, signature: 's', body: [text] });
  }

  /**
   * Calls a method.
   * @returns the values of the answer
   * @throws UserError `access-denied`, `manager-refused`, `manager-away`, `manager-answer`, `bus-failed`
   */
  async call({ timeout = CALL_TIMEOUT, body = [], ...rest }: MethodCall): Promise<unknown[]> {
    const message = new this.#dbus.Message({ ...rest, body: [...body] });
    await this.#turn();
    try {
      const answer = await this.#withTimeout(this.#bus.call(message), timeout);
      return answer?.body ?? [];
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      const { type, text, message: reason } = cause as DBusFailure;
      if (type === undefined && reason.includes('stream is closed')) throw lost();
      const denied = DENIED.includes(type) || text === 'Permission denied';
      if (type !== undefined && AWAY.has(type)) {
        const said = `the service manager did not answer ${rest.member}: ${text ?? reason}`;
        throw failure('manager-away', said, 'systemd may be reexecuting itself: try again');
      }
      const who = rest.destination === BUS ? 'bus' : 'service manager';
      const said = `the ${who} refused ${rest.member}: ${text ?? reason}`;
      if (denied) throw failure('access-denied', said, 'this needs root');
      // `Invalid argument` is the manager's error for a string that the bus can't carry.
      const isText = rest.member === 'GetAll' && text === 'Invalid argument';
      const hint = isText ? "the unit's files may have text that is not UTF-8" : undefined;
      throw failure('manager-refused', said, hint);
    } finally {
      this.#underWay--;
      this.#waiting.shift()?.();
    }
  }

  async #turn() {
    while (this.#underWay >= MOST_UNDER_WAY) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#underWay++;
  }

  async #withTimeout<T>(answer: Promise<T>, timeout: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(failure('manager-answer', `no answer on the bus within ${timeout / 1000} s`)),
        timeout,
      );
    });
    try {
      return await Promise.race([answer, this.#lost, expired]);
    } finally {
      clearTimeout(timer);
    }
  }
}
