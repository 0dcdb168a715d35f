import type { Permitted } from '../../systemd/directives/directive.js';

/** The rules for IP sockets of a socket unit, by its own lines and its slices'. */
export interface SocketRules {
  /** Values of IPAddressDeny= and IPAddressAllow=. */
  readonly denied: readonly string[];
  readonly allowed: readonly string[];
  /** RestrictNetworkInterfaces= of the socket unit and its slices, one for each that has it. */
  readonly interfaces: readonly Permitted[];
}

/** Directives that the socket unit decides for its sockets: those of the control group in which a socket was made. */
export const HELD_BY_SOCKETS = ['IPAddressDeny', 'RestrictNetworkInterfaces'] as const;
