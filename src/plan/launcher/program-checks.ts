import { type Diagnostic, error, printable, warning } from '../../diagnostic.js';
import type { ProgramFacts } from '../../formats/elf.js';
import { mountOf } from '../../formats/mount-info.js';
import { abisOf, type Machine } from '../../syscalls/abi.js';
import { KILL } from '../../syscalls/action.js';
import type { NamedPolicy } from '../../syscalls/named-policy.js';
import { numbersOf } from '../../syscalls/numbers.js';
import { mayPass, mildest, verdictOn } from '../../syscalls/resolve.js';
import { fileName } from '../../unit/path.js';
import { lastOf, type UnitValues } from '../../unit/values.js';
import type { ConfinedUnit, PlacedUnit } from '../request.js';
import { confinedPrograms, wrappedKeys } from './commands.js';
import { hiddenBy } from './visibility.js';

/** An error about a launcher on a `noexec` file system: it keeps that wherever it is mounted. */
export function notExecutable({ target }: Pick<PlacedUnit, 'target'>): Diagnostic[] {
  const mount = mountOf(target.mounts, target.launcher);
  if (!mount?.noexec) return [];
  const message = `nothing in ${target.launcher} can be executed: ${mount.path} is mounted noexec`;
  return [error('mounted-noexec', message, { hint: `mount ${mount.path} without noexec` })];
}

/** Directives that put files where only the service sees them. */
const MOUNTING = ['BindPaths', 'BindReadOnlyPaths', 'MountImages', 'ExtensionImages', 'ExtensionDirectories'];

/** Warnings about commands whose programs aren't there, as far as can be seen; systemd tells only at the next start. */
export function absentPrograms(
  { effective, policy, target }: ConfinedUnit,
  values: UnitValues,
): Diagnostic[] {
  if (MOUNTING.some((name) => lastOf(values, name) !== '')) return [];
  return wrappedKeys(policy)
    .flatMap((key) => effective.execCommands(key))
    .filter(({ prefixes, path: { value } }) => {
      // A command with `-` may fail; one with `|` is a shell's line.
      const isPlain = !/[-|]/.test(prefixes) && !value.includes('%');
      return isPlain && !target.programs.has(value) && hiddenBy(values, [value]) === undefined;
    })
    .map(({ path, at }) => {
      const hint = 'systemd would say so at the start only: is its package installed?';
      return warning('no-program', `there is no program '${printable(path.value)}'`, { at, hint });
    });
}

/** Warnings about set-user-ID and set-group-ID programs: no_new_privs makes these bits ineffective. */
export function setuidWarnings({ effective, policy, target }: ConfinedUnit): Diagnostic[] {
  return confinedPrograms(policy, effective)
    .filter((path) => target.programs.get(path)?.setuid)
    .map((path) =>
      warning(
        'setuid-program',
        `${path} changes its user or group at its start; NoNewPrivileges= prevents that`,
        { hint: 'set User= and capabilities in [service] instead' },
      ),
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

/** Warnings about an allow list under which the unit's programs can't start, or may not. */
export function startCallWarnings(request: ConfinedUnit, named: NamedPolicy): Diagnostic[] {
  const { effective, policy, target } = request;
  if (named.mode !== 'allow') return [];
  return confinedPrograms(policy, effective).flatMap((path) => {
    const program = target.programs.get(path);
    const calls = program ? startCalls(program.file, target.machine) : [];
    const missing = calls.filter((call) => !mayPass(verdictOn(named, call)));
    if (missing.length === 0) return [];
    // A program may do without a call that fails, but not without one that kills it.
    const deadly = missing.some((call) => mildest(verdictOn(named, call)) === KILL);
    const fate = deadly ? "can't start" : 'may fail at its start';
    return [
      warning('start-calls', `${path} is ${program!.file.kind}, and ${fate} without ${missing.join(', ')}`, {
        ...(policy.syscalls ? { at: policy.syscalls.at } : {}),
        hint: 'add them to allow',
      }),
    ];
  });
}

/** The start-up calls of a C program of this kind. On arm64, which has no access, the linker calls faccessat. */
function startCalls(program: ProgramFacts, machine: Machine): readonly string[] {
  const numbers = numbersOf(abisOf(machine)[0]!);
  const calls = (START_CALLS[program.kind] ?? []).filter((call) => numbers.has(call));
  return numbers.has('access') ? calls.filter((call) => call !== 'faccessat') : calls;
}

/** Calls that the runtime of Go makes at its start, besides those of every program (os_linux.go and os of Go 1.24). */
const GO_CALLS = (
  'clone epoll_create1 epoll_pwait fcntl futex getpid gettid madvise nanosleep prlimit64 rt_sigaction rt_sigprocmask ' +
  'rt_sigreturn sched_getaffinity sigaltstack tgkill'
).split(' ');

/** Warnings about programs in Go whose runtime is refused a call. */
export function goWarnings({ effective, policy, target }: ConfinedUnit, named: NamedPolicy): Diagnostic[] {
  const missing = GO_CALLS.filter((call) => !mayPass(verdictOn(named, call)));
  if (missing.length === 0) return [];
  const deadly = missing.some((call) => mildest(verdictOn(named, call)) === KILL);
  return confinedPrograms(policy, effective)
    .filter((path) => target.programs.get(path)?.file.isGo)
    .map((path) => {
      const fate = deadly ? "can't start" : 'may not work';
      const message = `${printable(path)} is written in Go, and ${fate} without ${missing.join(', ')}`;
      return warning('go-calls', message, {
        at: policy.syscalls?.at,
        hint: "Go's runtime makes these calls",
      });
    });
}

/** Names of shells; under another name nothing is certain. */
const SHELLS: ReadonlySet<string> = new Set(
  'sh ash bash csh dash fish ksh ksh93 mksh oksh posh rbash tcsh yash zsh'.split(' '),
);

/** Warnings about start scripts and shells that can't start another program. */
export function scriptWarnings(request: PlacedUnit, named: NamedPolicy): Diagnostic[] {
  if (mayPass(verdictOn(named, 'execve'))) return [];
  const { effective, policy, target, places } = request;
  // Another diagnostic tells of commands that no launcher can stand in front of.
  const unwrapped = new Set(
    wrappedKeys(policy)
      .flatMap((key) => effective.execCommands(key))
      .filter(({ prefixes }) => /[+|]/.test(prefixes))
      .map(({ path }) => path.value),
  );
  return confinedPrograms(policy, effective).flatMap((path) => {
    const isShell = SHELLS.has(fileName(path)) && !unwrapped.has(path);
    const isScript = target.programs.get(path)?.file.kind === 'script';
    if (!isShell && !isScript) return [];
    const message = `${printable(path)} is a ${isShell ? 'shell' : 'script'}, and can't start another program`;
    return warning('start-script', message, {
      hint: places
        ? 'if it becomes the daemon, deny execve in [ready]; if it runs programs itself, not at all'
        : "if it runs programs itself, don't deny execve",
    });
  });
}
