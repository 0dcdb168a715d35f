import type { NeedName } from './needs.js';

/** The purpose of a unit by which people and machines get in, or run things. */
export type RoleName =
  | 'login'
  | 'jobs'
  | 'sessions'
  | 'privileges'
  | 'bus'
  | 'network'
  | 'packages'
  | 'agent'
  | 'containers'
  | 'devices'
  | 'files'
  | 'mail'
  | 'programs'
  | 'time'
  | 'logs'
  | 'hardware';

/** A kind of such units: the marks by which one is known, and its needs. */
export interface Role {
  readonly name: RoleName;
  /** File names of the programs that such a unit starts. */
  readonly programs: readonly string[];
  /** Names of units without their type, for those that start a script: `networking`, and `getty@` for a template. */
  readonly units?: readonly string[];
  /** Names that it owns on the bus (BusName=). */
  readonly busNames?: readonly string[];
  /** Services of PAM in whose name it opens a session (PAMName=). */
  readonly pamNames?: readonly string[];
  /** Each need, and the consequence where a policy takes it. */
  readonly needs: Readonly<Partial<Record<NeedName, string>>>;
}

/** Roles of servers: if one goes wrong, people get in elsewhere and mend it. */
const OF_SERVERS: ReadonlySet<RoleName> = new Set(['files', 'mail', 'programs', 'time', 'logs', 'hardware']);

/** The role's name if the unit is a way into the machine, or runs what administers it. */
export const wayInOf = (role: Role | undefined): RoleName | undefined =>
  role && !OF_SERVERS.has(role.name) ? role.name : undefined;

/** A text's words. */
export const words = (text: string): readonly string[] => text.split(' ');
