import type { Message, MessageBus, Variant } from 'dbus-next';
import { EXIT, error, UserError } from '../diagnostic.js';
import { unitObjectPath } from '../unit/name.js';
import type { JobVerb, ManagerFacts, UnitProperties } from './system.js';

const SERVICE = 'org.freedesktop.systemd1';
const MANAGER_PATH = '/org/freedesktop/systemd1';
const MANAGER = 'org.freedesktop.systemd1.Manager';
const BUS_PATH = '/org/freedesktop/DBus';
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** Longest wait for the answer to a call that starts nothing, in milliseconds; sd-bus waits 25 s too. */
const CALL_TIMEOUT = 25_000;

/** Reading every unit file again takes long on a large machine; systemctl allows it 2 minutes. */
const RELOAD_TIMEOUT = 120_000;

const JOB_METHODS: Readonly<Record<JobVerb, string>> = {
  start: 'StartUnit',
  stop: 'StopUnit',
  restart: 'RestartUnit',
  'try-restart': 'TryRestartUnit',
  reload: 'ReloadUnit',
};

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

const failure = (code: string, message: string, hint?: string) =>
  new UserError(error(code, message, { hint }), EXIT.failure);

/**
 * A connection to the service manager. dbus-next never settles a call whose connection has ended, and has
 * no time-outs: every call here races with both.
 */
export class Bus {
  readonly #bus: MessageBus;
  readonly #dbus: typeof import('dbus-next');
  readonly #lost: Promise<never>;
  readonly #jobs = new Map<string, string>();
  readonly #waiting = new Map<string, (result: string) => void>();
  #subscribed: Promise<unknown> | undefined;
  /** The manager's own name on the bus: `:1.2`. */
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
      this.#call(MANAGER_PATH, PROPERTIES, 'Get', 'ss', [MANAGER, name]) as Promise<[Variant<string>]>;
    const answers = await Promise.all(['Version', 'Architecture', 'Features'].map(get));
    const [version, architecture, features] = answers.map(([{ value }]) => value) as [string, string, string];
    return { version, architecture, features };
  }

  async unit(name: string): Promise<UnitProperties> {
    const path = unitObjectPath(name);
    const interfaces = ['org.freedesktop.systemd1.Unit', 'org.freedesktop.systemd1.Service'];
    const answers = await Promise.all(
      interfaces.map((iface) => this.#call(path, PROPERTIES, 'GetAll', 's', [iface])),
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

  /** Queues a job and waits until it is done, however long the unit takes. */
  async job(verb: JobVerb, unit: string): Promise<string> {
    this.#subscribed ??= this.#subscribe();
    await this.#subscribed;
    if (verb === 'restart') await this.#forgetStarts(unit);
    const [path] = (await this.#call(MANAGER_PATH, MANAGER, JOB_METHODS[verb], 'ss', [unit, 'replace'])) as [
      string,
    ];
    const result = this.#jobs.get(path);
    if (result !== undefined) return result;
    return Promise.race([new Promise<string>((resolve) => this.#waiting.set(path, resolve)), this.#lost]);
  }

  /** Earlier starts would count against the start limit. A unit that isn't loaded has none. */
  async #forgetStarts(unit: string) {
    try {
      await this.#call(MANAGER_PATH, MANAGER, 'ResetFailedUnit', 's', [unit]);
    } catch (cause) {
      if (!(cause instanceof UserError) || cause.diagnostics[0]?.code !== 'manager-refused') throw cause;
    }
  }

  async #subscribe() {
    const [owner] = await this.#call(BUS_PATH, 'org.freedesktop.DBus', 'GetNameOwner', 's', [SERVICE]);
    this.#manager = String(owner);
    const rule = `type='signal',sender='${SERVICE}',interface='${MANAGER}',member='JobRemoved',path='${MANAGER_PATH}'`;
    await Promise.all([
      this.#call(BUS_PATH, 'org.freedesktop.DBus', 'AddMatch', 's', [rule]),
      this.#call(MANAGER_PATH, MANAGER, 'Subscribe', '', []),
    ]);
  }

  /** A job may be removed before the call that queued it is answered: results are kept either way. */
  #onSignal(message: Message) {
    if (message.type !== this.#dbus.MessageType.SIGNAL || message.member !== 'JobRemoved') return;
    // Anybody on the bus may send a signal of this name to this connection.
    if (message.sender !== this.#manager) return;
    const [, path, , result] = message.body as [number, string, string, string];
    this.#jobs.set(path, result);
    this.#waiting.get(path)?.(result);
  }

  async #call(
    path: string,
    iface: string,
    member: string,
    signature: string,
    body: unknown[],
    timeout = CALL_TIMEOUT,
  ): Promise<unknown[]> {
    const destination = path === BUS_PATH ? 'org.freedesktop.DBus' : SERVICE;
    const message = new this.#dbus.Message({ destination, path, interface: iface, member, signature, body });
    try {
      const answer = await this.#withTimeout(this.#bus.call(message), timeout);
      return answer?.body ?? [];
    } catch (cause) {
      if (cause instanceof UserError) throw cause;
      const { type, text, message: reason } = cause as DBusFailure;
      const denied = type === 'org.freedesktop.DBus.Error.AccessDenied' || text === 'Permission denied';
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
