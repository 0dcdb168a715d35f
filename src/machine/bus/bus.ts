import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../diagnostic.js';
import { unitObjectPath } from '../../systemd/unit/name.js';
import type { UnitProperty } from '../../systemd/unit/unit-property.js';
import type { ManagerFacts, OtherJob } from '../system.js';
import type { UnitProperties } from '../unit-state.js';
import { changedIn, MANAGER_PROPERTIES, managerOf, otherJobsIn, unitOf, unitsIn } from './answers.js';
import { type BusPlace, Connection, type Signal } from './connection.js';
import { Jobs } from './jobs.js';
import {
  BUS,
  changesOf,
  JOB_RULES,
  MANAGER,
  MANAGER_PATH,
  PROPERTIES,
  SERVICE,
  UNITS_PATH,
} from './names.js';
import type { TransientUnit } from './transient.js';

/** Longest wait for a reload, in milliseconds, as systemctl has it: 90 s for generators, 90 s for all else. */
const RELOAD_TIMEOUT = 180_000;

type JobType = 'reload' | 'restart' | 'start' | 'stop' | 'try-restart';

export interface JobOptions {
  /** Units that the unit may start in turn: their earlier starts are forgotten, too. */
  readonly starts?: readonly string[] | undefined;
  /** Gets the jobs that the manager has queued along with this one. The result is waited for after it. */
  readonly queued?: ((others: readonly OtherJob[]) => Promise<void>) | undefined;
}

/** Gets the changed properties of a unit; an empty map if changes may have been missed. */
type PropertiesListener = (properties: UnitProperties) => void;

/** The service manager, over its bus. */
export class Bus {
  readonly #connection: Connection;
  readonly #jobs = new Jobs();
  readonly #watched = new Map<string, PropertiesListener>();
  readonly #changes = new ChangedUnits();
  #subscribed: Promise<unknown> | undefined;
  #states: Promise<unknown> | undefined;
  /** The manager's own name on the bus, `:1.2`; another one after each daemon-reexec. */
  #manager: string | undefined;
  /** Signals that came before that name was known. */
  readonly #early: Signal[] = [];

  private constructor(connection: Connection) {
    this.#connection = connection;
    connection.onSignal((signal) => this.#onSignal(signal));
  }

  /**
   * Connects to the system's or the user's bus.
   * @throws UserError `no-bus`
   */
  static async connect(place: BusPlace): Promise<Bus> {
    return new Bus(await Connection.connect(place));
  }

  close() {
    this.#connection.close();
  }

  async manager(): Promise<ManagerFacts> {
    const get = (name: string) => this.#properties(MANAGER_PATH, 'Get', 'ss', [MANAGER, name]);
    const answers = await Promise.all(MANAGER_PROPERTIES.map(get));
    return managerOf(answers.map(([variant]) => variant));
  }

  /** A table of the properties of all of a unit's interfaces, for which systemd takes an empty name. */
  async table(unit: string): Promise<unknown> {
    const [table] = await this.#properties(unitObjectPath(unit), 'GetAll', 's', ['']);
    return table;
  }

  /** The names of the loaded units that a pattern matches, sorted. @param pattern as in glob(7) */
  async loaded(pattern: string): Promise<string[]> {
    return unitsIn(await this.#ask('ListUnitsByPatterns', 'asas', [[], [pattern]]));
  }

  async reload(): Promise<void> {
    await this.#call('Reload', '', [], RELOAD_TIMEOUT);
  }

  /** Whether a unit may have changed since the last question; to the first one the answer is yes. */
  async changed(unit: string): Promise<boolean> {
    const answer = this.#changes.ask(unitObjectPath(unit));
    if (answer === undefined) await this.#listenToUnits();
    return answer ?? true;
  }

  /** Calls a function when a unit that changed() was asked about enters another state: ChangedUnits.onState(). */
  onState(wake: (() => void) | undefined) {
    this.#changes.onState(wake);
  }

  /** The match rule covers all units, since a bus takes only so many rules. */
  async #listenToUnits() {
    this.#states ??= this.#connection.callBus('AddMatch', changesOf('path_namespace', UNITS_PATH));
    await Promise.all([this.#states, this.#subscribe()]);
  }

  /** Queues a job of a unit, and waits for its result, however long the unit takes. */
  async job(type: JobType, unit: string, { starts = [], queued }: JobOptions = {}): Promise<string> {
    await this.#subscribe();
    for (const one of [unit, ...starts]) await this.#forgetStarts(one);
    const answer = this.#call('EnqueueUnitJob', 'sss', [unit, type, 'replace']);
    const { result } = await this.#jobs.queue(
      unit,
      answer.then(([, path]) => [path]),
    );
    await queued?.(otherJobsIn(await answer));
    return this.unlessLost(result);
  }

  /**
   * Starts a transient unit that stays loaded as long as this connection lasts.
   * @param changed gets the unit's changes from the start on
   * @param besides a unit that is created with it, and not started
   * @returns a function that waits for the result of the start's job, as job() gives it
   */
  async startTransient(
    { unit, properties }: TransientUnit,
    changed: PropertiesListener,
    besides?: TransientUnit,
  ): Promise<() => Promise<string>> {
    const path = unitObjectPath(unit);
    this.#watched.set(path, changed);
    const variants = (list: readonly UnitProperty[]) =>
      list.map(({ name, signature, value }) => [name, this.#connection.variant(signature, value)]);
    const reference = ['AddRef', this.#connection.variant('b', true)];
    const others = besides ? [[besides.unit, variants(besides.properties)]] : [];
    // The calls are sent together, in this order: none needs the answer to another.
    const all = [unit, 'fail', [...variants(properties), reference], others];
    const [, , { result }] = await Promise.all([
      this.#connection.callBus('AddMatch', changesOf('path', path)),
      this.#subscribe(),
      this.#jobs.queue(unit, this.#call('StartTransientUnit', 'ssa(sv)a(sa(sv))', all)),
    ]);
    return () => this.unlessLost(result);
  }

  /** Queues the stop of a unit, without waiting for it. */
  async stop(unit: string): Promise<void> {
    await this.#ask('StopUnit', 'ss', [unit, 'replace']);
  }

  /** The result of a promise; rejects if the connection ends before. */
  async unlessLost<T>(awaited: Promise<T>): Promise<T> {
    return Promise.race([awaited, this.#connection.lost]);
  }

  /** Settles when the connection has ended, for whatever reason. */
  async lost(): Promise<void> {
    await this.#connection.lost.catch(() => undefined);
  }

  /** Earlier starts would count against the start limit. A unit that isn't loaded has none. */
  async #forgetStarts(unit: string) {
    await this.#unlessRefused(this.#ask('ResetFailedUnit', 's', [unit]));
  }

  async #unlessRefused<T>(call: Promise<T>): Promise<T | undefined> {
    try {
      return await call;
    } catch (cause) {
      if (codeOf(cause) === 'manager-refused') return undefined;
      throw cause;
    }
  }

  /** Subscribes to signals once, or again after a failure. */
  async #subscribe() {
    this.#subscribed ??= this.#listen();
    await this.#subscribed.catch((cause) => {
      this.#subscribed = undefined;
      throw cause;
    });
  }

  async #listen() {
    const [[owner]] = await Promise.all([
      whileAway(() => this.#connection.callBus('GetNameOwner', SERVICE)),
      ...JOB_RULES.map((rule) => this.#connection.callBus('AddMatch', rule)),
      this.#subscribeAgain(),
    ]);
    this.#manager ??= String(owner);
    for (const signal of this.#early.splice(0)) this.#onSignal(signal);
  }

  /** Subscribes once more: a manager that this connection has subscribed to already refuses, without harm. */
  async #subscribeAgain() {
    await this.#unlessRefused(this.#ask('Subscribe'));
  }

  /** Handles a signal by its sender: only the bus has its own name, and only the manager has the manager's. */
  #onSignal(signal: Signal) {
    const { sender, path, member, body } = signal;
    if (this.#manager === undefined && sender !== BUS) this.#early.push(signal);
    if (sender === this.#manager && member === 'JobRemoved') {
      const [, job, , result] = body as [number, string, string, string];
      this.#jobs.end(job, result);
    }
    if (sender === this.#manager && member === 'PropertiesChanged') {
      const properties = changedIn(body[1]);
      this.#changes.note(path, properties);
      this.#watched.get(path)?.(properties);
    }
    if (sender === BUS && member === 'NameOwnerChanged') {
      const [name, , owner] = body as [string, string, string];
      if (name === SERVICE && owner !== '') void this.#followManager(owner);
    }
  }

  /** Follows a manager that reexecutes itself: it keeps its jobs, but some may end before it is subscribed to again. */
  async #followManager(owner: string) {
    this.#manager = owner;
    try {
      await this.#subscribeAgain();
      const [jobs] = (await this.#ask('ListJobs')) as [unknown[][]];
      const present = new Set(jobs.map(([, , , , path]) => path));
      for (const [job, unit] of this.#jobs.waitedFor(present)) {
        this.#jobs.end(job, await this.#outcomeOf(unit));
      }
    } catch (cause) {
      this.#subscribed = undefined;
      this.#jobs.giveUp(cause);
    }
    this.#changes.noteAll();
    for (const changed of this.#watched.values()) changed(new Map());
  }

  /** The result of a job whose end was missed, as far as its unit shows it. */
  async #outcomeOf(unit: string): Promise<string> {
    return unitOf(await this.table(unit)).activeState === 'failed' ? 'failed' : 'done';
  }

  /** Calls the manager, and again while it is away. The call must be harmless when it is made twice. */
  #ask(member: string, signature = '', body: readonly unknown[] = []): Promise<unknown[]> {
    return whileAway(() => this.#call(member, signature, body));
  }

  #call(member: string, signature: string, body: readonly unknown[], timeout?: number): Promise<unknown[]> {
    const call = { destination: SERVICE, path: MANAGER_PATH, interface: MANAGER, member, signature, body };
    return this.#connection.call(timeout === undefined ? call : { ...call, timeout });
  }

  #properties(path: string, member: string, signature: string, body: readonly unknown[]): Promise<unknown[]> {
    const call = { destination: SERVICE, path, interface: PROPERTIES, member, signature, body };
    return whileAway(() => this.#connection.call(call));
  }
}

/** A unit that is followed. */
interface FollowedUnit {
  isChanged: boolean;
  /** Its states in the last signal. */
  states: string;
}

/** Units that may have changed since the last question about them. */
export class ChangedUnits {
  readonly #units = new Map<string, FollowedUnit>();
  #wake: (() => void) | undefined;
  /** Whether a unit has entered another state since the last wait for that. */
  #isOther = false;

  /**
   * Asks about a unit, and begins to follow it.
   * @returns whether it may have changed since the last question; undefined for the first one
   */
  ask(path: string): boolean | undefined {
    const unit = this.#units.get(path);
    const answer = unit?.isChanged;
    if (unit) unit.isChanged = false;
    else this.#units.set(path, { isChanged: false, states: '' });
    return answer;
  }

  /**
   * Waits for another state: other changes may come by the thousand.
   * @param wake called when a followed unit enters one, or has since the last wait; undefined: nothing waits
   */
  onState(wake: (() => void) | undefined) {
    this.#wake = wake;
    if (wake && this.#isOther) this.#tell();
  }

  #tell() {
    this.#isOther = this.#wake === undefined;
    this.#wake?.();
  }

  /** @param properties those that a signal has */
  note(path: string, properties: UnitProperties) {
    const unit = this.#units.get(path);
    if (!unit) return;
    const states = `${properties.get('ActiveState')} ${properties.get('SubState')}`;
    const isOther = states !== unit.states;
    Object.assign(unit, { isChanged: true, states });
    if (isOther) this.#tell();
  }

  /** Takes note that all units may have changed: signals may have been missed. */
  noteAll() {
    for (const unit of this.#units.values()) unit.isChanged = true;
    this.#tell();
  }
}

/**
 * The longest absence of a manager that reexecutes itself, in milliseconds: usually a second, more on slow machines.
 */
const AWAY_TIMEOUT = 5_000;
const AWAY_PAUSE = 50;

/** Makes a call, and repeats it while the manager is away. The call must be harmless when it is made twice. */
export async function whileAway<T>(call: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + AWAY_TIMEOUT; ; await sleep(AWAY_PAUSE)) {
    try {
      return await call();
    } catch (cause) {
      if (codeOf(cause) !== 'manager-away' || performance.now() > end) throw cause;
    }
  }
}
