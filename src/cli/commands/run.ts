import {
  type Diagnostic,
  EXIT,
  error,
  hasErrors,
  inOrder,
  renderDiagnostic,
  UserError,
} from '../../diagnostic.js';
import type { StartedUnit } from '../../machine/bus/transient.js';
import type { Context } from '../../machine/context.js';
import type { UnitState } from '../../machine/unit-state.js';
import type { Outcome } from '../../outcome.js';
import { INPUT } from '../../prepare/load/input-policy.js';
import { nativeProgram } from '../../prepare/load/installed-programs.js';
import type { PrepareOptions } from '../../prepare/prepare.js';
import { endJson, exitStatus, hasRun, howItEnded, summaryLines } from '../report/run.js';
import { attendTerminal, attendUnit } from '../run/attention.js';
import type { RunOptions } from '../run/options.js';
import { type PreparedRun, prepareRun } from '../run/prepare.js';
import { openStreams, type Stdio, stdioOf } from '../run/streams.js';
import { asksForTimer, type RunTimer } from '../run/timer.js';

interface RunCommandOptions extends RunOptions, PrepareOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * Runs a command in a transient unit under a policy. The exit status is systemd-run's: the command's own if it is
 * waited for, 255 if a signal has ended it, 1 for all else that goes wrong.
 */
export async function run(
  context: Context,
  words: readonly string[],
  options: RunCommandOptions,
): Promise<Outcome> {
  try {
    const stdio = await stdioOf(context, options);
    refuseMistakes(words, options, stdio);
    if (stdio === 'inherited')
      context.units.passDescriptors(await nativeProgram(context, 'send-descriptors'));
    const prepared = await prepareRun(context, words, options);
    const one = new TransientRun(context, prepared, options);
    if (hasErrors(prepared.diagnostics)) return one.outcome(EXIT.findings);
    one.sayFirst();
    if (prepared.files.length > 0) await install(context, prepared.files);
    if (prepared.timer) return await one.startTimer(prepared.timer);
    const waits = options.wait || options.shell || stdio !== 'journal';
    return await (waits ? one.startAndWait(stdio) : one.start());
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    throw new UserError(cause.diagnostics, EXIT.findings, cause.sources);
  }
}

const usage = (message: string, hint?: string) =>
  new UserError(error('usage', message, { hint }), EXIT.findings);

function refuseMistakes(words: readonly string[], options: RunCommandOptions, stdio: Stdio) {
  const { wait, block, shell, json, policy } = options;
  if (asksForTimer(options) && (wait || shell || stdio !== 'journal'))
    throw usage("a timer can't be combined with --wait, --shell, --pty or --pipe");
  if (words.length === 0 && !shell)
    throw usage('a command is missing', 'for example: sandbox-unit run --deny execve -- ls');
  if (words.length > 0 && shell) throw usage('--shell takes no command');
  if (block === false && (wait || stdio !== 'journal')) {
    throw usage(`${wait ? '--wait' : '--pty, --pipe or --shell'} can't be combined with --no-block`);
  }
  if (policy === INPUT && stdio !== 'journal')
    throw usage("'--policy -' reads the standard input, which the command needs itself");
  if (json && stdio !== 'journal') throw usage("--json can't be combined with --pty, --pipe or --shell");
}

/** Installs the launcher. Whoever has the lock removes incomplete files, and a launcher that nobody uses. */
async function install(context: Context, files: PreparedRun['files']) {
  const { system, superuser, placement } = context;
  const write = async () => {
    for (const { path, content, mode } of files) await system.replace(path, content, { mode });
  };
  // A caller who may not write gets that error, and none about the lock.
  if (!superuser && placement.scope === 'system') return write();
  const { whileLocked } = await import('../../apply/lock.js');
  await whileLocked(context, write);
}

/** One run, and the diagnostics about it. */
class TransientRun {
  readonly #context: Context;
  readonly #prepared: PreparedRun;
  readonly #options: RunCommandOptions;
  readonly #unit: string;
  /** Diagnostics that nobody has been told yet. */
  #diagnostics: readonly Diagnostic[];

  constructor(context: Context, prepared: PreparedRun, options: RunCommandOptions) {
    this.#context = context;
    this.#prepared = prepared;
    this.#options = options;
    this.#unit = prepared.unit.full;
    this.#diagnostics = prepared.diagnostics;
  }

  /** Whether the caller is told of the unit's end. */
  get #waits(): boolean {
    return this.#options.wait === true || this.#options.shell === true;
  }

  /** Tells the diagnostics about the policy, before the command itself prints anything. */
  sayFirst() {
    const { json, quiet } = this.#options;
    if (json) return;
    const shown = this.#diagnostics.filter(({ severity }) => !quiet || severity !== 'note');
    for (const one of inOrder(shown))
      this.#context.caller.tell(renderDiagnostic(one, this.#prepared.sources));
    this.#diagnostics = [];
  }

  /**
   * The outcome of the run. Its status may be the command's own, 3 too, so that `ok` doesn't follow from it as
   * elsewhere.
   */
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
      if (job !== 'done') return this.#failed(job, await started.state());
    }
    return this.outcome(EXIT.ok, this.#running(started));
  }

  /** Starts the timer, and makes the unit that it starts. */
  async startTimer(timer: RunTimer): Promise<Outcome> {
    const { properties } = this.#prepared;
    const { units } = this.#context;
    const started = await units.start(timer.unit, timer.properties, { unit: this.#unit, properties });
    const job = this.#options.block === false ? 'done' : await started.job();
    if (job !== 'done') return this.outcome(EXIT.findings, {}, [this.#notStarted(timer.unit, ` (${job})`)]);
    this.#tell(`Running timer as unit: ${timer.unit}`);
    this.#tell(`Will run service as unit: ${this.#unit}`);
    return this.outcome(EXIT.ok, { timer: timer.unit });
  }

  /**
   * Starts the unit and waits for its end.
   * @param stdio the command's standard input, output and error
   */
  async startAndWait(stdio: Stdio): Promise<Outcome> {
    const { units, caller } = this.#context;
    const { terminal, properties, defaults } = await openStreams(this.#context, stdio);
    const interrupts = caller.interrupts();
    const tell = (line: string) => this.#tell(line);
    try {
      const all = [...defaults, ...this.#prepared.properties, ...properties];
      const started = await units.start(this.#unit, all);
      const attention = terminal
        ? attendTerminal(this.#unit, terminal, interrupts.next, { tell, waits: this.#waits })
        : attendUnit(this.#unit, started, interrupts.next, tell);
      const isUnderway = await attention.unlessDetached(started.underway().then(() => true));
      if (!isUnderway) return this.#early(attention.exit() ?? EXIT.findings, {});
      const json = this.#running(started);
      if (terminal) tell('Press ^] three times within 1s to disconnect TTY.');
      terminal?.begin();
      const end = await attention.unlessDetached(started.end());
      terminal?.finish();
      await terminal?.ended;
      return await this.#ended(started, end, attention.exit(), json);
    } finally {
      terminal?.hangUp();
      await terminal?.ended;
      interrupts.release();
    }
  }

  /** @param exit the status that an event has set, if one has come */
  async #ended(
    started: StartedUnit,
    end: UnitState | undefined,
    exit: number | undefined,
    json: object,
  ): Promise<Outcome> {
    if (end && this.#waits) for (const line of summaryLines(end)) this.#tell(line);
    if (exit !== undefined || end === undefined) return this.#early(exit ?? EXIT.findings, json);
    // systemd calls a unit that has never run a success.
    const job = exitStatus(end) === EXIT.ok ? await started.job() : 'done';
    if (job === 'done' && !hasRun(end) && exitStatus(end) === EXIT.ok) return this.#failed('skipped', end);
    return job === 'done'
      ? this.outcome(exitStatus(end), { ...json, ...endJson(end) })
      : this.#failed(job, end);
  }

  /** The outcome if the waiting has ended early. People are told of that when it happens. */
  #early(exit: number, json: object): Outcome {
    const early = error('interrupted', `the wait for ${this.#unit} was interrupted before the unit ended`);
    return this.outcome(exit, json, this.#options.json && exit !== EXIT.ok ? [early] : []);
  }

  #tell(line: string) {
    if (!this.#options.json && !this.#options.quiet) this.#context.caller.tell(line);
  }

  #running(started: StartedUnit) {
    const id = started.invocation();
    this.#tell(`Running as unit: ${this.#unit}${id ? `; invocation ID: ${id}` : ''}`);
    return { invocation: id ?? null };
  }

  #failed(job: string, state: UnitState): Outcome {
    const how = job === 'failed' ? howItEnded(state) : ` (${job})`;
    return this.outcome(EXIT.findings, {}, [this.#notStarted(this.#unit, how)]);
  }

  #notStarted(unit: string, how: string): Diagnostic {
    const user = this.#context.placement.scope === 'user' ? ' --user' : '';
    const hint = `see 'systemctl${user} status ${unit}' and 'journalctl${user} -xeu ${unit}'`;
    return error('start-failed', `${unit} failed to start${how}`, { hint });
  }
}
