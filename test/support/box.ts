import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { unavailable } from './available.js';
import { resetInherited } from './inherited.js';
import { inRepository, REPOSITORY } from './repository.js';
import { type RunOptions, type RunResult, run, shown } from './run.js';
import { debianTree, type TreeName } from './tree.js';
import { until } from './until.js';

export interface BootOptions {
  /** Host name, for messages. */
  readonly name?: string;
  /** Which Debian; `machine`, the default, has the services that the tests confine. */
  readonly tree?: TreeName;
  /** A root folder instead of `tree`. */
  readonly root?: string;
  /** Seen in the box at its own path, read-only; default: this repository. */
  readonly repository?: string;
  /** For systemd, as on a kernel command line: `systemd.log_level=debug`. */
  readonly kernelCommandLine?: readonly string[];
}

export interface ExecOptions extends Omit<RunOptions, 'cwd'> {
  /** A user of the box, by name; default root. */
  readonly user?: string;
  /** Beside HOME, LANG, PATH and, with `user`, XDG_RUNTIME_DIR. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** In the network namespace of this machine, the only one where the kernel's audit records can be heard. */
  readonly outsideNetwork?: boolean;
}

type Supervisor = ChildProcessByStdio<Writable, Readable, Readable>;

const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

/** box-exec.c, compiled by scripts/build. */
const BOX_EXEC = inRepository('build/box-exec');

/** Why no box can run on this machine, or undefined: `test('…', { skip: boxAvailable() }, …)`. */
export const boxAvailable = (tree: TreeName = 'machine'): string | undefined => unavailable(tree);

/**
 * A throw-away machine: a real systemd as PID 1 in namespaces of its own, over a copy-on-write view of a Debian tree.
 * It has loopback, a journal, the system bus and user managers; no network. Its root user is root outside too, so
 * it protects against mistakes, not malice. It ends with `stop()` or with the process that booted it, however that
 * ends, and leaves nothing behind: see box-supervisor.sh.
 */
export class Box {
  readonly #supervisor: Supervisor;
  readonly #ended: Promise<void>;
  /** Process id of the box's PID 1, as this machine counts. */
  readonly pid: number;
  readonly name: string;

  private constructor(name: string, pid: number, supervisor: Supervisor, ended: Promise<void>) {
    this.name = name;
    this.pid = pid;
    this.#supervisor = supervisor;
    this.#ended = ended;
  }

  /**
   * Boots a box to basic.target and waits until systemd says that it is up.
   * @throws Error with what systemd or the shell said, when it doesn't come up.
   */
  static async boot(options: BootOptions = {}): Promise<Box> {
    const { name = 'box', tree = 'machine', repository = REPOSITORY, kernelCommandLine = [] } = options;
    const root = options.root ?? debianTree(tree);
    resetInherited();
    const script = inRepository('test/support/box-supervisor.sh');
    const node = realpathSync(process.execPath);
    const supervisor = spawn('bash', [script, name, root, repository, node, ...kernelCommandLine], {
      detached: true, // Ctrl-C is for the tests; the supervisor sees them end
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const complaints: Buffer[] = [];
    supervisor.stderr.on('data', (chunk) => complaints.push(chunk));
    const ended = new Promise<void>((resolve) => supervisor.on('close', () => resolve()));
    try {
      const pid = await firstLine(supervisor.stdout, ended);
      const box = new Box(name, Number(pid), supervisor, ended);
      await box.#started();
      box.#hold(false);
      return box;
    } catch (error) {
      supervisor.stdin.end();
      await ended;
      const said = Buffer.concat(complaints).toString().trim();
      throw new Error(`box '${name}' does not boot: ${(error as Error).message}\n${said}`, { cause: error });
    }
  }

  /** Waits for the manager's socket, then for its word. */
  async #started(): Promise<void> {
    const socket = `/proc/${this.pid}/root/run/systemd/private`;
    await until(`${socket} is there`, () => this.#running() && existsSync(socket), undefined, 5);
    const { stdout, stderr } = await this.exec(['systemctl', 'is-system-running', '--wait']);
    const state = stdout.trim();
    if (state !== 'running' && state !== 'degraded')
      throw new Error(`systemd says '${state || stderr.trim()}'`);
  }

  #running(): boolean {
    if (this.#supervisor.exitCode !== null) throw new Error('it ended');
    return true;
  }

  /** Whether the box keeps this process from ending of itself. */
  #hold(hold: boolean): void {
    const { stdin, stdout, stderr } = this.#supervisor;
    for (const handle of [this.#supervisor, stdin, stdout, stderr] as { ref(): void; unref(): void }[]) {
      hold ? handle.ref() : handle.unref();
    }
  }

  /**
   * Runs a command in the box to its end, as root unless told otherwise.
   * @throws Error when it can't be started or takes too long; a failing command is a result, not an error.
   */
  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<RunResult> {
    const { user, env = {}, cwd = '/', outsideNetwork = false, ...rest } = options;
    const account = user === undefined ? ROOT : await this.#account(user);
    const network = outsideNetwork ? 'outside-network' : 'all';
    const input = rest.input === undefined ? 'no-input' : 'input';
    return run([BOX_EXEC, `${this.pid}`, network, input, cwd, ...account.become, ...argv], {
      ...rest,
      env: { ...ENVIRONMENT, ...account.env, ...env },
    });
  }

  /** Starts a command, which lasts as long as the box. Its errors are said by the tests. */
  async start(argv: readonly string[], user?: string): Promise<void> {
    const account = user === undefined ? ROOT : await this.#account(user);
    const env = { ...ENVIRONMENT, ...account.env };
    spawn(BOX_EXEC, [`${this.pid}`, 'all', 'no-input', '/', ...account.become, ...argv], {
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
    }).unref();
  }

  /** A command that has to succeed; its standard output. */
  async succeed(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.exec(argv, options);
    if (status !== 0)
      throw new Error(`status ${status} in box '${this.name}': ${shown(argv)}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Runs a shell script, which stops at the first command that fails. */
  sh(script: string, options: ExecOptions = {}): Promise<RunResult> {
    return this.exec(['/bin/bash', '-euo', 'pipefail', '-c', script], options);
  }

  /** Writes a file, making the folders above it. Mode as in chmod(1). */
  async writeFile(path: string, content: string | Uint8Array, mode = '0644'): Promise<void> {
    await this.succeed(['install', '-D', '-m', mode, '/dev/stdin', path], { input: content });
  }

  readFile(path: string): Promise<string> {
    return this.succeed(['cat', '--', path]);
  }

  /** Asks again and again until the answer is yes. @throws Error naming `what` when it takes too long. */
  waitFor(what: string, holds: () => boolean | Promise<boolean>, timeoutMs?: number): Promise<void> {
    return until(`${what} in box '${this.name}'`, holds, timeoutMs, 20);
  }

  /** Ends the box; returns when nothing of it is left. */
  async stop(): Promise<void> {
    this.#hold(true);
    this.#supervisor.stdin.end();
    await this.#ended;
  }

  async #account(user: string): Promise<Account> {
    const [, , uid, gid, , home = '/'] = (await this.succeed(['getent', 'passwd', user])).trim().split(':');
    return {
      become: ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--'],
      env: { HOME: home, USER: user, LOGNAME: user, XDG_RUNTIME_DIR: `/run/user/${uid}` },
    };
  }
}

interface Account {
  /** Words in front of a command, to run it as this user. */
  readonly become: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const ROOT: Account = { become: [], env: { HOME: '/root', USER: 'root', LOGNAME: 'root' } };

/** The first line of a stream; an error when `ended` comes first. */
async function firstLine(stream: Readable, ended: Promise<void>): Promise<string> {
  let text = '';
  const line = new Promise<string>((resolve) => {
    stream.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
  });
  const failed = ended.then(() => {
    throw new Error('it ended before systemd started');
  });
  return Promise.race([line, failed]);
}
