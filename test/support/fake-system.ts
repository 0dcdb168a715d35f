/** A machine in memory: files, a service manager that reads them, and a record of all that is asked of it. */
import { EXIT, error, UserError } from '../../src/diagnostic.js';
import type { Caller, Interrupt, Interrupts } from '../../src/machine/caller.js';
import type { Context } from '../../src/machine/context.js';
import type {
  Alarm,
  FileContent,
  LineChild,
  ManagerFacts,
  ProcessResult,
  ReadOptions,
  System,
  WriteOptions,
} from '../../src/machine/system.js';
import { parseUnitState, type UnitState } from '../../src/machine/unit-state.js';
import type { Endpoint } from '../../src/policy/probe.js';
import { bundledSets, type SyscallSets } from '../../src/seccomp/syscalls/sets.js';
import type { UnitName } from '../../src/systemd/unit/name.js';
import type { Walked } from '../../src/systemd/unit/view.js';
import { elf } from './elf.js';
import { DIRECTORIES, exportedFields, loadedProperties, missingUnit } from './fake-manager.js';
import { FakeUnits } from './fake-units.js';
import { unitState } from './unit-state.js';

/** Where the program's own files are on a fake machine. */
export const HOME = '/opt/sandbox-unit';

/** The places of a user's own units. */
export const OF_USER = {
  scope: 'user',
  lifetime: 'always',
  home: '/home/user',
  runtimeDirectory: '/run/user/7',
} as const;

export interface FakeFile {
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** Files by path; a text or bytes alone have mode 0644. */
export type Contents = Readonly<Record<string, string | Uint8Array | FakeFile>>;

export const FEATURES = '+SELINUX +APPARMOR +SMACK +SECCOMP +BPF_FRAMEWORK';

/** A kernel that can do all that systemd may ask of it. */
export const KERNEL: Readonly<Record<string, string>> = {
  '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n',
  '/sys/fs/selinux/enforce': '1',
  '/sys/fs/smackfs/load2': '',
  '/sys/kernel/security/lsm': 'lockdown,capability,landlock,yama,apparmor,bpf\n',
  '/sys/module/apparmor/parameters/enabled': 'Y\n',
};

/** How a service behaves when it is started. */
export type Behaviour =
  | 'works'
  | 'job-fails'
  | 'dies'
  | 'restarts'
  | 'finishes'
  /** Its main process has no filter. */
  | 'is-open';

export interface FakeOptions {
  readonly files?: Contents;
  readonly systemd?: string;
  readonly architecture?: string;
  /** What it was built with, as the manager says it. */
  readonly features?: string;
  /** The manager's own. */
  readonly controlGroup?: string;
  /** Files that tell what the kernel can do. */
  readonly kernel?: Readonly<Record<string, string>>;
  /** What `systemd-analyze syscall-filter` lists; false: the program can't be run. */
  readonly sets?: SyscallSets | false;
  /** Whether jobs that stop a unit fail. */
  readonly unstoppable?: boolean;
  /** Units that run; the others are stopped. */
  readonly running?: readonly string[];
  /** What a start comes to; `confined` says whether a drop-in of ours is loaded. */
  readonly behaviour?: (unit: string, confined: boolean) => Behaviour;
  /** Further programs by their first word. */
  readonly programs?: Readonly<Record<string, (argv: readonly string[]) => ProcessResult>>;
  /** Why endpoints can't be reached. */
  readonly unreachable?: string;
  /** What the job of a reload ends with, and what becomes of the service while time passes then. */
  readonly reloading?: { readonly result?: string; readonly dies?: boolean };
  /** Changes what the manager says of a unit. */
  readonly distort?: (properties: Map<string, unknown>) => void;
  /** Other names of units. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Programs that speak lines, by their path and arguments. */
  readonly talks?: (argv: readonly string[]) => LineChild;
  /** Links by path; what they lead to is in `files`, too. */
  readonly links?: Readonly<Record<string, string>>;
  /** Files that root must not act on. */
  readonly untrusted?: readonly string[];
  /** Files and folders that this user may not read. */
  readonly unreadable?: readonly string[];
  /** Folders in which nothing can be written, with the reason. */
  readonly unwritable?: Readonly<Record<string, string>>;
  /** Folders that aren't there where one is asked for. */
  readonly missing?: readonly string[];
  /** The call, counted from 1, that fails as a full disk or a lost bus does. */
  readonly failAt?: number;
  /** The call, counted from 1, before which this program is killed. */
  readonly killAt?: number;
  /** Another has the lock: for some seconds, or for ever. */
  readonly locked?: 'some-time' | 'for-ever';
  /** The call, counted from 1, in which SIGTERM comes. */
  readonly signalAt?: number;
  /** The call, counted from 1, which takes an hour. */
  readonly slowAt?: number;
}

interface Service {
  state: string;
  pid: number;
  restarts: number;
  result: string;
  started: number;
  /** Started with a drop-in of ours. */
  confined: boolean;
  /** What the manager has exported for journald. */
  fields: Uint8Array | undefined;
  filtered: boolean;
  /** How its main process ended: CLD_EXITED or CLD_KILLED, and the status or the signal. */
  ended: readonly [code: number, status: number];
  /** What becomes of it while time passes. */
  next?: 'failed' | 'another-pid';
}

/** Of a file, in bytes (NAME_MAX). */
const RELEASE = '257.13-1~deb13u1';
const MAX_NAME = 255;
const CLD_EXITED = 1;
const CLD_KILLED = 2;
const SIGSYS = 31;
/** When the machine was booted, in milliseconds since 1970. */
const BOOT = 1_600_000_000_000;

/** The last words of any service, as journalctl(1) prints them. */
const JOURNAL = ['a line', 'the last line'].map((MESSAGE) => `${JSON.stringify({ MESSAGE })}\n`).join('');

/** What proc_pid_stat(5) has of a service's main process: the 22nd field is its start, in ticks since boot. */
const statOf = ({ pid, started }: Service): string =>
  `${pid} (x) S ${'0 '.repeat(18)}${Math.floor((started - BOOT) / 10)} 0\n`;

const end = (service: Service, state: string, result: string, ended: Service['ended']) =>
  Object.assign(service, { state, result, ended, pid: 0 });

const bytesOf = (content: string | Uint8Array) =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;

/** A file that may be executed. */
export const program = (content: string | Uint8Array, mode = 0o755): FakeFile => ({
  bytes: bytesOf(content),
  mode,
});

/** A file of ours that there is, as changes are made of it. */
export const existing = (path: string, text: string, mode = 0o644) => ({
  path,
  content: new TextEncoder().encode(text),
  mode,
  modified: 1000,
});

export class FakeSystem implements System {
  readonly files = new Map<string, FakeFile>();
  /** Everything that was asked, in order: `read /etc/x`, `restart x.service`. */
  readonly calls: string[] = [];
  #options: FakeOptions;
  readonly #services = new Map<string, Service>();
  /** When files were written, by path. */
  readonly #times = new Map<string, number>();
  /** Milliseconds since 1970: each call takes one. */
  #now = 1_700_000_000_000;
  #loaded: ReadonlyMap<string, FakeFile>;
  /** What the manager has read of units since then, by their names. */
  readonly #read = new Map<string, ReadonlyMap<string, unknown> | undefined>();
  #nextPid = 100;
  /** States of units when changed() was last asked. */
  readonly #asked = new Map<string, string>();
  #isKilled = false;
  /** Locks that are held. */
  readonly #held = new Set<string>();
  #alarms: { readonly at: number; readonly ring: () => void }[] = [];
  #interrupt: () => void = () => undefined;

  constructor(options: FakeOptions = {}) {
    this.#options = options;
    for (const [path, content] of Object.entries(options.files ?? {})) {
      const isFile = typeof content === 'object' && 'bytes' in content;
      this.files.set(path, isFile ? content : { bytes: bytesOf(content), mode: 0o644 });
    }
    this.#loaded = new Map(this.files);
    for (const unit of options.running ?? []) this.#start(unit, 'works');
  }

  /** What was asked that changes something, what is kept for the way back or for the next command aside. */
  get changes(): string[] {
    return this.calls.filter(
      (call) =>
        /^(replace|remove|reload|restart) ?/.test(call) && !/\.u$|\/runs\/|\/syscall-sets$/.test(call),
    );
  }

  /** Whether the manager has read the unit files as they are. */
  get isUpToDate(): boolean {
    const isUnitFile = ([path]: [string, FakeFile]) => /\/systemd\/.*\.(?:conf|service)$/.test(path);
    const now = [...this.files].filter(isUnitFile).sort();
    const then = [...this.#loaded].filter(isUnitFile).sort();
    return JSON.stringify(now) === JSON.stringify(then);
  }

  text(path: string): string {
    return new TextDecoder().decode(this.files.get(path)!.bytes);
  }

  /** The machine as the program that was killed has left it, for the next one. */
  revive(): void {
    this.#isKilled = false;
    this.#held.clear();
    this.#options = { ...this.#options, killAt: 0 };
    this.calls.length = 0;
  }

  /** The manager's view of a unit's process: `pid` changes with each start. */
  pidOf(unit: string): number | undefined {
    return this.#services.get(unit)?.pid;
  }

  /** Whether a unit's process was started behind a drop-in of ours. */
  isConfined(unit: string): boolean {
    return this.#services.get(unit)?.confined ?? false;
  }

  #record(call: string): void {
    if (this.#isKilled || this.calls.length + 1 === this.#options.killAt) this.#isKilled = true;
    if (this.#isKilled) throw new Error('killed');
    this.calls.push(call);
    this.#now += this.calls.length === this.#options.slowAt ? 3_600_000 : 1;
    if (this.calls.length === this.#options.signalAt) this.#interrupt();
    if (this.calls.length !== this.#options.failAt) return;
    const code = call.startsWith('replace ') ? 'unwritable' : 'manager-refused';
    throw new UserError(error(code, `call ${this.calls.length} fails: ${call}`), EXIT.failure);
  }

  /** Counts a call that others than this machine answer. */
  note(call: string): void {
    this.#record(call);
  }

  async read(path: string, options: ReadOptions = {}): Promise<FileContent | undefined> {
    this.#record(`read ${path}`);
    const file =
      this.files.get(path) ?? this.#processFile(path) ?? this.#fieldsFile(path) ?? this.#kernelFile(path);
    const { limit = 1 << 20, head = false, trusted = false, from = 0 } = options;
    if (!file) return undefined;
    this.#refuseUnreadable(path);
    if (file.bytes.length > limit && !head) {
      throw new UserError(error('too-large', `${path} is larger than ${limit} bytes`), EXIT.failure);
    }
    if (trusted && this.#options.untrusted?.includes(path)) {
      throw new UserError(error('untrusted-file', `${path} can be written by others`), EXIT.failure);
    }
    return {
      bytes: head ? file.bytes.slice(from, from + limit) : file.bytes,
      mode: file.mode,
      modified: this.#times.get(path) ?? 0,
    };
  }

  #fieldsFile(path: string): FakeFile | undefined {
    const [, unit] = /^\/run\/systemd\/units\/log-extra-fields:(.*)$/.exec(path) ?? [];
    const fields = unit === undefined ? undefined : this.#services.get(unit)?.fields;
    return fields && { bytes: fields, mode: 0o644 };
  }

  #kernelFile(path: string): FakeFile | undefined {
    const { kernel = KERNEL } = this.#options;
    return Object.hasOwn(kernel, path) ? program(kernel[path]!, 0o444) : undefined;
  }

  async list(directory: string): Promise<string[]> {
    this.#record(`list ${directory}`);
    this.#refuseUnreadable(directory);
    const { kernel = KERNEL } = this.#options;
    const below = [...this.files.keys(), ...Object.keys(kernel)].filter((path) =>
      path.startsWith(`${directory}/`),
    );
    return [...new Set(below.map((path) => path.slice(directory.length + 1).split('/')[0]!))].sort();
  }

  #refuseUnreadable(path: string): void {
    if (this.#options.unreadable?.includes(path))
      throw new UserError(error('unreadable', `can't read ${path}: EACCES`), EXIT.failure);
  }

  async links(directory: string): Promise<ReadonlyMap<string, string>> {
    this.#record(`links ${directory}`);
    this.#refuseUnreadable(directory);
    const links = Object.entries(this.#options.links ?? {});
    const inside = links.filter(([path]) => path.slice(0, path.lastIndexOf('/')) === directory);
    return new Map(inside.map(([path, target]) => [path.slice(directory.length + 1), target]));
  }

  async walk(path: string): Promise<Walked> {
    this.#record(`walk ${path}`);
    return { ...this.#walked(path), content: this.files.get(path)?.bytes };
  }

  /** Links of `options.links` aside, all is where it is; what isn't trusted is so for everybody. */
  #walked(path: string): Walked {
    const wrong = this.#options.untrusted?.find((one) => path === one || path.startsWith(`${one}/`));
    const untrusted = wrong === undefined ? [] : [{ path: wrong, why: 'belongs to user 1000' }];
    return this.files.has(path) ? { real: path, untrusted, isFile: true } : { real: undefined, untrusted };
  }

  async walkIn(process: number, paths: readonly string[]): Promise<ReadonlyMap<string, Walked>> {
    this.#record(`walk in ${process}`);
    return new Map(paths.map((path) => [path, this.#walked(path)]));
  }

  async replace(path: string, content: Uint8Array, { mode, modified }: WriteOptions): Promise<void> {
    this.#record(`replace ${path}`);
    if (path.split('/').some((name) => name.length > MAX_NAME)) {
      throw new UserError(error('unwritable', `can't write ${path}: ENAMETOOLONG`), EXIT.failure);
    }
    this.files.set(path, { bytes: content, mode });
    this.#times.set(path, modified ?? this.#now);
  }

  async assertWritable(directory: string, { make = false } = {}): Promise<void> {
    this.#record(`assert-writable ${directory}`);
    const { unwritable, missing = [] } = this.#options;
    const isMissing = !make && missing.includes(directory);
    const why = unwritable?.[directory] ?? (isMissing ? 'no such folder' : undefined);
    if (why !== undefined)
      throw new UserError(error('unwritable', `can't write in ${directory}: ${why}`), EXIT.failure);
  }

  async remove(path: string): Promise<void> {
    this.#record(`remove ${path}`);
    this.files.delete(path);
  }

  uptime(): number {
    return this.#now - BOOT;
  }

  /** Time passes while somebody waits. */
  now(): number {
    return this.#now;
  }

  async run(argv: readonly string[]): Promise<ProcessResult> {
    this.#record(`run ${argv.join(' ')}`);
    const { sets = targetSets(), programs = {} } = this.#options;
    const known = programs[argv[0]!];
    if (known) return known(argv);
    if (argv.includes('systemd-analyze') && sets) {
      const said = argv.includes('--version')
        ? `systemd 257 (${this.#options.systemd ?? RELEASE})\n`
        : listing(sets);
      return { status: 0, stdout: said, stderr: '' };
    }
    if (argv[0] === 'journalctl') return { status: 0, stdout: JOURNAL, stderr: '' };
    return { status: 127, unstartable: true, stdout: '', stderr: 'no such file' };
  }

  async reach(endpoint: Endpoint, timeout: number): Promise<string | undefined> {
    this.#record(`reach ${Object.values(endpoint).join(' ')} ${timeout}`);
    return this.#options.unreachable;
  }

  async lineChild(argv: readonly string[]): Promise<LineChild> {
    this.#record(`talk ${argv.join(' ')}`);
    return this.#options.talks!(argv);
  }

  async lock(path: string, wait: number): Promise<(() => void) | undefined> {
    this.#record(`lock ${path} ${wait}`);
    if (this.#options.locked === 'for-ever' || (this.#options.locked && wait === 0)) return undefined;
    if (this.#held.has(path)) return undefined;
    this.#held.add(path);
    return () => {
      this.#held.delete(path);
      this.calls.push('unlock');
    };
  }

  /** What a caller has of this machine. */
  caller(): Pick<Caller, 'interrupts' | 'whyNotExecutable'> {
    return {
      interrupts: () => this.interrupts(),
      whyNotExecutable: (path) => {
        const file = this.files.get(path);
        if (this.#options.programs?.[path]) return undefined;
        if (!file) return 'no such file';
        return (file.mode & 0o111) === 0 ? 'it is not executable' : undefined;
      },
    };
  }

  interrupts(): Interrupts {
    this.calls.push('hold signals');
    const first = new Promise<Interrupt>((resolve) => {
      this.#interrupt = () => resolve({ name: 'SIGTERM', number: 15 });
    });
    const coming = [first];
    const never = new Promise<Interrupt>(() => undefined);
    return { next: () => coming.shift() ?? never, release: () => this.calls.push('release signals') };
  }

  /** The service whose main process a path below /proc is about. */
  #processOf(path: string): Service | undefined {
    const [, pid] = /^\/proc\/(\d+)\//.exec(path) ?? [];
    return [...this.#services.values()].find((service) => String(service.pid) === pid);
  }

  #processFile(path: string): FakeFile | undefined {
    const service = this.#processOf(path);
    if (service && path.endsWith('/stat')) return { bytes: bytesOf(statOf(service)), mode: 0o444 };
    if (!service || !path.endsWith('/status')) return undefined;
    const flag = Number(service.filtered);
    const text = `Name:\tx\nNoNewPrivs:\t${flag}\nSeccomp:\t${2 * flag}\n`;
    return { bytes: bytesOf(text), mode: 0o444 };
  }

  async manager(): Promise<ManagerFacts> {
    // It is what it is for as long as it is asked.
    if (!this.calls.includes('manager')) this.#record('manager');
    const { systemd = RELEASE, architecture = 'x86-64', features = FEATURES } = this.#options;
    const { controlGroup = '' } = this.#options;
    const started = BigInt(BOOT) * 1000n;
    return { version: systemd, architecture, features, started, controlGroup, unitPath: DIRECTORIES };
  }

  async unit(name: string): Promise<UnitState> {
    this.#record(`unit ${name}`);
    const id = this.#options.aliases?.[name] ?? name;
    const properties = new Map(this.#propertiesOf(id) ?? missingUnit(id));
    const service = this.#services.get(id);
    properties.set('ActiveState', service?.state ?? 'inactive');
    properties.set('MainPID', service?.pid ?? 0);
    properties.set('InvocationID', service ? bytesOf(`${service.started}`) : []);
    properties.set('NRestarts', service?.restarts ?? 0);
    properties.set('InactiveExitTimestamp', BigInt(service?.started ?? 0) * 1000n);
    properties.set('Result', service?.result ?? 'success');
    properties.set('ExecMainCode', service?.ended[0] ?? 0);
    properties.set('ExecMainStatus', service?.ended[1] ?? 0);
    const read = [properties.get('FragmentPath'), properties.get('DropInPaths')].flat() as string[];
    properties.set(
      'NeedDaemonReload',
      read.some((path) => path !== '' && !this.files.has(path)),
    );
    this.#options.distort?.(properties);
    return parseUnitState(properties);
  }

  async anyUnit(name: string): Promise<UnitState> {
    this.#record(`any ${name}`);
    // A slice has its name as its control group.
    const more = name.endsWith('.slice') ? { ControlGroup: `/${name}` } : {};
    if (name.endsWith('.timer')) return parseUnitState(missingUnit(name));
    return unitState({ ActiveState: this.#services.get(name)?.state ?? 'inactive', ...more });
  }

  async instances({ prefix }: UnitName): Promise<string[]> {
    this.#record(`instances ${prefix}@`);
    return [...this.#services.keys()].filter((name) => name.startsWith(`${prefix}@`)).sort();
  }

  async services(): Promise<string[]> {
    this.#record('services');
    return [...this.#services.keys()].sort();
  }

  #propertiesOf(id: string): ReadonlyMap<string, unknown> | undefined {
    if (!this.#read.has(id)) this.#read.set(id, loadedProperties(this.#loaded, id, this.#settings()));
    return this.#read.get(id);
  }

  #settings() {
    const { systemd = RELEASE, sets } = this.#options;
    return { systemd: Number.parseInt(systemd, 10), sets: sets || bundledSets() };
  }

  async reload(): Promise<void> {
    this.#record('reload');
    this.#loaded = new Map(this.files);
    this.#read.clear();
  }

  async restart(unit: string): Promise<string> {
    this.#record(`restart ${unit}`);
    return this.#start(unit, this.#options.behaviour?.(unit, this.#confines(unit)) ?? 'works');
  }

  async changed(unit: string): Promise<boolean> {
    const state = JSON.stringify(this.#services.get(unit)) ?? '';
    const before = this.#asked.get(unit);
    this.#asked.set(unit, state);
    return before !== state;
  }

  async startUnit(unit: string): Promise<string> {
    this.#record(`start-unit ${unit}`);
    return this.#start(unit, this.#options.behaviour?.(unit, this.#confines(unit)) ?? 'works');
  }

  async reloadUnit(unit: string): Promise<string> {
    this.#record(`reload-unit ${unit}`);
    const { result = 'done', dies } = this.#options.reloading ?? {};
    if (dies) this.#services.get(unit)!.next = 'failed';
    return result;
  }

  async stopUnit(unit: string): Promise<string> {
    this.#record(`stop-unit ${unit}`);
    if (this.#options.unstoppable) return 'failed';
    this.#services.delete(unit);
    return 'done';
  }

  /** Whether a drop-in of ours is loaded. */
  #confines(unit: string): boolean {
    const names = [unit, unit.replace(/@.*\./, '@.')];
    return [...this.#loaded.keys()].some((path) =>
      names.some((name) => path.endsWith(`/${name}.d/zz-sandbox-unit.conf`)),
    );
  }

  #start(unit: string, behaviour: Behaviour): string {
    const pid = this.#nextPid++;
    const service: Service = {
      ...{ state: 'active', pid, restarts: 0, result: 'success', ended: [0, 0] },
      started: this.#now,
      confined: this.#confines(unit),
      fields: exportedFields(this.#propertiesOf(unit)),
      filtered: this.#confines(unit) && behaviour !== 'is-open',
    };
    this.#services.set(unit, service);
    if (behaviour === 'job-fails') end(service, 'failed', 'exit-code', [CLD_EXITED, 1]);
    if (behaviour === 'finishes') end(service, 'inactive', 'success', [CLD_EXITED, 0]);
    if (behaviour === 'dies') service.next = 'failed';
    if (behaviour === 'restarts') service.next = 'another-pid';
    return behaviour === 'job-fails' ? 'failed' : 'done';
  }

  /** Rings when others have waited for so long. */
  alarm(milliseconds: number): Alarm {
    let ring: () => void = () => undefined;
    const rung = new Promise<void>((resolve) => {
      ring = resolve;
    });
    const one = { at: this.#now + milliseconds, ring: () => ring() };
    this.#alarms.push(one);
    const stop = () => {
      this.#alarms = this.#alarms.filter((other) => other !== one);
    };
    return { rung, stop };
  }

  async waitForState(milliseconds: number): Promise<void> {
    return this.wait(milliseconds);
  }

  async wait(milliseconds: number): Promise<void> {
    this.#record(`wait ${milliseconds}`);
    this.#now += milliseconds;
    for (const one of this.#alarms.splice(0)) {
      if (one.at <= this.#now) one.ring();
      else this.#alarms.push(one);
    }
    for (const service of this.#services.values()) {
      if (service.next === 'failed') end(service, 'failed', 'signal', [CLD_KILLED, SIGSYS]);
      if (service.next === 'another-pid') {
        const anew = { pid: this.#nextPid++, started: this.#now, restarts: service.restarts + 1 };
        Object.assign(service, anew);
      }
      delete service.next;
    }
  }
}

/** The bundled sets as a target would list them, so that nothing is said of their origin. */
export function targetSets(): SyscallSets {
  ownSets ??= { ...bundledSets(), source: 'target' };
  return ownSets;
}

let ownSets: SyscallSets | undefined;

/** Sets in the form of `systemd-analyze syscall-filter`. */
export const listing = ({ members }: SyscallSets): string =>
  [...members].map(([set, calls]) => `${set}\n${calls.map((call) => `    ${call}\n`).join('')}`).join('\n');

/** What commands get, with one fake machine as target and as the program's own. */
export function fakeContext(system: FakeSystem, more: Partial<Context> = {}): Context {
  const units = new FakeUnits({}, (call) => system.note(call));
  return {
    system,
    program: system,
    policies: more.system ?? system,
    placement: { scope: 'system', lifetime: 'always' },
    offline: false,
    home: HOME,
    self: ['/usr/bin/node', `${HOME}/dist/sandbox-unit.cjs`],
    superuser: true,
    machine: 'x86-64',
    units,
    caller: units.caller(system.caller()),
    ...more,
  };
}

/** The context of a caller who has a text at standard input. */
export const withInput = (context: Context, input: string | Uint8Array): Context => ({
  ...context,
  caller: { ...context.caller, readInput: async () => bytesOf(input) },
});

/** A machine with a service, its policy and programs to install. */
export function machineWith(
  unit: string,
  policy: string,
  { files, ...options }: FakeOptions = {},
): FakeSystem {
  return new FakeSystem({
    ...options,
    files: {
      '/usr/lib/systemd/system/demo.service': unit,
      '/etc/sandbox-unit/demo.service.toml': policy,
      [`${HOME}/native-helper/build/x86-64/launcher`]: program('launcher of this build'),
      [`${HOME}/native-helper/build/x86-64/tighten`]: program('tighten of this build'),
      '/usr/sbin/demod': program(elf()),
      ...files,
    },
  });
}
