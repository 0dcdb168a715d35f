/** The profile of a unit: everything that its recordings prove together, each line with how many of them prove it. */
import type {
  RecordedArguments,
  RecordedCall,
  RecordedCapability,
  RecordedEvent,
  RecordedHost,
  RecordedPath,
  RecordedPeer,
  RecordedProgram,
  Recording,
  RefusedCall,
} from '../../observe/recording/recording.js';

/** The number of hosts and of recordings, of all that the profile has, that show a line. */
export interface RecordingCounts {
  readonly hosts: number;
  readonly recordings: number;
}

/** A call that was made, by its name in one ABI. */
export interface ProfileCall
  extends RecordingCounts,
    Pick<RecordedCall, 'architecture' | 'count' | 'phases' | 'onceReady'> {
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly first: string;
  readonly last: string;
  /** Paths of the programs that made it. */
  readonly programs: readonly string[];
}

/** A call that a filter has refused. */
export interface ProfileRefusal
  extends RecordingCounts,
    Pick<RefusedCall, 'architecture' | 'answer' | 'count'> {
  readonly name: string;
  readonly programs: readonly string[];
}

/** Arguments of a call with their values. */
export interface ProfileArguments extends RecordedArguments, RecordingCounts {
  /** By value, in the order of `values`. */
  readonly shown: readonly RecordingCounts[];
}

export interface ProfileProgram extends Pick<RecordedProgram, 'path' | 'phases'>, RecordingCounts {
  /** SHA-256 in hex of each content that it had. */
  readonly hashes: readonly string[];
  /** Recordings in which its content could not be read. */
  readonly unread: number;
}

/** A recording that counts, without its tables. */
export interface ProfileWatch
  extends Pick<
    Recording,
    | 'version'
    | 'unit'
    | 'begin'
    | 'end'
    | 'truncated'
    | 'slice'
    | 'slices'
    | 'lives'
    | 'events'
    | 'lost'
    | 'blind'
  > {
  readonly host: RecordedHost;
  /** Calls of whose arguments some values had no room, with how many. */
  readonly argumentsLost: readonly { readonly name: string; readonly count: number }[];
}

/** An event, by what took place. */
export type EventKind = RecordedEvent['what'];

export interface Profile extends RecordingCounts {
  readonly unit: string;
  /** The hosts' native ABI: `x86-64`. Recordings of other machines don't count. */
  readonly architecture: string;
  /** The time in which at least one watch of a host was under way, in seconds, of all hosts together. */
  readonly seconds: number;
  readonly watches: readonly ProfileWatch[];
  /** Recordings that don't count, by their machines. */
  readonly apart: Readonly<Record<string, number>>;
  readonly calls: readonly ProfileCall[];
  /** Numbers that were called and have no name, as `x86-64 470`. */
  readonly nameless: readonly string[];
  readonly refused: readonly ProfileRefusal[];
  /** As `nameless`, of refused calls. */
  readonly namelessRefused: readonly string[];
  readonly arguments: readonly ProfileArguments[];
  readonly programs: readonly ProfileProgram[];
  readonly paths: readonly (RecordedPath & RecordingCounts)[];
  readonly peers: readonly (RecordedPeer & RecordingCounts)[];
  readonly capabilities: readonly (RecordedCapability & RecordingCounts)[];
  readonly forkFlags: readonly number[];
  readonly modes: readonly number[];
  readonly ringOperations: readonly number[];
  /** Of all recordings, by table. */
  readonly lost: Readonly<Record<string, number>>;
  readonly blind: readonly string[];
}
