import * as fs from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../policy/probe.js';
import { instancesOf, type UnitName } from '../systemd/unit/name.js';
import type { NamespaceOf, RootView, Walked } from '../systemd/unit/view.js';
import { serviceOf, unitOf } from './bus/answers.js';
import { Bus } from './bus/bus.js';
import type { BusPlace } from './bus/connection.js';
import { fileError, isAbsent, reasonOf } from './files/error.js';
import { takeLock } from './files/lock.js';
import { readFile } from './files/read.js';
import { walk, walkIn } from './files/walk.js';
import { assertWritableFolder, removeFile, replaceFile } from './files/write.js';
import { startLineChild } from './line-child.js';
import { startProgram } from './processes.js';
import type {
  Alarm,
  FileContent,
  LineChild,
  ManagerFacts,
  OtherJob,
  ProcessResult,
  ReadOptions,
  RemoveOptions,
  RunProgramOptions,
  System,
  WriteOptions,
} from './system.js';
import type { UnitState } from './unit-state.js';

const DEFAULT_LIMIT = 1 << 20;
const DEFAULT_TIMEOUT = 60_000;

/** The pause between two questions whether a wait is over, in milliseconds. */
const POLL = 200;

/** The target of a link; none where it is gone, as the descriptors of a process that works come and go. */
function targetOf(path: string): string[] {
  try {
    return [fs.readlinkSync(path)];
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw cause;
  }
}

/** Whether a folder is there: most that drop-ins may be in aren't, and Node takes long to make an error of it. */
const isThere = (directory: string) => fs.statSync(directory, { throwIfNoEntry: false }) !== undefined;

/** The machine that this process runs on. */
export class Host implements System {
  #busPlace: BusPlace;
  readonly #running = new Set<{ readonly end: () => void }>();
  readonly #closed = new AbortController();
  #bus: Promise<Bus> | undefined;
  /** The manager's facts, asked for once. */
  #facts: Promise<ManagerFacts> | undefined;

  /** @param busPlace the place of the manager's bus */
  constructor(busPlace: BusPlace) {
    this.#busPlace = busPlace;
  }

  async read(path: string, options?: ReadOptions): Promise<FileContent | undefined> {
    return readFile(path, options);
  }

  async list(directory: string): Promise<string[]> {
    try {
      if (!isThere(directory)) return [];
      return fs.readdirSync(directory).sort();
    } catch (cause) {
      if (isAbsent(cause)) return [];
      throw fileError('unreadable', `can't list ${directory}: ${reasonOf(cause)}`);
    }
  }

  async links(directory: string): Promise<ReadonlyMap<string, string>> {
    try {
      if (!isThere(directory)) return new Map();
      const entries = fs.readdirSync(directory, { withFileTypes: true });
      const links = entries.filter((entry) => entry.isSymbolicLink());
      return new Map(links.flatMap(({ name }) => targetOf(join(directory, name)).map((to) => [name, to])));
    } catch (cause) {
      if (isAbsent(cause)) return new Map();
      throw fileError('unreadable', `can't list ${directory}: ${reasonOf(cause)}`);
    }
  }

  async walk(path: string, from?: RootView | NamespaceOf): Promise<Walked> {
    try {
      return walk(path, from);
    } catch (cause) {
      throw fileError('unreadable', `can't follow ${path}: ${reasonOf(cause)}`);
    }
  }

  async walkIn(process: number, paths: readonly string[]): Promise<ReadonlyMap<string, Walked> | undefined> {
    try {
      return walkIn(process, paths);
    } catch (cause) {
      throw fileError('unreadable', `can't follow paths in /proc/${process}/root: ${reasonOf(cause)}`);
    }
  }

  async replace(path: string, content: Uint8Array, options: WriteOptions): Promise<void> {
    replaceFile(path, content, options);
  }

  async assertWritable(directory: string, { make = false } = {}): Promise<void> {
    assertWritableFolder(directory, make);
  }

  async remove(path: string, options?: RemoveOptions): Promise<void> {
    removeFile(path, options);
  }

  uptime(): number {
    return 1000 * uptime();
  }

  now(): number {
    return Date.now();
  }

  async run(argv: readonly string[], options: RunProgramOptions = {}): Promise<ProcessResult> {
    const { timeout = DEFAULT_TIMEOUT, limit = DEFAULT_LIMIT } = options;
    const child = await startProgram(argv, limit);
    this.#endOnClose(child);
    child.endIn(timeout);
    return child.ended;
  }

  async reach(endpoint: Endpoint, timeout: number): Promise<string | undefined> {
    // The network's modules take Node a while to load.
    const { reach } = await import('./reach.js');
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(timeout)]);
    return reach(endpoint, { signal, bus: this.#busPlace });
  }

  async lineChild(argv: readonly string[]): Promise<LineChild> {
    const { child, ended, kill } = await startLineChild(argv);
    this.#endOnClose({ end: kill, ended });
    return child;
  }

  /** Has close() end a program. */
  #endOnClose(child: { readonly end: () => void; readonly ended: Promise<unknown> }): void {
    this.#running.add(child);
    void child.ended.then(() => this.#running.delete(child));
  }

  async lock(path: string, wait: number): Promise<(() => void) | undefined> {
    return takeLock(path, wait);
  }

  /**
   * Lets messages carry open files. Must be called before anything is asked of the manager.
   * @param sender path of send-descriptors
   */
  passDescriptors(sender: string) {
    this.#busPlace = { ...this.#busPlace, sender };
  }

  async manager(): Promise<ManagerFacts> {
    this.#facts ??= this.connected().then((bus) => bus.manager());
    this.#facts.catch(() => {
      this.#facts = undefined;
    });
    return this.#facts;
  }

  async unit(name: string): Promise<UnitState> {
    return serviceOf(await (await this.connected()).table(name));
  }

  async anyUnit(name: string): Promise<UnitState> {
    return unitOf(await (await this.connected()).table(name));
  }

  async instances(template: UnitName): Promise<string[]> {
    return (await this.connected()).loaded(instancesOf(template));
  }

  async services(): Promise<string[]> {
    return (await this.connected()).loaded('*.service');
  }

  async reload(): Promise<void> {
    return (await this.connected()).reload();
  }

  async changed(unit: string): Promise<boolean> {
    return (await this.connected()).changed(unit);
  }

  async restart(
    unit: string,
    how?: 'if-up',
    queued?: (others: readonly OtherJob[]) => Promise<void>,
  ): Promise<string> {
    return (await this.connected()).job(how ? 'try-restart' : 'restart', unit, { queued });
  }

  async startUnit(unit: string, starts?: readonly string[]): Promise<string> {
    return (await this.connected()).job('start', unit, { starts });
  }

  async reloadUnit(unit: string): Promise<string> {
    return (await this.connected()).job('reload', unit);
  }

  async stopUnit(unit: string): Promise<string> {
    return (await this.connected()).job('stop', unit);
  }

  async wait(milliseconds: number, isOver?: () => Promise<boolean>): Promise<void> {
    for (let left = milliseconds; ; ) {
      const step = isOver ? Math.min(left, POLL) : left;
      await sleep(step, undefined, { signal: this.#closed.signal });
      left -= step;
      if (left <= 0 || (await isOver?.())) return;
    }
  }

  alarm(milliseconds: number): Alarm {
    let stop: () => void = () => undefined;
    const rung = new Promise<void>((ring) => {
      const timer = setTimeout(ring, milliseconds);
      stop = () => clearTimeout(timer);
    });
    return { rung, stop: () => stop() };
  }

  async waitForState(milliseconds: number): Promise<void> {
    const bus = await this.connected();
    const woken = new AbortController();
    bus.onState(() => woken.abort());
    const signal = AbortSignal.any([this.#closed.signal, woken.signal]);
    try {
      await sleep(milliseconds, undefined, { signal });
    } catch (cause) {
      if (this.#closed.signal.aborted || !woken.signal.aborted) throw cause;
    } finally {
      bus.onState(undefined);
    }
  }

  /** Lets the process end: an open bus, a started program or an unfinished wait would keep it alive. */
  async close(): Promise<void> {
    this.#closed.abort();
    for (const child of this.#running) child.end();
    const bus = this.#bus;
    this.#bus = undefined;
    await bus?.then(
      (connection) => connection.close(),
      () => undefined,
    );
  }

  /** The service manager's bus. A lost connection is replaced, as the bus may be back. */
  async connected(): Promise<Bus> {
    this.#closed.signal.throwIfAborted();
    if (this.#bus) return this.#bus;
    const bus = Bus.connect(this.#busPlace);
    const forget = () => {
      if (this.#bus === bus) this.#bus = undefined;
    };
    bus.then((connection) => connection.lost()).then(forget, forget);
    this.#bus = bus;
    return bus;
  }
}
