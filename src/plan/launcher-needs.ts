import { type Diagnostic, error, printable, warning } from '../diagnostic.js';
import type { Policy } from '../policy/policy.js';
import { abisOf, type Machine } from '../syscalls/abi.js';
import { numbersOf } from '../syscalls/numbers.js';
import { mayPass, type NamedPolicy, verdictOn } from '../syscalls/resolve.js';
import type { EffectiveUnit } from '../unit/effective.js';
import type { ProgramFacts } from '../unit/elf.js';
import { mountOf } from '../unit/mount-info.js';
import { confinedPrograms, wrappedKeys } from './commands.js';
import { bindReadOnly, execPaths } from './path-directives.js';
import type { PlannedDirective, PlannedProgram } from './plan.js';
import type { Target } from './target.js';
import { hiddenBy, keptHidden } from './visibility.js';

interface Request {
  readonly effective: EffectiveUnit;
  readonly policy: Policy;
  readonly target: Target;
  readonly places: { readonly filterFile: string; readonly programsFolder: string };
}

/** The values that a directive of the unit will have: the policy's on top of the unit's own. */
function valuesOf(name: string, { effective }: Request, service: readonly PlannedDirective[]): string[] {
  const own = effective.list('Service', name).map(({ value }) => value);
  const ours = service.filter((directive) => directive.name === name).flatMap(({ values }) => values);
  const all = [...own, ...ours];
  return all.slice(all.lastIndexOf('') + 1);
}

const isOn = (values: readonly string[]) => /^(1|y|yes|t|true|on)$/i.test(values.at(-1) ?? '');

/** What the drop-in needs so that the launcher starts, sees its filter and may load it. */
export function launcherDirectives(
  request: Request,
  service: readonly PlannedDirective[],
  programs: readonly PlannedProgram[],
): PlannedDirective[] {
  const values = (name: string) => valuesOf(name, request, service);
  const directives: PlannedDirective[] = [];
  const add = (name: string, value: string, because: string) =>
    directives.push({ name, values: [value], because });
  if (values('NoNewPrivileges').length === 0) {
    add('NoNewPrivileges', 'yes', 'without it only CAP_SYS_ADMIN may load a filter');
  }
  const identifier = syslogIdentifier(request);
  if (identifier) add('SyslogIdentifier', identifier, 'the journal would show the name of the launcher');
  if (values('NoExecPaths').length > 0) {
    const paths = [request.target.launcher, ...programs.map(({ place }) => place)];
    directives.push(execPaths(paths, 'NoExecPaths= would keep the launcher from starting'));
  }
  const hidden = hiddenBy(values, neededPaths(request));
  if (hidden) {
    const because = `${hidden}= would hide the launcher or its filter`;
    directives.push(bindReadOnly([[request.target.launcher], [request.places.filterFile]], because));
  }
  return directives;
}

/** What the service must see so that the launcher can do its work. */
const neededPaths = ({ target, places }: Request) => [target.launcher, places.filterFile];

/** Where the unit doesn't say, systemd takes the name of the program that it starts. */
function syslogIdentifier({ effective, policy }: Request): string | undefined {
  if (effective.last('Service', 'SyslogIdentifier')?.value) return undefined;
  const commands = wrappedKeys(policy).flatMap((key) => effective.execCommands(key));
  const path = commands[0]?.path.value;
  return path?.slice(path.lastIndexOf('/') + 1);
}

/** What would keep the launcher from working and can't be put right by another directive. */
export function launcherConflicts(request: Request, service: readonly PlannedDirective[]): Diagnostic[] {
  const values = (name: string) => valuesOf(name, request, service);
  return [
    ...keptHidden(values, neededPaths(request)),
    ...unprivileged(request, values),
    ...setuidPrograms(request, values),
    ...labels(values),
    ...missingPrograms(request, values),
    ...notExecutable(request),
  ];
}

/** A file keeps the `noexec` of the file system that it is on, wherever it is mounted. */
function notExecutable({ policy, target, places }: Request): Diagnostic[] {
  const [program] = policy.programs ?? [];
  const paths = [
    { path: target.launcher, at: undefined },
    ...(program ? [{ path: places.programsFolder, at: program.at }] : []),
  ];
  return paths.flatMap(({ path, at }) => {
    const mount = mountOf(target.mounts, path);
    if (!mount?.noexec) return [];
    const message = `nothing in ${path} can be executed: ${mount.path} is mounted noexec`;
    const hint = path.startsWith('/run/') ? 'leave --runtime out' : `mount ${mount.path} without noexec`;
    return [error('mounted-noexec', message, { at, hint })];
  });
}

/** Where a program isn't, nothing can be mounted over it: the service would not start. */
function missingPrograms({ policy, target }: Request, values: (name: string) => string[]): Diagnostic[] {
  const seen = (policy.programs ?? []).filter(({ value }) => hiddenBy(values, [value]) === undefined);
  return seen.flatMap(({ value, at }) => {
    const program = target.programs.get(value);
    if (program?.executable) return [];
    const why = program ? 'is no executable file' : 'does not exist';
    const hint = 'name the program that becomes the main process';
    return [error('program-missing', `'${printable(value)}' ${why}`, { at, hint })];
  });
}

/** Without no_new_privs the kernel takes a filter only from a process with CAP_SYS_ADMIN. */
function unprivileged({ policy }: Request, values: (name: string) => string[]): Diagnostic[] {
  const entry = policy.service.find(({ name }) => name === 'NoNewPrivileges');
  if (isOn(values('NoNewPrivileges')) || !entry) return [];
  const user = values('User').at(-1);
  const bounding = values('CapabilityBoundingSet');
  const root = (user === undefined || user === 'root' || user === '0') && !isOn(values('DynamicUser'));
  const kept =
    bounding.length === 0 ||
    bounding.some((value) => value.includes('CAP_SYS_ADMIN') !== value.startsWith('~'));
  if (root && kept) return [];
  return [
    error(
      'no-new-privileges',
      'without NoNewPrivileges the launcher needs CAP_SYS_ADMIN, which the service lacks',
      {
        at: entry.at,
        hint: 'leave NoNewPrivileges out: the launcher sets it',
      },
    ),
  ];
}

/** no_new_privs takes the set-user-ID and set-group-ID bits of every program away. */
function setuidPrograms(
  { effective, policy, target }: Request,
  values: (name: string) => string[],
): Diagnostic[] {
  const own = values('NoNewPrivileges');
  if (own.length > 0 && !isOn(own)) return [];
  return confinedPrograms(policy, effective)
    .filter((path) => target.programs.get(path)?.setuid)
    .map((path) =>
      warning(
        'setuid-program',
        `${path} changes its user or group at its start; NoNewPrivileges= prevents that`,
        {
          hint: 'set User= and capabilities in [service] instead',
        },
      ),
    );
}

function labels(values: (name: string) => string[]): Diagnostic[] {
  return ['AppArmorProfile', 'SELinuxContext', 'SmackProcessLabel']
    .filter((name) => values(name).length > 0)
    .map((name) =>
      warning('label-on-launcher', `${name}= takes effect when the launcher starts`, {
        hint: 'its rules must let the launcher execute the program',
      }),
    );
}

/** Calls that a program makes before and after its own code: those of the dynamic linker and of glibc 2.41. */
const START_CALLS: Readonly<Record<string, readonly string[]>> = {
  dynamic: (
    'access arch_prctl brk close exit_group faccessat fstat mmap mprotect munmap openat pread64 prlimit64 read rseq ' +
    'set_robust_list set_tid_address'
  ).split(' '),
  static:
    'arch_prctl brk exit_group getrandom mprotect prlimit64 readlinkat rseq set_robust_list set_tid_address'.split(
      ' ',
    ),
};

/** Warns of an allow list under which the unit's programs can't even start. */
export function startCallWarnings(request: Request, named: NamedPolicy): Diagnostic[] {
  const { effective, policy, target } = request;
  if (named.mode !== 'allow') return [];
  return confinedPrograms(policy, effective).flatMap((path) => {
    const program = target.programs.get(path);
    const calls = program ? startCalls(program.file, target.machine) : [];
    const missing = calls.filter((call) => !mayPass(verdictOn(named, call)));
    if (missing.length === 0) return [];
    return [
      warning(
        'start-calls',
        `${path} is ${program!.file.kind}, and can't start without ${missing.join(', ')}`,
        {
          ...(policy.syscalls ? { at: policy.syscalls.at } : {}),
          hint: 'add them to allow',
        },
      ),
    ];
  });
}

/** What a C program of its kind calls at its start; on arm64, which has no access, the linker calls faccessat. */
function startCalls(program: ProgramFacts, machine: Machine): readonly string[] {
  const numbers = numbersOf(abisOf(machine)[0]!);
  const calls = (START_CALLS[program.kind] ?? []).filter((call) => numbers.has(call));
  return numbers.has('access') ? calls.filter((call) => call !== 'faccessat') : calls;
}

/** Warns of a start script that can't start what it is there for. */
export function scriptWarnings({ effective, policy, target }: Request, named: NamedPolicy): Diagnostic[] {
  if (mayPass(verdictOn(named, 'execve'))) return [];
  return confinedPrograms(policy, effective)
    .filter((path) => target.programs.get(path)?.file.kind === 'script')
    .map((path) =>
      warning('start-script', `${path} is a script, and can't start another program`, {
        hint: `if it starts the daemon, name that one: programs = ["…"] in [exec]`,
      }),
    );
}
