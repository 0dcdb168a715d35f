import type { Location } from '../diagnostic.js';
import type { Action } from '../seccomp/syscalls/action.js';
import type { Located, ReadySection, SyscallsSection } from '../seccomp/syscalls/section.js';
import type { ExecCommand } from '../systemd/unit/exec/line.js';
import type { Probe } from './probe.js';

/** One line of `[service]`; the value is as TOML has it. */
export interface DirectiveEntry {
  readonly name: string;
  readonly value: unknown;
  readonly at: Location;
  readonly valueAt: Location;
  /** Set where the line is of the host's defaults: what the unit has itself stays if it is stricter. */
  readonly isDefault?: true;
}

/** An assertion on the finished filter. */
export interface Expectation {
  readonly syscall: Located<string>;
  readonly args: readonly Located<bigint | string>[];
  /** `native` or an ABI's name. */
  readonly architecture: Located<string> | undefined;
  readonly action: Located<Action>;
  /** From when on it is asserted: the start, the default, or when the service serves, by `[ready]` too. */
  readonly phase: Located<Phase> | undefined;
}

/** A part of a service's life: until it serves, and from then on. */
export type Phase = 'start' | 'ready';

/** A policy file as written, bases of `extends` included. */
export interface Policy {
  readonly file: string;
  readonly description: string | undefined;
  readonly extends: readonly Located<string>[];
  /** Whether the policy adds to the host's defaults; undefined: where there are some. */
  readonly defaults: Located<boolean> | undefined;
  readonly syscalls: SyscallsSection | undefined;
  readonly ready: ReadySection | undefined;
  readonly service: readonly DirectiveEntry[];
  /** Names of the directives of `[service]` that `--permissive` has lifted; undefined without it. */
  readonly lifted?: readonly string[];
  /** Names of `[service]` directives that may weaken the unit's own setting. */
  readonly loosen: readonly Located<string>[];
  readonly wrap: readonly Located<string>[] | undefined;
  /** Commands that run before those of ExecStartPre=, without any sandbox. */
  readonly startPre: readonly Located<ExecCommand>[];
  /** Milliseconds that the service must stay up after the restart. */
  readonly settle: Located<number> | undefined;
  /** Probes that must succeed then, in this order. */
  readonly probe: readonly Probe[] | undefined;
  /** The user as whom their commands are run. */
  readonly probeAs: Located<string> | undefined;
  /** Milliseconds that each of them may take. */
  readonly probeTimeout: Located<number> | undefined;
  /** Whether the service is reloaded, too; undefined: where it can be. */
  readonly reload: Located<boolean> | undefined;
  /** The consequence of calls that are refused until then; undefined: by what becomes of them. */
  readonly refused: Located<'rollback' | 'warn'> | undefined;
  /** The consequence of a socket at which the service waited for others before; undefined: `rollback`. */
  readonly listening: Located<'rollback' | 'warn'> | undefined;
  /** Codes of errors that are warnings, since the administrator knows of them. */
  readonly understood: readonly Located<string>[];
  readonly expect: readonly Expectation[];
}

/** A policy that leaves out one of its bases, or the host's defaults. */
export interface WeakerPolicy {
  /** The change of the policy's file that does it: `take "hardened" out of extends in line 3`. */
  readonly does: string;
  /** The line that is changed, or before which one is added. */
  readonly line: number;
  readonly policy: Policy;
}
