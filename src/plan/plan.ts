import type { Diagnostic, Location } from '../diagnostic.js';
import type { Action } from '../syscalls/action.js';
import type { SyscallPolicy } from '../syscalls/policy.js';
import type { Target } from '../target/target.js';

/** Who sees to it that a line of the policy holds; `not needed`: the machine has no such call. */
export type Enforcer = 'systemd' | 'launcher' | 'systemd and launcher' | 'nobody' | 'not needed';

/** One line of the policy and its enforcement. */
export interface PlanLine {
  readonly at: Location;
  /** The line in short: `deny execve`, `ProtectSystem`. */
  readonly subject: string;
  readonly enforcedBy: Enforcer;
  /** By what means: `SystemCallFilter=~uname`, `filter`. */
  readonly how: string;
  /** Why not by systemd, or why not at all. */
  readonly reason?: string;
}

/** Assignments of one directive, in order; an empty string resets what came before. */
export interface PlannedDirective {
  readonly name: string;
  readonly values: readonly string[];
  /** The policy key, or the reason, that caused it. */
  readonly because: string;
  /** Where it isn't in [Service]. */
  readonly section?: 'Unit';
}

/** One Exec key with all its lines, wrapped where it may be. */
export interface PlannedCommands {
  readonly key: string;
  readonly lines: readonly string[];
  /** How many of them run behind the launcher. */
  readonly wrapped: number;
}

/**
 * A program that gets the launcher wherever the unit starts it. In the service's mount namespace a script for the
 * launcher is mounted over the program, and the program on `place`.
 */
export interface PlannedProgram {
  readonly path: string;
  readonly script: string;
  readonly place: string;
}

/** What the launcher is to load. */
export interface PlannedFilter {
  readonly noNewPrivileges: boolean;
  /** Whether the kernel is asked to record what is refused, too: of a permissive policy, what the unit itself refuses. */
  readonly log: boolean;
  /** One for each machine that has a launcher, the target's first. */
  readonly policies: readonly SyscallPolicy[];
  /** Stage `entry`: what holds before the entry point, for the same machines. */
  readonly start?: readonly SyscallPolicy[];
}

/** A filter in systemd's terms: what every call that systemd knows shall get. */
export interface SystemdFilter {
  readonly mode: 'allow' | 'deny';
  /** For refused calls without an action of their own: SystemCallErrorNumber=. */
  readonly action: Action;
  /** Calls that pass (mode allow). */
  readonly passing: ReadonlySet<string>;
  /** Calls that are refused, and how (in mode allow only those whose action differs). */
  readonly refused: ReadonlyMap<string, Action>;
}

/**
 * `permissive`: what `[syscalls]` would refuse is let through and recorded, since the command line asks for it or since
 * the policy itself refuses no call and records some.
 */
export type Mode = 'enforcing' | 'permissive';

/** What applying a policy to a unit means on one target. A value: nothing has happened yet. */
export interface Plan {
  readonly unit: string;
  readonly policyFile: string;
  readonly mode: Mode;
  readonly target: Target;
  readonly lines: readonly PlanLine[];
  readonly directives: readonly PlannedDirective[];
  readonly commands: readonly PlannedCommands[];
  /** Exec keys with commands that run without the launcher, where it is used: `ExecStop=`; with a `+` those without any sandbox. */
  readonly without: readonly string[];
  readonly programs: readonly PlannedProgram[];
  /** Undefined where the launcher gets the filter with its command. */
  readonly filterFile: string | undefined;
  readonly filter: PlannedFilter | undefined;
  /** What `[syscalls]` means on the target. */
  readonly meaning: SyscallPolicy | undefined;
  /** What SystemCallFilter= comes to; undefined if the policy leaves it alone. */
  readonly systemCalls: SystemdFilter | undefined;
  /** Gaps and conflicts are errors among them. */
  readonly diagnostics: readonly Diagnostic[];
}
