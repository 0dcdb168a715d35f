import type { Permitted } from '../../systemd/directives/directive.js';
import type { AddressPrefix } from '../../systemd/directives/kinds/network/prefixes.js';
import type { Scope } from '../../systemd/unit/search.js';

/** The words of directives that take one of a few. */
export type WordName =
  | 'DevicePolicy'
  | 'KeyringMode'
  | 'NotifyAccess'
  | 'ProcSubset'
  | 'ProtectHome'
  | 'ProtectProc'
  | 'ProtectSystem'
  | 'RootDirectory'
  | 'RootImage'
  | 'User';

/** A list of system calls as SystemCallFilter= has it: those that pass, or those that don't. */
export interface CallList {
  readonly allows: boolean;
  /** Calls by their names; none in a deny list means no filter. */
  readonly calls: ReadonlySet<string>;
}

/** The confinement of a unit by systemd, as far as its exposure depends on it. */
export interface ScoreSettings {
  readonly scope: Scope;
  /** Major version of the systemd whose rules count. */
  readonly systemd: number;
  /** DefaultDependencies= of `[Unit]`. */
  readonly defaultDependencies: boolean;
  /** Whether a directive with a boolean, or with words beside it, is on. */
  readonly isOn: (name: string) => boolean;
  /** Booleans are `yes` and `no`; empty where it isn't set. */
  readonly word: (name: WordName) => string;
  /** Whether the directives give a service groups, devices or packet filters of its own. */
  readonly supplementaryGroups: boolean;
  readonly deviceAllow: boolean;
  readonly ipFilters: boolean;
  readonly umask: number;
  /** Capabilities by their names, `CAP_KILL`. */
  readonly bounding: ReadonlySet<string>;
  readonly ambient: ReadonlySet<string>;
  /** Types of namespaces that RestrictNamespaces= leaves: `user`. */
  readonly namespaces: ReadonlySet<string>;
  /** Address families by their names, `AF_UNIX`. */
  readonly families: Permitted;
  readonly ipAllow: readonly AddressPrefix[];
  readonly ipDeny: readonly AddressPrefix[];
  /** As SystemCallArchitectures= has them; empty if all pass. */
  readonly architectures: readonly string[];
  readonly filter: CallList;
}

/** Whether a family's sockets can be made. */
export const permitsFamily = ({ families: { only, names } }: ScoreSettings, family: string): boolean =>
  names.has(family) === only;

/** Whether processes start as root (assess_user() and security_info_runs_privileged() of systemd). */
export function runsAsRoot({ scope, systemd, word, isOn }: ScoreSettings): boolean {
  if (scope === 'user' && systemd >= USERS_ARE_NOT_ROOT) return false;
  const user = word('User');
  return user === '' ? !isOn('DynamicUser') : user === 'root' || user === '0';
}

/** The first systemd by which a user's own services don't run as root. */
export const USERS_ARE_NOT_ROOT = 262;
