/** All that a policy is written from. */

import type {
  RecordedArguments,
  RecordedCapability,
  RecordedPath,
  RecordedPeer,
  RecordedProgram,
} from '../../../observe/recording/recording.js';
import type { Trait } from '../../../plan/access-units.js';
import type { Surroundings } from '../../../plan/request.js';
import type { Target } from '../../../systemd/target/target.js';
import type { EffectiveUnit } from '../../../systemd/unit/effective.js';
import type { Awaited, ChecklistItem } from '../checklist.js';
import type { Profile, ProfileCall, ProfileRefusal, ProfileWatch } from '../profile.js';

/** A call that was made, by its name on one ABI. */
export type SeenCall = Pick<
  ProfileCall,
  'architecture' | 'name' | 'count' | 'phases' | 'programs' | 'onceReady'
>;

/** A call that a filter has refused. */
export type SeenRefusal = Pick<ProfileRefusal, 'name' | 'answer' | 'count'>;

/** The parts of a profile that prove a policy. Paths, peers and the like may be in it once a recording. */
export interface ProfilePart
  extends Pick<
    Profile,
    | 'unit'
    | 'architecture'
    | 'hosts'
    | 'recordings'
    | 'seconds'
    | 'nameless'
    | 'forkFlags'
    | 'modes'
    | 'ringOperations'
    | 'lost'
    | 'blind'
  > {
  readonly watches: readonly Pick<ProfileWatch, 'lives' | 'events'>[];
  readonly calls: readonly SeenCall[];
  readonly refused: readonly SeenRefusal[];
  readonly arguments: readonly RecordedArguments[];
  readonly programs: readonly Pick<RecordedProgram, 'path' | 'phases'>[];
  readonly paths: readonly RecordedPath[];
  readonly peers: readonly RecordedPeer[];
  readonly capabilities: readonly RecordedCapability[];
}

/** Calls that the program and its libraries can reach; `unknown` where they aren't known. */
export type ReachableCalls = ReadonlySet<string> | 'unknown';

export interface PolicyOptions {
  /** The answer to a refused call: `kill`, or an errno by name. The default is `EPERM`. */
  readonly action?: string | undefined;
  /** Whether IP addresses are confined to those that were seen. */
  readonly addresses?: boolean | undefined;
  /** Whether lines are stated that wait for more than was seen. */
  readonly now?: boolean | undefined;
  /** Directives that the policy shall not have. */
  readonly omitted?: ReadonlySet<string> | undefined;
  /** Whether calls are taken away once the service serves, and whether it can still be reloaded then. */
  readonly ready?: { readonly reload: boolean } | undefined;
}

export interface PolicyRequest {
  readonly profile: ProfilePart;
  /** The phases and events of the service, and whether they were seen. */
  readonly checklist?: readonly ChecklistItem[];
  /** Evidence that lines about what was not seen wait for; by default none. */
  readonly awaited?: readonly Awaited[] | undefined;
  readonly reachable: ReachableCalls;
  /** As `reachable`, of the daemon that a start script becomes, without its script; by default the same. */
  readonly reachableByDaemon?: ReachableCalls | undefined;
  /** The reason why it isn't known what can be reached, or may be more, without a period at its end. */
  readonly reachUnknown?: string | undefined;
  /** The reason why the service may make code at run time, without a period at its end. */
  readonly codeMaker?: string | undefined;
  /** Programs whose files are known to have no set-user-ID and no set-group-ID bit. */
  readonly plainPrograms?: ReadonlySet<string>;
  /** The unit as it is without us. */
  readonly effective: EffectiveUnit;
  readonly surroundings?: Surroundings | undefined;
  readonly traits?: ReadonlySet<Trait>;
  readonly target: Target;
  /** The reason why the unit can't have `[ready]`; undefined where it can. */
  readonly readyGap?: string | undefined;
  readonly options?: PolicyOptions;
}
