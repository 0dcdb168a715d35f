/** The observer: a program of the native helper that watches control groups by eBPF, and speaks JSON lines. */

import type { Code } from '../codes/subjects.js';
import { EXIT, error, failure, UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import type { LineChild } from '../machine/system.js';
import { nativeProgram } from '../prepare/load/installed-programs.js';
import type { Machine } from '../seccomp/syscalls/abi.js';
import type { WatchedArguments } from './observed.js';
import type { LifePhase } from './recording/recording.js';
import { argumentsLine, configuration } from './watch-list.js';

/** The state of one watched unit, once a second. */
export interface Tick {
  /** The number of distinct calls so far. */
  readonly calls: number;
  /** Records that had no room or were missed. */
  readonly lost: number;
  /** How often the control group was made since the begin. */
  readonly lives: number;
  /** How often something was refused; counted only where no more than refusals is watched. */
  readonly refused: number;
}

export interface ObserverOptions {
  /** The way to the rights that this program may lack (default: root's). */
  readonly rights?: string | undefined;
  readonly machine: Machine;
  /** The folders of the units' control groups, which need not exist; their parents must. */
  readonly groups: readonly string[];
  /** Programs that set services up, whose calls aren't the services'. */
  readonly setups: readonly string[];
  /** Those of them that the services themselves may execute; what else they execute of these hides calls. */
  readonly launchers: readonly string[];
  /** The length of a time slice, in seconds (default: a minute, for watches to which slices are of no use). */
  readonly slice?: number;
  /** `refused`: only what is refused; `confined`: these, and the calls of processes with a filter; default: all. */
  readonly sees?: 'all' | 'confined' | 'refused';
  /** Arguments of which values are kept, where not all is seen. */
  readonly watched?: readonly WatchedArguments[];
  /** Paths that mounts hide from the units, in their order: what looks for something there counts as refused. */
  readonly hidden?: readonly (readonly string[])[];
}

/** Reasons by which the observer ends (`refuse` in native-helper/observe/) that lie in the machine: each with its code. */
const REASONS: ReadonlyMap<unknown, readonly [code: Code, hint?: string]> = new Map([
  [
    'no-btf',
    ['cannot-watch', 'the kernel must be built with CONFIG_DEBUG_INFO_BTF, as in Debian 11 and later'],
  ],
  ['kernel-too-old', ['cannot-watch', 'Linux 6.1 or later can watch a service']],
  ['not-permitted', ['cannot-watch']],
  [
    'locked-down',
    ['cannot-watch', 'boot without lockdown=confidentiality; lockdown=integrity lets a service be watched'],
  ],
  ['no-tracepoint', ['cannot-watch']],
  ['not-accepted', ['cannot-watch']],
  ['not-attached', ['cannot-watch']],
  ['no-cgroup', ['no-cgroup', 'start the service first']],
]);

const ROOT = 'run it as root, with CAP_BPF and CAP_PERFMON in the initial user namespace';

/** The begin of a line with a dump, which may have megabytes. */
const DUMP = '{"dump":';

/** The longest JSON text of an error message that is believed, in characters. */
const MAX_MESSAGE = 1000;

/** A running observer. */
export class Observer {
  readonly #child: LineChild;
  readonly #reading: Promise<void>;
  #ticks: readonly Tick[] = [];
  #dump: string[] = [];
  #dumped: ((units: string[] | undefined) => void)[] = [];
  #isOver = false;

  private constructor(child: LineChild) {
    this.#child = child;
    this.#reading = this.#read();
  }

  /**
   * Starts the observer. From the return on nothing is missed.
   * @throws UserError `observer-failed`, `cannot-watch`, `no-cgroup`
   */
  static async start(context: Context, options: ObserverOptions): Promise<Observer> {
    const {
      machine,
      groups,
      setups,
      launchers,
      slice = 60,
      sees = 'all',
      watched = [],
      hidden = [],
    } = options;
    const words = sees === 'all' ? [] : [`--${sees}-only`];
    const child = await context.program.lineChild([await nativeProgram(context, 'observe'), ...words]);
    child.send(`slice ${slice}`);
    for (const path of setups) child.send(`setup ${oneLine(path)}`);
    for (const path of launchers) child.send(`launcher ${oneLine(path)}`);
    for (const [i, path] of groups.entries()) child.send(`unit ${i} ${oneLine(path)}`);
    const lines =
      sees === 'confined' ? watched.map((one) => argumentsLine(machine, one)) : configuration(machine);
    for (const line of lines) child.send(line);
    for (const [i, paths] of hidden.entries())
      for (const path of paths) child.send(`hidden ${i} ${oneLine(path)}`);
    child.send('start');
    const answer = objectIn(await child.receive());
    if (objectOf(answer?.ready)) return new Observer(child);
    throw await startError(child, objectOf(answer?.error), options.rights ?? ROOT);
  }

  /** The state of the units, in the order in which they were given; empty until the first second is over. */
  get ticks(): readonly Tick[] {
    return this.#ticks;
  }

  /** Whether it has ended by itself. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Tells the phase of a unit from here on.
   * @param since microseconds of the monotonic clock: what was made since then counts as made once the unit was ready
   */
  phase(unit: number, phase: LifePhase, since?: number) {
    this.#child.send(`phase ${unit} ${phase}${since === undefined ? '' : ` ${since}`}`);
  }

  /**
   * All that was seen so far, a line a unit as the observer has it.
   * @throws UserError `observer-failed`
   */
  async dump(): Promise<readonly string[]> {
    const answer = new Promise<string[] | undefined>((resolve) => {
      if (this.#isOver) resolve(undefined);
      else this.#dumped.push(resolve);
    });
    this.#child.send('dump');
    const units = await answer;
    if (units) return units;
    throw new UserError(await this.#whyEnded(), EXIT.failure);
  }

  /** Ends it; nothing of it is left. */
  async end(): Promise<void> {
    await this.#child.end();
    await this.#reading;
  }

  async #whyEnded() {
    const { status, stderr } = await this.#child.end();
    const how = status === 128 ? 'was killed' : `ended with status ${status}`;
    return error('observer-failed', `the observer ${how}${stderr === '' ? '' : `: ${stderr.trim()}`}`, {
      hint: 'watch the service again',
    });
  }

  async #read() {
    for (let line = await this.#child.receive(); line !== undefined; line = await this.#child.receive()) {
      if (line.startsWith(DUMP)) {
        this.#dump.push(line);
        continue;
      }
      const said = objectIn(line);
      if (said?.tick !== undefined) this.#ticks = ticksIn(said.tick);
      if (said?.dumped === true) {
        const units = this.#dump;
        this.#dump = [];
        this.#dumped.shift()?.(units);
      }
    }
    this.#isOver = true;
    for (const tell of this.#dumped.splice(0)) tell(undefined);
  }
}

/** A path as a word of the protocol, where a line break would begin another line. */
function oneLine(path: string): string {
  if (!/[\n\0]/.test(path)) return path;
  throw failure('bad-file', "a path with a line break can't be watched");
}

async function startError(
  child: LineChild,
  said: Readonly<Record<string, unknown>> | undefined,
  rights: string,
): Promise<UserError> {
  const { status, stderr } = await child.end();
  const [code, hint] = REASONS.get(said?.code) ?? ['observer-failed'];
  const wayOut = said?.code === 'not-permitted' ? rights : hint;
  const message =
    typeof said?.message === 'string'
      ? said.message.slice(0, MAX_MESSAGE)
      : `the observer did not start: ${stderr.trim() || `status ${status}`}`;
  return failure(code, message, { hint: wayOut });
}

type JsonObject = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;

/** The object that a line is; undefined for any other line. */
function objectIn(line: string | undefined): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(line ?? ''));
  } catch {
    return undefined;
  }
}

const countOf = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;

function ticksIn(tick: unknown): Tick[] {
  const units = objectOf(tick)?.units;
  if (!Array.isArray(units)) return [];
  return units.map((unit) => {
    const { calls, lost, lives, refused } = objectOf(unit) ?? {};
    return { calls: countOf(calls), lost: countOf(lost), lives: countOf(lives), refused: countOf(refused) };
  });
}
