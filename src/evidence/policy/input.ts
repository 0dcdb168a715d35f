/** All that a policy is written from. */

import type { Surroundings } from '../../plan/request.js';
import type { Target } from '../../target/target.js';
import type { EffectiveUnit } from '../../unit/effective.js';
import type {
  Phase,
  RecordedArguments,
  RecordedCapability,
  RecordedPath,
  RecordedPeer,
  RecordedProgram,
} from '../recording/recording.js';

/** A call that was made, by its name on one ABI. */
export interface SeenCall {
  readonly architecture: string;
  readonly name: string;
  readonly count: number;
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  /** Paths of the programs that made it. */
  readonly programs: readonly string[];
}

/** A call that a filter has refused. */
export interface SeenRefusal {
  readonly name: string;
  /** The errno by number; `kill` for SIGSYS. */
  readonly answer: number | 'kill';
  readonly count: number;
}

/** The content of all recordings of a unit. Paths, peers and the like may be in it once a recording. */
export interface Evidence {
  readonly unit: string;
  /** The hosts' native ABI by systemd's name: `x86-64`. */
  readonly architecture: string;
  readonly hosts: number;
  readonly recordings: number;
  /** Seconds that were watched, of all recordings together. */
  readonly seconds: number;
  readonly calls: readonly SeenCall[];
  /** Numbers of calls that no table has a name for, as `x86-64 470`. */
  readonly nameless: readonly string[];
  readonly refused: readonly SeenRefusal[];
  readonly arguments: readonly RecordedArguments[];
  readonly programs: readonly Pick<RecordedProgram, 'path' | 'phases'>[];
  readonly paths: readonly RecordedPath[];
  readonly peers: readonly RecordedPeer[];
  readonly capabilities: readonly RecordedCapability[];
  readonly forkFlags: readonly number[];
  readonly modes: readonly number[];
  /** As in a recording, of all of them. */
  readonly lost: Readonly<Record<string, number>>;
  readonly blind: readonly string[];
}

/** Calls that the program and its libraries can reach; `unknown` where that can't be told. */
export type Reachable = ReadonlySet<string> | 'unknown';

export interface PolicyOptions {
  /** The answer to a refused call: `kill`, or an errno by name. The default is `EPERM`. */
  readonly action?: string | undefined;
  /** Whether IP addresses are confined to those that were seen. */
  readonly addresses?: boolean | undefined;
}

export interface PolicyRequest {
  readonly evidence: Evidence;
  readonly reachable: Reachable;
  /** The reason why it isn't known what can be reached, or may be more, without a period at its end. */
  readonly reachDoubt?: string | undefined;
  /** The unit as it is without us. */
  readonly effective: EffectiveUnit;
  readonly surroundings?: Surroundings | undefined;
  readonly target: Target;
  readonly options?: PolicyOptions;
}
