import {
  type Diagnostic,
  EXIT,
  error,
  hasErrors,
  inOrder,
  renderDiagnostic,
  UserError,
} from '../diagnostic.js';
import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
import type { Interrupt, StartedUnit } from '../system/transient.js';
import type { Outcome } from './outcome.js';
import type { PrepareOptions } from './prepare.js';
import { type PreparedRun, prepareRun } from './prepare-run.js';
import type { RunOptions } from './run-options.js';
import { endJson, exitStatus, howItEnded, summaryLines } from './run-summary.js';

interface Options extends RunOptions, PrepareOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * Runs a command in a transient unit under a policy. The exit status is systemd-run's: the command's own where it is
 * waited for, 255 where a signal has ended it, 1 for all else that goes wrong.
 */
export async function run(context: Context, words: readonly string[], options: Options): Promise<Outcome> {
  try {
    refuseMistakes(words, options);
    const prepared = await prepareRun(context, words, options);
    const run = new Run(context, prepared, options);
    if (hasErrors(prepared.diagnostics)) return run.outcome(EXIT.findings);
    run.sayFirst();
    for (const { path, content, mode } of prepared.files)
      await context.system.replace(path, content, { mode });
    return await (options.wait ? run.startAndWait() : run.start());
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    throw new UserError(cause.diagnostics, EXIT.findings, cause.sources);
  }
}

const usage = (message: string, hint?: string) =>
  new UserError(error('usage', message, { hint }), EXIT.findings);

function refuseMistakes(words: readonly string[], { wait, block }: Options) {
  if (words.length === 0) throw usage('a command is missing', 'run --deny execve -- ls');
  if (wait && block === false) throw usage("--wait can't be combined with --no-block");
}

/** A shell's status for a command that a signal has ended. */
const SIGNALLED = 128;

/** One run, and what is said of it. */
class Run {
  readonly #context: Context;
  readonly #prepared: PreparedRun;
  readonly #options: Options;
  readonly #unit: string;
  /** What nobody has been told yet. */
  #diagnostics: readonly Diagnostic[];

  constructor(context: Context, prepared: PreparedRun, options: Options) {
    this.#context = context;
    this.#prepared = prepared;
    this.#options = options;
    this.#unit = prepared.unit.full;
    this.#diagnostics = prepared.diagnostics;
  }

  /** What there is to say of the policy comes before what the command itself says. */
  sayFirst() {
    const { json, quiet } = this.#options;
    if (json) return;
    const shown = this.#diagnostics.filter(({ severity }) => !quiet || severity !== 'note');
    for (const one of inOrder(shown))
      this.#context.caller.tell(renderDiagnostic(one, this.#prepared.sources));
    this.#diagnostics = [];
  }

  /** The status may be the command's own, 3 too: `ok` is said apart from it. */
  outcome(exit: number, json: object = {}, more: readonly Diagnostic[] = []): Outcome {
    return {
      exit,
      json: { ok: exit === EXIT.ok, unit: this.#unit, ...json },
      text: '',
      diagnostics: [...this.#diagnostics, ...more],
      sources: this.#prepared.sources,
    };
  }

  async start(): Promise<Outcome> {
    const started = await this.#context.units.start(this.#unit, this.#prepared.properties);
    if (this.#options.block !== false) {
      const job = await started.job();
      if (job !== 'done') return this.#failed(job, await started.properties());
    }
    return this.outcome(EXIT.ok, this.#running(started));
  }

  async startAndWait(): Promise<Outcome> {
    const { units, caller } = this.#context;
    const interrupts = caller.interrupts();
    try {
      const started = await units.start(this.#unit, this.#prepared.properties);
      const attention = this.#attend(started, interrupts.next);
      await attention.unlessDetached(started.underway());
      const json = this.#running(started);
      const end = await attention.unlessDetached(started.end());
      for (const line of end ? summaryLines(end) : [`Detached: ${this.#unit} runs on`]) this.#tell(line);
      const interrupt = attention.interrupt();
      if (interrupt || !end) return this.outcome(SIGNALLED + (interrupt?.number ?? 0), json);
      // What has never run is a success to systemd.
      const job = exitStatus(end) === EXIT.ok ? await started.job() : 'done';
      return job === 'done'
        ? this.outcome(exitStatus(end), { ...json, ...endJson(end) })
        : this.#failed(job, end);
    } finally {
      interrupts.release();
    }
  }

  /** The first interrupt has the unit stopped, the second leaves it alone. */
  #attend(started: StartedUnit, next: () => Promise<Interrupt>) {
    let first: Interrupt | undefined;
    const detached = (async () => {
      first = await next();
      this.#tell(`${first.name}: stopping ${this.#unit}; once more leaves it running`);
      const second = next();
      await Promise.race([started.stop(), second]);
      await second;
    })();
    return {
      interrupt: () => first,
      /** What is waited for; undefined where it isn't waited for any longer. */
      unlessDetached: <T>(awaited: Promise<T>): Promise<T | undefined> =>
        Promise.race([awaited, detached.then(() => undefined)]),
    };
  }

  #tell(line: string) {
    if (!this.#options.json && !this.#options.quiet) this.#context.caller.tell(line);
  }

  #running(started: StartedUnit) {
    const id = started.invocation();
    this.#tell(`Running as unit: ${this.#unit}${id ? `; invocation ID: ${id}` : ''}`);
    return { invocation: id ?? null };
  }

  #failed(job: string, properties: UnitProperties): Outcome {
    const user = this.#context.placement.scope === 'user' ? ' --user' : '';
    const how = job === 'failed' ? howItEnded(properties) : ` (${job})`;
    const hint = `see 'systemctl${user} status ${this.#unit}' and 'journalctl${user} -xeu ${this.#unit}'`;
    const failed = error('start-failed', `${this.#unit} has failed to start${how}`, { hint });
    return this.outcome(EXIT.findings, {}, [failed]);
  }
}
