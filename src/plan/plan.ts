import type { Diagnostic, Location } from '../diagnostic.js';
import type { NamedPolicy } from '../seccomp/syscalls/named-policy.js';
import type { SyscallPolicy } from '../seccomp/syscalls/policy.js';
import type { Target } from '../systemd/target/target.js';
import type { ExecCommand } from '../systemd/unit/exec/line.js';

/** The enforcer of a line of the policy; `not needed` if the machine has no such call. */
export type Enforcer = 'systemd' | 'launcher' | 'systemd and launcher' | 'tighten' | 'nobody' | 'not needed';

/** An entry of a list of calls. */
export interface ListEntry {
  readonly list: 'allow' | 'deny' | 'log';
  readonly name: string;
  /** The answer to refused calls: `EPERM`. */
  readonly action?: string;
}

/** One line of the policy and its enforcement. */
export interface PlanLine {
  readonly at: Location;
  /** The line in short: `deny execve`, `ProtectSystem`. */
  readonly subject: string;
  readonly enforcedBy: Enforcer;
  /** The list of the policy that has it as an entry: lists of calls alone are long. */
  readonly entry?: ListEntry;
  /** The means: `SystemCallFilter=~uname`, `filter`. */
  readonly how: string;
  /** Set where the line is enforced from when the service serves, not from its start on. */
  readonly phase?: 'ready';
  /** A reason for the enforcer: why systemd can't be it, why nothing is, or that the unit itself refuses the call. */
  readonly reason?: string;
}

/** Assignments of one directive, in order; an empty string resets what came before. */
export interface PlannedDirective {
  readonly name: string;
  readonly values: readonly string[];
  /** The policy key, or the reason, behind the directive. */
  readonly because: string;
  /** Absent for [Service]. */
  readonly section?: 'Unit';
}

/** One Exec key with all its lines, wrapped where it may be. */
export interface PlannedCommands {
  readonly key: string;
  readonly lines: readonly string[];
  /** The number of lines behind the launcher. */
  readonly wrapped: number;
  /** Commands of `start-pre` among them. */
  readonly added?: readonly ExecCommand[];
  /** The policy key behind lines that aren't there for the launcher alone. */
  readonly because?: string;
}

/** The filter that the launcher loads. */
export interface PlannedFilter {
  readonly noNewPrivileges: boolean;
  /** Whether the kernel is asked to record refusals, too: with a permissive policy, those of the unit itself. */
  readonly log: boolean;
  /** One policy for each machine that has a launcher, the target's first. */
  readonly policies: readonly SyscallPolicy[];
  /** Stage `entry`: the policies in force before the entry point, for the same machines. */
  readonly start?: readonly SyscallPolicy[];
}

/** The calls of the native ABI that a service loses or keeps once it serves, in alphabetical order. */
export interface Taken {
  /** Calls that passed until then. */
  readonly taken: readonly string[];
  /** Calls of which some arguments are refused from then on. */
  readonly narrowed: readonly string[];
  /** Calls that pass, some of their arguments at least. */
  readonly left: readonly string[];
  /** Those of `@critical` that passed until then, and those that still do. */
  readonly critical: { readonly before: readonly string[]; readonly left: readonly string[] };
}

/** The filter that is loaded into a service once it serves, and what it takes away. */
export interface PlannedReady extends Taken {
  /** The place of `[ready]`. */
  readonly at: Location;
  /** The path of its filter file. */
  readonly file: string;
  readonly filter: PlannedFilter;
}

/**
 * `permissive` if refusals of `[syscalls]` are let through and recorded: the command line asks for it, or the policy
 * itself refuses no call and records some.
 */
export type Mode = 'enforcing' | 'permissive';

/** The mode of both tables; undefined for one that there isn't. One that refuses calls is enough to be enforcing. */
export const jointMode = (...modes: readonly (Mode | undefined)[]): Mode => {
  const known = modes.filter((mode) => mode !== undefined);
  return known.length > 0 && known.every((mode) => mode === 'permissive') ? 'permissive' : 'enforcing';
};

/** The effect of a policy on a unit of one target. A plan is a value: it changes nothing. */
export interface Plan {
  readonly unit: string;
  readonly policyFile: string;
  /** Whether people or machines get in by the unit, or administer the machine: its change waits for a confirmation. */
  readonly isAccess: boolean;
  readonly mode: Mode;
  readonly target: Target;
  readonly lines: readonly PlanLine[];
  readonly directives: readonly PlannedDirective[];
  readonly commands: readonly PlannedCommands[];
  /**
   * Exec keys with commands that run without the launcher: `ExecStop=`; `ExecStop=+` for those without any sandbox. If
   * there is no launcher, only the latter.
   */
  readonly without: readonly string[];
  /** Undefined if the launcher gets the filter with its command. */
  readonly filterFile: string | undefined;
  readonly filter: PlannedFilter | undefined;
  /** Undefined if no filter is loaded once the service serves. */
  readonly ready: PlannedReady | undefined;
  /** The policy that `[syscalls]` means on the target. */
  readonly meaning: SyscallPolicy | undefined;
  /** systemd's filter, with a verdict on each call that systemd knows; undefined if the policy leaves SystemCallFilter= alone. */
  readonly systemCalls: NamedPolicy | undefined;
  /** All diagnostics; gaps and conflicts are errors among them. */
  readonly diagnostics: readonly Diagnostic[];
}
