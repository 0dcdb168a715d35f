import type { Location } from '../diagnostic.js';
import type { Action } from '../syscalls/action.js';
import type { Located, SyscallsSection } from '../syscalls/section.js';

/** One line of `[service]`; the value is TOML's own. */
export interface DirectiveEntry {
  readonly name: string;
  readonly value: unknown;
  readonly at: Location;
  readonly valueAt: Location;
}

/** An assertion on the finished filter. */
export interface Expectation {
  readonly syscall: Located<string>;
  readonly args: readonly Located<bigint | string>[];
  /** `native` or an ABI's name. */
  readonly architecture: Located<string> | undefined;
  readonly action: Located<Action>;
}

/** What the administrator wrote, bases of `extends` included. */
export interface Policy {
  readonly file: string;
  readonly description: string | undefined;
  readonly extends: readonly Located<string>[];
  readonly syscalls: SyscallsSection | undefined;
  readonly service: readonly DirectiveEntry[];
  /** Directives of `[service]` that may weaken what the unit has. */
  readonly loosen: readonly Located<string>[];
  readonly wrap: readonly Located<string>[] | undefined;
  /** Programs that get the launcher wherever the unit starts them. */
  readonly programs: readonly Located<string>[] | undefined;
  /** How long the service must stay up after the restart, in milliseconds. */
  readonly settle: Located<number> | undefined;
  readonly probe: readonly Located<string>[] | undefined;
  readonly expect: readonly Expectation[];
}

/** A policy without one of those that it extends. */
export interface WeakerPolicy {
  /** As it is written in `extends`, and where. */
  readonly name: string;
  readonly at: Location;
  readonly policy: Policy;
}
