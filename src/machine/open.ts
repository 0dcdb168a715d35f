import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EXIT, error, printable, UserError } from '../diagnostic.js';
import type { Machine } from '../seccomp/syscalls/abi.js';
import { PLAIN, type Theme } from '../theme.js';
import type { BusPlace } from './bus/connection.js';
import { transientUnits } from './bus/started-unit.js';
import type { AwaitedLine } from './caller.js';
import type { Context } from './context.js';
import { Host } from './host.js';
import { holdInterrupts } from './interrupts.js';
import { Offline } from './offline.js';
import { Progress } from './progress.js';
import { type InputStream, readInput } from './read-input.js';
import { readLine } from './read-line.js';

export interface OpenOptions {
  readonly user?: boolean;
  readonly root?: string;
  readonly runtime?: boolean;
  /** The folder of this program. */
  readonly home: string;
  readonly self: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  /** Standard input; by default the process's. */
  readonly input?: InputStream;
  /** The theme of text on standard output; plain by default. */
  readonly theme?: Theme;
  /** Writes to standard error at once. */
  readonly printError: (text: string) => void;
  /** The command, as its line of progress has it; without it there is none. */
  readonly does?: string | undefined;
  /** The width of the terminal that standard error is; 0 for none that can clear a line. */
  readonly columns: () => number;
}

const MACHINES: Readonly<Record<string, Machine>> = { x64: 'x86-64', arm64: 'arm64', riscv64: 'riscv64' };

/**
 * Opens the machine that a command works on.
 * @returns its context, and a function that releases it
 */
export function open(options: OpenOptions): { context: Context; close: () => Promise<void> } {
  const { user = false, root, environment: env } = options;
  if (root !== undefined) assertOtherSystem(root);
  // Services of other users must be able to read what is written, whatever the caller's umask.
  process.umask(0o022);
  const runtimeDirectory = env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.() ?? 0}`;
  const host = new Host(user ? userBus(env, runtimeDirectory) : systemBus(env));
  const progress = progressOf(options);
  const system = root === undefined ? host : new Offline(host, resolve(root));
  let input: Promise<Uint8Array> | undefined;
  const context: Context = {
    system,
    program: host,
    policies: system,
    placement: {
      scope: user ? 'user' : 'system',
      lifetime: options.runtime ? 'runtime' : 'always',
      home: options.homeDirectory,
      runtimeDirectory,
    },
    offline: root !== undefined,
    home: options.home,
    self: options.self,
    superuser: process.geteuid?.() === 0,
    machine: MACHINES[process.arch],
    units: transientUnits(host, user ? 'user' : 'system'),
    caller: {
      directory: workingDirectory(),
      environment: env,
      whyNotExecutable,
      theme: options.theme ?? PLAIN,
      tell: (line) => progress.tell(line),
      tellIfLong: (line, step, more) => progress.tellIfLong(line, step, more),
      during: (line, step) => progress.during(line, step),
      interrupts: holdInterrupts,
      readLine: () => heardWhilePaused(progress),
      readInput: (limit) => {
        input ??= readInput(options.input ?? process.stdin, limit);
        return input;
      },
      terminals: async () => [0, 1, 2].map((await import('node:tty')).isatty),
      openTerminal: async (relay) => (await import('./pseudo-terminal.js')).openPseudoTerminal(relay),
    },
  };
  const close = () => {
    progress.end();
    return host.close();
  };
  return { context, close };
}

/** A line of standard input; nothing is shown while it is typed. */
function heardWhilePaused(progress: Progress): AwaitedLine {
  const goOn = progress.pause();
  const { line, stop } = readLine(process.stdin);
  void line.then(goOn);
  return {
    line,
    stop: () => {
      stop();
      goOn();
    },
  };
}

/** The progress of the command on its terminal, by the clock of this machine. */
const progressOf = ({ printError, columns, does }: OpenOptions): Progress =>
  new Progress(
    {
      write: printError,
      columns,
      // The global `performance` takes Node a while to load.
      now: () => Number(process.hrtime.bigint() / 1_000_000n),
      every: (milliseconds, call) => {
        const timer = setInterval(call, milliseconds);
        timer.unref();
        return () => clearInterval(timer);
      },
    },
    does,
  );

function whyNotExecutable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? undefined : 'it is not a file';
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
    return code === 'EACCES' ? 'it is not executable' : message;
  }
}

function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** @throws UserError `offline` */
function assertOtherSystem(path: string) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) {
    const message = stat ? `${printable(path)} is not a folder` : `there is no folder ${printable(path)}`;
    const hint = '--root names the folder of a system: the one with etc and usr in it';
    throw new UserError(error('offline', message, { hint }), EXIT.failure);
  }
  if (!isRunningRoot(path)) return;
  const message = `${printable(path)} is the running system: with --root nothing would be reloaded or restarted`;
  throw new UserError(error('offline', message, { hint: 'leave --root out' }), EXIT.failure);
}

/** The root folders of this process and of PID 1, which differ in a chroot; only root may look at the latter. */
const ROOTS = ['/', '/proc/1/root'];

/**
 * Whether a folder is the root of a system whose systemd runs, as sd_booted(3) finds it. An image that is built in a
 * chroot or a container is none.
 * @param roots the root folders of what runs here
 */
export function isRunningRoot(path: string, roots: readonly string[] = ROOTS): boolean {
  const { dev, ino } = statSync(path);
  const isRoot = roots.some((root) => {
    const facts = statIfSeen(root);
    return facts?.dev === dev && facts.ino === ino;
  });
  return isRoot && statIfSeen(join(path, 'run/systemd/system')) !== undefined;
}

function statIfSeen(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

const systemBus = (env: OpenOptions['environment']): BusPlace => ({
  address: env.DBUS_SYSTEM_BUS_ADDRESS || 'unix:path=/run/dbus/system_bus_socket',
  get hint() {
    return isRunningRoot('/')
      ? 'is dbus.socket active?'
      : "systemd isn't running here: use --root for the folder of another system, or --facts for another machine";
  },
});

/** The bus of a user's manager, which runs while the user is logged in, or lingers; su(1) and sudo(8) are no login. */
const userBus = (env: OpenOptions['environment'], runtimeDirectory: string): BusPlace => ({
  address: env.DBUS_SESSION_BUS_ADDRESS || `unix:path=${runtimeDirectory}/bus`,
  hint:
    env.XDG_RUNTIME_DIR === undefined
      ? 'XDG_RUNTIME_DIR is not set: log in as the user, not with su or sudo'
      : "is the user's manager running? 'loginctl enable-linger' starts it without a login",
});
