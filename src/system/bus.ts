import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, MessageBus, Variant } from 'dbus-next';
import { EXIT, error, UserError } from '../diagnostic.js';
import { unitObjectPath } from '../unit/name.js';
import type { ManagerFacts, UnitProperties } from './system.js';

const SERVICE = 'org.freedesktop.systemd1';
const MANAGER_PATH = '/org/freedesktop/systemd1';
const MANAGER = 'org.freedesktop.systemd1.Manager';
const BUS_PATH = '/org/freedesktop/DBus';
const BUS = 'org.freedesktop.DBus';
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** Longest wait for the answer to a call that starts nothing, in milliseconds; sd-bus waits 25 s too. */
const CALL_TIMEOUT = 25_000;

/** Reading every unit file again takes long on a large machine; systemctl allows it 2 minutes. */
const RELOAD_TIMEOUT = 120_000;

/** A manager that executes itself again is back on the bus within a second, on a slow machine in a few. Milliseconds. */
const AWAY_TIMEOUT = 5_000;
const AWAY_PAUSE = 50;

/** What the bus answers for a manager that has left it, before or after it got the call. */
const AWAY: ReadonlySet<string> = new Set(
  ['NoReply', 'ServiceUnknown', 'NameHasNoOwner'].map((name) => `org.freedesktop.DBus.Error.${name}`),
);

/** Where a bus is. */
export interface BusPlace {
  /** `unix:path=…` */
  readonly address: string;
  /** What to look for where it can't be reached. */
  readonly hint: string;
}

interface DBusFailure {
  readonly type?: string;
  readonly text?: string;
  readonly message: string;
}

/** Who waits for the end of a job of a unit. */
interface Waiting {
  readonly unit: string;
  readonly resolve: (result: string) => void;
  readonly reject: (cause: unknown) => void;
}

const failure = (code: string, message: string, hint?: string) =>
  new UserError(error(code, message, { hint }), EXIT.failure);

const codeOf = (cause: unknown) => (cause instanceof UserError ? cause.diagnostics[0]?.code : undefined);

/**
 * A connection to the service manager. dbus-next never settles a call whose connection has ended, and has
 * no time-outs: every call here races with both.
 */
export class Bus {
  readonly #bus: MessageBus;
  readonly #dbus: typeof import('dbus-next');
  readonly #lost: Promise<never>;
  readonly #jobs = new Map<string, string>();
  readonly #waiting = new Map<string, Waiting>();
  #subscribed: Promise<unknown> | undefined;
  /** The manager's own name on the bus, another one after each daemon-reexec: `:1.2`. */
  #manager: string | undefined;

  private constructor(dbus: typeof import('dbus-next'), bus: MessageBus) {
    this.#dbus = dbus;
    this.#bus = bus;
    this.#lost = new Promise((_, reject) => {
      bus.on('error', (cause: Error) => reject(failure('bus-failed', `the bus failed: ${cause.message}`)));
      const { _connection } = bus as unknown as { _connection: NodeJS.EventEmitter };
      _connection.on('end', () => reject(failure('bus-lost', 'the bus closed the connection')));
    });
    this.#lost.catch(() => undefined);
    bus.on('message', (message: Message) => this.#onSignal(message));
  }

  /**
   * Connects to the system's or the user's bus.
   * @throws UserError `no-bus`
   */
  static async connect({ address, hint }: BusPlace): Promise<Bus> {
    const dbus = (await import('dbus-next')).default;
    const bus = new Bus(dbus, dbus.sessionBus({ busAddress: address }));
    try {
      await bus.#withTimeout(new Promise((resolve) => bus.#bus.once('connect', resolve)), CALL_TIMEOUT);
    } catch (cause) {
      bus.close();
      const reason = cause instanceof UserError ? cause.message : String(cause);
      throw failure('no-bus', `can't reach the bus at ${address}: ${reason}`, hint);
    }
    return bus;
  }

  close() {
    this.#bus.disconnect();
  }

  async manager(): Promise<ManagerFacts> {
    const get = (name: string) =>
      this.#ask(MANAGER_PATH, PROPERTIES, 'Get', 'ss', [MANAGER, name]) as Promise<[Variant<string>]>;
    const answers = await Promise.all(['Version', 'Architecture', 'Features'].map(get));
    const [version, architecture, features] = answers.map(([{ value }]) => value) as [string, string, string];
    return { version, architecture, features };
  }

  async unit(name: string): Promise<UnitProperties> {
    const path = unitObjectPath(name);
    const interfaces = ['org.freedesktop.systemd1.Unit', 'org.freedesktop.systemd1.Service'];
    const answers = await Promise.all(
      interfaces.map((iface) => this.#ask(path, PROPERTIES, 'GetAll', 's', [iface])),
    );
    const properties = new Map<string, unknown>();
    for (const [table] of answers as [Record<string, Variant>][]) {
      for (const [key, variant] of Object.entries(table)) properties.set(key, variant.value);
    }
    return properties;
  }

  async reload(): Promise<void> {
    await this.#call(MANAGER_PATH, MANAGER, 'Reload', '', [], RELOAD_TIMEOUT);
  }

  /** Queues a restart and waits until it is done, however long the unit takes. */
  async restart(unit: string): Promise<string> {
    this.#subscribed ??= this.#subscribe();
    await this.#subscribed.catch((cause) => {
      this.#subscribed = undefined;
      throw cause;
    });
    await this.#forgetStarts(unit);
    const [path] = (await this.#call(MANAGER_PATH, MANAGER, 'RestartUnit', 'ss', [unit, 'replace'])) as [
      string,
    ];
    const result = this.#jobs.get(path);
    if (result !== undefined) return result;
    const end = new Promise<string>((resolve, reject) => this.#waiting.set(path, { unit, resolve, reject }));
    return Promise.race([end, this.#lost]);
  }

  /** Settles when the connection has ended, whatever ended it. */
  async lost(): Promise<void> {
    await this.#lost.catch(() => undefined);
  }

  /** Earlier starts would count against the start limit. A unit that isn't loaded has none. */
  async #forgetStarts(unit: string) {
    await this.#unlessRefused(this.#ask(MANAGER_PATH, MANAGER, 'ResetFailedUnit', 's', [unit]));
  }

  async #unlessRefused(call: Promise<unknown>) {
    try {
      await call;
    } catch (cause) {
      if (codeOf(cause) !== 'manager-refused') throw cause;
    }
  }

  async #subscribe() {
    const rules = [
      `type='signal',sender='${SERVICE}',interface='${MANAGER}',member='JobRemoved',path='${MANAGER_PATH}'`,
      `type='signal',sender='${BUS}',interface='${BUS}',member='NameOwnerChanged',arg0='${SERVICE}'`,
    ];
    await Promise.all(rules.map((rule) => this.#call(BUS_PATH, BUS, 'AddMatch', 's', [rule])));
    const [owner] = await this.#ask(BUS_PATH, BUS, 'GetNameOwner', 's', [SERVICE]);
    this.#manager = String(owner);
    await this.#listen();
  }

  /** A manager that is listened to already refuses. */
  async #listen() {
    await this.#unlessRefused(this.#ask(MANAGER_PATH, MANAGER, 'Subscribe', '', []));
  }

  /** Anybody on the bus may send a signal of any name to this connection; only the bus itself has its name. */
  #onSignal(message: Message) {
    if (message.type !== this.#dbus.MessageType.SIGNAL) return;
    const { sender, member } = message;
    if (sender === this.#manager && member === 'JobRemoved') {
      const [, path, , result] = message.body as [number, string, string, string];
      this.#endJob(path, result);
    }
    if (sender === BUS && member === 'NameOwnerChanged') {
      const [name, , owner] = message.body as [string, string, string];
      if (name === SERVICE && owner !== '') void this.#followManager(owner);
    }
  }

  /** A job may be removed before the call that queued it is answered: results are kept either way. */
  #endJob(path: string, result: string) {
    this.#jobs.set(path, result);
    this.#waiting.get(path)?.resolve(result);
    this.#waiting.delete(path);
  }

  /** A manager that executes itself again keeps its jobs; those that end before it is listened to end unheard. */
  async #followManager(owner: string) {
    this.#manager = owner;
    try {
      await this.#listen();
      const [jobs] = (await this.#ask(MANAGER_PATH, MANAGER, 'ListJobs', '', [])) as [unknown[][]];
      const present = new Set(jobs.map(([, , , , path]) => path));
      const ended = [...this.#waiting].filter(([path]) => !present.has(path));
      for (const [path, { unit }] of ended) this.#endJob(path, await this.#outcomeOf(unit));
    } catch (cause) {
      this.#subscribed = undefined;
      for (const { reject } of this.#waiting.values()) reject(cause);
      this.#waiting.clear();
    }
  }

  /** The result of a job that nobody heard of, as far as its unit tells. */
  async #outcomeOf(unit: string): Promise<string> {
    return (await this.unit(unit)).get('ActiveState') === 'failed' ? 'failed' : 'done';
  }

  /** A call that does no harm when it is made twice: made again while the manager is away. */
  async #ask(path: string, iface: string, member: string, signature: string, body: unknown[]) {
    for (const end = performance.now() + AWAY_TIMEOUT; ; await sleep(AWAY_PAUSE)) {
      try {
        return await this.#call(path, iface, member, signature, body);
      } catch (cause) {
        if (codeOf(cause) !== 'manager-away' || performance.now() > end) throw cause;
      }
    }
  }

  async #call(
    path: string,
    iface: string,
    member: string,
    signature: string,
    body: unknown[],
    timeout = CALL_TIMEOUT,
  ): Promise<unknown[]> {
    const destination = path === BUS_PATH ? BUS : SERVICE;
    const message = new this.#dbus.Message({ destination, path, interface: iface, member, signature, body });
    try {
      const answer = await this.#withTimeout(this.#bus.call(message), timeout);
      return answer?.body ?? [];
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      const { type, text, message: reason } = cause as DBusFailure;
      const denied = type === 'org.freedesktop.DBus.Error.AccessDenied' || text === 'Permission denied';
      if (type !== undefined && AWAY.has(type)) {
        const hint = 'if it executes itself again, try in a moment';
        throw failure(
          'manager-away',
          `the service manager did not answer ${member}: ${text ?? reason}`,
          hint,
        );
      }
      const message = `the service manager refused ${member}: ${text ?? reason}`;
      throw denied
        ? failure('access-denied', message, 'this needs root')
        : failure('manager-refused', message);
    }
  }

  async #withTimeout<T>(answer: Promise<T>, timeout: number): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(failure('bus-timeout', `no answer on the bus within ${timeout / 1000} s`)),
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
